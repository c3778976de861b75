from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.cli import values

SIZES = {
    "0": 0,
    "65536": 65536,
    "64KiB": 65536,
    "64k": 65536,
    "64K": 65536,
    "64 KiB": 65536,
    "64KB": 64000,
    "1.5G": 3 << 29,
    ".5MiB": 1 << 19,
    "2.MiB": 2 << 20,
    "1_000": 1000,
    "10B": 10,
    "1TiB": 1 << 40,
    "0.3B": 0,
}


@pytest.mark.parametrize("text", SIZES)
def test_sizes(text: str) -> None:
    assert values.parse_size(text) == SIZES[text]


@pytest.mark.parametrize(
    "text",
    ["", "x", "-1", "+1", "1.2.3", "64 bytes", "KiB", ".", "1e3", "0x10", "²", "٣", "9" * 50, "17000000T", "nan"],
)
def test_bad_sizes(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size; write bytes, or for example 512KiB, 64MiB, 1G"):
        values.parse_size(text)


@given(st.integers(0, 2**64 - 1))
def test_any_number_of_bytes(number: int) -> None:
    assert values.parse_size(str(number)) == number
    assert values.parse_count(str(number)) == number


@given(st.integers(0, 10**6), st.sampled_from([("KiB", 1024), ("MiB", 1024**2), ("GB", 1000**3), ("G", 1024**3)]))
def test_units_multiply(number: int, unit: tuple[str, int]) -> None:
    assert values.parse_size(f"{number}{unit[0]}") == number * unit[1]


DURATIONS = {
    "2": 2.0,
    "0.5": 0.5,
    "500ms": 0.5,
    "2m": 120.0,
    "2min": 120.0,
    "1h": 3600.0,
    "1.5s": 1.5,
    "250us": 0.00025,
    "1d": 86400.0,
    "7ns": 7e-9,
}


@pytest.mark.parametrize("text", DURATIONS)
def test_durations(text: str) -> None:
    assert values.parse_duration(text) == DURATIONS[text]
    assert values.parse_age(text) == DURATIONS[text]


@pytest.mark.parametrize("text", ["", "soon", "-1", "1y", "1.5.2s", "inf", "nan", "1e9", "2M", "99999999999999d"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write seconds, or for example"):
        values.parse_duration(text)
    with pytest.raises(ValueError, match="is not a duration; write seconds, or for example"):
        values.parse_age(text)


def test_a_duration_of_nothing() -> None:
    with pytest.raises(ValueError, match="no time at all"):
        values.parse_duration("0s")
    assert values.parse_age("0") == 0


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", "1e3", "²", str(2**64)])
def test_bad_counts(text: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number from 0 to 18446744073709551615"):
        values.parse_count(text)


def test_seeds() -> None:
    assert values.parse_seed("-5") == -5
    assert values.parse_seed("0xff") == 255
    with pytest.raises(ValueError, match="'lucky' is not a whole number"):
        values.parse_seed("lucky")


DIRECTORIES = {
    ".": (".", ".", False),
    "data": ("data", "data", False),
    "data:ro": ("data", "data", True),
    "data:rw": ("data", "data", False),
    "/srv/x::/data": ("/srv/x", "/data", False),
    "/srv/x::/data:ro": ("/srv/x", "/data", True),
    "/srv/x::/": ("/srv/x", "/", False),
    "C:\\work::/work": ("C:\\work", "/work", False),
    "C:\\work::/work:ro": ("C:\\work", "/work", True),
    "C:\\work": ("C:\\work", "C:\\work", False),
    "a:b::/data": ("a:b", "/data", False),
    "odd:ro:rw": ("odd:ro", "odd:ro", False),
    "host::ro": ("host", "ro", False),
    "host::ro:ro": ("host", "ro", True),
}


@pytest.mark.parametrize("text", DIRECTORIES)
def test_directories(text: str) -> None:
    grant = values.parse_directory(text)
    assert (grant.host, grant.guest, grant.read_only) == DIRECTORIES[text]


@pytest.mark.parametrize("text", ["", "::", "::/data", "data::", ":ro"])
def test_bad_directories(text: str) -> None:
    with pytest.raises(ValueError, match="is not a directory; write HOST, HOST::GUEST or HOST::GUEST:ro"):
        values.parse_directory(text)


names = st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1, max_size=8)


@given(names, names, st.sampled_from(["", ":ro", ":rw"]))
def test_directories_round_trip(host: str, guest: str, mode: str) -> None:
    grant = values.parse_directory(f"{host}::{guest}{mode}")
    assert (grant.host, grant.guest, grant.read_only) == (host, guest, mode == ":ro")
    overlay = values.parse_overlay(f"{host}::{guest}")
    assert (overlay.host, overlay.guest) == (host, guest)


def test_overlays() -> None:
    grant = values.parse_overlay("project")
    assert (grant.host, grant.guest) == ("project", "project")
    with pytest.raises(ValueError, match="write HOST or HOST::GUEST"):
        values.parse_overlay("project::")


def test_archives() -> None:
    grant = values.parse_archive("data.zip")
    assert (grant.host, grant.guest) == ("data.zip", "data.zip")
    grant = values.parse_archive("data.tar.gz::/data")
    assert (grant.host, grant.guest, grant.read_only) == ("data.tar.gz", "/data", True)
    with pytest.raises(ValueError, match="write FILE or FILE::GUEST"):
        values.parse_archive("::/data")


def test_what_fsspec_opens() -> None:
    assert values.parse_fsspec("s3://bucket/models::/models") == ("s3://bucket/models", "/models")
    # URLs have it, too, so a name is always said.
    assert values.parse_fsspec("zip://::memory://a.zip::/a") == ("zip://::memory://a.zip", "/a")
    for wrong in ("s3://bucket", "zip://::s3://bucket", "data::/data", "s3://bucket::", "::/a", "/a"):
        with pytest.raises(ValueError, match="write URL::GUEST, as in s3://bucket/models::/models"):
            values.parse_fsspec(wrong)


def test_interfaces() -> None:
    def parts(text: str) -> tuple[str, bool, str | None]:
        found = values.parse_interface(text)
        return found.name, found.denied, found.reference

    assert parts("wasi:io/poll") == ("wasi:io/poll", False, None)
    assert parts("-wasi:io/poll#poll") == ("wasi:io/poll#poll", True, None)
    assert parts("wasi:clocks/wall-clock=pkg.clocks:Fixed") == ("wasi:clocks/wall-clock", False, "pkg.clocks:Fixed")
    for wrong in ("", "-", "x#", "#f", "=a:b", "-x=a:b"):
        with pytest.raises(ValueError, match="is no interface; write NAME or NAME#FUNCTION"):
            values.parse_interface(wrong)
    for wrong in ("x=", "x=a", "x=a:", "x=:b", "x=a b:c"):
        with pytest.raises(ValueError, match=r"an object is empty|is no object of Python's; write 'module:object'"):
            values.parse_interface(wrong)


def test_memory_directories() -> None:
    assert values.parse_memory_directory("/tmp") == ("/tmp", None)
    assert values.parse_memory_directory("/tmp:64MiB") == ("/tmp", 64 << 20)
    assert values.parse_memory_directory("/a:b:1k") == ("/a:b", 1024)
    with pytest.raises(ValueError, match="'' is not a guest path"):
        values.parse_memory_directory("")
    with pytest.raises(ValueError, match="':64MiB' is not a guest path"):
        values.parse_memory_directory(":64MiB")
    with pytest.raises(ValueError, match="'big' is not a size"):
        values.parse_memory_directory("/tmp:big")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_TEST_SET", "here=1")
    monkeypatch.delenv("REMIT_TEST_UNSET", raising=False)
    assert values.parse_environment("A=1") == ("A", "1")
    assert values.parse_environment("A=") == ("A", "")
    assert values.parse_environment("A=b=c") == ("A", "b=c")
    assert values.parse_environment("REMIT_TEST_SET") == ("REMIT_TEST_SET", "here=1")
    with pytest.raises(ValueError, match=r"REMIT_TEST_UNSET is not set here, .* write REMIT_TEST_UNSET=VALUE"):
        values.parse_environment("REMIT_TEST_UNSET")
    with pytest.raises(ValueError, match="'=1' has no name"):
        values.parse_environment("=1")


def test_networks() -> None:
    assert values.parse_network("none") == "none"
    assert values.parse_network("host") == "host"
    with pytest.raises(ValueError, match="'all' is not a network; write none or host"):
        values.parse_network("all")


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1.5", 1_500_000_000),
        ("1700000000.123456789", 1_700_000_000_123_456_789),
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-02", 86400 * 10**9),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01 00:00:00.000001", 1000),
    ],
)
def test_times(text: str, nanoseconds: int) -> None:
    assert values.parse_time(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "now", "-1", "1969-12-31T23:59:59Z", "2026-13-01", "9" * 30, "5s", "9999-01-01"])
def test_bad_times(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time; write 2026-01-31T12:00:00Z, or seconds since 1970"):
        values.parse_time(text)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2500, 1, 1)))
def test_dates_round_trip(moment: datetime) -> None:
    elapsed = values.parse_time(moment.isoformat() + "Z")
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert epoch + timedelta(microseconds=elapsed // 1000) == moment.replace(tzinfo=UTC)


PARSERS: list[Callable[[str], object]] = [
    values.parse_count,
    values.parse_seed,
    values.parse_size,
    values.parse_duration,
    values.parse_age,
    values.parse_directory,
    values.parse_overlay,
    values.parse_archive,
    values.parse_fsspec,
    values.parse_interface,
    values.parse_memory_directory,
    values.parse_environment,
    values.parse_network,
    values.parse_time,
]


@pytest.mark.parametrize("parser", PARSERS)
@given(text=st.text(max_size=12) | st.text("0123456789.:_-kKmMGiBs", max_size=12))
def test_any_text_is_a_value_or_a_value_error_of_one_line(parser: Callable[[str], object], text: str) -> None:
    message = ""
    try:
        parser(text)
    except ValueError as error:
        message = str(error)
    assert "\n" not in message.replace(text, "")
