"""The demo's ears and its places: what counts as heard, and which ports and directories are taken."""

import asyncio
import fcntl
import socket
from pathlib import Path

import numpy as np
import pytest

from offhook.audio import tables, tones
from offhook.audio.tables import Pcm
from offhook.cli.demonstration import places
from offhook.cli.demonstration.application import Recorder
from offhook.cli.demonstration.hearing import find_prompt, find_tone
from offhook.cli.demonstration.outcome import Outcome, StepFailed, require


def speech(seconds: float, seed: int) -> Pcm:
    """Noise whose loudness goes up and down as a voice's does."""
    noise = np.random.default_rng(seed).normal(0, 3000, int(seconds * 8000))
    swing = np.abs(np.sin(np.arange(noise.size) / 900))
    return np.clip(noise * swing, -32000, 32000).astype(np.int16)


def line(pcm: Pcm) -> Pcm:
    """What G.711 leaves of it."""
    return tables.decode("PCMU", tables.encode("PCMU", pcm))


def silence(samples: int) -> Pcm:
    return np.zeros(samples, np.int16)


def test_a_whole_prompt_is_found_where_it_begins() -> None:
    prompt = speech(2, 1)
    found = find_prompt(prompt, np.concatenate([silence(4000), line(prompt), silence(4000)]))
    assert found.alike > 0.99
    assert found.start == 4000
    assert found.end == 4000 + prompt.size


def test_a_prompt_that_was_cut_ends_where_it_was_cut() -> None:
    prompt = speech(3, 2)
    heard = np.concatenate([silence(800), line(prompt[:12_000]), silence(8000)])
    found = find_prompt(prompt, heard)
    assert found.alike > 0.99
    assert abs(found.end - 12_800) <= 320


def test_another_prompt_is_not_heard() -> None:
    heard = np.concatenate([silence(800), line(speech(3, 4)), silence(800)])
    assert find_prompt(speech(2, 3), heard).alike < 0.5


def test_a_prompt_with_a_hole_and_a_slip_is_heard_and_says_how_much_of_it_came() -> None:
    prompt = speech(1.2, 5)
    torn = np.concatenate(
        [silence(800), line(prompt[:4000]), silence(1600), line(prompt[4800:]), silence(4000)]
    )
    found = find_prompt(prompt, torn, least=prompt.size)
    assert found.heard
    assert 0.8 <= found.share < 1.0
    assert abs(found.start - 800) <= 160
    assert abs(found.end - (800 + prompt.size + 800)) <= 320


def test_a_prompt_whose_beginning_was_lost_is_placed_by_the_rest() -> None:
    prompt = speech(2, 6)
    torn = np.concatenate([silence(3200), line(prompt[3200:]), silence(800)])
    found = find_prompt(prompt, torn, least=prompt.size)
    assert found.heard
    assert found.start <= 160


def test_half_a_prompt_is_not_a_prompt() -> None:
    prompt = speech(2, 7)
    torn = np.concatenate([silence(800), line(prompt[:8000]), silence(9000)])
    assert not find_prompt(prompt, torn, least=prompt.size).heard
    noise = np.concatenate([line(speech(2, 8)), line(speech(2, 9))])
    assert not find_prompt(prompt, noise, least=prompt.size).heard


def test_a_tone_is_found_over_a_short_dropout_and_not_at_another_pitch() -> None:
    tone = tones.sine(1400, 500, 8000)
    heard = np.concatenate([silence(800), tone, silence(480), tone, silence(800)])
    found = find_tone(heard, 1400)
    assert found is not None
    assert found.duration_ms == pytest.approx(1060, abs=60)
    assert find_tone(heard, 1500) is None


def test_a_port_in_use_is_replaced_and_told() -> None:
    notes: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((places.HOST, 0))
        number = taken.getsockname()[1]
        assert places.port(number, socket.SOCK_DGRAM, notes, "SIP") != number
    assert notes[0].startswith(f"port {number} is in use: SIP takes ")
    assert places.port(number, socket.SOCK_DGRAM, notes, "SIP") == number
    assert len(notes) == 1


def test_a_directory_of_a_running_server_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert not places.held(tmp_path)
    with (tmp_path / "run" / "lock").open("w") as file:
        assert not places.held(tmp_path)
        fcntl.flock(file, fcntl.LOCK_EX)
        assert places.held(tmp_path)
        place = places.choose(once=False, wanted=tmp_path)
    assert place.temporary
    assert place.data_dir != tmp_path
    assert any("belongs to a running server" in note for note in place.notes)
    place.data_dir.rmdir()


def test_moved_names_only_what_differs() -> None:
    place = places.Place(Path("var").resolve(), 8080, 5060, 5000)
    assert place.moved() == {}
    place.sip_port, place.tls_port = 5070, 9443
    assert place.moved() == {"OFFHOOK_SIP__PORT": "5070", "OFFHOOK_HTTP__TLS_PORT": "9443"}
    assert place.environment()["OFFHOOK_HTTP__TLS_PORT"] == "9443"


def test_the_recorder_hands_on_and_remembers() -> None:
    seen = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.append(await receive())  # type: ignore[operator]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"status": "ringing", "uuid": "a"}', "more_body": False}

    async def send(message: object) -> None: ...

    async def scene() -> Recorder:
        recorder = Recorder(app)
        await recorder({"type": "http", "path": "/events"}, receive, send)
        assert (await recorder.wait_for(lambda each: each.status == "ringing", 1)).path == "/events"
        return recorder

    assert asyncio.run(scene()).statuses("a") == ["ringing"]
    assert seen[0]["body"] == b'{"status": "ringing", "uuid": "a"}'


def test_an_outcome_names_the_first_failure() -> None:
    async def good() -> str:
        return "heard"

    async def bad() -> str:
        require(False, "nothing was heard")
        raise AssertionError

    async def scene() -> Outcome:
        outcome = Outcome(quiet=True)
        assert await outcome.step("one", good)
        assert outcome.ok
        assert not await outcome.step("two", bad)
        return outcome

    outcome = asyncio.run(scene())
    assert not outcome.ok
    assert outcome.failure() == "two: nothing was heard"
    assert '"reason": "two: nothing was heard"' in outcome.as_json()
    with pytest.raises(StepFailed):
        require(False, "x")
