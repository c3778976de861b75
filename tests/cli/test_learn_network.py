"""``remit learn``, ``remit check`` and ``--audit`` of a program that uses the network."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from python_guests import component_file
from remit.cli.main import main
from remit.policy.remit import Remit
from wasi_0_2.http import H, server_port
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.sockets import LISTEN

Capture = pytest.CaptureFixture[str]

SOURCE = (
    PRELUDE
    + LISTEN
    + H
    + """
def reach(name, port):
    with ip_name_lookup.resolve_addresses(net, name) as found:
        ip = until(found.resolve_next_address, found.subscribe).value
        while len(ip) != 4:
            ip = found.resolve_next_address().value
    connect(address(".".join(map(str, ip)), port))
reach("LOCALHOST", int(SERVER.partition(":")[2]))
assert send(request("/plain?key=secret", method=Method_Get())).status() == 200
try:
    reach("other.invalid", 80)
except Err:
    pass
listening()
"""
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled_once: None) -> None:
    """A working directory of its own, and names that nobody is asked for."""
    monkeypatch.chdir(tmp_path)
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        if host == "other.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def needs() -> list[str]:
    """The least that the program can do with."""
    return [
        "listen:127.0.0.1:0",
        f"connect:127.0.0.1:{server_port()}",
        f"http: GET http://localhost:{server_port()}/plain",
        "resolve:localhost",
        "resolve:other.invalid",
    ]


def command(name: str, *options: str) -> int:
    """`learn` and `run` take the program, `check` has it in its file."""
    program = [] if name == "check" else [str(component_file("script")), SOURCE]
    return main([name, "--env", f"SERVER=localhost:{server_port()}", *options, *program])


def lines(capfd: Capture) -> list[str]:
    out, err = capfd.readouterr()
    return [*out.splitlines(), *err.splitlines()]


def test_the_least_is_learned_and_enough(capfd: Capture) -> None:
    assert command("learn", "--net", "host") == 0
    assert lines(capfd) == []
    learned = Remit.load("remit.toml")
    assert (learned.network, learned.http) == (tuple(needs()), True)
    written = Path("remit.toml").read_text()
    assert "secret" not in written.partition("[network]")[2]
    assert command("learn", "--net", "host") == 0
    assert Path("remit.toml").read_text() == written, "it lacks nothing"
    assert command("check", "remit.toml") == 0
    assert lines(capfd) == []
    less = [each for each in needs() if "invalid" not in each]
    learned.changed(network=less).save("remit.toml")
    assert command("check", "remit.toml") == 1
    [missing] = lines(capfd)
    assert missing.startswith("missing: resolve other.invalid")
    assert missing.endswith('; add "resolve:other.invalid" to allow in [network]')


def test_what_is_not_offered_is_refused_and_not_learned(capfd: Capture) -> None:
    assert command("learn", "--allow-net=localhost", "--allow-net=listen:127.0.0.1") == 0
    [refused] = lines(capfd)
    assert refused.startswith("remit: refused: resolve-addresses: resolve other.invalid: ")
    assert refused.endswith("--allow-net 'resolve:other.invalid' would allow it")
    assert Remit.load("remit.toml").network == tuple(each for each in needs() if "invalid" not in each)


def test_what_is_unused_too_wide_or_missing(capfd: Capture) -> None:
    port = server_port()
    assert command("learn", "--net", "host") == 0
    learned = Remit.load("remit.toml")
    rules = [f"http: * http://*:{port}/*", "http: GET http://never.test/", "localhost", "*:443", "listen:127.0.0.0/8"]
    learned.changed(network=rules).save("remit.toml")
    assert command("check", "remit.toml") == 1
    get, connect = f"'http: GET http://localhost:{port}/plain'", f"'connect:127.0.0.1:{port}'"
    assert lines(capfd) == [
        "unused: network: the rule 'http: GET http://never.test/'",
        f"too wide: network: of the rule 'http: * http://*:{port}/*' only {get} was used",
        f"too wide: network: of the rule 'localhost' only {connect}, 'resolve:localhost' was used",
        "too wide: network: of the rule '*:443' only 'resolve:other.invalid' was used",
        "too wide: network: of the rule 'listen:127.0.0.0/8' only 'listen:127.0.0.1:0' was used",
    ]
    learned.changed(network="host").save("remit.toml")
    assert command("check", "remit.toml") == 1
    assert lines(capfd) == [
        f"too wide: network: of the rule 'host' only 'listen:127.0.0.1:0', {connect}, {get} and 2 more was used"
    ]
    learned.changed(network=needs(), http=False).save("remit.toml")
    assert command("check", "remit.toml") == 1
    found = lines(capfd)
    assert f"unused: network: the rule {get}" in found
    assert any(
        each.endswith(f'; add "{get[1:-1]}" to allow in [network], and take http = false out of it') for each in found
    )


def test_the_audit_log() -> None:
    assert command("run", "--net", "host", "--audit", "audit") == 0
    found = [json.loads(line) for line in Path("audit").read_text().splitlines()]
    assert {(each["event"], each["kind"]) for each in found} == {("use", "network"), ("use", "http")}
    told = [(each["action"], each["subject"], each.get("name")) for each in found]
    place, url = f"127.0.0.1:{server_port()}", f"http://localhost:{server_port()}/plain"
    for expected in (
        ("resolve", "localhost", None),
        ("connect", place, "localhost"),
        ("GET", url, None),
        ("resolve", "other.invalid", None),
        ("listen", "127.0.0.1:0", None),
    ):
        assert expected in told
    assert found[-1]["target"].startswith("127.0.0.1:")
    assert "secret" not in Path("audit").read_text()


def test_what_no_rule_can_say_is_a_few_lines(capfd: Capture) -> None:
    source = SOURCE.partition("def reach")[0] + "for n in range(25): send(request('//' + '/' * n + 'plain'))\n"
    environment = f"SERVER=localhost:{server_port()}"
    assert main(["learn", "--env", environment, "--net", "host", str(component_file("script")), source]) == 0
    found = lines(capfd)
    assert len(found) == 21
    assert all(
        each.startswith("remit: remit.toml: no rule was learned for network: GET http://") for each in found[:20]
    )
    assert found[-1] == "remit: remit.toml: no rule was learned for 5 more things"
    assert Remit.load("remit.toml").network == "none"
