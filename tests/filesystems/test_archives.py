"""Zip and tar archives: what is in them is there, and what hostile ones claim does no harm."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import time
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archives
from archives import member, tar_of, tarred, zipped
from passthrough import DATA, SCRATCH, Guest
from remit import fs
from remit.filesystems import archive_source, tar, unpacking, zip
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, How

METHODS = {"stored": 0, "deflate": 8, "bzip2": 12, "lzma": 14}
PACKINGS = ["", "gz", "bz2", "xz"]
NOISE = random.Random(1).randbytes(300_000)

SAMPLE: dict[str, Any] = {
    "file": b"what is in it\n",
    "directory": {"inner": b"inner\n", "deep": {"er": NOISE}},
    "empty": {},
    "nothing": b"",
    "link": fs.SymbolicLink("directory/inner"),
    "dangling": fs.SymbolicLink("../../etc/passwd"),
    "ünï": b"names are Unicode",
}


def refused(code: Code) -> pytest.RaisesExc[KernelError]:
    return pytest.RaisesExc(KernelError, check=lambda error: error.code is code)


def read(file: File, offset: int, count: int) -> bytes:
    buffer = bytearray(count)
    return bytes(buffer[: file.read_at(offset, [memoryview(buffer)])])


def opened(filesystem: fs.Filesystem, path: str) -> File:
    root = filesystem.root()
    found = paths.open_at(root, path, follow=True, how=How.READ)
    root.close()
    assert isinstance(found, File)
    return found


def packed(kind: str, files: dict[str, Any]) -> bytes:
    """An archive of one of the kinds below."""
    form, _, way = kind.partition(" ")
    if form == "zip":
        return zipped(files, METHODS[way])
    return tarred(files, format=tarfile.GNU_FORMAT) if way == "gnu" else tarred(files, way)


def class_of(kind: str) -> type[fs.Zip | fs.Tar]:
    return fs.Zip if kind.startswith("zip") else fs.Tar


def archive_of(kind: str, files: dict[str, Any]) -> fs.Zip | fs.Tar:
    return class_of(kind)(packed(kind, files))


EACH = [*(f"zip {method}" for method in METHODS), *(f"tar {packing}" for packing in PACKINGS), "tar gnu"]


@pytest.mark.parametrize("kind", EACH)
def test_what_was_packed_is_there(kind: str) -> None:
    archive = archive_of(kind, SAMPLE)
    assert archive.to_dict() == SAMPLE
    assert archive.left_out == []
    times = {path: stat.modified for path, stat in archive.tree()}
    assert set(times.values()) == {981173106 * 10**9}
    numbers = [stat.inode for _, stat in archive.tree()]
    assert len(set(numbers)) == len(numbers)
    assert numbers == [stat.inode for _, stat in archive_of(kind, SAMPLE).tree()]


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)
trees: st.SearchStrategy[Any] = st.dictionaries(
    names,
    st.recursive(
        st.one_of(st.binary(max_size=200), st.builds(fs.SymbolicLink, names)),
        lambda below: st.dictionaries(names, below, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=150)
@given(trees, st.sampled_from(EACH))
def test_any_tree_comes_out_as_it_went_in(files: dict[str, Any], kind: str) -> None:
    assert archive_of(kind, files).to_dict() == files


@pytest.mark.parametrize("kind", EACH)
def test_members_are_read_at_any_offset(kind: str) -> None:
    file = opened(archive_of(kind, SAMPLE), "directory/deep/er")
    chance = random.Random(2)
    for _ in range(100):
        offset, count = chance.randrange(310_000), chance.randrange(1, 100_000)
        got = read(file, offset, count)
        assert NOISE[offset:].startswith(got)
        assert bool(got) == (offset < len(NOISE))
    file.close()


@pytest.mark.parametrize("kind", EACH)
def test_from_a_path_and_from_a_file(kind: str, tmp_path: Path) -> None:
    data, make = packed(kind, SAMPLE), class_of(kind)
    path = tmp_path / "archive"
    path.write_bytes(data)
    with make(path) as archive:
        assert archive.to_dict() == SAMPLE
    assert make(str(path)).to_dict() == SAMPLE
    with path.open("rb") as file:
        archive = make(file)
        file.seek(3)
        assert archive.to_dict() == SAMPLE
        archive.close()
        assert not file.closed
    assert make(bytearray(data)).to_dict() == SAMPLE


@pytest.mark.parametrize("kind", [fs.Zip, fs.Tar])
def test_sources_that_are_none(kind: type[fs.Zip | fs.Tar], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kind(tmp_path / "missing")
    with pytest.raises((ValueError, IsADirectoryError)):
        kind(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        kind(tmp_path / "pipe")
    with pytest.raises(TypeError, match="source must be a path, bytes, or a binary file"):
        kind(3)  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(TypeError, match="opened with 'rb'"):
        kind(io.StringIO("x"))  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(TypeError, match="max_bytes"):
        kind(b"", max_bytes="many")  # type: ignore[arg-type]  # that is what is tested
    for data in (
        b"",
        b"x",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"no archive" * 1000,
        b"\x1f\x8b",
        b"BZh9",
        gzip.compress(b"x"),
    ):
        with pytest.raises(ValueError, match=r"archive"):
            kind(data)


def test_closing_leaves_open_handles_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(SAMPLE))
    archive = fs.Zip(path)
    root = archive.root()
    archive.close()
    archive.close()
    with pytest.raises(ValueError, match="closed"):
        archive.root()
    file = root.open_file("file", How.READ)
    root.close()
    root.close()
    assert read(file, 0, 100) == SAMPLE["file"]
    file.close()
    assert archive.source._descriptor is None


def hostile(kind: type[fs.Zip | fs.Tar], rows: list[tuple[str, Any]], **limits: int) -> fs.Zip | fs.Tar:
    """An archive with these members, in this order."""
    if kind is fs.Tar:
        return fs.Tar(tar_of(member(path, contents) for path, contents in rows), **limits)
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as archive:
        warnings.simplefilter("ignore")  # It warns of names that come twice.
        for path, contents in rows:
            archives.add_to_zip(archive, path, contents)
    return fs.Zip(made.getvalue(), **limits)


BOTH = pytest.mark.parametrize("kind", [fs.Zip, fs.Tar])


@BOTH
def test_names_that_lead_out(kind: type[fs.Zip | fs.Tar]) -> None:
    rows = [("/absolute", b"a"), ("//twice/x", b"t"), ("./here", b"h"), ("in//./side", b"i")]
    left_out = ["../up", "a/../../up", "..", "a/..", "n" * 256, "/".join(["d" * 200] * 25)]
    archive = hostile(kind, [*rows, *[(name, b"x") for name in left_out]])
    assert archive.to_dict() == {"absolute": b"a", "twice": {"x": b"t"}, "here": b"h", "in": {"side": b"i"}}
    assert len(archive.left_out) == len(left_out)
    assert archive.left_out[0] == "'../up': '..' in the name"


@BOTH
def test_nul_in_a_name(kind: type[fs.Zip | fs.Tar]) -> None:
    archive = hostile(kind, [("good", b"g"), ("bad\0name", b"x")])
    assert archive.to_dict() == {"good": b"g"} if kind is fs.Zip else True
    assert not [path for path, _ in archive.tree() if "\0" in path]


def test_names_that_are_not_utf_8() -> None:
    archive = fs.Tar(tar_of([member("good", b"g"), member("b\udcffd", b"x")], format=tarfile.GNU_FORMAT))
    assert archive.to_dict() == {"good": b"g"}
    assert archive.left_out == ["'b\\udcffd': the name is not UTF-8"]
    # Without the flag that says UTF-8, names of zip archives are in the character set of DOS.
    data = zipped({"aa": b"x"}).replace(b"aa", b"a\x81")
    assert fs.Zip(data).to_dict() == {"aü": b"x"}
    data = zipped({"aü": b"x"}).replace("aü".encode(), b"a\xff\xff")
    with pytest.raises(ValueError, match="not a zip archive that can be read"):
        fs.Zip(data)


@BOTH
def test_the_last_of_several_members_with_one_name_wins(kind: type[fs.Zip | fs.Tar]) -> None:
    rows = [
        ("a", b"1"),
        ("a", b"2"),
        ("d", None),
        ("d/x", b"1"),
        ("d", None),
        ("f", b"file"),
        ("f", None),
        ("f/y", b"y"),
    ]
    archive = hostile(
        kind, [*rows, ("d", b"a file in place of a full directory"), ("e", None), ("e", b"of an empty one")]
    )
    assert archive.to_dict() == {"a": b"2", "d": {"x": b"1"}, "f": {"y": b"y"}, "e": b"of an empty one"}
    assert archive.left_out == ["'d': a directory that is not empty has this name"]
    assert {path: stat.links for path, stat in archive.tree()} == {"a": 1, "d": 2, "d/x": 1, "f": 2, "f/y": 1, "e": 1}


@BOTH
def test_files_and_links_are_no_directories(kind: type[fs.Zip | fs.Tar]) -> None:
    rows = [
        ("f", b"f"),
        ("f/x", b"x"),
        ("out", fs.SymbolicLink("/etc")),
        ("out/passwd", b"x"),
        ("up", fs.SymbolicLink("..")),
    ]
    archive = hostile(kind, [*rows, ("up/x", b"x")])
    assert set(archive.to_dict()) == {"f", "out", "up"}
    assert len(archive.left_out) == 3
    root = archive.root()
    for path in ("out/passwd", "up/x", "up", "out"):
        with refused(Code.NOT_CAPABLE):
            paths.open_at(root, path, follow=True, how=How.READ)
    for path in ("f/x", "f/"):
        with refused(Code.NOT_DIRECTORY):
            paths.open_at(root, path, follow=True, how=How.READ)


@BOTH
def test_targets_of_links(kind: type[fs.Zip | fs.Tar]) -> None:
    rows = [
        ("long", fs.SymbolicLink("x" * 4096)),
        ("bytes", fs.SymbolicLink("a\udcff")),
        ("loop", fs.SymbolicLink("loop")),
    ]
    archive = hostile(kind, [*rows, ("nul", fs.SymbolicLink("a\0b"))])
    root = archive.root()
    with refused(Code.NO_ENTRY):
        root.read_link("long")
    assert root.read_link("bytes") == "a\udcff"
    with refused(Code.LOOP):
        paths.open_at(root, "loop/x", follow=True, how=How.READ)
    if kind is fs.Zip:
        with refused(Code.IO):
            paths.open_at(root, "nul/x", follow=True, how=How.READ)


@BOTH
def test_too_many_members(kind: type[fs.Zip | fs.Tar]) -> None:
    rows = [(f"f{number}", b"") for number in range(11)]
    assert len(hostile(kind, rows[:10], max_members=10).to_dict()) == 10
    with pytest.raises(ValueError, match="more than max_members=10 members"):
        hostile(kind, rows, max_members=10)
    # Directories that are made on the way count, too.
    with pytest.raises(ValueError, match="more than max_members=10 members"):
        hostile(kind, [("a/b/c/d/e/f/g/h/i/j/k", b"")], max_members=10)


def test_devices_and_pipes_are_left_out() -> None:
    kinds = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"X")
    archive = fs.Tar(tar_of([*(member(f"x{n}", type=kind) for n, kind in enumerate(kinds)), member("f", b"f")]))
    assert archive.to_dict() == {"f": b"f"}
    assert archive.left_out[0] == "'x0': it is neither a file nor a directory nor a link"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        info = zipfile.ZipInfo("pipe")
        info.create_system = 3
        info.external_attr = 0o010644 << 16
        file.writestr(info, b"")
    assert fs.Zip(made.getvalue()).to_dict() == {}


def test_hard_links() -> None:
    def hard(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
        return member(name, type=tarfile.LNKTYPE, linkname=target)

    archive = fs.Tar(
        tar_of(
            [
                *(member("d/f", b"data"), hard("second", "./d/f"), hard("third", "/second"), hard("third", "third")),
                *(hard("early", "late"), member("late", b"late"), hard("out", "../../etc/passwd")),
                *(hard("directory", "d"), hard("missing", "nothing"), member("link", fs.SymbolicLink("d"))),
                *(hard("through", "link/f"), hard("of-link", "link"), member("d/f", b"replaced")),
            ]
        )
    )
    assert archive.to_dict() == {
        "d": {"f": b"replaced"},
        "second": b"data",
        "third": b"data",
        "late": b"late",
        "link": fs.SymbolicLink("d"),
        "of-link": fs.SymbolicLink("d"),
    }
    assert len(archive.left_out) == 5
    stats = dict(archive.tree())
    assert (stats["second"].inode, stats["second"].links) == (stats["third"].inode, 2)
    assert stats["d/f"].links == 1


# Damage.


def test_a_member_whose_bytes_are_wrong() -> None:
    for method in METHODS.values():
        data = bytearray(zipped({"f": NOISE, "good": b"good"}, method))
        data[100_000] ^= 1
        archive = fs.Zip(bytes(data))
        root = archive.root()
        file = root.open_file("f", How.READ)
        for _ in range(2):
            with refused(Code.IO):
                at = 0
                while count := len(read(file, at, 1 << 16)):
                    at += count
        file.close()
        assert archive.read_bytes("good") == b"good"
        with pytest.raises(OSError, match="input/output error"):
            archive.read_bytes("f")


def test_what_cannot_be_read_is_told_when_it_is_opened() -> None:
    data = zipped({"f": b"secret"})
    entry = data.index(b"PK\x01\x02")

    def changed(at: int, value: int, size: int = 2) -> fs.Zip:
        return fs.Zip(data[: entry + at] + value.to_bytes(size, "little") + data[entry + at + size :])

    for archive, code in (
        (changed(8, 1), Code.ACCESS),
        (changed(8, 64), Code.ACCESS),
        (changed(8, 32), Code.NOT_SUPPORTED),
        (changed(10, 9), Code.NOT_SUPPORTED),
        (changed(10, 0), Code.IO),
        (changed(24, 0xFFFFFFF0, 4), Code.FILE_TOO_LARGE),
    ):
        root = archive.root()
        with refused(code):
            root.open_file("f", How.READ)
        with refused(Code.READ_ONLY):
            root.open_file("f", How.READ | How.WRITE)
    for archive in (
        changed(42, 1, 4),
        changed(42, 100_000, 4),
        changed(20, 100_000, 4),
        changed(20, 1, 4),
        changed(24, 7, 4),
        changed(16, 1, 4),
    ):
        file = opened(archive, "f")
        with refused(Code.IO):
            read(file, 0, 10)
        file.close()


def test_dates_that_are_none() -> None:
    data = zipped({"f": b""})
    entry = data.index(b"PK\x01\x02")
    archive = fs.Zip(data[: entry + 12] + b"\xff\xff\xff\xff" + data[entry + 16 :])
    assert [stat.modified // 10**9 for _, stat in archive.tree()] == [0]
    extra = struct.pack("<HHBi", 0x5455, 5, 1, -5)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        info = zipfile.ZipInfo("f", archives.FIXED)
        info.extra = extra
        file.writestr(info, b"")
    assert [stat.modified for _, stat in fs.Zip(made.getvalue()).tree()] == [-5 * 10**9]
    for text, seconds in {
        "inf": 0,
        "nan": 0,
        "-1e300": 0,
        "-1e12": -(2**63 - 1),
        "1.5": 1_500_000_000,
        "-2": -2 * 10**9,
    }.items():
        dated = member("f", pax_headers={"mtime": text})
        assert [stat.modified for _, stat in fs.Tar(tar_of([dated])).tree()] == [seconds]


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_tar_archive_that_is_cut_off(packing: str) -> None:
    data = tarred({"f": NOISE, "g": NOISE}, packing)
    for cut in (600, 100_000, 305_000, 500_000):
        if cut < len(data):
            with pytest.raises(ValueError, match="archive"):
                fs.Tar(data[:cut])
    with pytest.raises(ValueError, match="archive"):
        fs.Tar(tarred({"f": b"f", "g": b"g"})[:1024] + b"x" * 512 + bytes(1024))


def test_claims_of_tar_headers() -> None:
    good = tarred({"f": b"data", "g": b"g"})
    for size in (b"\x80" + b"\x00" * 3 + b"\xff" * 8, b"\xff" * 12, b"\xff" * 11 + b"\x00", b"77777777777\0"):
        header = bytearray(good[:512])
        header[124:136] = size
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        with pytest.raises(ValueError, match="archive"):
            fs.Tar(bytes(header) + good[512:])
    # Headers about headers about headers; and one that would take more than it should.
    info, _ = member("f")
    info.pax_headers = {"comment": "x" * tar.HEADER_BYTES}
    with pytest.raises(ValueError, match="the headers of one member have more than"):
        fs.Tar(tar_of([(info, b"")]))
    info, _ = member("f", type=tarfile.XHDTYPE)
    with pytest.raises(ValueError, match="archive"):
        fs.Tar(b"".join([info.tobuf()] * 5000))


def sparse(real: int, *pieces: tuple[int, bytes]) -> bytes:
    """A tar archive with a file with holes, as GNU tar 1.0 writes it."""
    table = "\n".join([str(len(pieces)), *(f"{offset}\n{len(data)}" for offset, data in pieces), ""]).encode()
    table += bytes(-len(table) % 512)
    info, _ = member("GNUSparseFile.0/f", table + b"".join(data for _, data in pieces))
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "f",
        "GNU.sparse.realsize": str(real),
    }
    return tar_of([(info, table + b"".join(data for _, data in pieces))])


def test_holes() -> None:
    data = b"\0" * 1000 + b"abc" + b"\0" * 100_000 + b"def" + b"\0" * 5
    archive = fs.Tar(sparse(len(data), (1000, b"abc"), (101_003, b"def")))
    assert archive.to_dict() == {"f": data}
    file = opened(archive, "f")
    for offset in (0, 999, 1000, 1002, 1003, 50_000, 101_002, 101_003, 101_006, 101_010, 101_011):
        assert data[offset:].startswith(read(file, offset, 5))
    huge = fs.Tar(sparse(2**62, (2**61, b"x")))
    assert opened(huge, "f").stat().size == 2**62
    assert read(opened(huge, "f"), 2**61 - 1, 1) == b"\0"
    assert read(opened(huge, "f"), 2**61, 1) == b"x"
    for damaged in (sparse(10, (5, b"abc"), (4, b"def")), sparse(4, (3, b"abc")), sparse(10, (-1, b"abc"))):
        with pytest.raises(ValueError, match="overlap"):
            fs.Tar(damaged)
    with pytest.raises(ValueError, match="max_members=100"):
        fs.Tar(sparse(10_000, *((number * 2, b"x") for number in range(200))), max_members=100)


# Bombs.


def packed_zeros(method: int, size: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file, file.open("f", "w") as target:
        for _ in range(size >> 20):
            target.write(bytes(1 << 20))
    return made.getvalue()


@pytest.mark.parametrize("method", [8, 12, 14])
def test_a_member_that_is_much_larger_than_it_was(method: int) -> None:
    size = 40 << 20
    data = packed_zeros(method, size)
    assert len(data) < 100_000
    with refused(Code.FILE_TOO_LARGE):
        opened(fs.Zip(data, max_bytes=size - 1), "f")
    tracemalloc.start()
    file = opened(fs.Zip(data), "f")
    assert read(file, size - 10, 20) == bytes(10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20
    file.close()


@pytest.mark.parametrize("method", [8, 12])
def test_a_program_reads_far_behind_what_was_unpacked(method: int) -> None:
    size = 40 << 20
    with fs.Zip(packed_zeros(method, size)) as archive:
        guest = Guest({"/": archive}, native=True)
        errno, fd = guest.open("f", rights=2 | 4)  # To read and to seek.
        assert errno == 0
        guest.memory.write(DATA, b"x" * 10)
        assert guest.call("fd_pread", fd, *guest.iovec((DATA, 10)), size - 5, SCRATCH) == 0
        assert guest.u32(SCRATCH) == 5
        assert guest.memory.read(DATA, 10) == bytes(5) + b"x" * 5
        guest.close()


def test_all_that_is_unpacked_at_a_time_is_limited() -> None:
    files = {f"f{number}": bytes(1 << 20) for number in range(4)}
    archive = fs.Zip(zipped(files), max_bytes=2 << 20)
    handles = [opened(archive, name) for name in files]
    for file in handles[:2]:
        assert read(file, 0, 1 << 20) == bytes(1 << 20)
    with refused(Code.NO_SPACE):
        read(handles[2], 0, 1 << 20)
    # Two handles of one member have it once.
    again = opened(archive, "f0")
    assert read(again, 0, 1 << 20) == bytes(1 << 20)
    handles[0].close()
    assert read(again, 5, 10) == bytes(10)
    again.close()
    assert read(handles[2], 0, 1 << 20) == bytes(1 << 20)
    for file in handles:
        file.close()
    assert archive.store._used == 0
    with pytest.raises(ValueError, match="larger than max_bytes=100000"):
        fs.Tar(tarred({"f": bytes(1 << 20)}, "xz"), max_bytes=100_000)


def test_what_does_not_stay_in_memory_is_in_a_file_without_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archive_source, "MEMORY_BYTES", archive_source.PAGE_BYTES)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for archive in (fs.Zip(zipped({"f": NOISE})), fs.Tar(tarred({"f": NOISE}, "gz"))):
        file = opened(archive, "f")
        assert read(file, 200_000, 100_000) == NOISE[200_000:]
        assert archive.store._file is not None
        assert list(tmp_path.iterdir()) == []
        assert read(file, 1000, 100_000) == NOISE[1000:101_000]
        file.close()
        archive.close()
        assert archive.store._file is None


def test_the_memory_of_decompressors_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_source, "WORKING_BYTES", 2 * unpacking.BZIP2_COST)
    archive = fs.Zip(zipped({f"f{number}": NOISE for number in range(3)}, 12))
    handles = [opened(archive, f"f{number}") for number in range(3)]
    for file in handles[:2]:
        read(file, 0, 1)
    with refused(Code.NO_MEMORY):
        read(handles[2], 0, 1)
    read(handles[0], 299_999, 1)
    assert read(handles[2], 0, 10) == NOISE[:10]
    for file in handles:
        file.close()
    assert archive.store._working == 0


def test_lzma_that_asks_for_much_memory() -> None:
    data = zipped({"f": bytes(1000)}, 14)
    start = data.index(b"\x05\x00]") + 3
    archive = fs.Zip(data[:start] + b"\xff\xff\xff\xff" + data[start + 4 :])
    assert archive.read_bytes("f") == bytes(1000)
    entry = data.index(b"PK\x01\x02")
    huge = data[:start] + b"\xff\xff\xff\xff" + data[start + 4 : entry + 24] + (1 << 29).to_bytes(4, "little")
    file = opened(fs.Zip(huge + data[entry + 28 :], max_bytes=1 << 30), "f")
    with refused(Code.NOT_SUPPORTED):
        read(file, 0, 1)
    for head in (b"\xff", b"\xe0", b"\x08"):
        file = opened(fs.Zip(data[: start - 1] + head + data[start:]), "f")
        with refused(Code.IO):
            read(file, 0, 1)
    with pytest.raises(ValueError, match="archive"):
        fs.Tar(lzma.compress(tarred({"f": b""}), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]))


def test_packed_bytes_that_become_nothing_do_not_take_for_ever() -> None:
    # Empty blocks of deflate: 5 bytes that make none.
    packed = b"\x00\x00\x00\xff\xff" * (7 << 20)
    data = zipped({"f": b"x"})
    entry = data.index(b"PK\x01\x02")
    start = 31
    head = bytearray(data[entry:])
    head[20:24] = len(packed).to_bytes(4, "little")
    head[-6:-2] = (start + len(packed)).to_bytes(4, "little")
    archive = fs.Zip(data[:start] + packed + bytes(head))
    with refused(Code.IO):
        opened(archive, "f")
    # As many as a member may have.
    head[20:24] = (unpacking.SLACK_BYTES).to_bytes(4, "little")
    file = opened(fs.Zip(data[:start] + packed + bytes(head)), "f")
    started = time.monotonic()
    with refused(Code.IO):
        read(file, 0, 1)
    assert time.monotonic() - started < 5


def test_packed_streams_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tarred({"f": NOISE})
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        parts = b"".join(pack(data[at : at + 50_000]) for at in range(0, len(data), 50_000))
        assert fs.Tar(parts + bytes(100_000)).to_dict() == {"f": NOISE}
        with pytest.raises(ValueError, match="archive"):
            fs.Tar(parts + b"garbage")
    monkeypatch.setattr(tar, "MAX_STREAMS", 10)
    with pytest.raises(ValueError, match="more than 10 packed streams"):
        fs.Tar(gzip.compress(b"") * 11)


def test_a_zip_directory_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"file {number}": b"" for number in range(100)})
    monkeypatch.setattr(zip, "DIRECTORY_BYTES", 1000)
    with pytest.raises(ValueError, match=r"the directory of the archive has \d+ bytes, more than 1000"):
        fs.Zip(data)


def test_a_source_that_breaks_later(tmp_path: Path) -> None:
    for make, data in ((fs.Zip, zipped(SAMPLE, 0)), (fs.Tar, tarred(SAMPLE))):
        path = tmp_path / "archive"
        path.write_bytes(data)
        with make(path) as archive:
            file = opened(archive, "directory/deep/er")
            path.write_bytes(b"")
            with refused(Code.IO):
                read(file, 100, 10)
            file.close()
        given = io.BytesIO(data)
        archive = make(given)
        given.close()
        with pytest.raises(KernelError):
            read(opened(archive, "directory/deep/er"), 100, 10)


# Anything.


def everything(directory: Directory, budget: list[int]) -> None:
    """Read all that is there, and fail by nothing but KernelError."""
    for entry in directory.entries():
        budget[0] -= 1
        if budget[0] < 0:
            return
        try:
            directory.lookup(entry.name)
            if entry.type.name == "DIRECTORY":
                below = directory.open_directory(entry.name)
                everything(below, budget)
                below.close()
            elif entry.type.name == "SYMBOLIC_LINK":
                directory.read_link(entry.name)
            else:
                file = directory.open_file(entry.name, How.READ)
                try:
                    for offset in (0, 1000, max(file.stat().size - 10, 0)):
                        file.read_at(offset, [memoryview(bytearray(70_000))])
                finally:
                    file.close()
        except KernelError:
            continue


def small(kind: str) -> bytes:
    if kind == "tar holes":
        return sparse(5000, (1000, b"abc"), (2000, b"def"))
    return packed(kind, {**SAMPLE, "directory": {"inner": b"i", "deep": {"er": NOISE[:3000]}}, "n" * 150: b"long"})


KINDS = [*EACH, "tar holes"]
SMALL = {kind: small(kind) for kind in KINDS}
LIMITS = {"max_bytes": 4 << 20, "max_members": 1000}


def opened_or_refused(data: bytes, kind: str) -> None:
    try:
        archive = class_of(kind)(data, **LIMITS)
    except ValueError:
        return
    root = archive.root()
    everything(root, [200])
    root.close()
    archive.close()
    assert archive.store._used == archive.store._working == 0


@settings(deadline=None, max_examples=600)
@given(st.sampled_from(KINDS), st.data())
def test_changed_archives_are_refused_or_read(kind: str, data: st.DataObject) -> None:
    changed = bytearray(SMALL[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        # Most of what matters is at the ends.
        size = len(changed)
        at = data.draw(
            st.one_of(st.integers(0, size - 1), st.integers(max(size - 600, 0), size - 1), st.integers(0, 599))
        )
        piece = data.draw(st.binary(min_size=1, max_size=8))
        changed[at : at + data.draw(st.sampled_from([0, len(piece)]))] = piece
    del changed[data.draw(st.one_of(st.just(len(changed)), st.integers(0, len(changed)))) :]
    opened_or_refused(bytes(changed), kind)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_changed_tar_headers_with_right_checksums(data: st.DataObject) -> None:
    changed = bytearray(SMALL[data.draw(st.sampled_from(["tar ", "tar gnu", "tar holes"]))])
    for _ in range(data.draw(st.integers(1, 4))):
        header = 512 * data.draw(st.integers(0, min(len(changed) // 512 - 1, 12)))
        at = header + data.draw(st.integers(0, 511))
        piece = data.draw(
            st.one_of(st.binary(min_size=1, max_size=12), st.sampled_from([b"\xff" * 12, b"\x80", b"L", b"x", b"S"]))
        )
        changed[at : at + len(piece)] = piece
        changed[header + 148 : header + 156] = b" " * 8
        changed[header + 148 : header + 156] = b"%06o\0 " % (sum(changed[header : header + 512]) & 0o777777)
    opened_or_refused(bytes(changed), "tar ")


@settings(deadline=None, max_examples=200)
@given(
    st.binary(max_size=2000), st.sampled_from(["zip", "tar"]), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08"])
)
def test_any_bytes(data: bytes, kind: str, head: bytes) -> None:
    opened_or_refused(head + data, kind)


def test_a_checksum_that_is_right_by_the_way() -> None:
    assert zlib.crc32(b"") == 0
    assert fs.Zip(zipped({"empty": b""}, 14)).read_bytes("empty") == b""
