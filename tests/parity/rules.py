"""What two versions of WASI may differ by, and why. Everything else is the same."""

from __future__ import annotations

from parity.recording import Entry

WORDS = {
    "Capabilities insufficient": "Operation not permitted",
    "No file descriptors available": "Out of memory",
}
"""WASI 0.2 has no errors of its own for what lies outside, and for too many open files."""


def status(code: int) -> int:
    """A program that ends by ``wasi:cli/exit`` or by its ``run`` has succeeded or not, and no number."""
    return min(code, 1)


def output(text: str) -> str:
    for one, other in WORDS.items():
        text = text.replace(one, other)
    return text


def log(entries: list[Entry]) -> list[Entry]:
    entries = _listeners_are_handed_in(entries)
    entries = _look_once(_walk_once(_without_empty_writes(entries)))
    return _sleep_alike(_in_one_piece(entries))


def _look_once(entries: list[Entry]) -> list[Entry]:
    """The adapter asks for the attributes of what it opens, and twice for those that a program asks for.

    So they count once for each thing, and not where it was opened, made, moved or listed before. And a listing of 0.1
    has the directory itself in it, that of the adapter all that is there.
    """
    known: set[object] = set()
    listed: set[object] = set()
    found: list[Entry] = []
    for entry in entries:
        operation, subject = entry[:2]
        if entry[-1] != "ok":
            pass
        elif operation != "attributes":
            known.add(subject)
            if operation in ("rename", "link"):
                known.update(entry[2:3])
            if operation == "list":
                listed.add(subject)
                if found and found[-1] == ("attributes", subject, "ok"):
                    found.pop()
        else:
            if subject in known or str(subject).rpartition("/")[0] in listed:
                continue
            known.add(subject)
        found.append(entry)
    return found


def _without_empty_writes(entries: list[Entry]) -> list[Entry]:
    """The adapter does not hand on what writes nothing."""
    return [entry for entry in entries if entry[0] != "write" or entry[-2:] != (0, "ok")]


def _in_one_piece(entries: list[Entry]) -> list[Entry]:
    """The adapter writes 4 KiB at a time: what is read, or written, in a row counts as one.

    Each piece begins where the one before ended; in a stream there is no such place.
    """
    found: list[Entry] = []
    for entry in entries:
        operation, subject = entry[:2]
        moves = operation in ("read", "write", "append", "receive", "send") and entry[-1] == "ok"
        if moves and found and found[-1][:2] == (operation, subject) and found[-1][-1] == "ok":
            _, _, offset, count, _ = found[-1]
            if offset is None or entry[2] == offset + count:
                found[-1] = (operation, subject, offset, count + entry[3], "ok")
                continue
        found.append(entry)
    return found


_STEPS = ("open directory", "read link", "attributes")


def _walk_once(entries: list[Entry]) -> list[Entry]:
    """The adapter asks for a file's attributes, and then for the hash that is its inode number: it goes there twice.

    So steps of walks that come twice in a row count once.
    """
    found: list[Entry] = []
    at = 0
    while at < len(entries):
        length = _steps(entries, at)
        while length and entries[at : at + length] != entries[at + length : at + 2 * length]:
            length -= 1
        at += length
        found.append(entries[at])
        at += 1
    return found


def _steps(entries: list[Entry], at: int) -> int:
    """How many steps of walks begin there."""
    count = 0
    while at + count < len(entries) and entries[at + count][0] in _STEPS:
        count += 1
    return count


def _sleep_alike(entries: list[Entry]) -> list[Entry]:
    """In 0.1 a C library sleeps by the time of day; in 0.2 only the monotonic clock can be waited for.

    What counts is that it asked for the time, waited, and for how long.
    """
    if not any(entry[0] == "wait" for entry in entries):
        return entries
    return [
        (entry[0], "a clock", entry[2] % 10**9, "ok") if entry[0] == "wait" else (entry[0], "a clock", *entry[2:])
        for entry in entries
    ]


def _listeners_are_handed_in(entries: list[Entry]) -> list[Entry]:
    """A program of 0.1 is handed a socket that listens; one of 0.2 makes it."""
    return [entry for entry in entries if entry[0] not in ("make socket", "bind", "listen")]
