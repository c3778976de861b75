"""Reading remit files: what is understood, and how mistakes are told."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.remits import remits
from remit.policy.remit import Remit
from remit.policy.remit_file import reader
from remit.policy.remit_grants import DirectoryGrant, FileGrant, StreamFile
from remit.policy.remit_values import RemitError

WHOLE = """
program = "tool.wasm"
sha256 = "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
name = "tool"
arguments = ["--verbose", ""]

[env]
LANG = "C"
TZ = { inherit = true }

[streams]
stdin = "null"
stdout = { file = "out.txt" }
stderr = { append = "log.txt" }

[[dir]]
guest = "/data"
path = "data"
rights = "write,read"
max_bytes = "1MiB"
max_files = 10

[[dir]]
guest = "/tmp"
kind = "memory"

[[dir]]
guest = "/src"
path = "src"
kind = "overlay"
rules = ["read **", "all out/**"]

[[file]]
guest = "/etc/tool.conf"
path = "conf/tool.conf"

[network]
allow = ["example.com:443"]
http = false
listen = ["127.0.0.1:0"]

[clocks]
time = 2026-01-31T12:00:00Z

[random]
seed = "0x10"

[interfaces]
allow = ["wasi:cli/stdout@0.2.0"]
deny = ["wasi:sockets/tcp#connect"]

