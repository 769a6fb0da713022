"""The official Node SDK as an object: `sdk.voice.getCall(uuid)` is that method, called in a Node process."""

import json
import os
import queue
import subprocess
import threading
from typing import Any

from tests.interop.exec.conftest import arguments, packages
from tests.real import Stage

HOST_OPTION, EXEC = "host option", "exec"
WAYS = (HOST_OPTION, EXEC)
SECONDS = 30.0


class SdkError(Exception):
    """What the SDK threw: its message, the status of the answer and its body."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["message"])
        self.status = told["status"]
        self.body = told["body"]


class NodeSdk:
    """One process with one client. `way` is how its requests get to the platform."""

    def __init__(self, stage: Stage, node: str, way: str) -> None:
        known, url = stage.known, stage.known["api_url"]
        options = {"apiHost": url, "restHost": url} if way == HOST_OPTION else {}
        command = [node, str(packages("sdk") / "driver.cjs")]
        self._process = subprocess.Popen(
            command if way == HOST_OPTION else arguments(*command),
            env={
                **os.environ,
                "API_KEY": known["api_key"],
                "API_SECRET": known["api_secret"],
                "APPLICATION_ID": known["application_id"],
                "PRIVATE_KEY": known["private_key"],
                "OPTIONS": json.dumps(options),
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

    def ask(self, api: str, method: str, *given: Any) -> Any:
        """Call a method; gives its result as JSON. Raises SdkError."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"api": api, "method": method, "args": given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._answers.get(timeout=SECONDS))
        if "error" in answer:
            raise SdkError(answer["error"])
        return answer["result"]

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
    def __init__(self, sdk: NodeSdk, api: str) -> None:
        self._sdk, self._api = sdk, api

    def __getattr__(self, method: str) -> Any:
        return lambda *given: self._sdk.ask(self._api, method, *given)
