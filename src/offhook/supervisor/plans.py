"""What the supervisor runs: one command line per child. Control reads everything else from the settings."""

import sys
from pathlib import Path

from offhook.config import Settings
from offhook.ipc.shm_names import ENVIRONMENT, prefix_of
from offhook.supervisor.child import Plan
from offhook.supervisor.sockets import Listening

SILENCE = 3.0
"""A process that gave no sign of life for so long hangs."""
PARENT = ["--parent-fd", "0"]
"""A worker ends when its standard input, a pipe from the supervisor, reaches end of file."""


def control(settings: Settings, sockets: Listening) -> Plan:
    """The control process, with the listening sockets."""
    return Plan(
        "control",
        [sys.executable, "-m", "offhook.control"],
        environment=_environment(settings) | sockets.environment(),
        descriptors=sockets.descriptors(),
        silence_kills_after=SILENCE,
    )


def workers(settings: Settings) -> list[Plan]:
    """The audio worker, the media workers, the speech workers and, on loopback, the simulated carrier."""
    plans = [audio(settings)]
    plans += [media(settings, number) for number in range(settings.media.workers)]
    plans += [speech(settings, number) for number in range(settings.speech.workers)]
    if settings.simulator_active:
        plans.append(carrier(settings))
    return plans


def audio(settings: Settings) -> Plan:
    arguments = ["--socket", socket_of(settings, "audio"), "--spool", str(settings.spool_dir), *PARENT]
    return _worker("audio", "offhook.audio.worker", arguments, settings)


def media(settings: Settings, number: int) -> Plan:
    name = f"media-{number}"
    arguments = [
        *("--name", name),
        *("--socket", socket_of(settings, name)),
        *("--audio-socket", socket_of(settings, "audio")),
        *("--host", settings.rtp_host),
        *("--port-min", str(settings.rtp.port_min)),
        *("--port-max", str(settings.rtp.port_max)),
        *("--warm-ports", str(settings.media.warm_ports)),
        *("--capacity", str(settings.media.capacity)),
        *PARENT,
    ]
    if settings.media.realtime:
        arguments.append("--realtime")
    return _worker(name, "offhook.media.worker", arguments, settings)


def speech(settings: Settings, number: int) -> Plan:
    name = f"speech-{number}"
    arguments = ["--name", name, "--socket", socket_of(settings, name)]
    return _worker(name, "offhook.speech.worker", arguments, settings)


def carrier(settings: Settings) -> Plan:
    arguments = ["--host", settings.sip.hosts[0], "--sip-port", str(settings.sip.port)]
    arguments += ["--run-dir", str(settings.run_dir)]
    return _worker("carrier", "offhook.carrier", arguments, settings)


def socket_of(settings: Settings, name: str) -> str:
    """Where a worker listens."""
    return str(Path(settings.run_dir) / f"{name}.sock")


def _worker(name: str, module: str, arguments: list[str], settings: Settings) -> Plan:
    command = [sys.executable, "-m", module, *arguments]
    return Plan(name, command, _environment(settings), silence_kills_after=SILENCE)


def _environment(settings: Settings) -> dict[str, str]:
    return {ENVIRONMENT: prefix_of(settings.data_dir)}
