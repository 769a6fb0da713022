"""Digest authentication towards a peer (RFC 7616, RFC 8760, RFC 3261 §22). The server side is `nonces`.

Nothing here is random: the client nonce is a keyed hash under the password, which nobody without the
password can foretell. The password itself never leaves.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from offhook.core.errors import RemoteProtocolError
from offhook.sip.commands import Credentials
from offhook.sip.credentials import AuthHeader, parse_auth_list
from offhook.sip.digest_hash import ALGORITHMS, Proof, offered_qop
from offhook.sip.grammar import has_control, quote
from offhook.sip.message import Response
from offhook.sip.nonces import NonceSource

__all__ = ["Authenticator", "NonceSource"]

MAX_STALE = 3
"""How often a peer may call a nonce stale before we stop believing it."""

HeaderPair = tuple[str, str]


@dataclass(slots=True)
class _Space:
    """One protection space: the challenge in force and how often its nonce was used."""

    challenge: AuthHeader
    nonce: str
    qop: str
    used: int = 0

    @property
    def algorithm(self) -> str:
        return self.challenge.get("algorithm") or "MD5"


class Authenticator:
    """The credentials of one session and what its peers have challenged it with so far.

    After a 401 or 407 call `answers` and send the request again with these headers and a higher CSeq; an
    empty list means: give up. Show every other final response to `learn`. `authorize` gives the headers
    for a request that has not been challenged (a BYE, a re-INVITE) so that it need not be.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._spaces: dict[tuple[bool, str], _Space] = {}
        self._tries: dict[tuple[bool, str, str], int] = {}

    def answers(
        self, challenges: Iterable[AuthHeader], method: str, uri: str, body: bytes = b""
    ) -> list[HeaderPair]:
        """One header for each realm known, the newly challenged ones included; empty to give up.

        Of several challenges for a realm the strongest supported is answered. A realm that refuses
        credentials which it has seen, and does not call the nonce stale, is not asked again.
        """
        chosen = _strongest(challenges)
        if not chosen:
            return []
        for place, space in chosen.items():
            tried = self._tries.get((*place, method), 0)
            stale = (space.challenge.get("stale") or "").lower() == "true"
            if tried and (not stale or tried > MAX_STALE):
                return []
            self._tries[(*place, method)] = tried + 1
            known = self._spaces.get(place)
            if known is not None and known.nonce == space.nonce:
                space.used = known.used
            self._spaces[place] = space
        return self.authorize(method, uri, body)

    def answer(
        self, challenges: Iterable[AuthHeader], method: str, uri: str, body: bytes = b""
    ) -> HeaderPair | None:
        """The first of `answers`: enough wherever a single server asks."""
        return next(iter(self.answers(challenges, method, uri, body)), None)

    def authorize(self, method: str, uri: str, body: bytes = b"") -> list[HeaderPair]:
        """One header for each realm that has challenged us before; empty when none has."""
        return [
            ("Proxy-Authorization" if proxy else "Authorization", self._value(space, method, uri, body))
            for (proxy, _), space in self._spaces.items()
        ]

    def learn(self, response: Response) -> None:
        """Note a final response: the credentials were good, and the next nonce if it names one."""
        if response.status < 200 or response.status in (401, 407):
            return
        self._tries.clear()
        for name, proxy in (("Authentication-Info", False), ("Proxy-Authentication-Info", True)):
            value = response.headers.get(name)
            nonce = _next_nonce(value) if value else None
            if nonce is None:
                continue
            for place, space in self._spaces.items():
                if place[0] == proxy:
                    space.nonce, space.used = nonce, 0

    def dump(self) -> dict[str, Any]:
        """All that is known, without the credentials, as plain lists, strings and numbers."""
        spaces = [
            [space.challenge.params, place[0], space.nonce, space.qop, space.used]
            for place, space in self._spaces.items()
        ]
        return {"spaces": spaces, "tries": [[*key, count] for key, count in self._tries.items()]}

    @classmethod
    def load(cls, credentials: Credentials, dumped: dict[str, Any]) -> "Authenticator":
        """What `dump` was taken from."""
        made = cls(credentials)
        for params, proxy, nonce, qop, used in dumped["spaces"]:
            challenge = AuthHeader("digest", dict(params), proxy)
            made._spaces[proxy, challenge.params["realm"]] = _Space(challenge, nonce, qop, used)
        made._tries = {(proxy, realm, method): count for proxy, realm, method, count in dumped["tries"]}
        return made

    def _value(self, space: _Space, method: str, uri: str, body: bytes) -> str:
        space.used += 1
        realm = space.challenge.get("realm") or ""
        proof = Proof(
            algorithm=space.algorithm,
            username=self._credentials.username,
            realm=realm,
            nonce=space.nonce,
            uri=uri,
            method=method,
            qop=space.qop,
            cnonce=self._cnonce(space) if space.qop or space.algorithm.upper().endswith("-SESS") else "",
            count=f"{space.used:08x}" if space.qop else "",
            body=body,
        )
        return _written(proof, space.challenge, proof.response(self._credentials.password))

    def _cnonce(self, space: _Space) -> str:
        # One client nonce for the life of a nonce, as the -sess algorithms want it (RFC 7616 §3.4.2).
        key = self._credentials.password.encode("utf-8", "surrogateescape")
        text = f"{self._credentials.username}:{space.nonce}".encode("utf-8", "surrogateescape")
        return hmac.digest(key, text, hashlib.sha256).hex()[:24]


def _strongest(challenges: Iterable[AuthHeader]) -> dict[tuple[bool, str], _Space]:
    ranks = list(ALGORITHMS)
    best: dict[tuple[bool, str], tuple[int, _Space]] = {}
    for challenge in challenges:
        nonce, realm = challenge.get("nonce"), challenge.get("realm")
        algorithm = (challenge.get("algorithm") or "MD5").upper()
        qop = offered_qop(challenge.get("qop"))
        if challenge.scheme != "digest" or nonce is None or realm is None or qop is None:
            continue
        if algorithm not in ranks or any(has_control(value) for value in challenge.params.values()):
            continue
        place, rank = (challenge.proxy, realm), ranks.index(algorithm)
        if place not in best or rank < best[place][0]:
            best[place] = (rank, _Space(challenge, nonce, qop))
    return {place: space for place, (_, space) in best.items()}


def _written(proof: Proof, challenge: AuthHeader, response: str) -> str:
    # Quoted and unquoted exactly as RFC 7616 §3.4 has it: some servers insist.
    parts = [
        f"username={quote(proof.username)}",
        f"realm={quote(proof.realm)}",
        f"nonce={quote(proof.nonce)}",
        f"uri={quote(proof.uri)}",
        f'response="{response}"',
    ]
    algorithm, opaque = challenge.get("algorithm"), challenge.get("opaque")
    if algorithm is not None:
        parts.append(f"algorithm={algorithm}")
    if proof.cnonce:
        parts.append(f'cnonce="{proof.cnonce}"')
    if opaque is not None:
        parts.append(f"opaque={quote(opaque)}")
    if proof.qop:
        parts += [f"qop={proof.qop}", f"nc={proof.count}"]
    return "Digest " + ", ".join(parts)


def _next_nonce(value: str) -> str | None:
    try:
        return parse_auth_list("Info " + value, proxy=False)[0].get("nextnonce")
    except RemoteProtocolError:
        return None
