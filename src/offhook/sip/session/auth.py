"""Answering challenges to our own requests: the digest client of one session (RFC 3261 §22).

An authenticator counts uses of nonces and refusals. So that a session stays plain data it is not kept:
what happened to it is, and it is made again from that. A session sees a handful of such steps.
"""

from offhook.core.errors import RemoteProtocolError
from offhook.sip.digest import Authenticator
from offhook.sip.headers import challenges
from offhook.sip.message import Headers, Request, Response
from offhook.sip.session.state import Auth, AuthStep

CREDENTIALS = ("Authorization", "Proxy-Authorization")
MAX_STEPS = 64
"""A session whose peers have challenged it more often gives up."""

_LEARNT_FROM = (
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
    "proxy-authentication-info",
)


def can_answer(auth: Auth, response: Response, sent: Request) -> bool:
    """Whether a 401 or 407 can be answered. Counts nothing."""
    return bool(_answers(auth, response, sent))


def answer(auth: Auth, response: Response, sent: Request) -> list[tuple[str, str]]:
    """The credentials for the second attempt at `sent`; empty when it would be in vain."""
    found = _answers(auth, response, sent)
    if found:
        auth.steps.append(_step("answer", response, sent.method, sent.uri))
    return found


def authorize(auth: Auth, method: str, uri: str, body: bytes) -> list[tuple[str, str]]:
    """Credentials for a request inside the dialog, so that it need not be challenged."""
    if auth.credentials is None or not auth.steps:
        return []
    found = _restored(auth).authorize(method, uri, body)
    if found:
        auth.steps.append(AuthStep("authorize", method=method, uri=uri))
    return found


def learn(auth: Auth, response: Response) -> None:
    """Note a final response that is no challenge."""
    if auth.credentials is not None and auth.steps and response.status not in (401, 407):
        auth.steps.append(_step("learn", response, "", ""))


def _answers(auth: Auth, response: Response, sent: Request) -> list[tuple[str, str]]:
    if auth.credentials is None or response.status not in (401, 407) or len(auth.steps) >= MAX_STEPS:
        return []
    try:
        return _restored(auth).answers(challenges(response), sent.method, sent.uri, sent.body)
    except RemoteProtocolError:
        return []


def _restored(auth: Auth) -> Authenticator:
    assert auth.credentials is not None
    made = Authenticator(auth.credentials)
    for step in auth.steps:
        if step.kind == "authorize":
            made.authorize(step.method, step.uri)
            continue
        response = Response(step.status, "", Headers(step.headers))
        if step.kind == "learn":
            made.learn(response)
        else:
            made.answers(challenges(response), step.method, step.uri)
    return made


def _step(kind: str, response: Response, method: str, uri: str) -> AuthStep:
    kept = [(name, value) for name, value in response.headers if name.lower() in _LEARNT_FROM]
    return AuthStep(kind, response.status, kept, method, uri)
