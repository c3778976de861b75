"""What the values of options may look like. Every function raises ValueError with a sentence that says so."""

from __future__ import annotations

import os

# As the field writes them: K and KiB are binary, KB is decimal.
_SIZE_UNITS = {"": 1, "B": 1}
for _place, _letter in enumerate("KMGT", 1):
    _SIZE_UNITS |= {_letter: 1024**_place, _letter + "IB": 1024**_place, _letter + "B": 1000**_place}

# In nanoseconds.
_DURATION_UNITS = {
    "": 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "µs": 10**3,
    "ns": 1,
    "m": 60 * 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}

LARGEST = 2**64 - 1


def parse_count(text: str) -> int:
    """A whole number from 0 up; underscores may group digits."""
    digits = text.replace("_", "")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 20 or int(digits) > LARGEST:
        raise ValueError(f"{text!r} is not a whole number from 0 to {LARGEST}; write for example 1000000")
    return int(digits)


def parse_positive(text: str) -> int:
    """A whole number from 1 up; underscores may group digits."""
    number = parse_count(text)
    if not number:
        raise ValueError("0 is too few: 1 or more are wanted")
    return number


def parse_seed(text: str) -> int:
    """A whole number, in decimal or as ``0x…``."""
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number; write for example 42") from None


def parse_size(text: str) -> int:
    """A number of bytes: ``65536``, ``64KiB``, ``1.5G``. K and KiB are 1024, KB is 1000."""
    number, unit = _split_unit(text)
    factor = _SIZE_UNITS.get(unit.upper())
    value = None if factor is None else _scaled(number, factor)
    if value is None or value > LARGEST:
        raise ValueError(f"{text!r} is not a size; write bytes, or for example 512KiB, 64MiB, 1G")
    return value


def parse_duration(text: str) -> float:
    """Seconds, more than 0: ``2``, ``0.5``, ``500ms``, ``2m``, ``1h``."""
    nanoseconds = _nanoseconds(text)
    if nanoseconds is None:
        raise ValueError(f"{text!r} is not a duration; write seconds, or for example 500ms, 2m, 1h")
    if nanoseconds == 0:
        raise ValueError("a duration of 0 leaves no time at all; leave the option out for no limit")
    return nanoseconds / 10**9


def parse_age(text: str) -> float:
    """Seconds, 0 included: as :func:`parse_duration`."""
    nanoseconds = _nanoseconds(text)
    if nanoseconds is None:
        raise ValueError(f"{text!r} is not a duration; write seconds, or for example 12h, 30d")
    return nanoseconds / 10**9


def _nanoseconds(text: str) -> int | None:
    number, unit = _split_unit(text)
    factor = _DURATION_UNITS.get(unit)
    value = None if factor is None else _scaled(number, factor)
    return None if value is None or value > LARGEST else value


def _split_unit(text: str) -> tuple[str, str]:
    length = 0
    while length < len(text) and (text[length] in "0123456789." or text[length] == "_"):
        length += 1
    return text[:length].replace("_", ""), text[length:].strip()


def _scaled(number: str, factor: int) -> int | None:
    """`number`, digits with at most one point, times `factor`, rounded down, without rounding in between."""
    whole, _, fraction = number.partition(".")
    if not (whole + fraction).isdecimal() or len(number) > 40:
        return None
    parts: int = 10 ** len(fraction)
    return int(whole + fraction) * factor // parts


class DirectoryGrant:
    """A host directory, where the guest sees it, and whether it may change it."""

    __slots__ = ("guest", "host", "read_only")

    def __init__(self, host: str, guest: str, read_only: bool) -> None:
        self.host = host
        self.guest = guest
        self.read_only = read_only


def parse_directory(text: str) -> DirectoryGrant:
    """``HOST[::GUEST][:ro|:rw]``: the guest's name is the host's if it is left out."""
    path, colon, mode = text.rpartition(":")
    read_only = False
    if colon and mode in ("ro", "rw") and not path.endswith(":"):
        text, read_only = path, mode == "ro"
    host, separator, guest = text.partition("::")
    if not separator:
        guest = host
    if not host or not guest:
        raise ValueError(f"{text!r} is not a directory; write HOST, HOST::GUEST or HOST::GUEST:ro")
    return DirectoryGrant(host, guest, read_only)


def parse_overlay(text: str) -> DirectoryGrant:
    """``HOST[::GUEST]``."""
    host, separator, guest = text.partition("::")
    if not separator:
        guest = host
    if not host or not guest:
        raise ValueError(f"{text!r} is not a directory; write HOST or HOST::GUEST")
    return DirectoryGrant(host, guest, read_only=True)


def parse_memory_directory(text: str) -> tuple[str, int | None]:
    """``GUEST[:SIZE]``: where the guest sees it, and how many bytes it may hold."""
    guest, colon, size = text.rpartition(":")
    if not colon:
        guest, size = text, ""
    if not guest:
        raise ValueError(f"{text!r} is not a guest path; write for example /tmp or /tmp:64MiB")
    return guest, parse_size(size) if colon else None


def parse_environment(text: str) -> tuple[str, str]:
    """``NAME=VALUE``, or ``NAME`` to hand on the variable of this process."""
    name, equals, value = text.partition("=")
    if not name:
        raise ValueError(f"{text!r} has no name; write NAME=VALUE or NAME")
    if equals:
        return name, value
    inherited = os.environ.get(name)
    if inherited is None:
        raise ValueError(f"{name} is not set here, so there is nothing to hand on; write {name}=VALUE")
    return name, inherited


def parse_network(text: str) -> str:
    """``none`` or ``host``."""
    if text not in ("none", "host"):
        raise ValueError(f"{text!r} is not a network; write none or host")
    return text


def parse_network_rule(text: str) -> str:
    """A rule of :mod:`remit.network.rules`."""
    from remit.network.rules import Rule

    Rule(text)
    return text


def parse_address(text: str) -> str:
    """``HOST:PORT`` or ``[IPv6]:PORT``; what it says is found out when it is opened."""
    if ":" not in text:
        raise ValueError(f"{text!r} is no address; write HOST:PORT, as in 127.0.0.1:8080")
    return text


def parse_output(text: str) -> str:
    """The name of a file to write."""
    if not text:
        raise ValueError("the name of the file is empty")
    return text


def parse_time(text: str) -> int:
    """Nanoseconds since 1970, from seconds (``1700000000.5``) or ISO 8601 (UTC if it does not say)."""
    number, unit = _split_unit(text)
    nanoseconds = None if unit or not number else _scaled(number, 10**9)
    if nanoseconds is None:
        nanoseconds = _nanoseconds_of_date(text)
    if nanoseconds is None or not 0 <= nanoseconds <= LARGEST:
        raise ValueError(f"{text!r} is not a time; write 2026-01-31T12:00:00Z, or seconds since 1970")
    return nanoseconds


def _nanoseconds_of_date(text: str) -> int | None:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return elapsed // timedelta(microseconds=1) * 1000
