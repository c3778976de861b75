from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.guest import Guest
from remit.filesystems.memory import MemoryFilesystem
from remit.interfaces import preview0, preview1
from remit.interfaces.wasi_0_1 import functions, traced_values, tracing
from remit.interfaces.wasi_0_1.errno import ERRNO
from remit.kernel import rights
from remit.kernel.calls import Call, shown
from remit.kernel.errors import Code


def test_every_function_is_in_the_table() -> None:
    assert set(tracing.CALLS) == functions.NAMES >= preview0.NAMES


@pytest.mark.parametrize("name", sorted(functions.NAMES))
def test_the_table_has_the_parameters_of_the_type(name: str) -> None:
    assert tracing.width(name) == len(functions.function_type(name).params)


def test_names_of_numbers() -> None:
    names = {code: traced_values.ERRNO_NAMES[number] for code, number in ERRNO.items()}
    assert (names[Code.NO_ENTRY], names[Code.NOT_CAPABLE], names[Code.BAD_DESCRIPTOR]) == (
        "NOENT",
        "NOTCAPABLE",
        "BADF",
    )
    assert len(traced_values.ERRNO_NAMES) == 77
    assert 1 << len(traced_values.RIGHTS) == rights.ALL + 1
    assert traced_values.RIGHTS.index("SOCK_ACCEPT") == rights.SOCKET_ACCEPT.bit_length() - 1
    assert traced_values.RIGHTS.index("FD_FILESTAT_GET") == rights.FILE_STAT.bit_length() - 1


class Traced:
    """Calls functions of a guest as a traced program would; each call as text."""

    def __init__(self, guest: Guest, preview: ModuleType) -> None:
        self.guest = guest
        self.layout = preview.LAYOUT
        self.descriptors = traced_values.Descriptors()
        self.last = Call(1, 1, preview.MODULE, "", 0.0)

    def __call__(self, name: str, *arguments: int) -> str:
        decoder = tracing.Decoder(name, self.layout, self.descriptors)
        self.last = call = Call(1, 1, "", name, 0.0)
        frame = decoder.begin(call, (self.guest, *arguments))
        errno = self.guest.functions[name](self.guest, *arguments)
        decoder.end(call, (self.guest, *arguments), frame, errno)
        told = [f"{name}={shown(value)}" for name, value in call.arguments.items()]
        results = [f"{name}={shown(value)}" for name, value in call.results.items()]
        ended = filter(None, [call.outcome, call.error, *results])
        return f"{' '.join(told)} -> {' '.join(ended)}"


@pytest.fixture
def traced(make_guest: Callable[..., Guest], preview: ModuleType) -> Traced:
    files = MemoryFilesystem({"a/b.txt": b"hello", "c": b""})
    return Traced(make_guest(filesystem=files, args=(b"it", b"a b"), environ=((b"A", b"1"),)), preview)


def test_descriptors_are_followed(traced: Traced) -> None:
    put, out = traced.guest.put, traced.guest.OUT
    directory, name = put(b"a"), put(b"b.txt")
    base = rights.PATH_OPEN | rights.PATH_CREATE_FILE
    assert traced("path_open", 3, 0, directory, 1, 2, base, rights.ALL, 0, out) == (
        'fd=3</> lookup=0 path="a" oflags=DIRECTORY base=PATH_CREATE_FILE|PATH_OPEN inheriting=ALL flags=0 '
        "-> ok fd=4</a>"
    )
    assert traced("path_open", 4, 1, name, 5, 1, 66, 0, 1, out) == (
        'fd=4</a> lookup=SYMLINK_FOLLOW path="b.txt" oflags=CREAT base=FD_READ|FD_WRITE inheriting=0 flags=APPEND '
        "-> ok fd=5</a/b.txt>"
    )
    assert traced.last.paths == ("/a/b.txt",)
    assert traced("fd_renumber", 5, 4) == "fd=5</a/b.txt> to=4</a> -> ok"
    assert traced("fd_close", 4) == "fd=4</a/b.txt> -> ok"
    assert traced("fd_close", 4) == "fd=4 -> error BADF"
    assert traced("fd_close", 1) == "fd=1<stdout> -> ok"


def test_data_and_results(traced: Traced) -> None:
    put, out, guest = traced.guest.put, traced.guest.OUT, traced.guest
    path = put(b"a/b.txt")
    assert "-> ok" in traced("path_open", 3, 0, path, 7, 0, rights.ALL, 0, 0, out)
    target = put(bytes(16))
    vectors = put(target.to_bytes(4, "little") + b"\2\0\0\0" + (target + 4).to_bytes(4, "little") + b"\10\0\0\0")
    assert traced("fd_read", 4, vectors, 2, out) == 'fd=4</a/b.txt> iovs=[2, 8] -> ok nread=5 data="hello"'
    assert traced("fd_write", 4, vectors, 1, out) == 'fd=4</a/b.txt> data="he" -> ok nwritten=2'
    whence = guest.preview.LAYOUT.seek_end
    assert traced("fd_seek", 4, 2**64 - 2, whence, out) == "fd=4</a/b.txt> offset=-2 whence=END -> ok position=5"
    assert "type: REGULAR_FILE, size: 7" in traced("fd_filestat_get", 4, out)
    assert traced("args_get", out, guest.OUT2) == f'buffer={guest.OUT2:#x} -> ok args=["it", "a b"]'
    assert traced("environ_get", out, guest.OUT2) == f'buffer={guest.OUT2:#x} -> ok environ=["A=1"]'
    assert traced("fd_prestat_get", 3, out) == "fd=3</> -> ok prestat={type: DIR, name_length: 1}"
    assert traced("clock_time_get", 1, 0, out) == "clock=MONOTONIC precision=0 -> ok time=1000000000"
    listed = traced("fd_readdir", 3, target, 1000, 0, out)
    assert listed.endswith("used=101") or 'entries=["."/, ".."/, "a"/, "c"]' in listed


