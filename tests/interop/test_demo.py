"""`offhook demo --once`: every step of it holds, and it says so to people and to machines."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.interop

STEPS = 11


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("usual_ports")
def test_the_demo_does_all_of_it() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
    done = subprocess.run(
        [sys.executable, "-c", "from offhook.cli import main; main()", "demo", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert len(told["steps"]) == STEPS
    assert all(step["ok"] for step in told["steps"])
