"""Attacks over real sockets on a real instance, which has one of every secret and must tell none."""

import base64
import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.e2e.attacks import NEXT, SMUGGLED, hs256, part, request, rs256, say
from tests.real import Stage

from offhook.cli import accounts as account_command
from offhook.cli import trunks as trunk_command
from offhook.cli.context import workspace
from offhook.security.keys import make_pair
from offhook.security.passwords import hash_secret
from offhook.storage import applications, recordings
from offhook.storage.records import Recording

pytestmark = pytest.mark.interop
METRICS, TRUNK, CHOSEN = "MetricsToken77Distinct", "TrunkPassword88Distinct", "Chosen99Distinct"
INSTANCE = "5ec2e7" + "ab" * 29
FILE, ESCAPED = "00000000-0000-4000-8000-00000000f11e", "00000000-0000-4000-8000-0000000e5c9e"
UNAUTHORISED = {"type": "UNAUTHORIZED", "error_title": "Unauthorized"}
SLOW_S = 3
GUESSES, GUESSERS = 2_000, 8


class Target:
    """One instance with a recording, a trunk with a password, and what was said to it and by it."""

    def __init__(self) -> None:
        self.stage = Stage(
            OFFHOOK_MEDIA__WORKERS="1",
            OFFHOOK_SHUTDOWN__GRACE="1",
            OFFHOOK_HTTP__METRICS_TOKEN=METRICS,
            OFFHOOK_SECRET_KEY=INSTANCE,
            OFFHOOK_HTTP__HEADER_TIMEOUT=str(SLOW_S),
            OFFHOOK_HTTP__BODY_TIMEOUT=str(SLOW_S),
        )
        self.port = self.stage.place.http_port
        self.data_dir = self.stage.place.data_dir
        self.known = self.stage.known
        self.private = Path(self.known["private_key"]).read_text()
        self.answers: list[bytes] = []
        self._fill()

    def _fill(self) -> None:
        more = ["create", "guarded", "--host", "127.0.0.9", "--username", "peer", "--password", TRUNK]
        done = CliRunner().invoke(trunk_command.command(), more, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        more = ["secrets", "add", self.known["api_key"], "--secret", CHOSEN]
        done = CliRunner().invoke(account_command.command(), more, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        with workspace() as here:
            found = here.database.transact(lambda c: applications.get(c, self.application))
            assert found is not None
            self.public = found.public_key
            whole, outside = Path("recordings", "own.wav"), Path("..", "outside.wav")
            for file_id, path in ((FILE, whole), (ESCAPED, outside)):
                (self.data_dir / path).write_bytes(b"RIFF" + file_id.encode())
                row = Recording(
                    file_id[::-1], file_id, found.account_id, self.application, "CON-x", None, "ready",
                    "wav", 1, 1, 1, 1, 40, str(path),
                )  # fmt: skip
                here.database.transact(partial(recordings.insert, record=row))

    @property
    def application(self) -> str:
        return str(self.known["application_id"])

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        whole = {"application_id": self.application, "iat": now, "exp": now + 900, "jti": "x", **changes}
        return {name: value for name, value in whole.items() if value is not None}

    def token(self, **changes: Any) -> str:
        return rs256(self.private, self.claims(**changes))

    def ask(self, method: str, path: str, auth: str = "", body: bytes = b"") -> tuple[int, bytes]:
        """One request of an ordinary client."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body or None, {"Authorization": auth} if auth else {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        self.answers.append(data)
        return answer.status, data

    def raw(self, data: bytes) -> tuple[int, bytes]:
        """One request as these very bytes; the status, 0 without an answer, and all that came."""
        heard = say(self.port, data, expect=1)
        self.answers.append(heard.data)
        return (heard.statuses or [0])[0], heard.data

    def close(self) -> None:
        (self.data_dir.parent / "outside.wav").unlink(missing_ok=True)
        assert self.stage.close() == 0


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


def basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def test_forged_tokens(target: Target) -> None:
    now, other = int(time.time()), make_pair()
    claims = target.claims()
    public = target.public.encode()
    head, _, signature = target.token().split(".")
    nobody = f"{rs256(target.private, claims, alg='none').rpartition('.')[0]}."
    wrong = {
        "HS256 with the public key": hs256(public, claims),
        "the same without the last line end": hs256(public.strip(), claims),
        "HS256 behind an RS256 header": hs256(public, claims, alg="RS256"),
        "HS256 with an empty key": hs256(b"", claims),
        "none": nobody,
        "None": nobody.replace(nobody.split(".")[0], hs256(b"", claims, alg="None").split(".")[0]),
        "expired": target.token(iat=now - 3600, exp=now - 1800),
        "older than a day": target.token(iat=now - 90_000, exp=now + 3600),
        "from the future": target.token(iat=now + 3600, exp=now + 7200),
        "not valid yet": target.token(nbf=now + 3600),
        "without iat": target.token(iat=None),
        "another key": rs256(other.private_key, claims),
        "another application": target.token(application_id="00000000-0000-4000-8000-000000000000"),
        "kid as a path": rs256(other.private_key, claims, kid="../../../../../dev/null"),
        "kid as SQL": rs256(other.private_key, claims, kid="x' OR '1'='1"),
        "a key of its own": rs256(other.private_key, claims, jwk={"kty": "RSA", "n": "x", "e": "AQAB"}),
        "a key elsewhere": rs256(
            other.private_key, claims, jku="http://127.0.0.1:1/", x5u="http://127.0.0.1:1/"
        ),
        "critical extension": rs256(target.private, claims, crit=["b64"], b64=False),
        "PS256 header": rs256(target.private, claims, alg="PS256"),
        "changed claims": f"{head}.{part(target.claims(sub='x'))}.{signature}",
        "no signature": f"{head}.{part(claims)}.",
        "too long": target.token(padding="x" * 20_000),
    }
    for name, token in wrong.items():
        status, body = target.ask("GET", "/v1/calls", f"Bearer {token}")
        assert (status, json.loads(body)) == (401, UNAUTHORISED), name
    assert target.ask("GET", "/v1/calls", f"Bearer {target.token()}")[0] == 200
    assert target.ask("GET", "/v1/calls", f"Bearer {target.token(exp=str(now + 900))}")[0] == 200
    assert target.raw(request("GET", "/v1/calls", f"Authorization: Bearer {'x' * 100_000}"))[0] in (
        0,
        401,
        431,
    )


ESCAPES = [
    "/v1/files/{f}",
    "/v1/calls/../files/{f}",
    "/v1/calls/%2e%2e/files/{f}",
    "/v1/calls/..%2ffiles/{f}",
    "/v1/calls%2f..%2ffiles/{f}",
    "/v1/calls/%252e%252e/files/{f}",
    "/v1/calls/..%5cfiles/{f}",
    "/v1/calls/..;/files/{f}",
    "/v1/calls/./../files/{f}",
    "//v1/files/{f}",
    "/v1//files/{f}",
    "/V1/FILES/{f}",
    "/v1/%66iles/{f}",
    "/v1/files%2f{f}",
    "/v1/files/{f}?/v1/calls",
    "/v1/files/{f}#/v1/calls",
    "/v1/files/{f}/",
    "/v1/files/{f}%00/v1/calls",
    "http://localhost/v1/files/{f}",
    "http://localhost/v1/calls/../files/{f}",
    "/v3/files/{f}",
    "/v1/files/compat.nexmo.com/{f}",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_an_acl_cannot_be_left(target: Target, path: str) -> None:
    acl = {"paths": {"/*/calls/**": {"methods": ["GET"]}, "/v1/calls": {"methods": ["GET"]}}}
    narrow = f"Authorization: Bearer {target.token(acl=acl)}"
    status, data = target.raw(request("GET", path.format(f=FILE), narrow))
    assert status in (400, 403, 404), data
    assert b"RIFF" not in data
    assert target.raw(request("GET", "/v1/calls", narrow))[0] == 200


def test_the_file_is_there_for_a_token_that_opens_it(target: Target) -> None:
    whole = f"Authorization: Bearer {target.token()}"
    status, data = target.raw(request("GET", f"/v1/files/{FILE}", whole))
    assert status == 200
    assert b"RIFF" in data


@pytest.mark.parametrize(
    "name",
    [
        "../secret.key",
        "..%2fsecret.key",
        "..%2f..%2fsecret.key",
        "%2e%2e%2f%2e%2e%2fprivate.key",
        "....//private.key",
        "..%5cprivate.key",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "compat.nexmo.com/..%2f..%2fprivate.key",
        FILE + "%00.wav",
        FILE + "%0a",
        FILE.upper() + "x",
        "\u0660" * 4,
        ESCAPED,
    ],
)
def test_no_path_leads_out_of_the_recordings(target: Target, name: str) -> None:
    whole = f"Authorization: Bearer {target.token()}"
    target_path = f"/v1/files/{name}".encode().decode("latin-1")
    status, data = target.raw(request("GET", target_path, whole))
    assert status in (400, 404), data
    assert b"RIFF" not in data
    assert b"PRIVATE" not in data
    assert b"root:" not in data


@pytest.mark.parametrize("case", SMUGGLED)
def test_no_request_is_smuggled_inside_another(target: Target, case: str) -> None:
    heard = say(target.port, SMUGGLED[case])
    assert heard.closed, heard
    assert heard.statuses == [400], heard
    head, _, body = heard.data.partition(b"\r\n\r\n")
    assert json.loads(body)["type"] == "BAD_REQUEST"
    assert b"connection: close" in head
    assert say(target.port, NEXT, expect=1).statuses == [200], "others are served"


def test_a_body_that_is_refused_before_it_is_sent_ends_the_connection(target: Target) -> None:
    """Who waits to be asked for it may leave it out: the next request must not be taken for it."""
    head = b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n"
    heard = say(target.port, head)
    assert (heard.statuses, heard.closed) == ([401], True), heard.data
    assert b"connection: close" in heard.data
    token = f"Authorization: Bearer {target.token()}\r\n".encode()
    asked = say(target.port, head.replace(b"Content", token + b"Content", 1))
    assert asked.data.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert asked.statuses == [100, 408], "it never came"


def test_the_answer_to_head_has_no_body_and_the_next_request_is_answered(target: Target) -> None:
    for path in (b"/health", b"/v1/calls", b"/nothing"):
        heard = say(target.port, b"HEAD " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT)
        first, second = heard.data.split(b"\r\n\r\nHTTP/1.1 ", 1)
        assert b"content-length: " in first
        assert second.startswith(b"200")


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nHost: a\r\n"])
def test_a_request_has_one_host(target: Target, hosts: bytes) -> None:
    heard = say(target.port, b"GET /health HTTP/1.1\r\n" + hosts + b"\r\n", expect=1)
    assert heard.statuses == [400]


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
    ],
    ids=["head", "body", "chunk"],
)
def test_slow_requests_end_while_others_are_answered(target: Target, beginning: bytes) -> None:
    heard = b""
    with socket.create_connection(("127.0.0.1", target.port), timeout=60) as slow:
        slow.sendall(beginning)
        for _ in range(10):
            assert target.ask("GET", "/health")[0] == 200
        while more := slow.recv(65536):
            heard += more
    assert heard.startswith((b"HTTP/1.1 408", b"HTTP/1.1 401")), heard


def test_guesses_neither_get_in_nor_keep_the_right_one_out(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    key = target.known["api_key"]
    before, began = _cpu(target), time.monotonic()

    def guess(worker: int) -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
        statuses = []
        for number in range(GUESSES // GUESSERS):
            headers = {"Authorization": basic(key, f"Guess{worker}x{number}")}
            connection.request("GET", "/v2/applications", headers=headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        return statuses

    right = []
    with ThreadPoolExecutor(GUESSERS) as pool:
        working = [pool.submit(guess, worker) for worker in range(GUESSERS)]
        while not all(each.done() for each in working):
            right.append(target.ask("GET", "/v2/applications", basic(key, CHOSEN))[0])
    statuses = [status for each in working for status in each.result()]
    seconds, cpu = time.monotonic() - began, _cpu(target) - before
    with capsys.disabled():
        each = f"{1000 * cpu / len(statuses):.2f} ms of CPU each"
        print(f"\n{len(statuses)} wrong secrets in {seconds:.1f} s, {each}")
    assert set(statuses) == {401, 429}
    assert set(right) == {200}
    assert cpu / (len(statuses) + len(right)) < _hash_cpu() / 2, "guesses are not hashed"


def _hash_cpu() -> float:
    """Seconds of CPU that one hash of a secret takes on this machine."""
    began = time.process_time()
    for _ in range(3):
        hash_secret("any")
    return (time.process_time() - began) / 3


def _cpu(target: Target) -> float:
    """Seconds of CPU that the server's processes have used."""
    process = target.stage.instance.process
    assert process is not None
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(stat.parent.name)] = int(fields[1])
        ticks[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
    own = {process.pid}
    while more := {pid for pid, parent in parents.items() if parent in own} - own:
        own |= more
    assert len(own) > 1, "the server has children"
    return sum(ticks.get(pid, 0) for pid in own) / os.sysconf("SC_CLK_TCK")


def test_no_secret_is_told_stored_or_logged(target: Target) -> None:
    stage, known = target.stage, target.known
    key, secret, token = known["api_key"], known["api_secret"], target.token()
    stage.app.serve("/answer", [{"action": "talk", "text": "Good morning"}])
    line = stage.run(stage.call_in("15550700001"))
    stage.run(line.listen(1_000))
    uuid = stage.run(stage.uuid_of("15550700001"))
    stage.run(stage.told(uuid))
    for auth in (
        f"Bearer {token}",
        f"Bearer {token[:-4]}AAAA",
        basic(key, secret),
        basic(key, secret + "x"),
        "x",
    ):
        for method, path in (
            ("GET", "/v1/calls"),
            ("GET", "/v1/files/x"),
            ("GET", "/v2/applications"),
            ("GET", "/account/numbers"),
            ("GET", f"/account/numbers?api_key={key}&api_secret={secret}"),
            ("GET", "/metrics"),
            ("POST", "/v2/applications"),
            ("GET", f"/nowhere?api_secret={secret}"),
        ):
            target.ask(method, path, auth, b"{}" if method == "POST" else b"")
    target.ask("POST", "/number/update", "", f"api_key={key}&api_secret={secret}&x=%zz".encode())
    target.ask("GET", "/metrics", f"Bearer {METRICS}")
    status, made = target.ask("POST", "/v2/applications", basic(key, CHOSEN), b'{"name": "another"}')
    assert status == 201
    private = json.loads(made)["keys"]["private_key"]
    target.answers.remove(made)  # where the private key is shown, this once
    said = b"\n".join(target.answers)
    kept = {path: path.read_bytes() for path in _kept(target.data_dir)}
    assert any(b"Good morning" in data for data in kept.values()), "the journal was read"
    hidden = {
        "API secret": secret,
        "second API secret": CHOSEN,
        "signature secret": known["signature_secret"],
        "Basic credentials": basic(key, secret)[6:],
        "token": token.rpartition(".")[2][:-4],
        "metrics token": METRICS,
        "trunk password": TRUNK,
        "instance key": INSTANCE,
        "private key": target.private.splitlines()[5],
        "private key of a new application": private.splitlines()[5],
    }
    for name, text in hidden.items():
        assert text.encode() not in said, f"{name} in an answer"
        for file, data in kept.items():
            assert text.encode() not in data, f"{name} in {file}"


def _kept(data_dir: Path) -> list[Path]:
    """What the server wrote: log, journal, database. `account.json` and the key files are the operator's."""
    found = [data_dir / "serve.log", *data_dir.glob("offhook.db*"), *(data_dir / "journal").rglob("*")]
    return [path for path in found if path.is_file()]
