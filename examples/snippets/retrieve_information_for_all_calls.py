"""Retrieve information for all calls of the last hour, page by page."""

import os
from datetime import UTC, datetime, timedelta

from vonage import Auth, Vonage
from vonage_voice.models import ListCallsFilter

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

index: int | None = 0
while index is not None:
    calls, index = client.voice.list_calls(
        ListCallsFilter(date_start=since, page_size=10, record_index=index)
    )
    for call in calls:
        print(call.uuid, call.direction, call.status)
