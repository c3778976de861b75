"""CPython 3.12, with its standard library inside: files, directories, streams, exceptions and exit statuses."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from guests.side_by_side import Outcome, Work, both
from tools.guests.catalogue import GUESTS

CPYTHON = GUESTS["cpython"]
pytestmark = [pytest.mark.guest("cpython")]


def python(script: str, *arguments: str, stdin: bytes = b"", directory: Path | None = None) -> Outcome:
    code = textwrap.dedent(script)
    work = Work(
        CPYTHON.path("python.wasm"),
        ["-c", code, *arguments],
        {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        stdin,
        directory,
        "/data",
    )
    return both(work)


def test_it_says_what_it_is() -> None:
    outcome = python("import sys; print(sys.version, sys.platform, sys.argv, sys.path)", "one", "two")
    assert outcome.stdout.startswith(b"3.12.0 ")
    assert outcome.status == 0


def test_standard_library() -> None:
    outcome = python(
        """
        import collections, datetime, decimal, fractions, hashlib, json, math, random, re, struct, textwrap, zlib
        print(json.dumps({"a": [1, 2.5, None, "ü"], "b": {"c": True}}, indent=1))
        print(hashlib.sha256(b"x" * 1000).hexdigest(), zlib.crc32(b"abc"), math.sqrt(2))
        print(random.Random(1).random(), decimal.Decimal(1) / 3, fractions.Fraction(3, 9))
        print(datetime.date(2024, 2, 29).isoformat(), re.findall(r"\\w+", "some words"))
        print(struct.pack("<IQ", 1, 2), collections.Counter("hello"))
        """
    )
    assert (outcome.status, outcome.stderr) == (0, b"")


def test_files_and_directories(tmp_path: Path) -> None:
    (tmp_path / "given.txt").write_text("zwölf Wörter\n", encoding="utf-8")
    outcome = python(
        """
        import os, pathlib, shutil
        top = pathlib.Path("/data")
        print((top / "given.txt").read_text())
        for number in range(30):
            place = top / "tree" / str(number % 3) / str(number % 5)
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number}.txt").write_text(str(number) * number)
        with open(top / "appended", "a") as file:
            file.write("one\\n")
        with open(top / "appended", "r+b") as file:
            file.seek(0, 2)
            file.write(b"two\\n")
            file.truncate(6)
        os.rename(top / "tree/0/0", top / "moved")
        os.symlink("given.txt", top / "soft")
        os.link(top / "given.txt", top / "hard")
        shutil.copyfile(top / "soft", top / "copy")
        os.utime(top / "copy", ns=(10**18, 10**18 + 7))
        shutil.rmtree(top / "tree/1")
        for parent, directories, files in os.walk(top):
            directories.sort()
            print(parent, directories, sorted(files))
        status = os.stat(top / "copy")
        print(status.st_size, status.st_mtime_ns, os.stat(top / "hard").st_nlink, os.readlink(top / "soft"))
        """,
        directory=tmp_path,
    )
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert "moved/15.txt" in outcome.files


def test_what_fails_raises_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    outcome = python(
        """
        import os
        def attempt(name, call, *arguments):
            try:
                print(name, call(*arguments))
            except Exception as error:
                print(name, type(error).__name__, error)
        def refused(name, call, *arguments):
            # Just the type: each system has an error number of its own for what lies outside.
            try:
                print(name, call(*arguments))
            except OSError as error:
                print(name, type(error).__name__)
        attempt("missing", open, "/data/missing")
        attempt("ungranted", open, "/etc/passwd")
        refused("outside", open, "/data/../etc/passwd")
        attempt("below a file", open, "/data/file/x")
        attempt("a directory", open, "/data/full")
        attempt("exclusive", open, "/data/file", "x")
        attempt("rmdir", os.rmdir, "/data/full")
        attempt("rmdir of a file", os.rmdir, "/data/file")
        attempt("mkdir", os.mkdir, "/data/full")
        attempt("unlink", os.unlink, "/data/full")
        attempt("rename", os.rename, "/data/missing", "/data/y")
        attempt("rename over", os.rename, "/data/file", "/data/full")
        attempt("listdir", os.listdir, "/data/file")
        attempt("readlink", os.readlink, "/data/file")
        refused("link out", os.symlink, "/etc", "/data/etc")
        refused("list root", os.listdir, "/")
        """,
        directory=tmp_path,
    )
    assert (outcome.status, outcome.stderr) == (0, b"")


def test_standard_input() -> None:
    outcome = python("import sys; print(sum(int(line) for line in sys.stdin))", stdin=b"1\n20\n300\n")
    assert outcome.stdout == b"321\n"


@pytest.mark.parametrize(
    ("script", "status"),
    [("raise SystemExit(7)", 7), ("1 / 0", 1), ("import sys; sys.exit('why')", 1), ("def", 1)],
)
def test_how_it_ends(script: str, status: int) -> None:
    assert python(script).status == status


def test_it_sleeps_and_knows_the_time() -> None:
    script = (
        "import time; t = time.monotonic(); time.sleep(0.01); print(time.monotonic() - t >= 0.01, time.time() > 1.6e9)"
    )
    assert python(script).stdout == b"True True\n"
