"""Values of calls of WASI 0.1 for whoever watches them: numbers and addresses become names, paths and data.

What is decoded is the guest's memory, which may have anything in it: nothing here raises, reads outside of the memory,
or takes more time or space than a few hundred bytes of it need.
"""

from __future__ import annotations

from struct import Struct

from remit.interfaces.wasi_0_1.clocks import MONOTONIC, PROCESS_CPU_TIME, REALTIME, THREAD_CPU_TIME
from remit.interfaces.wasi_0_1.ending import SIGNALS
from remit.interfaces.wasi_0_1.guest_memory import U32, U64
from remit.interfaces.wasi_0_1.layout import DIRENT, EVENT, FDSTAT, IOVEC, PRESTAT, SUBSCRIPTION_HEAD
from remit.interfaces.wasi_0_1.transfers import ROFLAGS
from remit.kernel.calls import MAX_DATA, MAX_ITEMS, MAX_TEXT, Symbol, data, escaped, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.kernel.process import Process

# fmt: off
ERRNO_NAMES = (
    "SUCCESS", "2BIG", "ACCES", "ADDRINUSE", "ADDRNOTAVAIL", "AFNOSUPPORT", "AGAIN", "ALREADY", "BADF", "BADMSG",
    "BUSY", "CANCELED", "CHILD", "CONNABORTED", "CONNREFUSED", "CONNRESET", "DEADLK", "DESTADDRREQ", "DOM", "DQUOT",
    "EXIST", "FAULT", "FBIG", "HOSTUNREACH", "IDRM", "ILSEQ", "INPROGRESS", "INTR", "INVAL", "IO", "ISCONN", "ISDIR",
    "LOOP", "MFILE", "MLINK", "MSGSIZE", "MULTIHOP", "NAMETOOLONG", "NETDOWN", "NETRESET", "NETUNREACH", "NFILE",
    "NOBUFS", "NODEV", "NOENT", "NOEXEC", "NOLCK", "NOLINK", "NOMEM", "NOMSG", "NOPROTOOPT", "NOSPC", "NOSYS",
    "NOTCONN", "NOTDIR", "NOTEMPTY", "NOTRECOVERABLE", "NOTSOCK", "NOTSUP", "NOTTY", "NXIO", "OVERFLOW", "OWNERDEAD",
    "PERM", "PIPE", "PROTO", "PROTONOSUPPORT", "PROTOTYPE", "RANGE", "ROFS", "SPIPE", "SRCH", "STALE", "TIMEDOUT",
    "TXTBSY", "XDEV", "NOTCAPABLE",
)
"""``errno``, by number."""

RIGHTS = (
    "FD_DATASYNC", "FD_READ", "FD_SEEK", "FD_FDSTAT_SET_FLAGS", "FD_SYNC", "FD_TELL", "FD_WRITE", "FD_ADVISE",
    "FD_ALLOCATE", "PATH_CREATE_DIRECTORY", "PATH_CREATE_FILE", "PATH_LINK_SOURCE", "PATH_LINK_TARGET", "PATH_OPEN",
    "FD_READDIR", "PATH_READLINK", "PATH_RENAME_SOURCE", "PATH_RENAME_TARGET", "PATH_FILESTAT_GET",
    "PATH_FILESTAT_SET_SIZE", "PATH_FILESTAT_SET_TIMES", "FD_FILESTAT_GET", "FD_FILESTAT_SET_SIZE",
    "FD_FILESTAT_SET_TIMES", "PATH_SYMLINK", "PATH_REMOVE_DIRECTORY", "PATH_UNLINK_FILE", "POLL_FD_READWRITE",
    "SOCK_SHUTDOWN", "SOCK_ACCEPT",
)
"""``rights``, by bit."""
# fmt: on

