"""What an application may order from outside: values only, checked by `create.py`."""

from dataclasses import dataclass
from typing import Any

from offhook.ncco.effects import Endpoint
from offhook.storage.records import Application

Json = Any


@dataclass(frozen=True, slots=True)
class CreateCall:
    """A request of an application. Exactly one of `ncco` and `answer_url`."""

    application: Application
    endpoint: Endpoint
    from_number: str | None = None
    random_from: bool = False
    ncco: Json | None = None
    answer_url: str | None = None
    answer_method: str | None = None
    event_url: str | None = None
    event_method: str | None = None
    length_timer: int = 7200
    """Seconds from the answer."""
    ringing_timer: int = 60
    """Seconds from the first sign of ringing."""
    machine_detection: str | None = None
    """`continue` or `hangup`, as `machineDetection` of a connect."""
    advanced_machine_detection: dict[str, Json] | None = None
    """As `advancedMachineDetection` of a connect."""
    client_ref: str | None = None
    """Tells the call to its application where the answer to the request has no ids."""
