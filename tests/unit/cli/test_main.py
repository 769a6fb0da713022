"""The command line tells a failure in one sentence on standard error, with its exit status."""

import importlib
import json
from pathlib import Path

import pytest

from offhook.cli import main as entry


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["offhook", *arguments])
    with pytest.raises(SystemExit) as stop:
        entry()
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_a_database_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "offhook.db").write_text("garbage, and a good deal of it")
    assert run(monkeypatch, "apps", "list") == 1
    told = capsys.readouterr().err
    assert told.startswith("offhook: the database sqlite:///")
    assert "file is not a database" in told
    assert told.count("\n") == 1


def test_a_file_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = str(tmp_path / "nowhere" / "private.key")
    assert run(monkeypatch, "apps", "create", "--name", "one", "--private-key", key) == 1
    told = capsys.readouterr().err
    assert "No such file or directory" in told
    assert key in told


def test_init_names_the_authority_to_trust(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "init", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert first["https_url"] == "https://localhost:8443"
    path = Path(first["ca_certificate"])
    assert path == tmp_path / "var" / "tls" / "ca.pem"
    trusted = path.read_bytes()
    assert trusted.startswith(b"-----BEGIN CERTIFICATE-----")
    assert run(monkeypatch, "init", "--json") == 0
    assert json.loads(capsys.readouterr().out) == first
    assert path.read_bytes() == trusted
    monkeypatch.setenv("OFFHOOK_HTTP__TLS_CERT", str(path))
    monkeypatch.setenv("OFFHOOK_HTTP__TLS_PORT", "0")
    assert run(monkeypatch, "init", "--json") == 0
    given = json.loads(capsys.readouterr().out)
    assert (given["ca_certificate"], given["https_url"]) == (None, None)


def test_a_certificate_that_cannot_be_used_stops_serve_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cert.pem").write_text("nonsense")
    monkeypatch.setenv("OFFHOOK_HTTP__TLS_CERT", "cert.pem")
    assert run(monkeypatch, "serve") == 2
    told = capsys.readouterr().err
    assert told.startswith("offhook: OFFHOOK_HTTP__TLS_CERT: cert.pem must be a PEM file with")
    assert not (tmp_path / "var" / "run").exists()


@pytest.mark.parametrize(
    "arguments", [("apps", "show", "a\udcff\n"), ("--config", "\udcfe", "apps", "list"), ("caf\udce9",)]
)
def test_an_argument_that_is_not_utf8_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    told = capsys.readouterr().err
    assert "is not UTF-8; write it in UTF-8" in told
    assert any(name in told for name in (r"'a\xff\n'", r"'\xfe'", r"'caf\xe9'"))
    assert told.count("\n") == 1


def test_the_arguments_of_another_program_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    module = importlib.import_module("offhook.cli.main")
    monkeypatch.setattr(module.root, "main", lambda **options: asked.append(options))
    assert run(monkeypatch, "exec", "echo", "\udcff") == 0
    assert asked == [{"standalone_mode": False}]
