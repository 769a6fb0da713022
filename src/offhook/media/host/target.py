"""A target is written `leg:<id>` or `conversation:<id>`."""

from offhook.core.errors import MediaError

LEG = "leg"
CONVERSATION = "conversation"


def split(target: str) -> tuple[str, str]:
    """Kind and id. Raises MediaError for anything else."""
    kind, _, ident = target.partition(":")
    if kind not in (LEG, CONVERSATION) or not ident:
        raise MediaError(f"{target!r} is not a target: write leg:<id> or conversation:<id>")
    return kind, ident
