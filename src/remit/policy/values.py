"""Quantities as text, in options and in remit files. Every function raises ValueError with a sentence."""

from __future__ import annotations

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