[limits]
timeout = "500ms"
fuel = 1_000
memory = "64MiB"
disk = 1000
files = 5
captured_bytes = "1KiB"
"""


def test_everything() -> None:
    assert Remit.from_toml(WHOLE, base="there") == Remit(
        program="tool.wasm",
        sha256="0123456789abcdef" * 4,
        name="tool",
        arguments=["--verbose", ""],
        env={"LANG": "C", "TZ": None},
        stdin="null",
        stdout=StreamFile("out.txt"),
        stderr=StreamFile("log.txt", append=True),
        dirs=[
            DirectoryGrant("/data", "data", rights="read,write", max_bytes=1 << 20, max_files=10),
            DirectoryGrant("/tmp", kind="memory"),
            DirectoryGrant("/src", "src", kind="overlay", rules=["read **", "all out/**"]),
        ],
        files=[FileGrant("/etc/tool.conf", "conf/tool.conf")],
        network=["example.com:443"],
        http=False,
        listen=["127.0.0.1:0"],
        time=1769860800 * 10**9,
        seed=16,
        allow_interfaces=["wasi:cli/stdout@0.2.0"],
        deny_interfaces=["wasi:sockets/tcp#connect"],
        limits={"timeout": 0.5, "fuel": 1000, "memory": 64 << 20, "disk": 1000, "files": 5, "captured_bytes": 1024},
        base="there",
    )
    assert Remit.from_toml("") == Remit()


def test_where_things_were_said() -> None:
    remit = Remit.from_toml(WHOLE, name="x.toml")
    assert [each.source for each in (*remit.dirs, *remit.files)] == ["x.toml:16", "x.toml:23", "x.toml:27", "x.toml:33"]
    lines = WHOLE.split("\n")
    for place, line in (("limits.memory", 'memory = "64MiB"'), ("network.listen.0", 'listen = ["127.0.0.1:0"]')):
        assert remit.sources[place] == f"x.toml:{lines.index(line) + 1}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("progam = 'x'", "1: progam: there is no such key at the top; did you mean program?"),
        ("\n[limts]\n", "2: limts: there is no such key at the top; did you mean limits?"),
        ("[limits]\nmemmory = 1", "2: limits.memmory: there is no such key; did you mean memory?"),
        ("[limits]\nmax_size = 1", "2: limits.max_size: there is no such key; there are timeout, fuel,"),
        ("[limits]\n\nmemory = '64 bananas'", "3: limits.memory: '64 bananas' is not a size; write bytes, or for"),
        ("[limits]\nmemory = true", "2: limits.memory: a boolean cannot be it: a number of bytes, or a size such as"),
        ("[limits]\nmemory = -1", "2: limits.memory: '-1' is not a size"),
        ("[limits]\ntimeout = 'soon'", "2: limits.timeout: 'soon' is not a duration; write seconds, or for example"),
        ("[limits]\ntimeout = 0", "2: limits.timeout: 0 is not a duration; write seconds, more than 0"),
        ("[limits]\ntimeout = nan", "2: limits.timeout: nan is not a duration"),
        ("[limits]\ndescriptors = 9999999999", "2: descriptors is 9999999999: open descriptors"),
        ("[limits]\nfuel = 1.5", "2: limits.fuel: a float cannot be it: an integer is wanted, as in fuel = 1_000_000"),
        ("limits = 3", "1: limits: an integer cannot be it: a table is wanted, which begins with the line [limits]"),
        ("[dir]\nguest = '/x'", "1: dir: each is a table, which begins with the line [[dir]]"),
        ("[[dir]]\npath = 'x'", "1: dir.#1: guest is missing"),
        ("[[dir]]\nguest = '/x'\npath = 'x'\n", "1: dir.#1: say what it may do there: rights = 'read' or 'all'"),
        (
            "[[dir]]\nguest = '/x'\nkind = 'memry'",
            "3: dir.#1.kind: 'memry' is none of host, memory, overlay, archive, fsspec; did",
        ),
        ("[[dir]]\nguest = '/x'\npath = 'x'\nrights = 'execute'", "4: dir.#1.rights: "),
        (
            "[[dir]]\nguest = '/x'\npath = 'x'\nrules = [\n'read **',\n'raed x']",
            "6: dir.#1.rules.#2: file rule 'raed x'",
        ),
        ("[[dir]]\nguest = '/x'\npath = 'x'\nrules = 'read **'", "4: dir.#1.rules: a string cannot be it: an array"),
        ("[[dir]]\nguest = ''\nkind = 'memory'", "2: dir.#1.guest: guest is empty"),
        ("[[dir]]\nguest = '/x'\nkind = 'fsspec'", "1: dir.#1: url is missing: say what fsspec opens"),
        ("[[dir]]\nguest = '/x'\nkind = 'fsspec'\nurl = 'data'", "4: dir.#1.url: url is 'data', which is none; write"),
        ("[[dir]]\nguest = '/x'\nurl = 'a://b'", "1: dir.#1: a directory of the kind 'host' has a path"),
        ("strict = 1", "1: strict: an integer cannot be it: true or false is wanted, as in strict = true"),
        ("deterministic = 'yes'", "1: deterministic: a string cannot be it: true or false is wanted"),
        ("[random]\ndeterministic = true", "2: random.deterministic: there is no such key; there are seed"),
        ("[[file]]\nguest = '/a/x'", "1: file.#1: path is missing: which file of this machine it is"),
        ("[[file]]\nguest = '/a/x'\npath = 'b/y'", "1: file.#1: the program would see 'b/y' as '/a/x': a single file"),
        ("[network]\nallow = 'all'", "2: network.allow: 'all' is not a network; write 'none', 'host', or rules"),
        ("[network]\nallow = ['x:443', '?']", "2: network.allow.#2: network rule '?'"),
        ("[network]\nlisten = ['8080']", "2: network.listen.#1: '8080' is no address"),
        ("[env]\nA = 1", "2: env.A: an integer cannot be it: a string is wanted"),
        ("[env]\nA = { inherit = false }", "2: env.A: write a string, or { inherit = true }"),
        ("[env]\n'A=' = ''", "1: the variable 'A=' has a '=' in its name"),
        ("[streams]\nstdin = 'none'", "2: streams.stdin: 'none' is no stream; write 'inherit', 'null', or { file"),
        ("[streams]\nstdin = { append = 'x' }", '2: streams.stdin: of a file, write { file = "PATH" }'),
        ("[streams]\nstdout = { fil = 'x' }", '2: streams.stdout: of a file, write { file = "PATH" } or { append'),
        ("[clocks]\ntime = 'noon'", "2: clocks.time: 'noon' is not a time; write 2026-01-31T12:00:00Z"),
        ("[clocks]\ntime = 2026-01-31", "2: clocks.time: a date or time cannot be it"),
        ("[random]\nseed = 1.5", "2: random.seed: a float cannot be it"),
        ("sha256 = '12'", "1: sha256: sha256 is '12': 64 hexadecimal digits are wanted, as sha256sum(1) tells them"),
        ("arguments = 'x'", "1: arguments: a string cannot be it: an array is wanted"),
        ("arguments = [\n'a',\n1]", "3: arguments.#2: an integer cannot be it: a string is wanted"),
        ("[interfaces]\nallow = ['a#']", "'a#' is no interface; write its name, or NAME#FUNCTION"),
        ("[interfaces]\nalow = ['a']", "2: interfaces.alow: there is no such key; did you mean allow?"),
        ("[interfaces]\n'wasi:a/b' = ['a']", "2: interfaces.wasi:a/b: an array cannot be it: an object of Python's"),
        (
            "[interfaces]\n'wasi:a/b' = 'a'",
            "2: interfaces.wasi:a/b: 'a' is no object of Python's; write 'module:object'",
        ),
        ("[interfaces]\n'wasi:a/b#' = 'a:b'", "'wasi:a/b#' is no interface"),
        ("[interfaces]\ndeny = 'a:b'", "2: interfaces.deny: a string cannot be it: an array is wanted"),
        ("a = 1\na = 2\n", "2: it is no TOML: Cannot overwrite a value, at column"),
        ("\n[x", "2: it is no TOML: "),
        ("x = '", "1: it is no TOML: "),
        ("x" + "." * 40 + "= 1", "1: it is no TOML: "),
        (".".join("x" * 40) + "= 1", "1: more than 16 things within each other"),
        (
            "[[dir]]\nguest = '/x'\nkind = 'memory'\n[[dir]]\nguest = '/x'\nkind = 'memory'",
            "4: the program has a directory '/x' already; give this one another name",
        ),
        (
            "[[file]]\nguest = '/e/x'\npath = 'a/x'\n\n[[file]]\nguest = '/e/y'\npath = 'b/y'",
            "5: files of 'a' and of 'b' cannot both be in '/e'; give them different directories",
        ),
        (f"arguments = [{'1,' * 10_001}]", "1: arguments: 10,001 entries: 10,000 are possible"),
        ("x = " + "9" * 5000, "it is no TOML that can be read"),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, message: str) -> None:
    with pytest.raises(RemitError) as caught:
        Remit.from_toml(text, name="remit.toml")
    told = str(caught.value)
    assert told.startswith("remit.toml:")
    assert message in told
    assert "\n" not in told


@given(remits())
def test_what_is_written_is_read(remit: Remit) -> None:
    text = remit.to_toml()
    again = Remit.from_toml(text, base="")
    assert again == remit
    assert again.to_toml() == text


@given(st.text("[]{}=.\"'#\n dirlimtsgue1", max_size=60) | st.text(max_size=40))
def test_any_text_is_a_remit_or_told_why_not(text: str) -> None:
    try:
        Remit.from_toml(text)
    except RemitError as error:
        assert str(error).startswith("remit.toml:")  # noqa: PT017 - most texts are none


@pytest.mark.parametrize(
    "piece", ["a.b.c.d=1\n", "[[dir]]\n", "'", "[", "{", "a='''", "a=[[],\n", "[a.b.c.d.e.f.g]\n", "'a'.", "a={b={c={"]
)
def test_a_large_file_is_refused_in_a_moment(piece: str) -> None:
    begin = time.process_time()
    with pytest.raises(RemitError):
        Remit.from_toml(piece * (1_000_000 // len(piece)))
    assert time.process_time() - begin < 20


def test_many_distinct_keys_are_read_in_a_moment() -> None:
    text = "".join([f"[a{number}.b.c.d]\ne.f.g.h = {number}\n" for number in range(30_000)])
    begin = time.process_time()
    with pytest.raises(RemitError, match=r"remit\.toml:1: a0: there is no such key"):
        Remit.from_toml(text)
    assert time.process_time() - begin < 20


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[random]\nseed = 1\n")
    assert Remit.load(path) == Remit(seed=1, base=tmp_path)
    path.write_bytes(b"program = 'x'\nname = '\xff'\n")
    with pytest.raises(RemitError, match=r"x\.toml:2: it is no text in UTF-8"):
        Remit.load(path)
    path.write_bytes(b"#" * (reader.MAX_BYTES + 1))
    with pytest.raises(RemitError, match=r"x\.toml: it is larger than 1 MiB"):
        Remit.load(path)
    with pytest.raises(FileNotFoundError):
        Remit.load(tmp_path / "missing.toml")
    with pytest.raises(IsADirectoryError):
        Remit.load(tmp_path)
    os.mkfifo(tmp_path / "pipe.toml")
    assert Remit.load(tmp_path / "pipe.toml") == Remit(base=tmp_path)
