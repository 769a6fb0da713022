"""Event programs: triples of small numbers read as what may happen to a stack, in any order.

The numbers choose among requests, responses, commands, timers, broken bytes and transport failures; most
of what they choose refers to what the stack has said before, so that programs get deep into calls.
"""

from offhook.core.clock import NS_PER_MS
from offhook.core.errors import LocalStateError
from offhook.core.ids import SeededIds
from offhook.sip import build
from offhook.sip.commands import (
    Answer,
    AnswerReoffer,
    Challenge,
    Command,
    Credentials,
    Dial,
    HangUp,
    Reject,
    RejectReoffer,
    Reoffer,
    Ring,
)
from offhook.sip.flow import Flow
from offhook.sip.headers import cseq, from_, to, vias
from offhook.sip.machine import (
    Alias,
    CancelTimer,
    Disconnected,
    Input,
    Output,
    Received,
    Send,
    SetTimer,
    TimerFired,
    TransportFailed,
)
from offhook.sip.message import Headers, Request, Response
from offhook.sip.parser import parse
from offhook.sip.stack import SipStack, StackConfig
from offhook.sip.validate import validate_response

Step = tuple[int, int, int]
HERE, THERE = ("127.0.0.1", 5060), ("127.0.0.2", 5060)
UDP, TCP = Flow("udp", HERE, THERE), Flow("tcp", HERE, THERE)
OFFER = b"v=0\r\n"
STATUSES = (100, 180, 183, 200, 200, 302, 401, 407, 408, 481, 486, 487, 488, 491, 500, 603)
METHODS = ("INVITE", "BYE", "UPDATE", "INFO", "OPTIONS", "ACK", "CANCEL", "MESSAGE", "FROB")
CHALLENGE = 'Digest realm="r", nonce="{}", algorithm=MD5, qop="auth", stale=true'


def make_stack(limit: int = 1000) -> SipStack:
    return SipStack(StackConfig("127.0.0.1", 5060, "test", b"key", limit=limit), SeededIds(5))


