"""Who may be on which flow: sessions and transactions, found without a look at all of them.

What it gives is a first selection: who was put on a flow once is found there until it is dropped, although
it may have moved on. Where it is now is for the user itself to say.
"""

from offhook.sip.flow import Flow


class FlowUsers:
    """An index of ids by flow, in the order in which they came."""

    def __init__(self) -> None:
        self._users: dict[Flow, dict[str, None]] = {}
        self._flows: dict[str, tuple[Flow, ...]] = {}

    def put(self, user: str, flow: Flow) -> None:
        """`user` may send on `flow` from now on."""
        known = self._flows.get(user, ())
        if flow not in known:
            self._flows[user] = (*known, flow)
            self._users.setdefault(flow, {})[user] = None

    def drop(self, user: str) -> None:
        """Forget it; nothing happens where it is unknown."""
        for flow in self._flows.pop(user, ()):
            users = self._users[flow]
            del users[user]
            if not users:
                del self._users[flow]

    def on(self, flow: Flow) -> list[str]:
        """Who may be on `flow`."""
        return list(self._users.get(flow, ()))

    def __len__(self) -> int:
        """How many flows are known."""
        return len(self._users)
