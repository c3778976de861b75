"""zlib's minigzip: it reads and writes in large and in small pieces, and takes away what it has compressed."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from guests.side_by_side import Work, both, on_remit, on_wasmtime_py
from tools.guests import minigzip

TEXT = b"".join(b"%d bottles of beer on the wall\n" % number for number in range(40_000))
NOISE = random.Random(1).randbytes(300_000)


@pytest.mark.guest("zlib")
@pytest.mark.parametrize("options", [[], ["-1"], ["-9"], ["-h"], ["-f", "-5"], ["-r"]])
def test_files_are_compressed_in_place(tmp_path: Path, options: list[str]) -> None:
    contents = {"text": TEXT, "noise": NOISE, "empty": b"", "ünïcödé": b"x"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    outcome = both(Work(minigzip.program(), [*options, *contents], directory=tmp_path))
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"", b"")
    assert outcome.files.keys() == {f"{name}.gz" for name in contents}
    for name, content in contents.items():
        compressed = outcome.files[f"{name}.gz"]
        assert isinstance(compressed, bytes)
        assert gzip.decompress(compressed) == content


@pytest.mark.guest("zlib")
@pytest.mark.parametrize("arguments", [["-d", "text.gz", "noise.gz"], ["-d", "text", "noise"]])
def test_and_uncompressed(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "text.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "noise.gz").write_bytes(gzip.compress(NOISE) + gzip.compress(b"another member"))
    outcome = both(Work(minigzip.program(), arguments, directory=tmp_path))
    assert outcome.files == {"text": TEXT, "noise": NOISE + b"another member"}


@pytest.mark.guest("zlib")
@pytest.mark.parametrize("data", [b"", b"short", TEXT, NOISE], ids=["nothing", "short", "text", "noise"])
def test_streams(tmp_path: Path, data: bytes) -> None:
    compressed = both(Work(minigzip.program(), stdin=data))
    assert gzip.decompress(compressed.stdout) == data
    assert both(Work(minigzip.program(), ["-d"], stdin=compressed.stdout)).stdout == data
    (tmp_path / "a.gz").write_bytes(compressed.stdout)
    outcome = both(Work(minigzip.program(), ["-c", "-d", "a.gz"], directory=tmp_path))
    assert (outcome.stdout, list(outcome.files)) == (data, ["a.gz"])


@pytest.mark.guest("zlib")
@pytest.mark.parametrize("arguments", [["none"], ["-d", "none"], ["-d", "damaged.gz"], ["-d", "-c", "cut.gz"], ["dir"]])
def test_what_cannot_be_done(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "damaged.gz").write_bytes(gzip.compress(TEXT, mtime=0)[:1000] + bytes(1000))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TEXT, mtime=0)[:5000])
    (tmp_path / "dir").mkdir()
    program = minigzip.program()
    work = Work(program, arguments, directory=tmp_path)
    ours, theirs = on_remit(work), on_wasmtime_py(work)
    # It tells its own name, and wasmtime-py's users pass the whole path for that.
    said = theirs.stderr.replace(os.fsencode(program), os.fsencode(program.name))
    assert (ours.status, ours.stdout, ours.stderr, ours.files) == (1, theirs.stdout, said, theirs.files)
    assert theirs.status == 1
    assert said
