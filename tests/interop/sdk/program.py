"""A program of the outside: does with the official Python SDK what it reads, and tells what came of it.

It is run as a process of its own and knows nothing of this platform: credentials come from its environment,
the hosts are those that the library has. Each line in is a call (API, method, arguments) and each line out
its result or the error, pickled and in base64. The end of the input ends it.
"""

import base64
import os
import pickle
import sys
from typing import Any

from vonage import Auth, Vonage
from vonage_http_client.errors import HttpRequestError


def encoded(value: Any) -> str:
    return base64.b64encode(pickle.dumps(value)).decode()


def decoded(line: str) -> Any:
    return pickle.loads(base64.b64decode(line))


def done(client: Vonage, api: str, method: str, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What kind of outcome, and the outcome."""
    try:
        return "result", getattr(getattr(client, api), method)(*given, **named)
    except HttpRequestError as error:
        return "refusal", (type(error), error.response)
    except Exception as error:
        return "failure", (type(error), str(error))


def main() -> None:
    known = os.environ
    client = Vonage(
        Auth(
            api_key=known["VONAGE_API_KEY"],
            api_secret=known["VONAGE_API_SECRET"],
            application_id=known["VONAGE_APPLICATION_ID"],
            private_key=known["VONAGE_PRIVATE_KEY"],
        )
    )
    for line in sys.stdin:
        print(encoded(done(client, *decoded(line))), flush=True)


if __name__ == "__main__":
    main()
