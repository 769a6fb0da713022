"""Hands a call on to a phone in another process: a back-to-back agent that passes the SDP through.

Two sessions are tied together: what one side says is said to the other, offers and answers untouched, so the
voice goes directly between the two ends. It touches no media.
"""

from collections.abc import Callable

from offhook.simulator.agent import Agent
from offhook.sip import commands
from offhook.sip.events import (
    Answered,
    Confirmed,
    Ended,
    Event,
    Failed,
    InviteReceived,
    ReofferAnswered,
    ReofferFailed,
    ReofferReceived,
    Ringing,
)
from offhook.sip.flow import Address

PASSED_ON = ("x-", "user-to-user", "diversion", "p-asserted-identity", "privacy")
"""Beginnings of names of headers that reach the phone."""


class Bridge:
    """One call, from the INVITE that came in to the end of both sides."""

    def __init__(
        self, agent: Agent, invite: InviteReceived, phone: Address, ended: Callable[[], None]
    ) -> None:
        self._agent = agent
        self._ended = ended
        self._near = invite.session
        self._far = agent.ids.uuid()
        self._over = False
        agent.own(self._near, self)
        agent.own(self._far, self)
        if not invite.offer:
            self._finish(commands.Reject(self._near, 488))
            return
        agent.command(
            commands.Dial(
                session=self._far,
                uri=f"sip:{invite.user}@{phone[0]}:{phone[1]}",
                from_uri=agent.uri(invite.from_user),
                from_display=invite.from_display or None,
                offer=invite.offer,
                destination=agent.flow_to(phone),
                headers=tuple(
                    (name, value) for name, value in invite.headers if name.lower().startswith(PASSED_ON)
                ),
            )
        )

    def on_sip(self, event: Event) -> None:
        other = self._near if event.session == self._far else self._far
        match event:
            case Ringing():
                self._agent.command(commands.Ring(self._near, event.status, event.body))
            case Answered():
                self._agent.command(commands.Answer(self._near, event.body))
            case Failed():
                status = event.status if event.status >= 400 else 480
                self._finish(commands.Reject(self._near, status, event.reason))
            case Ended():
                self._finish(commands.HangUp(other, status=480))
            case ReofferReceived():
                self._agent.command(commands.Reoffer(other, event.offer))
            case ReofferAnswered():
                self._agent.command(commands.AnswerReoffer(other, event.body))
            case ReofferFailed():
                self._agent.command(commands.RejectReoffer(other, event.status))
            case Confirmed() | InviteReceived():
                pass

    def _finish(self, command: commands.Command) -> None:
        if self._over:
            return
        self._over = True
        self._agent.command(command)
        self._agent.forget(self._near)
        self._agent.forget(self._far)
        self._ended()
