"""The program's environment: everything that was there, and what leads it here."""

from pathlib import Path

from offhook.exec.environment import Kit, apply, changes, no_proxy

KIT = Kit(Path("/tmp/kit"))


def test_what_was_there_is_kept_and_added_to() -> None:
    parent = {
        "HOME": "/home/me",
        "PYTHONPATH": "/mine",
        "NODE_OPTIONS": "--max-old-space-size=64",
        "JAVA_TOOL_OPTIONS": "-Xmx1g",
        "RUBYLIB": "/mine",
        "RUBYOPT": "-W0",
        "PHP_INI_SCAN_DIR": "/php",
        "ALL_PROXY": "socks5://gone:1",
        "all_proxy": "socks5://gone:1",
        "https_proxy": "http://before:1",
    }
    made = apply(parent, changes(parent, KIT, 4321, "refuse"))
    assert made["HOME"] == "/home/me"
    assert made["PYTHONPATH"] == "/tmp/kit/python:/mine"
    assert made["NODE_OPTIONS"] == '--require "/tmp/kit/node.cjs" --max-old-space-size=64'
    assert made["JAVA_TOOL_OPTIONS"].startswith("-Xmx1g -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4321 ")
    assert (made["RUBYLIB"], made["RUBYOPT"]) == ("/tmp/kit/ruby:/mine", "-roffhook_exec -W0")
    assert made["PHP_INI_SCAN_DIR"] == "/php:/tmp/kit/php"
    assert not {"ALL_PROXY", "all_proxy"} & made.keys()
    for name in ("http_proxy", "https_proxy"):
        assert made[name] == made[name.upper()] == "http://127.0.0.1:4321"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert made[name] == "/tmp/kit/ca.pem"
    assert (made["OFFHOOK_EXEC_PORT"], made["OFFHOOK_EXEC_REST"]) == ("4321", "refuse")


def test_an_empty_environment() -> None:
    made = apply({}, changes({}, KIT, 1, "pass"))
    assert made["PYTHONPATH"] == "/tmp/kit/python"
    assert made["PHP_INI_SCAN_DIR"] == ":/tmp/kit/php", "the compiled-in directory and ours"


def test_a_directory_with_a_space() -> None:
    made = changes({}, Kit(Path("/tmp/a b")), 1, "pass")
    assert made["NODE_OPTIONS"] == '--require "/tmp/a b/node.cjs"'
    assert (made["RUBYLIB"], made["RUBYOPT"]) == ("/tmp/a b/ruby", "-roffhook_exec")
    assert '"-Djavax.net.ssl.trustStore=/tmp/a b/trust.p12"' in str(made["JAVA_TOOL_OPTIONS"])


def test_no_proxy_keeps_what_does_not_take_served_hosts_along() -> None:
    local = "localhost,127.0.0.1,::1,127.0.0.0/8"
    assert no_proxy({}) == local
    assert no_proxy({"NO_PROXY": "*"}) == local
    assert no_proxy({"NO_PROXY": "a.example, .vonage.com,localhost"}) == f"{local},a.example"
    assert no_proxy({"NO_PROXY": "upper.example", "no_proxy": "lower.example"}) == f"{local},lower.example"
