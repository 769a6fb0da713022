"""Every route of every document: what belongs to another account is answered as what never was.

Each probe is asked twice by a stranger, once with the ids of the victim and once with ids of nobody. Status,
headers and body have to be the same, and of the victim nothing may be changed or told.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.unit.http.conftest import Client
from tests.unit.http.neighbours import BASIC, NOBODY, OWN, SECRET, Neighbours, seen

from offhook.http.apis import APIS
from offhook.http.openapi.documents import SERVER, shown
from offhook.http.openapi.tidy import operations
from offhook.testing.provision import API_KEY
from offhook.testing.world import World

K = "/communication/nexmo"
TOKEN = "/oauth/client_credential/accesstoken"
FREE = {("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics")}
"""Routes that know of no account."""
HOOK = "https://stranger.example/hook"
TALK = [{"action": "talk", "text": "x"}]
PHONE = {"type": "phone", "number": "15550100500"}
CALL = {"to": [PHONE], "from": {"type": "phone", "number": "{own_number}"}, "ncco": TALK}
NAMED = {"name": "mine", "type": "voice", "answer_url": HOOK}


@dataclass(frozen=True)
class Probe:
    """A request of the stranger. `{…}` in it is an id, of the victim or of nobody."""

    method: str
    route: str
    """As the document has it."""
    path: str = ""
    """What is asked; empty: the route, with the id that `of` names."""
    of: str = ""
    body: Any = None
    form: Any = None
    application: str = "{own_app}"
    """The header of the KPN wrapper."""
    status: int = 404

    @property
    def asked(self) -> str:
        head, _, tail = self.route.partition("{")
        return self.path or (head + "{" + self.of + "}" + tail.partition("}")[2] if self.of else self.route)


PROBES = [
    # the Voice API
    Probe("POST", "/v1/calls", body={**CALL, "from": {"type": "phone", "number": "{number}"}}, status=400),
    Probe("POST", "/v1/calls", body={**CALL, "from": {"type": "phone", "number": "{kept}"}}, status=400),
    Probe("POST", "/v1/calls", body={**CALL, "to": [{"type": "app", "user": "{username}"}]}, status=400),
    Probe("GET", "/v1/calls", status=200),
    Probe("GET", "/v1/calls", path="/v1/calls?conversation_uuid={conversation}", status=200),
    *(
        Probe("GET", "/v1/calls/{uuid}", of=which)
        for which in ("leg", "ended", "conversation", "file", "user", "app")
    ),
    *(
        Probe("PUT", "/v1/calls/{uuid}", of=which, body={"action": action})
        for which in ("leg", "ended")
        for action in ("hangup", "mute", "unmute", "earmuff", "unearmuff")
    ),
    *(
        Probe("PUT", "/v1/calls/{uuid}", of="leg", body={"action": "transfer", "destination": destination})
        for destination in ({"type": "ncco", "ncco": TALK}, {"type": "ncco", "url": [HOOK]})
    ),
    Probe("PUT", "/v1/calls/{uuid}", of="leg", body={"action": "fly"}),
    Probe("PUT", "/v1/calls/{uuid}/talk", of="leg", body={"text": "x"}),
    Probe("DELETE", "/v1/calls/{uuid}/talk", of="leg"),
    Probe("PUT", "/v1/calls/{uuid}/stream", of="leg", body={"stream_url": [HOOK]}),
    Probe("DELETE", "/v1/calls/{uuid}/stream", of="leg"),
    Probe("PUT", "/v1/calls/{uuid}/dtmf", of="leg", body={"digits": "1"}),
    Probe("PUT", "/v1/calls/{uuid}/input/dtmf", of="leg", body={"event_url": [HOOK]}),
    Probe("DELETE", "/v1/calls/{uuid}/input/dtmf", of="leg"),
    Probe("POST", "/v2/calls", body={**CALL, "from": {"type": "phone", "number": "{number}"}}, status=400),
    # legs
    Probe("GET", "/v0.1/legs", path="/v0.1/legs?conversation_uuid={conversation}", status=200),
    Probe("DELETE", "/v0.1/legs/{uuid}", of="leg"),
    Probe("DELETE", "/v0.1/legs/{uuid}", of="ended"),
    # applications
    *(
        probe
        for version in ("/v1", "/v2")
        for probe in (
            Probe("POST", f"{version}/applications", body={**NAMED, "id": "{app}"}, status=201),
            Probe("GET", f"{version}/applications", status=200),
            Probe("GET", f"{version}/applications/{{application_id}}", of="app"),
            Probe("PUT", f"{version}/applications/{{application_id}}", of="app", body=NAMED),
            Probe("PUT", f"{version}/applications/{{application_id}}", of="app", body={}),
            Probe("DELETE", f"{version}/applications/{{application_id}}", of="app"),
        )
    ),
    # numbers, of the Numbers API and of the wrapper
    *(
        probe
        for base in ("", K + "/phone-numbers")
        for probe in (
            Probe("GET", f"{base}/account/numbers", status=200),
            Probe(
                "GET", f"{base}/account/numbers", f"{base}/account/numbers?application_id={{app}}", status=200
            ),
            Probe("GET", f"{base}/account/numbers", f"{base}/account/numbers?pattern={{number}}", status=200),
            Probe("GET", f"{base}/number/search", f"{base}/number/search?country=US", status=200),
            *(
                Probe(
                    "POST",
                    f"{base}/number/{verb}",
                    form={"country": "US", "msisdn": f"{{{which}}}"},
                    status=420,
                )
                for verb in ("buy", "cancel", "update")
                for which in ("{number}", "{kept}")
            ),
            *(
                Probe(
                    "POST",
                    f"{base}/number/update",
                    form={"country": "US", "msisdn": "{own_number}", **link},
                    status=420,
                )
                for link in (
                    {"app_id": "{app}"},
                    {"voiceCallbackType": "app", "voiceCallbackValue": "{app}"},
                    {"messagesCallbackType": "app", "messagesCallbackValue": "{app}"},
                )
            ),
        )
    ),
    # users
    Probe("GET", "/v1/users", status=200),
    Probe("GET", "/v1/users", path="/v1/users?name={username}", status=200),
    Probe("GET", "/v1/users", path="/v1/users?cursor={cursor}", status=200),
    Probe("POST", "/v1/users", body={"name": "{username}", "id": "{user}"}, status=201),
    *(
        Probe(method, "/v1/users/{id}", of=which, body={"display_name": "x"} if method == "PATCH" else None)
        for method in ("GET", "PATCH", "DELETE")
        for which in ("user", "leg")
    ),
    # recordings
    *(
        Probe(method, f"{path}/{{file_id}}", of="file")
        for path in ("/v1/files", "/v3/files", "/v1/files/compat.nexmo.com")
        for method in ("GET", "HEAD", "DELETE")
    ),
    # the KPN wrapper
    Probe(
        "POST",
        TOKEN,
        form={"grant_type": "client_credentials", "client_id": "{client}", "client_secret": "wrong-secret"},
        status=401,
    ),
    Probe("POST", K + "/applications", body={**NAMED, "id": "{app}"}, status=201),
    Probe("GET", K + "/applications", status=200),
    Probe("GET", K + "/applications/{uuid}", of="app"),
    Probe("PUT", K + "/applications/{uuid}", of="app", body=NAMED),
    Probe("DELETE", K + "/applications/{uuid}", of="app"),
    Probe("POST", K + "/applications/v2", body={"name": "mine", "id": "{app}"}, status=201),
    Probe("GET", K + "/applications/v2", status=200),
    Probe("GET", K + "/applications/v2/{uuid}", of="app"),
    Probe("DELETE", K + "/applications/v2/{uuid}", of="app"),
    Probe("POST", K + "/voice/calls", body=CALL, application="{app}"),
    Probe(
        "POST", K + "/voice/calls", body={**CALL, "from": {"type": "phone", "number": "{number}"}}, status=400
    ),
    Probe("GET", K + "/voice/calls", application="{app}"),
    Probe("GET", K + "/voice/calls", K + "/voice/calls?conversation_uuid={conversation}", status=200),
    *(
        Probe(method, f"{K}/voice/calls/{{uuid}}{end}", of="leg", body=body, application=application)
        for application in ("{own_app}", "{app}")
        for method, end, body in (
            ("GET", "", None),
            ("PUT", "", {"action": "hangup"}),
            ("PUT", "/talk", {"text": "x"}),
            ("DELETE", "/talk", None),
            ("PUT", "/stream", {"stream_url": [HOOK]}),
            ("DELETE", "/stream", None),
            ("PUT", "/dtmf", {"digits": "1"}),
        )
    ),
    Probe("GET", K + "/jwt", application="{app}"),
]


@pytest.fixture(scope="module")
def neighbours() -> Iterator[Neighbours]:
    with World(seed=31) as world:
        yield Neighbours(world, Client(world))


def _filled(value: Any, ids: dict[str, str]) -> Any:
    text = json.dumps(value)
    for name, each in {**ids, **OWN}.items():
        text = text.replace("{" + name + "}", each)
    return json.loads(text)


def _ask(neighbours: Neighbours, probe: Probe, ids: dict[str, str], access: str) -> Any:
    """The probe with these ids and with the stranger's own, good credentials."""
    auth, headers = neighbours.bearer(), {}
    if probe.asked.startswith(K):
        auth, headers = f"Bearer {access}", {"applicationid": _filled(probe.application, ids)}
    elif probe.asked == TOKEN:
        auth = ""
    elif "/applications" in probe.asked or "/number" in probe.asked:
        auth = BASIC
    data = b"" if probe.body is None else json.dumps(_filled(probe.body, ids)).encode()
    if probe.form is not None:
        data = urlencode(_filled(probe.form, ids)).encode()
    return neighbours.ask(probe.method, _filled(probe.asked, ids), auth, data, headers)


