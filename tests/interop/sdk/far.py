"""The SDK in a process that `offhook exec` runs: used like a client, `far.voice.get_call(uuid)`."""

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.interop.sdk.program import decoded, encoded
from tests.interop.sdk.witness import called
from tests.real import Stage

OFFHOOK = (sys.executable, "-c", "from offhook.cli import main; main()")
SECONDS = 60.0


class FarVonage:
    """One process. Requests to other hosts than Vonage's are refused, so nothing leaves the machine."""

    def __init__(self, stage: Stage) -> None:
        known = stage.known
        self._process = subprocess.Popen(
            [*OFFHOOK, "exec", "--others", "refuse", "--", sys.executable, "-m", "tests.interop.sdk.program"],
            cwd=Path(__file__).parents[3],
            env={
                **os.environ,
                "VONAGE_API_KEY": known["api_key"],
                "VONAGE_API_SECRET": known["api_secret"],
                "VONAGE_APPLICATION_ID": known["application_id"],
                "VONAGE_PRIVATE_KEY": known["private_key"],
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __getattr__(self, api: str) -> "_Api":
        return _Api(self, api)

    def ask(self, api: str, method: str, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a method; gives its result, or raises what it raised there."""
        assert self._process.stdin is not None
        self._process.stdin.write(encoded((api, method, given, named)) + "\n")
        self._process.stdin.flush()
        kind, outcome = decoded(self._answers.get(timeout=SECONDS))
        if kind == "result":
            called(f"{api}.{method}")
            return outcome
        error, about = outcome
        raise error(about)

    def close(self) -> int:
        """End of input ends the program; gives its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            return self._process.wait(SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(SECONDS)
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)


class _Api:
    def __init__(self, far: FarVonage, api: str) -> None:
        self._far, self._api = far, api

    def __getattr__(self, method: str) -> Any:
        return lambda *given, **named: self._far.ask(self._api, method, given, named)
