"""The SIP port and RTP ports of a running instance: raw datagrams in; the SIP port must go on answering.

An instance is silent to a source that sends too much nonsense, so a question is repeated for some seconds
before silence counts. A failing input is every datagram since the last answer.
"""

import socket
import time
from collections.abc import Sequence
from random import Random

from . import sip_messages
from .case import octets_of, pack, text_of, unpack
from .contract import Address, BrokenRuleError, NeedsAddressError, TargetOptions
from .mutate import Mutator

BATCH = 100
"""Datagrams between two questions."""
PATIENCE_SECONDS = 20.0
ASK_SECONDS = 1.0
LARGEST = 65_000


class PortsTarget:
    """An input is a batch of (port, datagram)."""

    def __init__(self, address: Address, rtp_ports: Sequence[int]) -> None:
        self._host, self._sip_port = address
        self._rtp_ports = rtp_ports
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(ASK_SECONDS)
        self._asked = 0
        self._mutator = Mutator(sip_messages.samples(), sip_messages.WORDS)

    def next(self, random: Random) -> bytes:
        return pack([self._datagram(random) for _ in range(BATCH)])

    def check(self, data: bytes) -> None:
        for port, text in unpack(data):
            try:
                self._socket.sendto(octets_of(text), (self._host, port))
            except ConnectionRefusedError:
                continue  # an RTP port where no call is
        self._ask()

    def failing(self, data: bytes) -> bytes:
        return data

    def _datagram(self, random: Random) -> list[object]:
        if self._rtp_ports and random.random() < 0.5:
            header = bytes((random.choice((0x80, 0x80, 0x90, 0xBF, 0)), random.choice((0, 8, 101, 72, 200))))
            size = random.choice((0, 4, 10, 170, 170, 300, 1400))
            return [random.choice(self._rtp_ports), text_of(header + random.randbytes(size))]
        data = self._mutator.mutate(random, self._mutator.sample(random))
        return [self._sip_port, text_of(data[:LARGEST])]

    def _ask(self) -> None:
        """OPTIONS until something answers it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            self._asked += 1
            branch = f"ask{self._asked}"
            question = sip_messages.request("OPTIONS", branch=branch, call=branch)
            try:
                self._socket.sendto(question, (self._host, self._sip_port))
                if self._answered(branch.encode()):
                    return
            except ConnectionRefusedError:
                time.sleep(ASK_SECONDS)
        raise BrokenRuleError(f"the SIP port has not answered OPTIONS for {PATIENCE_SECONDS:.0f} s")

    def _answered(self, branch: bytes) -> bool:
        end = time.monotonic() + ASK_SECONDS
        while time.monotonic() < end:
            try:
                if b"z9hG4bK" + branch in self._socket.recv(LARGEST):
                    return True
            except TimeoutError:
                return False
        return False


def make(options: TargetOptions) -> PortsTarget:
    if options.address is None:
        raise NeedsAddressError(
            "nothing was started. Start an instance, then name its SIP port: --address 127.0.0.1:5060 "
            "--rtp-ports 20000-20100"
        )
    return PortsTarget(options.address, options.rtp_ports)
