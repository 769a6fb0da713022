import pytest

from offhook.calls import states
from offhook.core.errors import LocalStateError

NAMES = sorted(states.TRANSITIONS)


@pytest.mark.parametrize("old", NAMES)
@pytest.mark.parametrize("new", NAMES)
def test_every_step_is_in_the_table_or_refused(old: str, new: str) -> None:
    if new in states.TRANSITIONS[old]:
        states.check(old, new)
    else:
        with pytest.raises(LocalStateError, match=f"a leg that is {old} cannot become {new}"):
            states.check(old, new)


def test_every_target_is_a_state_and_every_cause_ends_a_ringing_leg() -> None:
    for targets in states.TRANSITIONS.values():
        assert targets <= set(states.TRANSITIONS)
    assert states.TRANSITIONS["ringing"] >= states.CAUSES
    assert not states.CAUSES & states.TRANSITIONS["answered"]


def test_completed_follows_everything_but_rejected_and_itself() -> None:
    assert {name for name in NAMES if not states.completes(name)} == {"new", "rejected", "completed"}


@pytest.mark.parametrize(
    ("code", "status", "detail"),
    [
        (302, "failed", "cannot_route"),
        (401, "failed", "cannot_route"),
        (403, "rejected", "restricted"),
        (404, "failed", "number_out_of_service"),
        (407, "failed", "cannot_route"),
        (408, "unanswered", "timeout"),
        (410, "failed", "number_out_of_service"),
        (480, "unanswered", "unavailable"),
        (484, "rejected", "invalid_number"),
        (486, "busy", None),
        (488, "failed", "cannot_route"),
        (500, "failed", "internal_error"),
        (503, "failed", "internal_error"),
        (600, "busy", None),
        (603, "rejected", "declined"),
        (604, "failed", "number_out_of_service"),
        (606, "rejected", "declined"),
        (999, "failed", "internal_error"),
    ],
)
def test_final_statuses_become_causes(code: int, status: str, detail: str | None) -> None:
    assert states.of_failure(code, local=False) == states.Cause(status, detail, code, "user")


def test_a_failure_of_our_own_is_the_platforms() -> None:
    assert states.of_failure(408, local=True).by == "platform"