_FLAGS = {
    "fdflags": ("APPEND", "DSYNC", "NONBLOCK", "RSYNC", "SYNC"),
    "fstflags": ("ATIM", "ATIM_NOW", "MTIM", "MTIM_NOW"),
    "lookupflags": ("SYMLINK_FOLLOW",),
    "oflags": ("CREAT", "DIRECTORY", "EXCL", "TRUNC"),
    "riflags": ("RECV_PEEK", "RECV_WAITALL"),
    "sdflags": ("RD", "WR"),
}
_FILETYPES = (
    *("UNKNOWN", "BLOCK_DEVICE", "CHARACTER_DEVICE", "DIRECTORY", "REGULAR_FILE", "SOCKET_DGRAM", "SOCKET_STREAM"),
    "SYMBOLIC_LINK",
)
_ADVICE = ("NORMAL", "SEQUENTIAL", "RANDOM", "WILLNEED", "DONTNEED", "NOREUSE")
_CLOCKS = {
    REALTIME: "REALTIME",
    MONOTONIC: "MONOTONIC",
    PROCESS_CPU_TIME: "PROCESS_CPUTIME_ID",
    THREAD_CPU_TIME: "THREAD_CPUTIME_ID",
}
_EVENT_TYPES = ("CLOCK", "FD_READ", "FD_WRITE")

_MAX_VECTORS = 1024
"""Of a scattered write, as many are added up."""

_MAX_PATH = 4096
"""Bytes of a path that are kept: more than are shown, as filters look at it."""

_OUTSIDE = Symbol("outside of the memory")


class Descriptors:
    """What the descriptors of one program stand for, as far as the calls that it made tell."""

    __slots__ = ("_names", "_streams")

    def __init__(self) -> None:
        self._names: dict[int, str] | None = None
        self._streams = {"stdin", "stdout", "stderr", "socket", "connection"}

    def begin(self, process: Process) -> None:
        """Before the first call: what the program is handed."""
        if self._names is not None:
            return
        self._names = dict(enumerate(("stdin", "stdout", "stderr")))
        for number in process.descriptors:
            entry = process.descriptors.get(number)
            if entry.is_directory and entry.preopen is not None:
                self._names[number] = entry.preopen
            elif number > 2:
                self._names[number] = "socket"

    def name(self, number: int) -> str | None:
        return None if self._names is None else self._names.get(number)

    def path(self, number: int) -> str | None:
        """Its name, if that is a path."""
        name = self.name(number)
        return None if name in self._streams else name

    def open(self, number: int, name: str) -> None:
        if self._names is not None:
            self._names[number] = name

    def close(self, number: int) -> None:
        if self._names is not None:
            self._names.pop(number, None)

    def renumber(self, source: int, target: int) -> None:
        if self._names is not None and source in self._names:
            self._names[target] = self._names.pop(source)


class Frame:
    """One call: its arguments as numbers, the memory, and what is found out on the way."""

    __slots__ = ("descriptors", "directory", "layout", "opened", "paths", "raw", "vectors", "view")

    def __init__(self, view: memoryview, raw: Sequence[int], layout: Layout, descriptors: Descriptors) -> None:
        self.view = view
        self.raw = raw
        self.layout = layout
        self.descriptors = descriptors
        self.paths: list[str] = []
        self.directory: str | None = None
        """Of the descriptor before, to which a path is relative."""
        self.vectors: list[tuple[int, int]] = []
        """Buffers to be filled."""

    def bytes(self, address: int, length: int) -> bytes | None:
        """None if not all of it is in the memory."""
        end = address + length
        return bytes(self.view[address:end]) if end <= len(self.view) else None

    def unpack(self, struct: Struct, address: int) -> tuple[Any, ...] | None:
        return struct.unpack_from(self.view, address) if address + struct.size <= len(self.view) else None


def _joined(directory: str | None, path: str) -> str:
    if directory is None or path.startswith("/"):
        return path
    if path in (".", ""):
        return directory
    whole = path if directory == "." else f"{directory.rstrip('/')}/{path.removeprefix('./')}"
    # Each directory that is opened may make it longer.
    return whole if len(whole) <= _MAX_PATH else f"…{whole[-_MAX_PATH:]}"


