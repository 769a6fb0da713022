"""Any JSON value is a program or an NccoError, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from tests.property.ncco.strategies import ACTIONS, WILD

from offhook.core.errors import NccoError
from offhook.ncco.document import check, parse
from offhook.ncco.program import Program


@settings(max_examples=200, deadline=None)
@given(WILD)
def test_any_value_is_a_program_or_an_ncco_error(document: Any) -> None:
    findings = check(document)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        with pytest.raises(NccoError) as caught:
            parse(document)
        assert (caught.value.path, caught.value.problem) == (errors[0].path, errors[0].message)
    else:
        assert len(parse(document)) == len(document)


@settings(max_examples=100, deadline=None)
@given(ACTIONS)
def test_a_stored_program_is_the_same_program(action: dict[str, Any]) -> None:
    dumped = parse([action]).dump()
    stored = json.loads(json.dumps(dumped))
    assert json.loads(json.dumps(Program.load(stored).dump())) == stored