@pytest.fixture(scope="module")
def access(neighbours: Neighbours) -> str:
    """An access token of the stranger's client."""
    form = {"grant_type": "client_credentials", "client_id": OWN["own_client"], "client_secret": SECRET}
    answer = neighbours.ask("POST", TOKEN, "", urlencode(form).encode(), {})
    return str(answer.json["access_token"])


@pytest.fixture(scope="module")
def before(neighbours: Neighbours) -> dict[str, list[Any]]:
    return neighbours.rows()


def test_every_route_is_probed() -> None:
    routes = {(method.upper(), path) for api in APIS for path, method, _ in operations(shown(api, SERVER))}
    probed = {(probe.method, probe.route) for probe in PROBES if probe.method != "HEAD"}
    assert probed | FREE == routes


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.method} {probe.asked}")
def test_it_does_not_exist(
    neighbours: Neighbours, access: str, before: dict[str, list[Any]], probe: Probe
) -> None:
    theirs = _ask(neighbours, probe, neighbours.ids, access)
    nobodys = _ask(neighbours, probe, NOBODY, access)
    assert theirs.status == probe.status, theirs.body
    assert seen(theirs, neighbours.ids) == seen(nobodys, NOBODY)
    asked = _filled([probe.asked, probe.body, probe.form, probe.application], neighbours.ids)
    text = theirs.body.decode()
    told = [name for name, value in neighbours.ids.items() if value in text and value not in repr(asked)]
    assert told == []
    assert neighbours.rows() == before


@pytest.mark.parametrize("path", ["/v2/applications", "/v1/applications", "/account/numbers"])
def test_a_key_that_is_somebodys_is_refused_as_one_that_is_nobodys(neighbours: Neighbours, path: str) -> None:
    answers = []
    for key in (API_KEY, "worldkez"):
        basic = "Basic " + base64.b64encode(f"{key}:{SECRET}".encode()).decode()
        answers.append(seen(neighbours.ask("GET", path, basic, b"", {}), {}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


@pytest.mark.parametrize("path", ["/v1/calls", "/v0.1/legs", "/v1/users", "/v1/files/{file}"])
def test_so_is_a_token_that_the_stranger_signed_for_it(neighbours: Neighbours, path: str) -> None:
    answers = []
    for ids in (neighbours.ids, NOBODY):
        answer = neighbours.ask("GET", _filled(path, ids), neighbours.bearer(ids["app"]), b"", {})
        answers.append(seen(answer, ids))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
