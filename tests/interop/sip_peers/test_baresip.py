"""baresip calls the platform and is called by it, without a sound card: a sine goes out, and what the
platform recorded is judged.
"""

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.real import Stage, pcm_file

from offhook.audio import tones
from offhook.cli.demonstration.hearing import find_tone
from offhook.cli.demonstration.places import HOST, free
from offhook.core.journal_reader import read
from offhook.simulator.speak import read_wav, write_wav

pytestmark = [pytest.mark.interop, pytest.mark.needs("baresip")]
HERTZ = 1400
USER = "15550700001"
ABROAD = "31201234567"
MODULES = (
    "/usr/lib/baresip/modules",
    "/usr/lib/x86_64-linux-gnu/baresip/modules",
    "/usr/lib/aarch64-linux-gnu/baresip/modules",
    "/usr/local/lib/baresip/modules",
)
RECORD = {"action": "record", "format": "wav", "timeOut": "4"}


def a_port() -> int:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port = int(sock.getsockname()[1])
    assert free(port, socket.SOCK_DGRAM)
    return port


@contextmanager
def baresip(directory: Path, *commands: str, answer: str = "manual", user: str = USER) -> Iterator[int]:
    """A headless baresip; gives its SIP port. `commands` are executed at its start."""
    port = a_port()
    path = next((each for each in MODULES if Path(each).is_dir()), MODULES[0])
    write_wav(str(directory / "sine.wav"), tones.sine(HERTZ, 20_000, 8_000))
    (directory / "config").write_text(
        f"sip_listen {HOST}:{port}\n"
        f"module_path {path}\n"
        "module g711.so\nmodule aufile.so\n"
        "module_app account.so\nmodule_app menu.so\n"
        f"audio_source aufile,{directory / 'sine.wav'}\n"
        f"audio_player aufile,{directory / 'heard.wav'}\n"
        f"audio_alert aufile,{directory / 'alert.wav'}\n"
        "audio_srate 8000\naudio_channels 1\nausrc_srate 8000\nauplay_srate 8000\n"
        "ausrc_channels 1\nauplay_channels 1\ncall_max_calls 4\n"
    )
    (directory / "accounts").write_text(
        f"<sip:{user}@{HOST}:{port}>;regint=0;answermode={answer};audio_codecs=pcmu\n"
    )
    (directory / "contacts").write_text("")
    arguments = [part for command in commands for part in ("-e", command)]
    with (directory / "baresip.log").open("wb") as log:
        process = subprocess.Popen(
            ["baresip", "-f", str(directory), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
        )
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def judge(stage: Stage, directory: Path, path: str) -> None:
    """The platform's recording has baresip's sine."""
    record = stage.run(stage.app.wait_for(lambda h: h.path == path, 30))
    pcm = read_wav(pcm_file(directory, "recorded.wav", stage.download(record.json["recording_url"])))
    tone = find_tone(pcm, HERTZ, near=10)
    assert tone is not None, (directory / "baresip.log").read_text(errors="replace")[-3000:]
    assert tone.duration_ms > 2000


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_calls_in(stage: Stage, tmp_path: Path, transport: str) -> None:
    path, user = f"/baresip-in-{transport}", "15550700002" if transport == "tcp" else USER
    record = {**RECORD, "eventUrl": [stage.url(path)]}
    stage.app.serve("/answer", [record, {"action": "wait", "timeout": 5}])
    number, where = stage.known["number"], f"{HOST}:{stage.place.sip_port}"
    with baresip(tmp_path, f"/dial sip:{number}@{where};transport={transport}", user=user):
        uuid = stage.run(stage.uuid_of(user, 20))
        stage.run(stage.told(uuid, "completed", 30))
    judge(stage, tmp_path, path)
    assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("way", ["sip", "trunk"])
def test_baresip_is_called(stage: Stage, tmp_path: Path, way: str, transport: str) -> None:
    path = f"/baresip-{way}-{transport}"
    ncco = [{**RECORD, "eventUrl": [stage.url(path)]}, {"action": "wait", "timeout": 5}]
    user = ABROAD if way == "trunk" else USER  # it takes calls for its own account only
    with baresip(tmp_path, answer="auto", user=user) as port:
        stage.run(asyncio.sleep(1.5))
        if way == "trunk":
            trunk(stage, port, transport)
            to = {"type": "phone", "number": ABROAD}
        else:
            to = {"type": "sip", "uri": f"sip:{USER}@{HOST}:{port};transport={transport}"}
        body = {"to": [to], "from": {"type": "phone", "number": stage.known["number"]}, "ncco": ncco}
        uuid = stage.rest("POST", "/v1/calls", body)["uuid"]
        stage.run(stage.told(uuid, "completed", 30))
    judge(stage, tmp_path, path)
    assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]


def test_an_invite_too_large_for_udp_goes_over_tcp(stage: Stage, tmp_path: Path) -> None:
    """baresip is asked over UDP; what it gets is over 1300 bytes, and comes on a connection."""
    path = "/baresip-large"
    ncco = [{**RECORD, "eventUrl": [stage.url(path)]}, {"action": "wait", "timeout": 5}]
    with baresip(tmp_path, answer="auto") as port:
        stage.run(asyncio.sleep(1.5))
        headers = {f"Filler-{number}": "x" * 400 for number in range(3)}
        to = {"type": "sip", "uri": f"sip:{USER}@{HOST}:{port}", "headers": headers}
        body = {"to": [to], "from": {"type": "phone", "number": stage.known["number"]}, "ncco": ncco}
        uuid = stage.rest("POST", "/v1/calls", body)["uuid"]
        stage.run(stage.told(uuid, "completed", 30))
    judge(stage, tmp_path, path)
    lines = [dated.line for dated in read(stage.place.data_dir / "journal", uuid)]
    sent = [line.data for line in lines if line.kind == "sip.out"]
    asked = [data["flow"] for data in sent if data["message"].startswith("INVITE")]
    assert asked == [f"tcp:{HOST}:{port}"]


def trunk(stage: Stage, port: int, transport: str) -> None:
    """`offhook trunks create`, while the server runs; the one of a test before is replaced."""
    from click.testing import CliRunner

    from offhook.cli.main import root

    name = f"baresip-{transport}"
    arguments = ["trunks", "create", name, "--host", HOST, "--port", str(port), "--prefix", "3120"]
    arguments += ["--transport", transport, "--priority", "10" if transport == "udp" else "5"]
    done = CliRunner().invoke(root, arguments, env=stage.environment)
    assert done.exit_code == 0, (done.output, done.exception)
