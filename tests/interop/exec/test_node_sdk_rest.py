"""Applications, numbers and users managed by the official Node SDK, over its host option and over
`offhook exec`; and that no method of these APIs or of Voice is left out.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop.exec.conftest import OFFHOOK, SECONDS
from tests.interop.exec.node_sdk import WAYS, NodeSdk, SdkError
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]
USED = re.compile(r"\bsdk\.(\w+)\.(\w+)\(")
STEPS = re.compile(r'^ +\("(\w+Call)",', re.MULTILINE)
"""Methods of Voice that a table names."""
FIRST, SECOND = "31201240001", "31201240002"


@pytest.fixture(scope="module", params=WAYS)
def sdk(stage: Stage, node: str, request: pytest.FixtureRequest) -> Iterator[NodeSdk]:
    made = NodeSdk(stage, node, request.param)
    yield made
    assert made.close() == 0


def test_every_method_is_used_by_a_test(sdk: NodeSdk) -> None:
    """A method that a later release brings has to be used here before this passes."""
    used: set[str] = set()
    for path in Path(__file__).parent.glob("test_node_sdk_*.py"):
        text = path.read_text()
        used |= {f"{api}.{method}" for api, method in USED.findall(text)}
        used |= {f"voice.{method}" for method in STEPS.findall(text)}
    inner = {"voice.callAction"}  # what hangupCall and its like are made of
    assert set(sdk.ask("methods", "")) - used - inner == set(), "NOT COVERED"


def test_applications(sdk: NodeSdk, stage: Stage) -> None:
    hook = {"address": "https://a.example/answer", "httpMethod": "GET"}
    made = sdk.applications.createApplication(
        {"name": "made by Node", "capabilities": {"voice": {"webhooks": {"answerUrl": hook}}}}
    )
    assert made["keys"]["privateKey"].startswith("-----BEGIN PRIVATE KEY-----")
    with workspace() as here:
        row = apps.find(here, made["id"])
    assert row.name == "made by Node"
    assert row.capabilities["voice"]["webhooks"]["answer_url"]["address"] == hook["address"]
    read = sdk.applications.getApplication(made["id"])
    assert read["capabilities"]["voice"]["webhooks"]["answerUrl"]["address"] == hook["address"]
    assert "privateKey" not in read["keys"]
    changed = sdk.applications.updateApplication({"id": made["id"], "name": "changed by Node"})
    assert changed["name"] == "changed by Node"
    page = sdk.applications.getApplicationPage({"pageSize": 1, "page": 1})
    assert (page["pageSize"], len(page["_embedded"]["applications"])) == (1, 1)
    assert page["totalItems"] == page["totalPages"] >= 2
    listed = sdk.applications.listApplications({"pageSize": 100})["_embedded"]["applications"]
    one_by_one = sdk.applications.listAllApplications({"pageSize": 1})
    assert [each["id"] for each in one_by_one] == [each["id"] for each in listed]
    assert {made["id"], stage.known["application_id"]} <= {each["id"] for each in listed}
    assert sdk.applications.deleteApplication(made["id"]) is None
    with pytest.raises(SdkError) as caught:
        sdk.applications.getApplication(made["id"])
    assert caught.value.status == 404


def test_numbers(sdk: NodeSdk, stage: Stage) -> None:
    offhook("numbers", "range", FIRST, SECOND, "--country", "NL")
    try:
        found = sdk.numbers.getAvailableNumbers(
            {"country": "NL", "startsWith": "3120124", "features": ["VOICE"]}
        )
        assert (found["count"], [each["msisdn"] for each in found["numbers"]]) == (2, [FIRST, SECOND])
        success = {"errorCode": "200", "errorCodeLabel": "success"}
        assert sdk.numbers.buyNumber({"country": "NL", "msisdn": FIRST}) == success
        application = stage.known["application_id"]
        change = {"country": "NL", "msisdn": FIRST, "applicationId": application}
        assert sdk.numbers.updateNumber(change) == success
        owned = sdk.numbers.getOwnedNumbers({"pattern": FIRST, "searchPattern": 0})
        assert (owned["count"], owned["numbers"][0]["app_id"]) == (1, application)
        with pytest.raises(SdkError) as caught:
            sdk.numbers.buyNumber({"country": "NL", "msisdn": FIRST})
        assert (caught.value.status, '"420"' in caught.value.body) == (420, True)
        assert sdk.numbers.cancelNumber({"country": "NL", "msisdn": FIRST}) == success
        assert sdk.numbers.getOwnedNumbers({"pattern": FIRST, "searchPattern": 0}).get("count", 0) == 0
    finally:
        offhook("numbers", "withdraw", FIRST, SECOND)


def test_users(sdk: NodeSdk, stage: Stage) -> None:
    made = sdk.users.createUser(
        {
            "name": "node-user",
            "displayName": "A user",
            "properties": {"customData": {"team_name": "one"}},
            "channels": {"pstn": [{"number": 31201234567}]},
        }
    )
    assert made["id"].startswith("USR-")
    read = sdk.users.getUser(made["id"])
    assert (read["name"], read["displayName"]) == ("node-user", "A user")
    assert read["properties"]["customData"] == {"team_name": "one"}
    assert sdk.users.getUser("node-user")["id"] == made["id"]
    changed = sdk.users.updateUser({"id": made["id"], "displayName": "Another"})
    assert (changed["displayName"], changed["name"]) == ("Another", "node-user")
    second = sdk.users.createUser({"name": "node-user-2"})
    page = sdk.users.getUserPage({"pageSize": 1})
    assert (page["page_size"], len(page["_embedded"]["users"])) == (1, 1)
    everybody = {each["id"] for each in sdk.users.listAllUsers({"pageSize": 1})}
    assert {made["id"], second["id"]} <= everybody
    for each in (made, second):
        assert sdk.users.deleteUser(each["id"]) is None
        with pytest.raises(SdkError) as caught:
            sdk.users.getUser(each["id"])
        assert caught.value.status == 404


def offhook(*words: str) -> None:
    command = [*OFFHOOK, *words]
    subprocess.run(command, env=os.environ, capture_output=True, timeout=SECONDS, check=True)