def _path(frame: Frame, place: int) -> Any:
    text = _text(frame, place)
    if isinstance(text, Symbol):
        return text
    if frame.directory is not None and frame.paths and frame.paths[-1] == frame.directory:
        frame.paths.pop()
    frame.paths.append(_joined(frame.directory, text))
    return text


def _text(frame: Frame, place: int) -> Any:
    return _decoded(frame, frame.raw[place], frame.raw[place + 1])


def _decoded(frame: Frame, address: int, length: int) -> Any:
    found = frame.bytes(address, min(length, _MAX_PATH)) if address + length <= len(frame.view) else None
    if found is None:
        return _OUTSIDE
    try:
        return found.decode()
    except UnicodeDecodeError:
        return Symbol(quoted(found.decode("utf-8", "surrogateescape")))


def _used_text(frame: Frame, place: int) -> Any:
    used = frame.unpack(U32, frame.raw[place + 2])
    return _OUTSIDE if used is None else _decoded(frame, frame.raw[place], min(used[0], frame.raw[place + 1]))


def _descriptor(frame: Frame, number: int) -> Symbol:
    name = frame.descriptors.name(number)
    return Symbol(str(number) if name is None else f"{number}<{escaped(name)}>")


def _fd(frame: Frame, place: int) -> Symbol:
    number = frame.raw[place]
    frame.directory = frame.descriptors.path(number)
    if frame.directory is not None:
        frame.paths.append(frame.directory)
    return _descriptor(frame, number)


def _number(frame: Frame, place: int) -> int:
    return frame.raw[place]


def _signed(frame: Frame, place: int) -> int:
    number = frame.raw[place]
    return number - (1 << 64) if number >> 63 else number


def _address(frame: Frame, place: int) -> Symbol:
    return Symbol(f"{frame.raw[place]:#x}")


def _numbered(names: Sequence[str], number: int) -> Symbol:
    return Symbol(names[number] if number < len(names) else str(number))


def _advice(frame: Frame, place: int) -> Symbol:
    return _numbered(_ADVICE, frame.raw[place])


def _signal(frame: Frame, place: int) -> Symbol:
    number = frame.raw[place]
    return Symbol(f"SIG{SIGNALS[number]}" if 0 < number < len(SIGNALS) else str(number))


def _clock(frame: Frame, place: int) -> Symbol:
    number = frame.raw[place]
    return Symbol(_CLOCKS.get(number, str(number)))


def _whence(frame: Frame, place: int) -> Symbol:
    layout, number = frame.layout, frame.raw[place]
    names = {layout.seek_set: "SET", layout.seek_current: "CUR", layout.seek_end: "END"}
    return Symbol(names.get(number, str(number)))


def _flag_names(names: Sequence[str], number: int) -> Symbol:
    set_ = [name for bit, name in enumerate(names) if number >> bit & 1]
    rest = number >> len(names) << len(names)
    if rest:
        set_.append(hex(rest))
    return Symbol("|".join(set_) or "0")


def _flags_of(names: Sequence[str]) -> Callable[[Frame, int], Symbol]:
    return lambda frame, place: _flag_names(names, frame.raw[place])


def _rights_names(number: int) -> Symbol:
    """By name; if there are many, those that are missing."""
    missing = ((1 << len(RIGHTS)) - 1) & ~number
    if not missing:
        return (
            _flag_names(("ALL",), 1 | number >> len(RIGHTS) << len(RIGHTS)) if number >> len(RIGHTS) else Symbol("ALL")
        )
    if missing.bit_count() < len(RIGHTS) // 2 and not number >> len(RIGHTS):
        return Symbol(f"ALL&~({_flag_names(RIGHTS, missing)})")
    return _flag_names(RIGHTS, number)


def _rights(frame: Frame, place: int) -> Symbol:
    return _rights_names(frame.raw[place])


