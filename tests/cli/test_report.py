from __future__ import annotations

import io
import sys

import pytest

from remit.cli.report import complain, explain, say, shown, size_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1 << 20, "1 MiB"),
        (26267204, "25.1 MiB"),
        (1 << 32, "4 GiB"),
        (1 << 64, "16 EiB"),
        (1 << 80, "1048576 EiB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert size_in_words(size) == words


def test_names_cannot_drive_the_terminal() -> None:
    assert shown("naïve name") == "naïve name"
    assert shown("\x1b[2Jx\n\udcff") == "\\x1b[2Jx\\n\\udcff"


def test_messages_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    complain("no \x1b[2J\nhere")
    explain("no \x1b[2J\nhere\n  nor \x1b[H")
    assert capsys.readouterr().err == "remit: no \\x1b[2J here\nremit: no \\x1b[2J\nhere\n  nor \\x1b[H\n"


def test_what_the_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    say("é\n")
    complain("\udcff\nis no file")
    assert out.buffer.getvalue() == b"\\xe9\n"
    assert err.buffer.getvalue() == b"remit: \\udcff is no file\n"


def test_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    complain("nobody hears this")
