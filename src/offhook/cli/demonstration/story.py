"""The call of the demo, step by step: each step does something and checks it from what was received.

The audio that the caller's phone received is compared with the very prompts that the platform played; keys
are confirmed by the webhooks that reached the application.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from offhook.audio.levels import correlate, dbov
from offhook.audio.tables import RATE
from offhook.audio.tones import BEEP_HZ, BEEP_MS, sine
from offhook.cli.context import Workspace
from offhook.cli.demonstration.application import Arrived, Recorder
from offhook.cli.demonstration.caller import AMPLITUDE, Line, People
from offhook.cli.demonstration.hearing import TONE_LEVEL, cut, find_prompt, find_tone, level_of, share_of
from offhook.cli.demonstration.outcome import Outcome, require
from offhook.cli.demonstration.played import PlayedPrompts
from offhook.cli.demonstration.stalls import Stalls
from offhook.cli.rest import fetch
from offhook.core.tasks import outside
from offhook.simulator.speak import read_wav
from offhook.sip.flow import Address

BARGE_IN_MS = 300
GAP_MS = 60.0
"""What a quiet machine stays below."""
TORN_MS = 500.0
KEPT = "demo-recording.wav"
MARKER_HZ, MARKER_SECONDS = 1400.0, 1.2
CALLER_HZ, OPERATOR_HZ, TALK_SECONDS = 700.0, 1900.0, 1.0
DURATION_MS = 80
MARKER_MS = 160
"""How much longer or shorter a marker may be than it was sent: a busy machine loses packets to lateness."""
BEEP_WINDOW_MS = 1_500
"""How far back the tone of a recording is looked for: looking takes time in which the phone must not stop."""
SLACK_SECONDS = 2.0
"""Between a duration in whole seconds and the one measured at the phone."""


@dataclass(slots=True)
class Story:
    """One call to the order line. `run` tells it to `outcome`, and stops at the first step that fails."""

    here: Workspace
    webhooks: Recorder
    people: People
    played: PlayedPrompts
    outcome: Outcome
    number: str
    platform: Address
    line: Line | None = None
    second: Line | None = None
    leg: str = ""
    prompts: int = 0
    menu_at: int = 0
    """Where the present prompt began, in milliseconds of what the caller heard."""

    async def run(self) -> None:
        steps = (
            ("the call is answered", self.answered),
            ("the menu is heard", self.menu),
            ("key 1 cuts the menu short", self.first_key),
            ("an order number is keyed in", self.order_number),
            ("the order's state is heard", self.order_state),
            ("key 2: a message is left after the tone", self.message),
            ("the recording has the message", self.recording),
            ("key 3: caller and operator hear each other", self.connected),
            ("the call ends for both", self.hung_up),
        )
        with Stalls() as stalls:
            for name, work in steps:
                if not await self.outcome.step(name, work):
                    break
            else:
                await self.outcome.step("no packet of the voice was lost", lambda: self.gaps(stalls))

    async def answered(self) -> str:
        call = self.people.caller.call(self.number, self.platform)
        self.line = Line(call)
        await self.line.answered(15.0)
        hook = await self.webhooks.wait_for(lambda each: each.status == "answered")
        self.leg = hook.body["uuid"]
        seen = ", ".join(f"{s.status} after {s.at_ms} ms" for s in call.report.statuses)
        statuses = self.webhooks.statuses(self.leg)
        require(
            statuses[:3] == ["started", "ringing", "answered"],
            f"the event webhooks came as {', '.join(statuses)}",
        )
        return f"SIP {seen}; webhooks {', '.join(statuses)}"

    async def menu(self) -> str:
        return f"{await self._next_prompt(2_000)}; compared with the samples that the platform played"

    async def first_key(self) -> str:
        cut_after = await self._choose("1")
        return f"webhook digits '1'; the menu was silent {cut_after} ms after the key"

    async def order_number(self) -> str:
        told = await self._next_prompt(1_500)
        await self._line.press("1234#")
        await self._input("/order", "1234")
        return f"{told}; webhook digits '1234'"

    async def order_state(self) -> str:
        return f"{await self._next_prompt(60_000)}, to its end"

    async def message(self) -> str:
        await self._next_prompt(700)
        await self._choose("2")
        told = await self._next_prompt(60_000)
        tone_told = await self._beep(self._line.now_ms - 200)
        await self._line.tone(MARKER_HZ, MARKER_SECONDS)
        await self._line.press("#")
        await self.webhooks.wait_for(lambda each: each.path == "/recording")
        return f"{told}; {tone_told}; webhook record"

    async def recording(self) -> str:
        hook = self.webhooks.at("/recording")[0].body
        url = str(hook["recording_url"])
        base = self.here.settings.public_url
        require(url.startswith(base), f"recording_url {url} does not begin with {base}")
        data = await outside(fetch, self.here, url.removeprefix(base))
        kept = self.here.settings.data_dir / KEPT
        kept.write_bytes(data)
        heard = await outside(read_wav, str(kept))
        marker = await outside(find_tone, heard, MARKER_HZ)
        require(marker is not None, "the caller's tone is not in the recording")
        assert marker is not None
        expected = dbov(sine(MARKER_HZ, 1_000, AMPLITUDE))
        level = level_of(heard, marker)
        require(abs(marker.duration_ms - MARKER_SECONDS * 1000) <= MARKER_MS, _length(marker.duration_ms))
        require(abs(level - expected) <= TONE_LEVEL, f"the tone has {level:.1f} dBov, sent {expected:.1f}")
        greeting = (await self.played.number(self.leg, self.prompts)).pcm[: heard.size]
        _, alike = correlate(greeting[: RATE * 3 // 2], heard)
        require(alike < 0.5, f"the greeting is in the recording (correlation {alike:.2f})")
        return (
            f"{len(data)} bytes over REST, {heard.size / RATE:.1f} s: {marker.hertz:.0f} Hz for "
            f"{marker.duration_ms} ms at {level:.1f} dBov (sent {expected:.1f}), no greeting"
        )

    async def connected(self) -> str:
        await self._next_prompt(60_000)  # thank you
        await self._next_prompt(700)
        coming = asyncio.ensure_future(self.people.operator.next_call(20.0))
        await self._choose("3")
        self.second = Line(await coming)
        await self.second.answered(10.0)
        await asyncio.sleep(0.4)
        first, second = self._line, self.second
        start, other = first.now_ms, second.now_ms
        await asyncio.gather(first.tone(CALLER_HZ, TALK_SECONDS), second.tone(OPERATOR_HZ, TALK_SECONDS))
        await asyncio.gather(first.listen(400), second.listen(400))
        at_caller = _marker(first.since(start), OPERATOR_HZ, "the caller")
        at_operator = _marker(second.since(other), CALLER_HZ, "the operator")
        return f"the caller hears {at_caller}; the operator hears {at_operator}"

    async def hung_up(self) -> str:
        assert self.second is not None
        self._line.call.hang_up()
        reports = [await asyncio.wait_for(each.call.done, 5.0) for each in (self._line, self.second)]
        legs = list(dict.fromkeys(e.body["uuid"] for e in self.webhooks.arrived if e.status))
        require(len(legs) == 2, f"webhooks told of {len(legs)} legs")
        told = []
        for leg, report in zip(legs, reports, strict=True):
            over = await self.webhooks.wait_for(lambda e, leg=leg: _completed(e, leg))  # type: ignore[misc]
            statuses = self.webhooks.statuses(leg)
            require(_in_order(statuses), f"the webhooks of {leg} came as {', '.join(statuses)}")
            assert report.ending is not None
            measured = (report.ending.at_ms - (report.answered_ms or 0)) / 1000
            duration = float(over.body["duration"])
            require(
                abs(duration - measured) <= SLACK_SECONDS,
                f"duration {duration:g} s in the webhook, {measured:.1f} s at the phone",
            )
            told.append(f"{report.direction} {', '.join(statuses)} ({duration:g} s; phone {measured:.1f} s)")
        return "; ".join(told)

    async def gaps(self, stalls: Stalls) -> str:
        assert self.second is not None
        told = []
        for name, line in (("caller", self._line), ("operator", self.second)):
            report = line.call.report
            gap = report.largest_gap_ms
            own = stalls.largest_ms
            text = f"{name}: {report.lost} packets lost, largest gap {gap:.0f} ms"
            require(
                gap <= TORN_MS + own and report.lost == 0,
                f"{text} (at most {TORN_MS:.0f} ms; this program itself stood still for {own:.0f} ms)",
            )
            told.append(text if gap <= GAP_MS + own else f"{text}: this machine is busy")
        own_text = f"this program itself stood still for {stalls.largest_ms:.0f} ms at most"
        return f"{'; '.join(told)} ({own_text})"

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    @property
    def _line(self) -> Line:
        assert self.line is not None
        return self.line

    async def _beep(self, start: int) -> str:
        """Hear the tone that begins a recording, in what came after `start`."""
        for _ in range(60):
            await self._line.listen(100)
            lately = self._line.since(max(start, self._line.now_ms - BEEP_WINDOW_MS))
            beep = await outside(find_tone, lately, BEEP_HZ)
            if beep is not None and beep.duration_ms >= BEEP_MS * 3 // 4:
                break
        await self._line.listen(200)
        heard = self._line.since(max(start, self._line.now_ms - BEEP_WINDOW_MS))
        beep = await outside(find_tone, heard, BEEP_HZ)
        require(beep is not None, f"no tone of {BEEP_HZ:.0f} Hz was heard")
        assert beep is not None
        require(abs(beep.duration_ms - BEEP_MS) <= DURATION_MS, _length(beep.duration_ms))
        return f"tone of {beep.hertz:.0f} Hz for {beep.duration_ms} ms at {level_of(heard, beep):.0f} dBov"

    async def _next_prompt(self, milliseconds: int) -> str:
        """Hear the next prompt for so long; what was compared, in words."""
        self.prompts += 1
        played = await self.played.number(self.leg, self.prompts)
        require(played.pcm.size > 0, f"the samples of prompt {played.name} are gone from shared memory")
        seconds = 6.0 + min(milliseconds / 1000, played.pcm.size / RATE)
        found = await self._line.hear(played.pcm, self.menu_at, milliseconds, seconds)
        self.menu_at = found.start * 1000 // RATE
        length = (found.end - found.start) / RATE
        damaged = "" if found.share == 1.0 else f", {found.share:.0%} of its sound"
        return f"correlation {found.alike:.3f} over {length:.1f} of {played.pcm.size / RATE:.1f} s{damaged}"

    async def _choose(self, key: str) -> int:
        """Press a key during a menu; gives after how many milliseconds the menu was silent."""
        prompt = (await self.played.number(self.leg, self.prompts)).pcm
        begun, seen = self.menu_at, len(self.webhooks.at("/menu"))
        pressed = await self._line.press(key)
        await self._input("/menu", key, seen)
        await self._line.listen_until(pressed + 600)
        heard = cut(self._line.call.media.heard.pcm, begun, pressed + 600)
        found = await outside(lambda: find_prompt(prompt, heard, least=RATE // 2))
        late = begun + found.end * 1000 // RATE - pressed
        require(late < BARGE_IN_MS, f"the menu went on for {late} ms after the key (at most {BARGE_IN_MS})")
        self.menu_at = pressed
        return max(0, late)

    async def _input(self, path: str, digits: str, seen: int = 0) -> None:
        await self.webhooks.wait_for(lambda _: len(self.webhooks.at(path)) > seen, 8.0)
        body: Any = self.webhooks.at(path)[seen].body
        found = (body.get("dtmf") or {}).get("digits")
        require(found == digits, f"the webhook to {path} has digits {found!r}, pressed was {digits!r}")


def _marker(heard: Any, hertz: float, who: str) -> str:
    tone = find_tone(heard, hertz)
    require(tone is not None, f"{who} does not hear the tone of {hertz:.0f} Hz")
    assert tone is not None
    level, expected = level_of(heard, tone), dbov(sine(hertz, 1_000, AMPLITUDE))
    require(abs(tone.duration_ms - TALK_SECONDS * 1000) <= MARKER_MS, f"{who}: {_length(tone.duration_ms)}")
    require(abs(level - expected) <= TONE_LEVEL, f"{who} hears {level:.1f} dBov, sent {expected:.1f}")
    pure = share_of(heard, tone)
    return f"{tone.hertz:.0f} Hz for {tone.duration_ms} ms at {level:.1f} dBov ({pure:.0%} pure)"


def _length(milliseconds: int) -> str:
    return f"the tone is {milliseconds} ms long"


def _completed(each: Arrived, leg: str) -> bool:
    return each.status == "completed" and each.body.get("uuid") == leg


def _in_order(statuses: list[str]) -> bool:
    wanted = ["started", "ringing", "answered", "completed"]
    return [status for status in statuses if status in wanted] == wanted
