"""The doctor's findings: what is well, what is not, and that nothing is changed by looking."""

import json
import re
import socket
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from offhook import config
from offhook.cli import doctor, doctor_installation, doctor_machine, doctor_ping
from offhook.cli.doctor_machine import FAIL, OK, WARN, Finding


def settings(directory: Path) -> config.Settings:
    return config.Settings(data_dir=directory)


def test_an_empty_directory_is_reported_and_stays_empty(tmp_path: Path) -> None:
    missing = tmp_path / "data"
    found = {each.name: each for each in doctor_installation.stored(settings(missing))}
    assert found["database"].level == WARN
    assert doctor_installation.directory(settings(missing)).level == WARN
    assert doctor_installation.secret(settings(missing)).advice == "run: offhook init"
    assert not missing.exists()


def test_a_directory_and_a_key_that_others_can_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert "chmod 700" in doctor_installation.directory(settings(tmp_path)).advice
    key = tmp_path / "secret.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    assert doctor_installation.secret(settings(tmp_path)).level == FAIL


def test_a_broken_database_is_a_failure_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "offhook.db").write_bytes(b"this is no database at all" * 100)
    (found,) = doctor_installation.stored(settings(tmp_path))
    assert (found.name, found.level) == ("database", FAIL)


def test_ports_in_use_by_others(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        chosen = config.Settings(data_dir=tmp_path, sip=config.Sip(port=taken.getsockname()[1]))
        sip, *_ = doctor_installation.ports(chosen, running=False)
        assert sip.level == FAIL
        assert "OFFHOOK_SIP__PORT" in sip.advice
        sip, *_ = doctor_installation.ports(chosen, running=True)
        assert sip.level == OK


def test_options_to_a_peer_that_answers_and_to_one_that_does_not() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        port = peer.getsockname()[1]

        def answer() -> None:
            data, sender = peer.recvfrom(4096)
            call_id = next(row for row in data.split(b"\r\n") if row.startswith(b"Call-ID"))
            peer.sendto(b"SIP/2.0 404 Not Found\r\n" + call_id + b"\r\n\r\n", sender)

        thread = threading.Thread(target=answer)
        thread.start()
        assert doctor_ping.options("127.0.0.1", port) is None
        thread.join()
    assert doctor_ping.options("127.0.0.1", port) is not None


def test_a_webhook_whose_host_takes_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert doctor_ping.webhook(f"http://127.0.0.1:{port}/events") is None
    assert doctor_ping.webhook(f"http://127.0.0.1:{port}/events") is not None


def test_the_machine_has_what_the_tests_run_on() -> None:
    assert doctor_machine.python().level == OK
    assert doctor_machine.audio().level == OK


def test_json_and_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("a", OK, "well"), Finding("b", FAIL, "ill", "repair it")]
    monkeypatch.setattr(doctor, "examine", lambda _: iter(found))
    done = CliRunner().invoke(doctor.doctor, ["--json"])
    assert isinstance(done.exception, doctor.Unwell)
    value = json.loads(done.stdout)
    assert value["ok"] is False
    assert value["checks"][1]["advice"] == "repair it"
    assert doctor.line(found[1]).splitlines()[1].strip() == "→ repair it"


def test_a_trunk_over_tcp_is_asked_on_a_connection() -> None:
    """The answer may come in pieces; a peer that hangs up has none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            for answers in (True, False):
                taken, _ = listening.accept()
                with taken:
                    request = taken.recv(65_535)
                    assert b"Via: SIP/2.0/TCP 127.0.0.1:" in request
                    call_id = re.search(rb"Call-ID: (\S+)", request)
                    assert call_id is not None
                    if answers:
                        taken.sendall(b"SIP/2.0 200 OK\r\n")
                        taken.sendall(b"Call-ID: " + call_id[1] + b"\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        assert doctor_ping.options("127.0.0.1", port, "tcp") is None
        assert doctor_ping.options("127.0.0.1", port, "tcp") is not None
        thread.join(10)
        assert not thread.is_alive()
