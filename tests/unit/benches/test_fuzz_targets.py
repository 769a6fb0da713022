"""The fuzz targets: the same seed gives the same inputs, they pass, and a broken rule is told."""

import importlib
from random import Random

import pytest
from scripts.fuzzers.targets.contract import BrokenRuleError, NeedsAddressError, TargetOptions, require

OFFLINE = ["sip_stack", "sdp_bodies", "rtp_engine", "ncco_programs"]


@pytest.mark.parametrize("name", OFFLINE)
def test_a_seed_gives_inputs_that_can_be_run_again(name: str) -> None:
    module = importlib.import_module(f"scripts.fuzzers.targets.{name}")
    first, second = module.make(TargetOptions()), module.make(TargetOptions())
    one, other = Random(3), Random(3)
    for _ in range(12):
        data = first.next(one)
        assert second.next(other) == data
        first.check(data)
        second.check(data)
        assert first.failing(data) == data


@pytest.mark.parametrize("name", ["http_port", "udp_ports"])
def test_a_port_without_an_address_starts_nothing(name: str) -> None:
    module = importlib.import_module(f"scripts.fuzzers.targets.{name}")
    with pytest.raises(NeedsAddressError, match="nothing was started"):
        module.make(TargetOptions())


def test_a_broken_rule_is_named() -> None:
    with pytest.raises(BrokenRuleError, match="pigs do not fly"):
        require(False, "pigs do not fly")
