"""For any number, trunk and rules: what a real trunk dials is a number, is listed, and is not denied."""

from hypothesis import example, given
from hypothesis import strategies as st

from offhook.calls.destinations import Destinations, Rule
from offhook.calls.trunk_choice import NoTrunk, choose
from offhook.core import e164
from offhook.storage.records import Trunk

DIGITS = st.text("0123456789", min_size=1, max_size=6)
PREFIXES = st.lists(
    st.builds(str.__add__, st.sampled_from(["", "+", "!"]), st.text("0123456789", max_size=5))
)
NUMBERS = st.one_of(
    st.text("0123456789+", max_size=18),
    st.from_regex(r"(44|1|31|39|49)0?[0-9]{6,12}", fullmatch=True),
    st.text(max_size=20),
)
RULES = st.lists(st.builds(Rule, st.one_of(st.just(""), DIGITS), st.booleans())).map(tuple)


@given(NUMBERS, PREFIXES, RULES)
@example("440901234567", ["4"], ())
@example("", [""], (Rule("", True),))
def test_what_is_dialled_may_be_dialled(number: str, prefixes: list[str], rules: tuple[Rule, ...]) -> None:
    trunk = Trunk("T", "a", "t", False, "h", 5060, "udp", None, None, (), tuple(prefixes), 1, True, 0)
    found = choose([trunk], number, simulator_active=True, destinations=Destinations(rules))
    if isinstance(found, NoTrunk):
        assert found.rule
        assert found.reason
        return
    assert found == [trunk]
    assert e164.is_e164(number)
    assert e164.refusal(number) is None
    bare = [text.removeprefix("+") for text in prefixes if not text.startswith("!")]
    listed = [text for text in bare if text and number.startswith(text)]
    allowed = [len(rule.prefix) for rule in rules if rule.allow and number.startswith(rule.prefix)]
    denied = [len(rule.prefix) for rule in rules if not rule.allow and number.startswith(rule.prefix)]
    barred = [
        len(text) - 1 for text in prefixes if text[:1] == "!" and text[1:] and number.startswith(text[1:])
    ]
    assert listed or (allowed and not any(bare))
    assert max(denied, default=-1) < max(allowed, default=0)
    assert allowed or not any(rule.allow for rule in rules)
    assert max(barred, default=-1) < max(map(len, listed), default=0)


@given(st.text("0123456789", max_size=4), st.text("0123456789", min_size=1, max_size=14))
def test_zeros_that_were_left_in_open_no_premium_range(zeros: str, rest: str) -> None:
    """A carrier that drops the trunk prefix must not reach what the plain number may not."""
    for code in ("44", "31", "49"):
        plain, padded = code + rest, code + "0" * len(zeros) + rest
        found = e164.refusal(plain)
        if found is not None and found.rule.startswith("premium") and len(padded) <= e164.MAX_DIGITS:
            assert e164.refusal(padded) is not None
