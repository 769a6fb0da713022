"""Commands that break down in a way nobody expected: control is answered, and nothing is left behind."""

from collections.abc import Collection

import pytest
from tests.unit.media_host.test_host import ListWires, Stage

from offhook.ipc.media import (
    CloseLeg,
    Command,
    DigitsSent,
    Event,
    LegOpened,
    LegRefused,
    OpenLeg,
    Play,
    PlaybackFinished,
    RecordFinished,
    SendDigits,
    StartRecord,
    UpdateLeg,
)
from offhook.media.host import MediaHost
from offhook.media.host.wires import Address
from offhook.media.rehearsal import rehearse


class BrokenWires(ListWires):
    def take(self, row: int, port: int, remote: Address | None, payload_types: Collection[int]) -> None:
        if port == 20000:
            raise OSError(24, "Too many open files")
        super().take(row, port, remote, payload_types)


def broken() -> MediaHost:
    stage = Stage()
    return MediaHost(
        1,
        BrokenWires(),
        open_prompt=stage.prompts.open,
        sink=stage.blocks.append,
        number=lambda below: below // 3,
    )


def opening(leg: str, port: int) -> OpenLeg:
    return OpenLeg(leg, port, "PCMU", 0, 101, None, 7)


def test_a_leg_that_could_not_be_opened_leaves_its_row_free() -> None:
    host = broken()
    with pytest.raises(OSError, match="Too many open files"):
        host.handle(0, opening("a", 20000))
    assert host.open_legs == 0
    assert host.handle(0, opening("b", 20002)) == [LegOpened("b")]  # there is one row in all


@pytest.mark.parametrize(
    ("command", "kind", "ident"),
    [
        (opening("a", 20000), LegRefused, "a"),
        (UpdateLeg("a"), LegRefused, "a"),
        (Play("p", "leg:a", "x", 5), PlaybackFinished, "p"),
        (StartRecord("r", "leg:a"), RecordFinished, "r"),
        (SendDigits("s", "a", "1"), DigitsSent, "s"),
    ],
)
def test_whoever_waits_for_a_command_is_answered(command: Command, kind: type[Event], ident: str) -> None:
    [event] = broken().give_up(command)
    assert type(event) is kind
    assert ident in (getattr(event, name) for name in event.__struct_fields__)


def test_nobody_waits_for_the_other_commands() -> None:
    assert broken().give_up(CloseLeg("a")) == []


def test_a_recording_that_failed_still_hands_over_its_empty_last_block() -> None:
    stage = Stage()
    stage.host.give_up(StartRecord("r", "leg:a"))
    assert [(block.recording, block.last, block.pcm) for block in stage.blocks] == [("r", True, b"")]


def test_the_rehearsal_sends_from_every_leg_in_every_tick() -> None:
    assert rehearse() == 3 * 150