def _vector_list(frame: Frame, place: int) -> list[tuple[int, int]] | None:
    """The first vectors of an array. None if it is not in the memory."""
    address, count = frame.raw[place], frame.raw[place + 1]
    if address + 8 * count > len(frame.view):
        return None
    return [IOVEC.unpack_from(frame.view, address + 8 * each) for each in range(min(count, _MAX_VECTORS))]


def _sizes(frame: Frame, place: int) -> Any:
    found = _vector_list(frame, place)
    if found is None:
        return _OUTSIDE
    frame.vectors = found[:MAX_ITEMS]
    return _cut([length for _, length in found], frame.raw[place + 1])


def _cut(items: list[Any], count: int) -> list[Any]:
    return [*items[:MAX_ITEMS], Symbol("…")] if count > MAX_ITEMS else items


def _vectors(frame: Frame, place: int) -> Symbol:
    found = _vector_list(frame, place)
    if found is None:
        return _OUTSIDE
    return data(_gathered(frame, found, MAX_DATA), sum([length for _, length in found]))


def _gathered(frame: Frame, vectors: list[tuple[int, int]], count: int) -> bytes:
    """The first bytes in `vectors`, at most `count`, up to where one is outside of the memory."""
    gathered = b""
    for address, length in vectors:
        left = count - len(gathered)
        part = frame.bytes(address, min(length, left)) if length else b""
        if part is None or not left:
            break
        gathered += part
    return gathered


def filled(frame: Frame, count: Any) -> Symbol:
    """What was read into the vectors."""
    return data(_gathered(frame, frame.vectors, min(count, MAX_DATA)), count) if isinstance(count, int) else _OUTSIDE


def _u32_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(U32, frame.raw[place])
    return _OUTSIDE if found is None else found[0]


def _u64_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(U64, frame.raw[place])
    return _OUTSIDE if found is None else found[0]


def _fd_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(U32, frame.raw[place])
    return _OUTSIDE if found is None else _descriptor(frame, found[0])


def _fdstat_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(FDSTAT, frame.raw[place])
    if found is None:
        return _OUTSIDE
    type, flags, base, inheriting = found
    return {
        "type": _numbered(_FILETYPES, type),
        "flags": _flag_names(_FLAGS["fdflags"], flags),
        "base": _rights_names(base),
        "inheriting": _rights_names(inheriting),
    }


def _filestat_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(frame.layout.filestat, frame.raw[place])
    if found is None:
        return _OUTSIDE
    _, inode, type, links, size, _, modified, _ = found
    return {
        "type": _numbered(_FILETYPES, type),
        "size": size,
        "modified": modified,
        "links": links,
        "inode": inode,
    }


def _prestat_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(PRESTAT, frame.raw[place])
    return _OUTSIDE if found is None else {"type": _numbered(("DIR",), found[0]), "name_length": found[1]}


def _roflags_at(frame: Frame, place: int) -> Any:
    found = frame.unpack(ROFLAGS, frame.raw[place])
    return _OUTSIDE if found is None else _flag_names(("RECV_DATA_TRUNCATED",), found[0])


def _buffer(frame: Frame, place: int) -> Any:
    address, length = frame.raw[place], frame.raw[place + 1]
    found = frame.bytes(address, min(length, MAX_DATA))
    return _OUTSIDE if found is None else data(found, length)


def _strings(frame: Frame, place: int) -> Any:
    """An array of pointers, and where the strings end: the buffer begins with the first and has no gap. How many there
    are, the guest was told before; here it is seen by the pointers going on in it."""
    pointers, address = frame.raw[place], frame.raw[place + 1]
    found: list[Any] = []
    while len(found) <= MAX_ITEMS:
        pointer = frame.unpack(U32, pointers + 4 * len(found))
        if pointer is None or pointer[0] != address:
            break
        start = frame.view[address : address + MAX_TEXT * 4 + 1].tobytes()
        text, end, _ = start.partition(b"\0")
        found.append(text.decode("utf-8", "backslashreplace"))
        if not end:
            return [*found, Symbol("…")]
        address += len(text) + 1
    return _cut(found, len(found))


