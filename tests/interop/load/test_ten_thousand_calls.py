"""Ten thousand calls between two SIP stacks leave neither transaction nor session nor timer (B14)."""

import gc

import pytest
from scripts.benches.rig.sip_stack import Pair

pytestmark = pytest.mark.interop
CALLS = 10_000
SECOND = 1_000_000_000


@pytest.mark.timeout(600)
def test_b14_ten_thousand_calls_leave_nothing() -> None:
    pair = Pair()
    objects: list[int] = []
    for number in range(CALLS):
        pair.call(f"call-{number}")
        for end in (pair.alice, pair.bob):
            end.inputs.clear()
        if number % 1000 == 999 and number > 4000:  # what is kept for 32 s is at its height after 3200 calls
            gc.collect()
            objects.append(len(gc.get_objects()))
    assert (pair.alice.ended, pair.bob.ended) == (CALLS, CALLS)
    assert max(objects) - min(objects) < 1000
    for _ in range(70):
        pair.advance(SECOND)
    for end in (pair.alice, pair.bob):
        assert (end.stack.transactions, end.stack.sessions, end.timers) == (0, [], {})
