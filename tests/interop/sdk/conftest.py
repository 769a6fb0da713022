"""One instance for the tests with official SDKs, and a client as a program of the outside makes one.

A test that is marked with `BOTH` is run with two clients: one that is told the host, and one in a program
that `offhook exec` runs and that is told nothing.
"""

from collections.abc import Generator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import cast

import pytest
from tests.interop.sdk.far import FarVonage
from tests.interop.sdk.witness import watched
from tests.real import Stage
from vonage import Auth, HttpClientOptions, Vonage

BUNDLE = "REQUESTS_CA_BUNDLE"
CALLED = pytest.StashKey[str]()
HOST_OPTION, EXEC = "host option", "exec"
BOTH = pytest.mark.parametrize("vonage", [HOST_OPTION, EXEC], indirect=True)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(*names): methods of the SDK that the test calls and judges")


@pytest.fixture(autouse=True)
def covers(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test calls what its mark says that it judges."""
    promised = {name for mark in request.node.iter_markers("covers") for name in mark.args}
    with watched() as seen:
        yield
        report = request.node.stash.get(CALLED, "")
        missing = promised - seen
    assert report != "passed" or not missing, f"the test is marked for {sorted(missing)} but calls it not"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[CALLED] = report.outcome
    return report


@pytest.fixture(scope="module")
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
def vonage(request: pytest.FixtureRequest, stage: Stage, host: str) -> Vonage:
    """The SDK with what `offhook init` printed and nothing else."""
    if getattr(request, "param", HOST_OPTION) == EXEC:
        return cast(Vonage, request.getfixturevalue("far"))
    known = stage.known
    auth = Auth(
        api_key=known["api_key"],
        api_secret=known["api_secret"],
        application_id=known["application_id"],
        private_key=known["private_key"],
    )
    return Vonage(auth, HttpClientOptions(api_host=host, rest_host=host))


@pytest.fixture(scope="module")
def far(stage: Stage) -> Iterator[FarVonage]:
    """The SDK in a program under `offhook exec`."""
    made = FarVonage(stage)
    yield made
    assert made.close() == 0


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
