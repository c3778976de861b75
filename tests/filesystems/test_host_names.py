"""What Windows makes of names, checked wherever the tests run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.filesystems import host_names
from remit.filesystems.host_names import host_name, means_something_else_on_windows
from remit.kernel.errors import Code, KernelError

DEVICES = [
    "aux",
    "con",
    "conin$",
    "conout$",
    "nul",
    "prn",
    "com0",
    "com1",
    "COM9",
    "lpt0",
    "LPT1",
    "lpt9",
    "com¹",
    "lpt³",
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("suffix", ["", ".txt", ".tar.gz", " ", "  .txt", ".", "...", ":", ":stream"])
def test_devices(device: str, suffix: str) -> None:
    for name in (device, device.upper(), device.capitalize()):
        assert means_something_else_on_windows(name + suffix)


@pytest.mark.parametrize(
    "name",
    [
        "C:",
        "c:file",
        "file:stream",
        "file::$DATA",
        ":",
        "a\\b",
        "\\",
        "..\\x",
        "\\\\server",
        "\\\\?\\C:",
        "trailing.",
        "trailing ",
        " ",
        "...",
        "what?",
        "all*",
        "<in",
        "out>",
        "pipe|",
        'quote"',
        "tab\t",
        "\x01",
        "\x1f",
        "a/b",
    ],
)
def test_other_names_that_mean_something_else(name: str) -> None:
    assert means_something_else_on_windows(name)


@pytest.mark.parametrize(
    "name",
    [
        "file",
        "file.txt",
        ".hidden",
        " leading",
        "..leading",
        "console",
        "com",
        "com10",
        "lpt",
        "nul_",
        "xnul",
        "auxiliary.h",
        "x.nul",
        "a.con.b",
        "com²x",
        "Grüße",
        "文件",
        "com\u0661",
    ],
)
def test_names_that_are_just_names(name: str) -> None:
    assert not means_something_else_on_windows(name)


@given(st.text(alphabet="abcxyz019_-", min_size=1, max_size=12).filter(lambda name: name[:3] not in ("aux", "con")))
def test_plain_names_are_fine(name: str) -> None:
    assert not means_something_else_on_windows(name)


def test_names_are_utf8_whatever_the_locale() -> None:
    assert host_name("é\udcff") == b"\xc3\xa9\xff"


def test_a_host_that_is_windows_underneath_refuses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names, "_WINDOWS_RULES", True)
    assert host_name("file") == b"file"
    with pytest.raises(KernelError) as caught:
        host_name("a\\..\\..\\b")
    assert caught.value.code is Code.INVALID
