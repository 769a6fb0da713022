"""What is particular in the errors of the Users API (`http/conversation.py` has the rest)."""

from functools import partial

from offhook.http import conversation

PATH = "/v1/users"
TOLD = {
    400: "A member or parameter cannot be used, or the name is taken.",
    403: "The `acl` of the token does not open this path, or the token is a user's.",
    404: "No such user of this application.",
    406: "The Accept header leaves out JSON, or the body is none.",
}
FAMILIES = (conversation.family(PATH, {400: "user:error:duplicate-name", 404: "user:error:not-found"}),)
"""A 400 that names no member is about a name that is taken."""
refusals = partial(conversation.refusals, told=TOLD)
