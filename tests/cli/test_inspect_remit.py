"""``remit inspect --remit``: what a program asks for in vain, and what it gets that it can never ask for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import remit
from cli import guests
from remit.cli.inspect_remit import under
from remit.cli.main import main
from remit.policy.remit import Remit
from runtime.components.replaced import CLOCK, OUTPUT
from wat import wat

Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]
WASI = "wasi_snapshot_preview1"


def facts(imports: list[tuple[str, str]], **given: Any) -> dict[str, Any]:
    return under(imports, Remit(**given), "")


def in_vain(imports: list[tuple[str, str]], **given: Any) -> dict[str, str]:
    return {each["function"]: each["why"] for each in facts(imports, **given)["in_vain"]}


def never_asked(imports: list[tuple[str, str]], **given: Any) -> list[str]:
    return [each["grant"] for each in facts(imports, **given)["never_asked"]]


def test_in_words(guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    guest(guests.CREATE)
    Path("remit.toml").write_text(
        f"""program = "guest.wasm"
[network]
allow = ["example.com:443"]
[interfaces]
deny = ["{WASI}#proc_exit"]
"{WASI}#fd_write" = "no.such:thing"
"""
    )
    assert main(["inspect", "remit.toml"]) == 0
    first = capfd.readouterr().out
    assert main(["inspect", "--remit", "remit.toml", "guest.wasm"]) == 0
    assert capfd.readouterr().out == first
    assert (
        """
under remit.toml:
  it is not run: wasi_snapshot_preview1 (proc_exit) is not allowed ([interfaces])
  answered by no.such:thing, Python code outside of the sandbox, as far as that goes: wasi_snapshot_preview1 (fd_write)
  asks in vain to use files: it gets no directory and no file (path_open)
  granted, and never asked for: network: example.com:443: it imports no sockets, and sends no HTTP requests

imports: 3
  wasi_snapshot_preview1: 3
    fd_write (i32, i32, i32, i32) -> (i32) [Python]
    path_open (i32, i32, i32, i32, i32, i64, i64, i32, i32) -> (i32) [in vain]
    proc_exit (i32) -> () [refused]
