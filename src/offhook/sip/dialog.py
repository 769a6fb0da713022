"""A dialog: who the two ends are, in what order they count, and by which way requests travel (RFC 3261 §12).

Not a call: a forked INVITE makes several dialogs, and offer/answer is the session's. Tags may be missing
on the peer's side (RFC 2543); the dialog then has an empty remote tag. Rows and reasons are in
docs/specs/sip-dialog.md.
"""

from dataclasses import dataclass, field

from offhook.core.errors import RemoteProtocolError
from offhook.sip.address import Address
from offhook.sip.headers import Star, call_id, contacts, cseq, from_, record_routes, to
from offhook.sip.message import Message, Request, Response
from offhook.sip.uri import Uri

MAX_CSEQ = 2**31 - 1


@dataclass(slots=True)
class Dialog:
    """One dialog, as plain data."""

    call_id: str
    local: str
    """The address that is From in our requests: as it stood on the wire, tag and all."""
    remote: str
    """The address that is To in our requests."""
    local_tag: str
    remote_tag: str
    local_cseq: int
    target: str
    """The remote target: the Request-URI of our requests unless a strict router comes first."""
    remote_cseq: int | None = None
    route_set: list[str] = field(default_factory=list)
    """Route values in the order in which we send them."""
    confirmed: bool = False

    def addressing(self) -> tuple[str, list[str]]:
        """The Request-URI and the Route values of our next request (§12.2.1.1)."""
        if not self.route_set or is_loose(self.route_set[0]):
            return self.target, list(self.route_set)
        return uri_of(self.route_set[0]), [*self.route_set[1:], f"<{self.target}>"]

    def next_hop(self) -> str:
        """The URI of the element that gets our next request."""
        return uri_of(self.route_set[0]) if self.route_set else self.target

    def next_cseq(self) -> int:
        """Count one request of ours. ACK and CANCEL have the number of their INVITE and are not counted."""
        self.local_cseq += 1
        return self.local_cseq

    def admit(self, number: int) -> bool:
        """Count a request of the peer's; False when it comes too late to be acted upon (§12.2.2)."""
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh(self, message: Message) -> None:
        """Take the target from the Contact of an INVITE or UPDATE, or of a 2xx to one (§12.2.1.2)."""
        self.target = target_of(message) or self.target

    def confirm(self, response: Response) -> None:
        """A 2xx to our INVITE: route set and target are computed afresh, once (§13.2.2.4)."""
        if not self.confirmed:
            self.route_set = routes_of(response)[::-1]
            self.confirmed = True
        self.refresh(response)


def caller_dialog(invite: Request, response: Response) -> Dialog:
    """The dialog that a 101–2xx to our INVITE makes (§12.1.2)."""
    return Dialog(
        call_id=call_id(invite),
        local=invite.headers.get("From") or "",
        remote=response.headers.get("To") or invite.headers.get("To") or "",
        local_tag=from_(invite).tag or "",
        remote_tag=to(response).tag or "",
        local_cseq=cseq(invite).number,
        target=target_of(response) or invite.uri,
        route_set=routes_of(response)[::-1],
        confirmed=response.status >= 200,
    )


def callee_dialog(invite: Request, tag: str, first_cseq: int) -> Dialog:
    """The dialog that our own response to `invite` makes; `tag` is the To tag we give it (§12.1.1)."""
    local = invite.headers.get("To") or ""
    return Dialog(
        call_id=call_id(invite),
        local=f"{local};tag={tag}",
        remote=invite.headers.get("From") or "",
        local_tag=tag,
        remote_tag=from_(invite).tag or "",
        local_cseq=first_cseq,
        target=target_of(invite) or from_(invite).uri,
        remote_cseq=cseq(invite).number,
        route_set=routes_of(invite),
    )


def target_of(message: Message) -> str | None:
    """The URI of the first Contact; None when there is none that can be read."""
    try:
        found = contacts(message)
    except RemoteProtocolError:
        return None
    if isinstance(found, Star) or not found:
        return None
    return found[0].uri


def routes_of(message: Message) -> list[str]:
    """The Record-Route values from top to bottom, as Route values; empty when they cannot be read."""
    try:
        return [address.raw for address in record_routes(message)]
    except RemoteProtocolError:
        return []


def is_loose(route: str) -> bool:
    """Whether a Route value names a loose router (`lr` in any spelling)."""
    try:
        return Uri.parse(uri_of(route)).lr
    except RemoteProtocolError:
        return True


def uri_of(route: str) -> str:
    """The URI inside a Route value."""
    try:
        return Address.parse(route).uri
    except RemoteProtocolError:
        return route.strip()
