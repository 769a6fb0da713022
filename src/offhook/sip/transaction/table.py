"""The vocabulary of the transaction tables: states, inputs, actions, and one row.

A table maps (state, input) to a row. What is not in the table changes nothing and says nothing, which is
how late and repeated messages are absorbed. The four tables live beside their machines and are printed
with their reasons in docs/specs/sip-transaction.md; where that page and a table disagree, the page is right.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The states of RFC 3261 §17 and RFC 6026 §7, shared by the four machines."""

    INITIAL = "initial"
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class On(StrEnum):
    """What can happen to a transaction."""

    START = "start"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "3xx-6xx"
    FINAL = "final"
    REQUEST = "request"
    ACK = "ack"
    SEND_PROVISIONAL = "tu 1xx"
    SEND_SUCCESS = "tu 2xx"
    SEND_FAILURE = "tu 3xx-6xx"
    SEND_FINAL = "tu final"
    TRYING = "timer trying"
    A = "timer a"
    B = "timer b"
    D = "timer d"
    E = "timer e"
    F = "timer f"
    G = "timer g"
    H = "timer h"
    I = "timer i"  # noqa: E741 — the RFC's name
    J = "timer j"
    K = "timer k"
    L = "timer l"
    M = "timer m"
    ERROR = "transport error"


class Do(StrEnum):
    """What a row makes the machine do, in the order written."""

    SEND_REQUEST = "send request"
    SEND_ACK = "send ack"
    SEND_LAST = "send last response"
    SEND_NEW = "send new response"
    SEND_TRYING = "send 100"
    DELIVER = "to user"
    TIMED_OUT = "report timeout"
    FAILED = "report transport error"
    START_TRYING = "start trying"
    START_A = "start a"
    REPEAT_A = "repeat a"
    START_B = "start b"
    START_D = "start d"
    START_E = "start e"
    REPEAT_E = "repeat e"
    SLOW_E = "repeat e at t2"
    START_F = "start f"
    START_G = "start g"
    REPEAT_G = "repeat g"
    START_H = "start h"
    START_I = "start i"
    START_J = "start j"
    START_K = "start k"
    START_L = "start l"
    START_M = "start m"
    STOP_TRYING = "stop trying"
    STOP_A = "stop a"
    STOP_B = "stop b"
    STOP_E = "stop e"
    STOP_F = "stop f"
    STOP_G = "stop g"
    STOP_H = "stop h"


class Row(NamedTuple):
    """Where a pair (state, input) leads, and what is done on the way."""

    next: State
    do: tuple[Do, ...] = ()


Table = Mapping[tuple[State, On], Row]