"""
        in first
    )
    assert "no" not in sys.modules


def test_as_json(guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    path = guest(OUTPUT)
    Path("remit.toml").write_text(
        f'sha256 = "{"0" * 64}"\n[network]\nlisten = ["127.0.0.1:0"]\n[interfaces]\ndeny = ["wasi:cli/stdout"]\n'
    )
    assert main(["inspect", "--json", "--remit", "remit.toml", path]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["remit_file"] == "remit.toml"
    assert told["remit"] == {
        "other_program": True,
        "refused": [{"interface": "wasi:cli/stdout@0.2.0", "function": "get-stdout"}],
        "answered": [],
        "in_vain": [],
        "never_asked": [
            {"grant": "network.listen: 127.0.0.1:0", "why": "it takes no sockets that it is handed"},
        ],
    }
    assert main(["inspect", "--remit", "remit.toml", path]) == 0
    said = capfd.readouterr().out
    assert "  it is not run: this is another program than the file is for (sha256)\n" in said
    assert "    func get-stdout [refused]\n" in said
    assert "remit" not in json.loads(_json(path, capfd))


def _json(path: str, capfd: Capture) -> str:
    assert main(["inspect", "--json", path]) == 0
    return capfd.readouterr().out


def test_when_all_fits(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "remit.toml").write_text("")
    assert main(["inspect", "--remit", str(tmp_path / "remit.toml"), guest(CLOCK)]) == 0
    assert "  all that it asks for is granted to some extent, and nothing else is\n" in capfd.readouterr().out


FUNCTIONS = {
    "path_create_directory": ("i32 i32 i32", "3 new", "create"),
    "path_link": ("i32 i32 i32 i32 i32 i32 i32", "3 0 file 3 new", "create"),
    "path_symlink": ("i32 i32 i32 i32 i32", "file 3 new", "create"),
    "path_rename": ("i32 i32 i32 i32 i32 i32", "3 file 3 new", "delete"),
    "path_remove_directory": ("i32 i32 i32", "3 directory", "delete"),
    "path_unlink_file": ("i32 i32 i32", "3 file", "delete"),
    "path_filestat_set_times": ("i32 i32 i32 i32 i64 i64 i32", "3 0 file 5L 5L 1", "write"),
}
_NAMES = {"file": "128 4", "new": "144 3", "directory": "160 9"}


def calling(function: str) -> bytes:
    """A program whose status is the error number of one call."""
    types, arguments, _ = FUNCTIONS[function]
    values = " ".join([_NAMES.get(each, each) for each in arguments.split()]).split()
    given = " ".join([f"(i64.const {each[:-1]})" if each.endswith("L") else f"(i32.const {each})" for each in values])
    return wat(
        f"""(module (import "{WASI}" "{function}" (func $call (param {types}) (result i32)))
        (import "{WASI}" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
        (data (i32.const 128) "file") (data (i32.const 144) "new") (data (i32.const 160) "directory")
        (func (export "_start") (call $exit (call $call {given}))))"""
    )


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("lacking", ["create", "delete", "write", "nothing"])
def test_what_is_in_vain_fails_and_the_rest_does_not(function: str, lacking: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "directory").mkdir()
    rights = ",".join([each for each in ("read", "write", "create", "delete") if each != lacking])
    given = Remit(dirs=[Remit.Directory("/d", str(tmp_path), rights=rights)])
    status = remit.run([calling(function)], remit=given).returncode
    told = under([(WASI, function)], given, "")["in_vain"]
    assert bool(told) == (status != 0), (told, status)
    needs = FUNCTIONS[function][2]
    assert bool(told) == (needs == lacking or (function, lacking) == ("path_rename", "create"))
    if told:
        assert told[0]["why"] == f"{lacking} files: nothing that it gets may be {lacking.rstrip('e')}ed".replace(
            "writed", "written"
        )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_files_all_of_that_is_in_vain(function: str) -> None:
    assert remit.run([calling(function)], remit=Remit()).returncode != 0
    assert in_vain([(WASI, function)]) == {function: "use files: it gets no directory and no file"}


TCP, UDP, HTTP = "wasi:sockets/tcp@0.2.3", "wasi:sockets/udp@0.2.3", "wasi:http/outgoing-handler@0.2.3"
CONNECT, LISTEN = "[method]tcp-socket.start-connect", "[method]tcp-socket.start-listen"


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("none", {CONNECT, LISTEN, "handle"}),
        ("host", set()),
        (["example.com:443"], {LISTEN}),
        (["listen:127.0.0.1:80"], {CONNECT, "handle"}),
        (["resolve:example.com"], {CONNECT, LISTEN, "handle"}),
        (["http: GET https://example.com/*"], {CONNECT, LISTEN}),
    ],
)
def test_networks(network: Any, expected: set[str]) -> None:
    imports = [(TCP, CONNECT), (TCP, LISTEN), (HTTP, "handle")]
    assert in_vain(imports, network=network).keys() == expected
    assert "handle" in in_vain(imports, network=network, http=False)


def test_what_it_can_never_ask_for() -> None:
    whole = {
        "arguments": ["x"],
        "env": {"A": "1"},
        "stdin": Remit.Stream("in"),
        "dirs": [Remit.Directory("/d", "d", rights="all")],
        "files": [Remit.File("/etc/x", "x")],
        "network": ["example.com:443", "http: GET https://example.com/*"],
        "listen": ["127.0.0.1:0"],
        "allow_interfaces": [WASI, "wasi:io/poll"],
    }
    assert never_asked([(WASI, "proc_exit")], **whole) == [
        "arguments",
        "env",
        "streams.stdin",
        "directory /d",
        "file /etc/x",
        "network: example.com:443",
        "network: http: GET https://example.com/*",
        "network.listen: 127.0.0.1:0",
        "interfaces.allow: wasi:io/poll",
    ]
    names = ["args_get", "environ_get", "fd_read", "path_open", "path_rename", "sock_accept"]
    of_0_1 = [(WASI, name) for name in names]
    assert never_asked(of_0_1, **{**whole, "network": "none", "allow_interfaces": None}) == []
    assert never_asked([*of_0_1[:4], of_0_1[5]], **{**whole, "network": "none", "allow_interfaces": None}) == [
        "delete, of directory /d"
    ]
    # A function that is refused, or answered by somebody else, asks for nothing.
    assert "arguments" in never_asked(of_0_1, **whole, deny_interfaces=[f"{WASI}#args_get"])
    assert "arguments" in never_asked(of_0_1, **whole, replaced_interfaces={f"{WASI}#args_get": "a:b"})
    assert "arguments" not in never_asked(of_0_1, **whole, replaced_interfaces={WASI: "a:b"})
    assert never_asked([(TCP, CONNECT)], network=["example.com", "http: GET https://example.com/*"]) == [
        "network: http: GET https://example.com/*"
    ]
    assert never_asked([(HTTP, "handle")], network=["example.com", "listen:127.0.0.1:80"]) == [
        "network: listen:127.0.0.1:80"
    ]


def test_what_is_only_read_has_no_other_rights() -> None:
    grant = Remit.Directory("/z", "a.zip", kind="archive", rules=["all **"])
    assert in_vain([(WASI, "path_unlink_file")], dirs=[grant])


def test_names_from_a_program_do_not_move_the_cursor(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "remit.toml").write_text('[interfaces]\nallow = ["wasi:io/poll"]\n')
    path = guest(wat('(module (import "a\\1b[2J" "b\\0d" (func)))'))
    assert main(["inspect", "--remit", str(tmp_path / "remit.toml"), path]) == 0
    out = capfd.readouterr().out
    assert "\x1b" not in out
    assert "a\\x1b[2J (b\\r) is not allowed" in out


def test_mistakes(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    file = tmp_path / "remit.toml"

    def told(*arguments: str) -> str:
        assert main(["inspect", *arguments]) == 2
        out, err = capfd.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err

    file.write_text('[interfaces]\ndeny = ["wasi:io/pol"]\n')
    assert "remit.toml:2: 'wasi:io/pol', number 1, is no interface" in told("--remit", str(file), path)
    file.write_text("")
    assert "is a remit file itself: give one of them" in told("--remit", str(file), str(file))
    assert "it says no program: write program" in told(str(file))
    assert "leave out --remit" in told("--wit", "--remit", str(file), guest(CLOCK))
    file.write_text("x = 1")
    assert "remit.toml:1: x: there is no such key" in told("--remit", str(file), path)
