"""What happened in one call, as the phone saw it: for assertions in tests and for people to read.

Times are milliseconds from the moment the call began (the INVITE was sent or came in); times of sound are
milliseconds from the moment media began, which is where the recording `pcm` begins.
"""

from dataclasses import dataclass, field
from typing import Any

from offhook.audio.levels import Samples, correlate
from offhook.audio.tables import Pcm
from offhook.simulator import listen
from offhook.simulator.media import Media
from offhook.simulator.receiver import KeyHeard


@dataclass(frozen=True, slots=True)
class Status:
    """A SIP status that this side received or sent, and when."""

    status: int
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How the call ended."""

    by: str
    """`phone` (this side), `far end` or `failure`."""
    status: int
    """The final status that refused the call; 0 when it had been answered."""
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class StepDone:
    """A script step that has ended."""

    step: object
    at_ms: int


@dataclass(slots=True)
class Report:
    """One call. It grows while the call lives."""

    direction: str
    """`outbound` or `inbound`, seen from the phone."""
    number: str
    """Who was dialled."""
    peer: str = ""
    """The From URI of an inbound call, the dialled URI of an outbound one."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the INVITE that came in or of the 200 that answered ours."""
    statuses: list[Status] = field(default_factory=list)
    answered_ms: int | None = None
    ending: Ending | None = None
    steps: list[StepDone] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Steps that did not get what they waited for, in sentences."""
    media: Media | None = None

    @property
    def pcm(self) -> Pcm:
        """Everything heard, 8 kHz, one continuous array; what did not arrive is silence."""
        return listen.NOTHING if self.media is None else self.media.heard.pcm

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Missing audio inside what was heard: (start ms, duration ms)."""
        return [] if self.media is None else self.media.heard.gaps

    @property
    def keys(self) -> list[KeyHeard]:
        """Keys told in telephone events."""
        return [] if self.media is None else self.media.receiver.keys

    @property
    def digits(self) -> str:
        """The keys that came as telephone events, as one string."""
        return "".join(key.key for key in self.keys)

    @property
    def key_tones(self) -> list[listen.KeyTone]:
        """Keys heard as tones in the audio."""
        return listen.key_tones(self.pcm)

    @property
    def segments(self) -> list[listen.Segment]:
        """Where there was sound."""
        return listen.segments(self.pcm)

    @property
    def tones(self) -> list[listen.ToneHeard]:
        return listen.tones(self.pcm)

    def likeness(self, reference: Samples) -> tuple[int, float]:
        """Where `reference` was heard (lag in samples) and how alike it was (−1 to 1)."""
        return correlate(reference, self.pcm)

    @property
    def lost(self) -> int:
        """RTP packets that never came."""
        return 0 if self.media is None else self.media.receiver.lost

    @property
    def largest_gap_ms(self) -> float:
        """The longest wait between two voice packets."""
        return 0.0 if self.media is None else self.media.receiver.arrivals.largest_gap_ms

    def summary(self) -> dict[str, Any]:
        """The report as plain JSON values, without the audio."""
        arrivals = None if self.media is None else self.media.receiver.arrivals
        return {
            "direction": self.direction,
            "number": self.number,
            "peer": self.peer,
            "statuses": [{"status": s.status, "reason": s.reason, "at_ms": s.at_ms} for s in self.statuses],
            "answered_ms": self.answered_ms,
            "ended": None
            if self.ending is None
            else {
                "by": self.ending.by,
                "status": self.ending.status,
                "reason": self.ending.reason,
                "at_ms": self.ending.at_ms,
            },
            "heard": [
                {"start_ms": s.start_ms, "duration_ms": s.duration_ms, "level": s.level}
                for s in self.segments
            ],
            "tones": [
                {"hertz": t.hertz, "start_ms": t.start_ms, "duration_ms": t.duration_ms} for t in self.tones
            ],
            "digits": self.digits,
            "in_band_digits": "".join(tone.key for tone in self.key_tones),
            "packets": 0 if arrivals is None else arrivals.packets,
            "lost": self.lost,
            "late": 0 if arrivals is None else arrivals.late,
            "largest_gap_ms": round(self.largest_gap_ms, 1),
            "problems": list(self.problems),
        }
