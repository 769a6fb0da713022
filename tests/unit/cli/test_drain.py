"""`offhook drain`: what it does not take."""

import pytest
from click.testing import CliRunner

from offhook.cli import drain


@pytest.mark.parametrize("timeout", ["inf", "nan", "1e300", "-1", "soon"])
def test_a_timeout_is_a_number_of_seconds(timeout: str) -> None:
    done = CliRunner().invoke(drain.command(), ["--timeout", timeout])
    assert done.exit_code == 2
    assert "--timeout" in done.output
