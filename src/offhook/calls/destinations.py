"""Who may be dialled over a real trunk: the operator's rules and the trunk's own list.

Both are prefixes of E.164 numbers, allowed or denied; of those that match a number the longest decides, and
a denial where two are equally long. What is never dialled at all (`core/e164.py`) is looked at before and
cannot be allowed here. The simulated carrier is no real trunk and knows no rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from offhook.core.errors import Invalid
from offhook.storage.records import Trunk

ALL = "*"
NOT = "!"
"""Before a prefix on a trunk: not over this one."""
ALLOW_SETTING = "OFFHOOK_DESTINATIONS__ALLOW"
DENY_SETTING = "OFFHOOK_DESTINATIONS__DENY"


@dataclass(frozen=True, slots=True)
class Rule:
    """`prefix` is empty for every number."""

    prefix: str
    allow: bool

    def __str__(self) -> str:
        return f"{'allow' if self.allow else 'deny'}:{self.prefix or ALL}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a number. `reason` is a sentence where it may not be dialled."""

    rule: Rule | None
    reason: str | None = None

    @property
    def name(self) -> str:
        """For events: which rule it was."""
        return f"destination:{self.rule}" if self.rule else "destination:not-allowed"


@dataclass(frozen=True, slots=True)
class Destinations:
    """The operator's rules; without any, only the lists of the trunks count."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def read(cls, allow: str, deny: str) -> "Destinations":
        """From two comma lists of prefixes. Raises Invalid that names the setting."""
        return cls((*_read(allow, True, ALLOW_SETTING), *_read(deny, False, DENY_SETTING)))

    def of(self, number: str) -> Verdict:
        """What holds for `number` (digits)."""
        rule = longest(self.rules, number)
        if rule is not None and not rule.allow:
            return Verdict(
                rule, f"{number} begins with {rule.prefix or 'anything'}, which {DENY_SETTING} denies"
            )
        if rule is None and any(each.allow for each in self.rules):
            return Verdict(
                None, f"{number} begins with nothing that {ALLOW_SETTING} lists; add its prefix there"
            )
        return Verdict(rule)

    def describe(self) -> str:
        """The rules in words."""
        allowed = [each.prefix or "everything" for each in self.rules if each.allow]
        denied = [each.prefix or "everything" for each in self.rules if not each.allow]
        if not self.rules:
            return "no destination rules"
        parts = [
            f"allowed: {', '.join(allowed)}" if allowed else "",
            f"denied: {', '.join(denied)}" if denied else "",
        ]
        return "; ".join(part for part in parts if part)


def longest(rules: Iterable[Rule], number: str) -> Rule | None:
    """The rule that decides about `number`; None when none matches."""
    matching = [rule for rule in rules if number.startswith(rule.prefix)]
    return max(matching, key=lambda rule: (len(rule.prefix), not rule.allow), default=None)


def rules_of(trunk: Trunk) -> tuple[Rule, ...]:
    """The trunk's own list. An empty prefix is no rule: it would open a real trunk by accident."""
    found = []
    for text in trunk.prefixes:
        prefix = text.removeprefix(NOT).removeprefix("+")
        if prefix:
            found.append(Rule(prefix, not text.startswith(NOT)))
    return tuple(found)


def dials(trunk: Trunk, number: str, verdict: Verdict) -> bool:
    """Whether a real trunk may dial a number of which the operator's rules say `verdict`.

    A list on the trunk decides; a trunk without allowed prefixes dials what an `allow` rule of the operator
    matches, and nothing where there is none.
    """
    if verdict.reason is not None:
        return False
    own = rules_of(trunk)
    rule = longest(own, number)
    if rule is not None:
        return rule.allow
    return not any(each.allow for each in own) and verdict.rule is not None


def explain(trunk: Trunk, destinations: Destinations) -> str:
    """Who may be dialled over this trunk, in words."""
    if trunk.simulated:
        return "any number, while SIP binds loopback"
    own = rules_of(trunk)
    listed = [rule.prefix for rule in own if rule.allow]
    barred = [rule.prefix for rule in own if not rule.allow]
    if not listed and not any(rule.allow for rule in destinations.rules):
        return f"nothing: list prefixes with --prefix, or set {ALLOW_SETTING}"
    parts = [f"numbers that begin with {', '.join(listed)}" if listed else "what the destination rules allow"]
    if barred:
        parts.append(f"not with {', '.join(barred)}")
    if destinations.rules:
        parts.append(destinations.describe())
    return "; ".join(parts)


def _read(text: str, allow: bool, setting: str) -> list[Rule]:
    rules = []
    for word in text.replace(" ", "").split(","):
        digits = word.removeprefix("+")
        if word == ALL:
            rules.append(Rule("", allow))
        elif digits.isascii() and digits.isdigit() and not digits.startswith("0"):
            rules.append(Rule(digits, allow))
        elif word:
            raise Invalid(setting, f"{word!r} is not the beginning of an international number, such as 4420")
    return rules
