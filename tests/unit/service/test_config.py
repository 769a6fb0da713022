"""Settings: where they come from, and how a wrong one is named."""

import os
from pathlib import Path

import pytest

from offhook import config
from offhook.core.errors import Invalid


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OFFHOOK_")]:
        monkeypatch.delenv(name)


def test_defaults_serve_a_laptop() -> None:
    settings = config.load()
    assert (settings.http.host, settings.http.port, settings.sip.port) == ("127.0.0.1", 8080, 5060)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.simulator_active
    assert settings.private_fetches


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text('[http]\nport = 9000\nhost = "::1"\n')
    monkeypatch.setenv("OFFHOOK_HTTP__PORT", "9001")
    settings = config.load()
    assert (settings.http.host, settings.http.port) == ("::1", 9001)


def test_another_file_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[sip]\nport = 5080\n")
    monkeypatch.setenv(config.CONFIG_VARIABLE, str(tmp_path / "mine.toml"))
    assert config.load().sip.port == 5080


def test_a_missing_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(config.CONFIG_VARIABLE, str(tmp_path / "gone.toml"))
    with pytest.raises(Invalid, match=r"gone\.toml does not exist"):
        config.load()


def test_a_wrong_value_is_named_as_the_environment_spells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_HTTP__PORT", "eighty")
    with pytest.raises(Invalid, match="OFFHOOK_HTTP__PORT"):
        config.load()


@pytest.mark.parametrize(
    ("host", "active"),
    [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("127.0.0.1,10.0.0.1", False)],
)
def test_the_simulated_carrier_works_on_loopback_only(
    monkeypatch: pytest.MonkeyPatch, host: str, active: bool
) -> None:
    monkeypatch.setenv("OFFHOOK_SIP__HOST", host)
    assert config.load().simulator_active is active


def test_private_fetches_follow_the_http_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_HTTP__HOST", "0.0.0.0")
    assert not config.load().private_fetches
    monkeypatch.setenv("OFFHOOK_FETCH__PRIVATE", "allow")
    assert config.load().private_fetches


def test_changes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.load()
    monkeypatch.setenv("OFFHOOK_SIP__PORT", "5070")
    assert config.changed(before, config.load()) == ["OFFHOOK_SIP__PORT"]


def test_directories_are_for_their_owner_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "data"))
    settings = config.load()
    settings.make_directories()
    assert settings.run_dir.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text("a = = b\n")
    with pytest.raises(Invalid, match=r"offhook\.toml cannot be read as TOML: .*line 1"):
        config.load()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("OFFHOOK_SIP__HOST", " , ", "at least one address"),
        ("OFFHOOK_RTP__PORT_MAX", "19999", "must be above OFFHOOK_RTP__PORT_MIN, which is 20000"),
        ("OFFHOOK_SIP__PORT", "0", "greater than or equal to 1"),
        ("OFFHOOK_SHUTDOWN__GRACE", "9", "less than or equal to 5"),
        ("OFFHOOK_HTTP__PORT", "0", "greater than or equal to 1"),
        ("OFFHOOK_HTTP__TLS_PORT", "-1", "greater than or equal to 0"),
        ("OFFHOOK_HTTP__TLS_KEY", "key.pem", "needs OFFHOOK_HTTP__TLS_CERT"),
    ],
)
def test_what_could_not_work_later_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Invalid, match=f"{name}: .*{reason}"):
        config.load()


def test_a_data_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Invalid, match=r"OFFHOOK_DATA_DIR: .*/file/below cannot be made"):
        config.load(data_dir=tmp_path / "file" / "below").make_directories()


def test_a_data_directory_whose_sockets_would_have_no_room_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"OFFHOOK_DATA_DIR: .*too long"):
        config.load(data_dir=tmp_path / ("x" * 100)).make_directories()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("::", "http://[::1]:8080"),
        ("192.0.2.7", "http://192.0.2.7:8080"),
    ],
)
def test_programs_on_this_machine_do_not_go_through_the_public_address(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    monkeypatch.setenv("OFFHOOK_HTTP__HOST", host)
    monkeypatch.setenv("OFFHOOK_HTTP__PUBLIC_URL", "https://calls.example")
    settings = config.load()
    assert settings.local_url == url
    assert settings.public_url == "https://calls.example"
    monkeypatch.delenv("OFFHOOK_HTTP__PUBLIC_URL")
    assert config.load().public_url == url, "links that nobody named lead to where the server listens"


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("127.0.0.1", "8443", "https://localhost:8443"),
        ("0.0.0.0", "9443", "https://localhost:9443"),
        ("::1", "8443", "https://localhost:8443"),
        ("192.0.2.7", "8443", "https://192.0.2.7:8443"),
        ("2001:db8::7", "8443", "https://[2001:db8::7]:8443"),
        ("127.0.0.1", "0", None),
    ],
)
def test_where_https_is_reached(monkeypatch: pytest.MonkeyPatch, host: str, port: str, url: str) -> None:
    monkeypatch.setenv("OFFHOOK_HTTP__HOST", host)
    monkeypatch.setenv("OFFHOOK_HTTP__TLS_PORT", port)
    assert config.load().https_url == url


def test_a_recording_url_template_has_an_id() -> None:
    for good in ("{public_url}/v1/files/{id}", "https://api.nexmo.com/v1/files/{id}"):
        assert config.load(recording_url_template=good).recording_url_template == good
    for wrong in (
        "https://api.nexmo.com/v1/files",
        "{id}{}",
        "{id}{name}",
        "{id!r}",
        "{id}{",
        "{{id}}",
        "{id",
    ):
        with pytest.raises(Invalid, match=r"OFFHOOK_RECORDING_URL_TEMPLATE.*must hold {id}"):
            config.load(recording_url_template=wrong)
