"""From a decoded JSON value to a program, or to everything that is wrong with it.

The whole document is read before anything runs. Options may be in camelCase or snake_case, numbers and
booleans may be strings, unknown options are left alone. See docs/specs/ncco.md.
"""

from offhook.core.errors import NccoError
from offhook.ncco.actions.conversation import Conversation
from offhook.ncco.actions.prompt import Prompt
from offhook.ncco.actions.registry import read_action
from offhook.ncco.contract import Action
from offhook.ncco.effects import Json, ReportError
from offhook.ncco.fields import Fields, shown
from offhook.ncco.findings import Finding, Findings
from offhook.ncco.program import Program
from offhook.ncco.settings import DEFAULT_LIMITS, Limits

SYNTAX_ERROR = NccoError.REASON
"""The reason of the error webhook, in the words that applications know."""


def parse(document: Json, *, limits: Limits = DEFAULT_LIMITS) -> Program:
    """The program that `document` (decoded JSON) describes.

    Raises NccoError with the path of the first error; warnings are not looked at.
    """
    actions, findings = _read(document, limits, Findings(warnings=False))
    error = findings.first_error
    if error is not None:
        raise NccoError(error.path, error.message)
    return Program(actions)


def check(document: Json, *, limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """Every error and every warning, in the order of the document."""
    return _read(document, limits, Findings())[1].listed()


def syntax_error(error: NccoError) -> ReportError:
    """The error webhook for a document that cannot run. Path and problem are for the log."""
    return ReportError(SYNTAX_ERROR, {"path": error.path, "problem": error.problem})


def is_nothing(document: Json) -> bool:
    """Whether a reply says nothing, so that the program goes on: no body, or an empty value."""
    return document is None or document in ([], {}, "")


def _read(document: Json, limits: Limits, findings: Findings) -> tuple[list[Action], Findings]:
    actions: list[Action] = []
    if not _is_bounded(document, findings, limits) or not _is_array(document, findings, limits):
        return actions, findings
    for n, item in enumerate(document):
        if not isinstance(item, dict):
            findings.error(f"[{n}]", f"must be an object with an action, not {shown(item)}")
            continue
        action = read_action(Fields(item, f"[{n}]", findings, limits))
        if action is not None:
            actions.append(action)
    if findings.wants_warnings and findings.first_error is None:
        _look_over(actions, findings)
    return actions, findings


def _is_array(document: Json, findings: Findings, limits: Limits) -> bool:
    if not isinstance(document, list):
        findings.error("", f"an NCCO must be an array of actions in square brackets, not {shown(document)}")
        return False
    if len(document) > limits.actions:
        findings.error("", f"the NCCO has {len(document)} actions; at most {limits.actions} are accepted")
        return False
    return True


def _is_bounded(document: Json, findings: Findings, limits: Limits) -> bool:
    """Size, depth and readable text, without recursion: the document may be nested as deep as it likes."""
    size = 0
    level: list[Json] = [document]
    for _ in range(limits.depth + 1):
        below: list[Json] = []
        for value in level:
            found = _weigh(value, below)
            if found is None:
                findings.error("", "the NCCO has half a surrogate pair in a string; send whole characters")
                return False
            size += found
            if size > limits.size:
                findings.error("", f"the NCCO is larger than {limits.size} bytes; send a shorter one")
                return False
        if not below:
            return True
        level = below
    findings.error("", f"the NCCO is nested deeper than {limits.depth} levels; send a flatter one")
    return False


def _weigh(value: Json, below: list[Json]) -> int | None:
    """The bytes of one value without what is inside it, which is added to `below`. None if not text."""
    texts = [value] if isinstance(value, str) else []
    if isinstance(value, dict):
        texts = list(value)
        below.extend(value.values())
    elif isinstance(value, list):
        below.extend(value)
    try:
        return 1 + sum(len(text.encode()) for text in texts)
    except UnicodeEncodeError:
        return None


def _look_over(actions: list[Action], findings: Findings) -> None:
    """Warn of combinations that are accepted but do not do what they seem to."""
    program = Program(actions)
    in_force = False
    for n in range(len(actions)):
        action = program.take()
        if isinstance(action, Conversation) and len(program):
            findings.warn(
                f"[{n}]", "keeps the leg until it is moved out; the actions after it are not reached"
            )
        if not isinstance(action, Prompt):
            in_force = False
            continue
        leads_to = program.input_after_prompts()
        in_force = in_force or (action.barge_in and leads_to is not None)
        if action.barge_in and leads_to is None:
            findings.warn(
                f"[{n}].bargeIn", "is ignored: only talk and stream may stand between it and an input"
            )
        if action.loop == 0 and len(program) and not in_force:
            findings.warn(f"[{n}].loop", "is 0, so this plays for ever; the actions after it are not reached")
