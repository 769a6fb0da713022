"""`offhook doctor`, the machine: Python, packages, limits, and the engines that are not Python."""

import asyncio
import importlib
import os
import resource
import shutil
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from offhook.core.errors import OffhookError
from offhook.speech.base import Audio, plain
from offhook.speech.espeak import EspeakTTS

OK, WARN, FAIL = "ok", "warn", "fail"
SHARED_MEMORY_MB = 128
FILES_WARN, FILES_FAIL = 4_096, 1_024
SPEAK_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do when it is not well."""

    name: str
    level: str
    text: str
    advice: str = ""


Check = Callable[[], Finding]


def python() -> Finding:
    version = sys.version_info[:2]
    text = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= version <= (3, 14):
        return Finding("python", OK, text)
    return Finding("python", FAIL, text, "install Python 3.11 to 3.14 and make .venv again")


def packages() -> Finding:
    """Every package that Offhook needs is installed."""
    missing = []
    try:
        needed = metadata.requires("offhook") or []
    except metadata.PackageNotFoundError:
        return Finding("packages", WARN, "offhook itself is not installed", "pip install -e .")
    for line in needed:
        if "extra ==" in line or ("sys_platform" in line and sys.platform == "win32"):
            continue
        name = line.split(";")[0].split("[")[0].split("<")[0].split(">")[0].split("=")[0].strip(" !~")
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", FAIL, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Finding("packages", OK, f"offhook {metadata.version('offhook')} and what it needs")


def shared_memory(directory: Path = Path("/dev/shm")) -> Finding:
    """Prompts travel through it."""
    if not directory.is_dir():
        return Finding("shared memory", OK, "not listed on this system")
    megabytes = shutil.disk_usage(directory).free // 1_000_000
    if megabytes >= SHARED_MEMORY_MB:
        return Finding("shared memory", OK, f"{megabytes} MB free in {directory}")
    advice = f"enlarge {directory} to {SHARED_MEMORY_MB} MB or more (in a container: --shm-size=256m)"
    return Finding("shared memory", WARN, f"only {megabytes} MB free in {directory}", advice)


def file_descriptors() -> Finding:
    """Each call has an RTP socket."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    advice = "raise it: ulimit -n 65536 (systemd: LimitNOFILE=65536)"
    if soft < FILES_FAIL:
        return Finding("open files", FAIL, f"the limit is {soft}", advice)
    if soft < FILES_WARN:
        return Finding("open files", WARN, f"the limit is {soft}, enough for about {soft // 3} calls", advice)
    return Finding("open files", OK, f"the limit is {soft}")


def realtime() -> Finding:
    """Tried in a child process, so that this one stays as it is."""
    if not hasattr(os, "sched_setscheduler"):
        return Finding("real time", WARN, "this system has no SCHED_FIFO", "run Linux for production")
    child = os.fork()
    if child == 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 0:
        return Finding("real time", OK, "SCHED_FIFO is permitted to the media workers")
    advice = "permit it: systemd LimitRTPRIO=1, docker --cap-add=SYS_NICE; needed only on a busy machine"
    return Finding("real time", WARN, "SCHED_FIFO is not permitted", advice)


def speech() -> Finding:
    """espeak-ng says a word."""

    async def speak() -> int:
        engine = EspeakTTS()
        try:
            async with asyncio.timeout(SPEAK_SECONDS):
                said = 0
                async with aclosing(engine.synthesise(plain("Hello."), engine.voice("en-US", 0))) as stream:
                    async for piece in stream:
                        said += len(piece.pcm) if isinstance(piece, Audio) else 0
                return said
        finally:
            await engine.close()

    advice = "reinstall the engine: pip install --force-reinstall espeakng-loader"
    try:
        said = asyncio.run(speak())
    except (OffhookError, OSError, TimeoutError) as error:
        return Finding("speech", FAIL, f"espeak-ng does not speak: {error or 'no answer'}", advice)
    if not said:
        return Finding("speech", FAIL, "espeak-ng said nothing", advice)
    return Finding("speech", OK, f"espeak-ng speaks ({said} bytes for one word)")


def audio() -> Finding:
    """The two libraries that read and write audio files."""
    for module, package in (("av", "av"), ("lameenc", "lameenc")):
        try:
            importlib.import_module(module)
        except ImportError as error:
            return Finding(
                "audio",
                FAIL,
                f"{module} cannot be loaded: {error}",
                f"pip install --force-reinstall {package}",
            )
    return Finding("audio", OK, "PyAV and LAME load")


CHECKS: tuple[Check, ...] = (python, packages, shared_memory, file_descriptors, realtime, speech, audio)