class Player:
    """Turns steps into inputs, and remembers what the stack said."""

    def __init__(self) -> None:
        self.now = 1_000_000_000_000
        self.requests: list[Request] = []
        self.replies: list[Response] = []
        self.received: list[Request] = []
        self.sessions: list[str] = ["s0", "s1"]
        self.timers: dict[str, int] = {}

    def input(self, step: Step) -> Input:
        """What this step means now."""
        kind, a, b = step
        self.now += (a % 7) * 40 * NS_PER_MS
        makers = (
            self._invite,
            self._reply,
            self._reply,
            self._inside,
            self._command,
            self._command,
            self._timer,
            self._timer,
            self._dial,
            self._garbage,
            self._failure,
            self._finish,
        )
        return makers[kind % len(makers)](a, b)

    def note(self, outputs: list[Output]) -> None:
        """Remember what came of it."""
        for output in outputs:
            if isinstance(output, Send):
                message = parse(output.data)
                if isinstance(message, Request):
                    self.requests.append(message)
                elif validate_response(message):
                    self.replies.append(message)
            elif isinstance(output, SetTimer):
                self.timers[output.key] = output.at
            elif isinstance(output, CancelTimer):
                self.timers.pop(output.key, None)
            elif not isinstance(output, Alias) and output.session not in self.sessions:
                self.sessions.append(output.session)

    def _invite(self, a: int, b: int) -> Input:
        branch = "" if b % 5 == 4 else f";branch=z9hG4bK{a % 6}"
        body = b"" if b % 3 == 0 else OFFER
        return self._request("INVITE", f"call{a % 4}", "p", None, 1 + b % 2, branch, body)

    def _inside(self, a: int, b: int) -> Input:
        known = self.replies or [Response(200, "OK", Headers())]
        reply = known[-1 - a % len(known)]
        method = METHODS[b % len(METHODS)]
        if reply.headers.get("To") is None:
            return self._request(method, "nothing", "p", "q", 1, ";branch=z9hG4bKnone", b"")
        number = cseq(reply).number + (0 if method in ("ACK", "CANCEL") else 1 + a % 2)
        old = vias(reply)[0].branch or ""
        branch = f";branch={old}" if method == "CANCEL" or a % 3 == 0 else f";branch=z9hG4bKin{a}x{b}"
        tag = None if method == "CANCEL" else to(reply).tag
        body = OFFER if method in ("INVITE", "UPDATE") and a % 2 else b""
        return self._request(
            method, reply.headers.get("Call-ID") or "", from_(reply).tag, tag, number, branch, body
        )

    def _finish(self, a: int, b: int) -> Input:
        """A BYE or re-INVITE of the callee in a call that the stack has begun."""
        if not self.requests:
            return self._garbage(a, b)
        ours = self.requests[-1 - a % len(self.requests)]
        method = ("BYE", "INVITE", "UPDATE")[b % 3]
        return self._request(
            method,
            ours.headers.get("Call-ID") or "",
            f"t{a % 2}",
            from_(ours).tag,
            1 + b,
            f";branch=z9hG4bKf{a}{b}",
            OFFER,
        )

    def _request(
        self,
        method: str,
        call: str,
        ftag: str | None,
        ttag: str | None,
        number: int,
        branch: str,
        body: bytes,
    ) -> Input:
        made = build.request(
            method,
            "sip:u@127.0.0.1",
            via=f"SIP/2.0/UDP 127.0.0.2:5060{branch}",
            from_="<sip:p@127.0.0.2>" + (f";tag={ftag}" if ftag else ""),
            to="<sip:u@127.0.0.1>" + (f";tag={ttag}" if ttag else ""),
            call_id=call or "empty",
            cseq=number,
            max_forwards=70,
            contact="<sip:p@127.0.0.2>",
            body=body,
            content_type="application/sdp" if body else None,
        )
        return Received(build.serialise(made), TCP if number % 5 == 4 else UDP)

    def _reply(self, a: int, b: int) -> Input:
        if not self.requests:
            return self._garbage(a, b)
        request = self.requests[-1 - a % min(4, len(self.requests))]
        status = STATUSES[b % len(STATUSES)]
        headers = [("Contact", f"<sip:t{a % 2}@127.0.0.2>")]
        if status in (401, 407):
            name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
            headers.append((name, CHALLENGE.format(b)))
        made = build.response(
            request, status, to_tag=f"t{a % 2}" if a % 3 else None, headers=headers, body=OFFER
        )
        return Received(build.serialise(made), UDP)

    def _command(self, a: int, b: int) -> Command:
        session = self.sessions[-1 - a % len(self.sessions)]
        return (
            Ring(session, (180, 183, 100)[a % 3]),
            Answer(session, OFFER),
            Answer(session, OFFER),
            HangUp(session, 'Q.850;cause=16;text="x"'),
            HangUp(session),
            Reoffer(session, OFFER),
            AnswerReoffer(session, OFFER),
            RejectReoffer(session),
            Reject(session, 486),
            Challenge(session, "realm"),
        )[b % 10]

    def _dial(self, a: int, b: int) -> Command:
        credentials = Credentials("u", "p") if b % 2 else None
        flow = TCP if a % 3 == 2 else UDP
        return Dial(f"s{a}", "sip:x@127.0.0.2", "sip:y@127.0.0.1", OFFER, flow, credentials=credentials)

    def _timer(self, a: int, b: int) -> Input:
        if not self.timers or b % 11 == 10:
            return TimerFired((f"s {b} s0", "t a c z", "t zz", "", "s repeat/1 s0", f"s ring s{a}")[a % 6])
        key = sorted(self.timers, key=lambda k: (self.timers[k], k))[a % min(3, len(self.timers))]
        self.now = max(self.now, self.timers.pop(key))
        return TimerFired(key)

    def _garbage(self, a: int, b: int) -> Input:
        if not self.requests:
            return Received(bytes([a % 256, b % 256]) * 3, UDP)
        data = bytearray(build.serialise(self.requests[-1]))
        data[a * 31 % len(data)] = b % 256
        return Received(bytes(data), UDP)

    def _failure(self, a: int, b: int) -> Input:
        if a % 3 == 1:
            return Disconnected(TCP, "gone")
        return TransportFailed(UDP if b % 2 else TCP, "gone")


def play(stack: SipStack, player: Player, step: Step) -> tuple[Input, list[Output]]:
    """One step; a Dial with a used id is refused, everything else must pass."""
    given = player.input(step)
    try:
        outputs = stack.handle(player.now, given)
    except LocalStateError:
        assert isinstance(given, Dial)
        outputs = []
    player.note(outputs)
    return given, outputs
