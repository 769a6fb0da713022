"""One instance for the tests with official SDKs, and a client as a program of the outside makes one."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.real import Stage
from vonage import Auth, HttpClientOptions, Vonage

BUNDLE = "REQUESTS_CA_BUNDLE"


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    made = Stage(OFFHOOK_SHUTDOWN__GRACE="1")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(BUNDLE, made.known["ca_certificate"])
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            environment.delenv(name, raising=False)
        try:
            yield made
        finally:
            status = made.close()
    assert status == 0


@pytest.fixture
def host(stage: Stage) -> str:
    """What goes into the SDK's host options."""
    return str(stage.known["https_url"]).removeprefix("https://")


@pytest.fixture
def vonage(stage: Stage, host: str) -> Vonage:
    """The SDK with what `offhook init` printed and nothing else."""
    known = stage.known
    auth = Auth(
        api_key=known["api_key"],
        api_secret=known["api_secret"],
        application_id=known["application_id"],
        private_key=known["private_key"],
    )
    return Vonage(auth, HttpClientOptions(api_host=host, rest_host=host))


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word on standard error."""

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory and the URL under which it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)
