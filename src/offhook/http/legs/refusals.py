"""What is particular in the errors of legs (`http/conversation.py` has the rest)."""

from offhook.http import conversation

FAMILIES = (conversation.family("/v0.1/legs", {404: "leg:error:not-found"}),)
refusals = conversation.refusals
