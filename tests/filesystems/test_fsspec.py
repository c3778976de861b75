"""What fsspec opens: its own filesystems, and ones that say anything."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from archives import zipped
from remit import fs
from remit.filesystems import fsspec as module
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import File, How
from remit.testing import check_filesystem, fill_sample


def refused(code: Code) -> pytest.RaisesExc[KernelError]:
    return pytest.RaisesExc(KernelError, check=lambda error: error.code is code)


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    """The one filesystem in memory that fsspec has, empty."""
    made = MemoryFileSystem()
    made.store.clear()
    made.pseudo_dirs[:] = [""]
    yield made
    made.store.clear()
    made.pseudo_dirs[:] = [""]


def opened(filesystem: fs.Filesystem, path: str) -> File:
    found = paths.open_at(filesystem.root(), path, follow=True, how=How.READ)
    assert isinstance(found, File)
    return found


def read(file: File, offset: int, count: int) -> bytes:
    buffer = bytearray(count)
    return bytes(buffer[: file.read_at(offset, [memoryview(buffer)])])


# Those of fsspec.


def sample() -> dict[str, Any]:
    filesystem = fs.Memory()
    fill_sample(filesystem.root(), symbolic_links=False)
    return filesystem.to_dict()


def test_the_contract_in_memory(memory: MemoryFileSystem) -> None:
    memory.pipe({"/top/file": sample()["file"], "/top/directory/inner": b"inner\n"})
    memory.mkdir("/top/empty")
    for make in (
        lambda: fs.Fsspec("memory://top"),
        lambda: fs.Fsspec(memory, "top"),
        lambda: fs.Subdirectory(fs.Fsspec("memory://"), "top"),
    ):
        assert check_filesystem(make, read_only=True, symbolic_links=False) == 5


def test_the_contract_on_files(tmp_path: Path) -> None:
    with fs.Host(tmp_path) as host:
        fill_sample(host.root())
    assert check_filesystem(lambda: fs.Fsspec(f"file://{tmp_path}"), read_only=True) == 5
    assert check_filesystem(lambda: fs.Fsspec(fsspec.filesystem("file"), str(tmp_path)), read_only=True) == 5


def test_the_contract_in_a_zip_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(sample()))
    made = fsspec.filesystem("zip", fo=str(path))
    assert check_filesystem(lambda: fs.Fsspec(made), read_only=True, symbolic_links=False) == 5
    assert fs.Fsspec(f"zip://directory::file://{path}").to_dict() == {"inner": b"inner\n"}
    made.close()


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)
trees: st.SearchStrategy[Any] = st.dictionaries(
    names,
    st.recursive(
        st.binary(max_size=200), lambda below: st.dictionaries(names, below, min_size=1, max_size=4), max_leaves=12
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=100)
@given(trees)
def test_any_tree_comes_out_as_it_went_in(files: dict[str, Any]) -> None:
    archive = io.BytesIO(zipped(files))
    assert fs.Fsspec(fsspec.filesystem("zip", fo=archive)).to_dict() == files


def test_large_files_are_read_in_blocks(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 4000
    memory.pipe("/large", data)
    asked: list[tuple[int, int]] = []
    plain = MemoryFileSystem.cat_file

    def cat_file(self: Any, path: str, start: int, end: int) -> bytes:
        asked.append((start, end))
        found: bytes = plain(self, path, start=start, end=end)
        return found

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    filesystem = fs.Fsspec(memory)
    file = opened(filesystem, "large")
    at = 0
    while piece := read(file, at, 1000):
        assert piece == data[at : at + len(piece)]
        at += len(piece)
    assert at == len(data)
    size = module.BLOCK_BYTES
    assert asked == [(start, min(start + size, len(data))) for start in range(0, len(data), size)]
    assert read(file, len(data), 10) == read(file, 2**62, 10) == b""
    with refused(Code.INVALID):
        read(file, 2**63 - 1, 10)
    file.close()
    assert filesystem._blocks == {}
    monkeypatch.setattr(module, "KEPT_BLOCKS", 2)
    file = opened(filesystem, "large")
    for number in (0, 1, 0, 2, 3):
        read(file, number * size, 1)
        assert len(filesystem._blocks) <= 2
    # The one that was not used for longest goes first.
    assert len(asked) == 8
    file.close()
    assert filesystem._blocks == {}


def test_listings_are_kept_within_bounds(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    for directory in range(10):
        memory.pipe({f"/{directory}/{name}": b"" for name in range(10)})
    monkeypatch.setattr(module, "KEPT_ENTRIES", 35)
    filesystem = fs.Fsspec(memory)
    assert len(list(filesystem.tree())) == 110
    assert filesystem._listed == sum(len(listing) + 1 for _, listing in filesystem._listings.values()) <= 35
    # What is new is seen when the listing is old.
    memory.pipe("/0/new", b"")
    root = filesystem.root().open_directory("0")
    assert len(list(root.entries())) == 11
    memory.pipe("/0/newer", b"")
    with refused(Code.NO_ENTRY):
        root.lookup("newer")
    monkeypatch.setattr(module, "LISTING_SECONDS", 0)
    assert root.lookup("newer").size == 0
    memory.pipe({f"/0/{name}": b"" for name in range(100)})
    with refused(Code.OVERFLOW):
        root.entries()


def test_links_are_shown_and_never_followed_by_fsspec(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file").write_bytes(b"file")
    for name, target in {
        "up": "../outside",
        "secret": "../outside/secret",
        "absolute": str(tmp_path),
        "in": "file",
    }.items():
        (inside / name).symlink_to(target)
    filesystem = fs.Fsspec(f"file://{inside}")
    assert read(opened(filesystem, "in"), 0, 10) == b"file"
    root = filesystem.root()
    for path in ("up/secret", "secret", "absolute/outside/secret", "../outside/secret"):
        with refused(Code.NOT_CAPABLE):
            paths.open_at(root, path, follow=True, how=How.READ)
    with refused(Code.LOOP):
        root.open_file("secret", How.READ)
    # A file that becomes a link after it was listed.
    root.entries()
    (inside / "file").unlink()
    (inside / "file").symlink_to("../outside/secret")
    with refused(Code.IO):
        root.open_file("file", How.READ)


# Any other.


class Odd(fsspec.AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A filesystem that says and does what it is told."""

    cachable = False
    root_marker = ""

    def __init__(self, rows: Any = (), data: Any = b"", error: Exception | None = None) -> None:
        super().__init__()
        self.rows, self.data, self.error = rows, data, error

    def ls(self, path: str, detail: bool = True, **_: Any) -> Any:
        if self.error is not None:
            raise self.error
        return self.rows

    def info(self, path: str, **_: Any) -> Any:
        return next(row for row in self.rows if row["name"] == path)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> Any:
        if isinstance(self.data, Exception):
            raise self.data
        return self.data


