"""Every error the platform raises on purpose.

    OffhookError
    ├── RemoteProtocolError(status)   a peer sent something we refuse; `status` is the SIP status we owe
    ├── LocalStateError               our own code asked for something the state does not allow
    ├── NccoError(path)               an NCCO document is wrong; `path` names the field
    ├── MediaError                    audio could not be opened, decoded or sent
    ├── SpeechError(retryable)        a speech engine refused or failed
    ├── DeliveryError(retryable)      a webhook or a fetch did not get a usable answer
    ├── NotFound                      the thing named does not exist, or is not the caller's to see
    ├── Conflict                      the thing exists but is not in a state for this
    │   └── Overloaded(retry_after)   there is no room for it now
    └── Invalid(field)                a value given by a person or a program is wrong; `field` names it

Messages are sentences that say what to do. Only `http/errors.py` turns them into HTTP statuses.
"""


class OffhookError(Exception):
    """The root: catch it where any refusal has the same consequence."""


class RemoteProtocolError(OffhookError):
    """A peer broke its protocol. `status` is the SIP status that we owe it, 0 when silence is right."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class LocalStateError(OffhookError):
    """Our own code asked for something that the present state does not allow."""


class NccoError(OffhookError):
    """An NCCO document is wrong. `path` is like `[2].endpoint[0].number`."""

    REASON = "Syntax error in NCCO. Invalid value type or action."
    """What applications are told of it, in the words that they know."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.problem = message


class MediaError(OffhookError):
    """Audio could not be opened, decoded or sent."""


class SpeechError(OffhookError):
    """A speech engine refused or failed; a `retryable` failure may work on another worker."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class DeliveryError(OffhookError):
    """A webhook or a fetch did not get a usable answer; a `retryable` one is tried again."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class NotFound(OffhookError):  # noqa: N818 — read as a sentence: raise NotFound("call …")
    """The thing named does not exist, or is not the caller's to see."""


class Conflict(OffhookError):  # noqa: N818
    """The thing exists but is not in a state for this."""


class Overloaded(Conflict):
    """There is no room now: try again after some seconds. `rate`: too many were asked for at once."""

    def __init__(self, message: str, retry_after: int, *, rate: bool = False) -> None:
        super().__init__(message)
        self.rate = rate
        self.retry_after = retry_after


class Invalid(OffhookError):  # noqa: N818
    """A value given by a person or a program is wrong. `field` names it as the outside spells it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.problem = message