def test_polling(traced: Traced) -> None:
    guest, out, layout = traced.guest, traced.guest.OUT, traced.layout
    clock = layout.clock.pack(7, 0, 1, 0, 0, 0).ljust(layout.subscription_size, b"\0")
    stream = (b"\1" + bytes(7) + b"\2" + bytes(7) + b"\1").ljust(layout.subscription_size, b"\0")
    subscriptions, events = guest.put(clock + stream), guest.put(bytes(64))
    assert traced("poll_oneoff", subscriptions, events, 2, out) == (
        "subscriptions=[CLOCK(MONOTONIC in 0 ns), FD_WRITE(1<stdout>)] -> ok events=[CLOCK, FD_WRITE(1 bytes)] count=2"
    )


HOSTILE = b"\x1b]0;gotcha\x07\xff\n\r\xe2\x80\xae"


def test_control_characters_of_names(traced: Traced) -> None:
    path = traced.guest.put(HOSTILE)
    for told in (
        traced("path_create_directory", 3, path, len(HOSTILE) - 4),
        traced("path_open", 3, 0, path, 6, 1, 66, 0, 0, traced.guest.OUT),
        traced("path_symlink", path, 6, 3, path, 5),
        traced("fd_readdir", 3, traced.guest.put(bytes(999)), 999, 0, traced.guest.OUT),
        traced("fd_close", 4),
    ):
        assert told.isprintable()


numbers = st.one_of(
    st.integers(0, 64),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0xFFFF_FFFF, 0x8000_0000, 4095, 4096, 4094, 2**64 - 1, 2**63]),
)


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(functions.NAMES)), st.sampled_from([preview0, preview1]))
def test_any_memory_and_any_arguments(data: st.DataObject, name: str, preview: ModuleType) -> None:
    """Nothing raises, and nothing that is told is long or harms a terminal."""

    class Memory:
        content = bytearray(data.draw(st.binary(min_size=0, max_size=4096)))

        def view(self) -> memoryview:
            return memoryview(self.content)

    class Caller:
        memory = Memory()
        data: Any = Guest(preview).data

    types = functions.function_type(name).params
    arguments = [data.draw(numbers) % (2**64 if type == "i64" else 2**32) for type in types]
    descriptors = traced_values.Descriptors()
    decoder = tracing.Decoder(name, preview.LAYOUT, descriptors)
    call = Call(1, 1, preview.MODULE, name, 0.0)
    frame = decoder.begin(call, (Caller, *arguments))
    changed = data.draw(st.binary(max_size=4096))
    Memory.content = bytearray(changed)
    decoder.end(call, (Caller, *arguments), frame, data.draw(st.sampled_from([0, 0, 0, 8, 77, -1])))
    for value in (*call.arguments.values(), *call.results.values()):
        told = shown(value)
        assert told.isprintable()
        assert len(told) < 20_000
    Caller.data.close()


def test_large_claims_take_no_time(traced: Traced) -> None:
    """4 GiB of vectors, of strings, of subscriptions and of a listing, in a memory of 64 MiB."""
    traced.guest.memory.grow(1024)
    most, size = 2**32 - 1, 2**26
    before = time.process_time()
    for _ in range(100):
        for name in ("fd_read", "fd_write", "fd_pwrite", "random_get", "path_unlink_file", "fd_readdir", "poll_oneoff"):
            decoder = tracing.Decoder(name, traced.layout, traced.descriptors)
            for arguments in ([0] * 9, [most] * 9, [0, 0, size // 64, 0, 0, 0], [1, 0, size // 8 - 1, 0, 0, 0]):
                count = len(functions.function_type(name).params)
                given_ = (traced.guest, *arguments[:count], *[0] * (count - len(arguments)))
                call = Call(1, 1, "", name, 0.0)
                decoder.end(call, given_, decoder.begin(call, given_), 0)
    assert time.process_time() - before < 10


def test_paths_of_directories_in_directories_are_bounded(traced: Traced) -> None:
    name = traced.guest.put(b"d" * 200)
    number = 3
    for _ in range(40):
        traced("path_create_directory", number, name, 200)
        traced("path_open", number, 0, name, 200, 2, rights.DIRECTORY, rights.ALL, 0, traced.guest.OUT)
        number = traced.guest.memory.u32(traced.guest.OUT)
    assert max(map(len, traced.last.paths)) < 5000