def row(name: Any, type: Any = "file", size: Any = 3, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "size": size, **more}


def test_names_that_cannot_be_names() -> None:
    bad = ["", ".", "..", "a/b", "../up", "n\0l", "n" * 256, "\udcff", None, 3, b"bytes"]
    filesystem = fs.Fsspec(Odd([row(name) for name in bad] + [row("good")]))
    assert [path for path, _ in filesystem.tree()] == ["good"]
    filesystem = fs.Fsspec(
        Odd(
            [row(f"top/{name!s}") for name in bad if not isinstance(name, bytes)]
            + [row("top"), row("else/where"), row("/top/good")]
        ),
        "top",
    )
    assert [entry.name for entry in filesystem.root().entries()] == ["None", "3", "good"]


def test_what_listings_may_say() -> None:
    rows = [
        row("odd", "socket"),
        row("typeless", None),
        row("link", "link"),
        row("to", "link", destination=b"target"),
        row("nul", "link", destination="a\0b"),
        row("unsized", size=None),
        row("negative", size=-1),
        row("huge", size=2**70),
        row("both"),
        row("both", "directory"),
        row("both"),
    ]
    filesystem = fs.Fsspec(Odd(rows))
    root = filesystem.root()
    found = {entry.name: entry.type.value for entry in root.entries()}
    assert found == {
        "to": "symbolic link",
        "unsized": "regular file",
        "negative": "regular file",
        "huge": "regular file",
        "both": "directory",
    }
    assert root.read_link("to") == "target"
    for name in ("unsized", "negative", "huge"):
        with refused(Code.NOT_SUPPORTED):
            root.open_file(name, How.READ)
    with refused(Code.IO):
        fs.Fsspec(Odd([{}])).root().entries()
    with refused(Code.IO):
        fs.Fsspec(Odd(None)).root().entries()