def _entries(frame: Frame, place: int) -> Any:
    """Directory entries, as many as the guest's buffer has whole."""
    used = frame.unpack(U32, frame.raw[place + 3])
    if used is None:
        return _OUTSIDE
    address = frame.raw[place]
    end = min(address + min(used[0], frame.raw[place + 1]), len(frame.view))
    found: list[Any] = []
    while address + DIRENT.size <= end:
        if len(found) == MAX_ITEMS:
            return [*found, Symbol("…")]
        _, _, length, type = DIRENT.unpack_from(frame.view, address)
        address += DIRENT.size
        if address + length > end:
            break
        name = bytes(frame.view[address : address + min(length, MAX_TEXT)]).decode("utf-8", "backslashreplace")
        found.append(Symbol(quoted(name) + ("/" if _FILETYPES[type : type + 1] == ("DIRECTORY",) else "")))
        address += length
    return found


def _subscriptions(frame: Frame, place: int) -> Any:
    address, count, step = frame.raw[0], frame.raw[2], frame.layout.subscription_size
    if address + count * step > len(frame.view):
        return _OUTSIDE
    found = [_subscription(frame, address + each * step) for each in range(min(count, MAX_ITEMS))]
    return _cut(found, min(count, MAX_ITEMS)) if count <= MAX_ITEMS else [*found, Symbol("…")]


def _subscription(frame: Frame, address: int) -> Symbol:
    _, type, fd = SUBSCRIPTION_HEAD.unpack_from(frame.view, address)
    if type != 0:
        return Symbol(f"{_numbered(_EVENT_TYPES, type)}({_descriptor(frame, fd)})")
    _, _, clock, timeout, _, flags = frame.layout.clock.unpack_from(frame.view, address)
    kind = "at" if flags & 1 else "in"
    return Symbol(f"CLOCK({_CLOCKS.get(clock, str(clock))} {kind} {timeout} ns)")


def _events(frame: Frame, place: int) -> Any:
    count = frame.unpack(U32, frame.raw[3])
    if count is None:
        return _OUTSIDE
    found: list[Any] = []
    for each in range(min(count[0], MAX_ITEMS)):
        event = frame.unpack(EVENT, frame.raw[1] + each * EVENT.size)
        if event is None:
            return [*found, _OUTSIDE]
        _, error, type, size, _ = event
        told = _numbered(ERRNO_NAMES, error) if error else (f"{size} bytes" if type else "")
        found.append(Symbol(f"{_numbered(_EVENT_TYPES, type)}{f'({told})' if told else ''}"))
    return [*found, Symbol("…")] if count[0] > MAX_ITEMS else found


# How many parameters a kind takes, and what tells it.
ARGUMENTS: dict[str, tuple[int, Callable[[Frame, int], Any]]] = {
    "address": (1, _address),
    "advice": (1, _advice),
    "clock": (1, _clock),
    "fd": (1, _fd),
    "i64": (1, _signed),
    "path": (2, _path),
    "rights": (1, _rights),
    "signal": (1, _signal),
    "sizes": (2, _sizes),
    "subscriptions": (1, _subscriptions),
    "text": (2, _text),
    "u32": (1, _number),
    "u64": (1, _number),
    "vectors": (2, _vectors),
    "whence": (1, _whence),
    **{kind: (1, _flags_of(names)) for kind, names in _FLAGS.items()},
}
RESULTS: dict[str, tuple[int, Callable[[Frame, int], Any]]] = {
    "buffer": (2, _buffer),
    "entries": (2, _entries),
    "events": (1, _events),
    "fd": (1, _fd_at),
    "fdstat": (1, _fdstat_at),
    "filestat": (1, _filestat_at),
    "moved": (1, _u32_at),
    "prestat": (1, _prestat_at),
    "roflags": (1, _roflags_at),
    "strings": (1, _strings),
    "text": (2, _text),
    "u32": (1, _u32_at),
    "u64": (1, _u64_at),
    "used_text": (2, _used_text),
}
