"""SIPp calls the platform: its built-in caller, and a scenario of ours with voice and RFC 4733 digits."""

import struct
import subprocess
from pathlib import Path

import pytest
from tests.real import Stage, pcm_file

from offhook.cli.demonstration.hearing import find_tone
from offhook.cli.demonstration.places import HOST
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import TelephoneEvent, event_code
from offhook.simulator.speak import read_wav

pytestmark = [pytest.mark.interop, pytest.mark.needs("sipp")]
HERE = Path(__file__).parent
WAIT = [
    {"action": "talk", "text": "Hello SIPp."},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 10}},
]


def sipp(stage: Stage, directory: Path, *arguments: str, seconds: float = 40.0) -> None:
    """Run SIPp to its end; its counters must say that every call succeeded."""
    command = ["sipp", f"{HOST}:{stage.place.sip_port}", "-i", HOST, "-s", stage.known["number"], "-nostdin"]
    done = subprocess.run(
        [*command, "-timeout", f"{seconds:.0f}s", "-timeout_error", "-trace_err", *arguments],
        cwd=directory,
        capture_output=True,
        timeout=seconds + 10,
        check=False,
    )
    errors = "".join(path.read_text(errors="replace") for path in directory.glob("*_errors.log"))
    assert done.returncode == 0, (done.stdout[-1500:].decode(errors="replace"), errors[-1500:])


TRANSPORTS = {"udp": "u1", "tcp": "t1", "tcp, a connection for each call": "tn"}
SOCKETS = ("-max_socket", "1000")
"""SIPp refuses to run where the system's limit of files is below its own."""


@pytest.mark.parametrize("transport", list(TRANSPORTS.values()), ids=list(TRANSPORTS))
def test_ten_calls_of_the_built_in_caller(stage: Stage, tmp_path: Path, transport: str) -> None:
    """Five a second; SIPp sends no voice, waits a little and hangs up."""
    stage.app.serve("/answer", WAIT)
    before = len(stage.app.at("/answer"))
    sipp(stage, tmp_path, "-sn", "uac", "-m", "10", "-r", "5", "-d", "1500", "-t", transport, *SOCKETS)
    asked = stage.app.at("/answer")[before:]
    assert len(asked) == 10
    for hook in asked:
        uuid = hook.fields["uuid"]
        over = stage.run(stage.told(uuid))
        assert over["disconnected_by"] == "user"
        assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]


@pytest.mark.parametrize("transport", ["u1", "t1", "tn"])
def test_voice_and_digits_of_a_scenario(stage: Stage, tmp_path: Path, transport: str) -> None:
    """A tone is recorded by the platform, and a key sent as telephone events reaches the application."""
    key_path, record_path = f"/sipp-key-{transport}", f"/sipp-record-{transport}"
    stage.app.serve(
        "/answer",
        [
            {"action": "record", "format": "wav", "eventUrl": [stage.url(record_path)]},
            {
                "action": "input",
                "type": ["dtmf"],
                "dtmf": {"maxDigits": 1, "timeOut": 10},
                "eventUrl": [stage.url(key_path)],
            },
        ],
    )
    stage.app.serve(key_path, [{"action": "talk", "text": "Thank you."}])
    (tmp_path / "voice.pcap").write_bytes(voice_and_key("7"))
    scenario = (HERE / "caller.xml").read_text().replace("@PCAP@", str(tmp_path / "voice.pcap"))
    (tmp_path / "caller.xml").write_text(scenario)
    sipp(stage, tmp_path, "-sf", str(tmp_path / "caller.xml"), "-m", "1", "-t", transport, *SOCKETS)
    key = stage.run(stage.app.wait_for(lambda h: h.path == key_path))
    assert key.json["dtmf"] == {"digits": "7", "timed_out": False}
    record = stage.run(stage.app.wait_for(lambda h: h.path == record_path))
    pcm = read_wav(pcm_file(tmp_path, "heard.wav", stage.download(record.json["recording_url"])))
    tone = find_tone(pcm, 1234)
    assert tone is not None
    assert tone.duration_ms == pytest.approx(1500, abs=200)


def voice_and_key(key: str) -> bytes:
    """A capture of 1.5 s of a tone and a key of 100 ms, for SIPp's play_pcap_audio."""
    from offhook.audio import tables, tones  # NumPy work of this one test

    pcm = tones.sine(1234, 1500, 8000)
    packets: list[tuple[float, bytes]] = []
    for number in range(pcm.size // 160):
        payload = tables.encode("PCMU", pcm[number * 160 : number * 160 + 160])
        rtp = RtpPacket(0, number, number * 160, 7, payload, number == 0)
        packets.append((number * 0.02, rtp.serialise()))
    start = len(packets)
    for step in range(7):
        duration, end = min(step + 1, 5) * 160, step >= 4
        event = TelephoneEvent(event_code(key), end, 10, duration).serialise()
        rtp = RtpPacket(101, start + step, start * 160, 7, event, step == 0)
        packets.append(((start + step) * 0.02, rtp.serialise()))
    return capture(packets)


def capture(packets: list[tuple[float, bytes]]) -> bytes:
    """Ethernet frames in a pcap file (link type 1)."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for at, payload in packets:
        udp = struct.pack(">HHHH", 6000, 6000, 8 + len(payload), 0) + payload
        ip = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1"
        )
        frame = b"\0" * 12 + b"\x08\x00" + ip + udp
        seconds, micro = divmod(round(at * 1e6), 1_000_000)
        data += struct.pack("<IIII", seconds + 1, micro, len(frame), len(frame)) + frame
    return data