TIMES: list[tuple[dict[str, Any], int]] = [
    ({"mtime": 1.5}, 1_500_000_000),
    ({"mtime": -1}, -1_000_000_000),
    ({"created": datetime(1970, 1, 2, tzinfo=UTC)}, 86400 * 10**9),
    ({"LastModified": datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))}, 0),
    ({"LastModified": datetime(1970, 1, 2)}, 86400 * 10**9),
    ({"updated": "1970-01-01T00:00:01Z"}, 10**9),
    ({"mtime": float("nan"), "created": 2}, 2 * 10**9),
    ({"mtime": float("inf")}, 0),
    ({"mtime": 1e12}, 2**63 - 1),
    ({"mtime": "yesterday"}, 0),
    ({}, 0),
]


@pytest.mark.parametrize(("said", "nanoseconds"), TIMES)
def test_times(said: dict[str, Any], nanoseconds: int) -> None:
    assert fs.Fsspec(Odd([row("f", **said)])).root().lookup("f").modified == nanoseconds


ERRORS = {
    FileNotFoundError("x"): Code.NO_ENTRY,
    NotADirectoryError("x"): Code.NOT_DIRECTORY,
    PermissionError("x"): Code.ACCESS,
    TimeoutError("x"): Code.TIMED_OUT,
    ConnectionResetError("x"): Code.CONNECTION_RESET,
    NotImplementedError("x"): Code.NOT_SUPPORTED,
    OSError(28, "full"): Code.NO_SPACE,
    OSError("no number"): Code.IO,
    ValueError("x"): Code.IO,
    KeyError("x"): Code.IO,
    MemoryError(): Code.NO_MEMORY,
}


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_errors(error: Exception) -> None:
    with refused(ERRORS[error]):
        fs.Fsspec(Odd(error=error)).root().entries()
    file = opened(fs.Fsspec(Odd([row("f")], error)), "f")
    with refused(ERRORS[error]):
        read(file, 0, 1)


@pytest.mark.parametrize("data", [b"", b"ab", b"abcd", "abc", None])
def test_servers_that_send_something_else(data: Any) -> None:
    """Some send all that they have, whichever part they are asked for."""
    with refused(Code.IO):
        read(opened(fs.Fsspec(Odd([row("f")], data)), "f"), 0, 3)


def test_what_is_no_filesystem(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a filesystem of fsspec, or a URL"):
        fs.Fsspec(3)
    with pytest.raises(ValueError, match=r"give remit\.fs\.Host"):
        fs.Fsspec(str(tmp_path))
    with pytest.raises(ValueError, match="not a path below the root"):
        fs.Fsspec("memory://", "../x")
    with pytest.raises(ValueError, match="nonsense"):
        fs.Fsspec("nonsense://x")


def test_without_fsspec() -> None:
    code = (
        "import sys; sys.modules['fsspec'] = None\n"
        "import remit.fs\n"
        "try: remit.fs.Fsspec('memory://')\n"
        "except RuntimeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "this filesystem needs the package fsspec: pip install 'remit[fsspec]'\n"
