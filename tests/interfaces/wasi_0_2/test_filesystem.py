"""``wasi:filesystem/types``: descriptors, and what is done by names in directories."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from interfaces.wasi_0_2.files import (
    CREATE,
    DATA_SYNC,
    DIRECTORY,
    EXCLUSIVE,
    FILE_SYNC,
    FOLLOW,
    MUTATE,
    NO_CHANGE,
    NOW,
    READ,
    READ_SYNC,
    TRUNCATE,
    WRITE,
    Files,
    at,
    code,
)
from interfaces.wasi_0_2.world import Label, World
from remit import fs
from remit.component.values.results import Err, Ok
from remit.kernel.limits import Limits

TREE: dict[str, Any] = {
    "file": b"contents",
    "dir": {"inner": b"of the directory", "below": {}},
    "to-file": fs.SymbolicLink("file"),
    "to-dir": fs.SymbolicLink("dir"),
    "dangling": fs.SymbolicLink("nothing"),
    "loop": fs.SymbolicLink("loop"),
}


@pytest.fixture
def world() -> Iterator[World]:
    with World(dirs={"/": fs.Memory(TREE)}) as made:
        yield made


@pytest.fixture
def files(world: World) -> Files:
    return Files(world)


# What was granted.


def test_granted_directories_come_in_their_order_by_their_names() -> None:
    granted = {"/": fs.Memory({"who": b"root"}), "/b": fs.Memory({"who": b"b"}), "/a": fs.ReadOnly(fs.Memory())}
    with World(dirs=granted) as world:
        found = world.call("filesystem/preopens", "get-directories")
        assert [name for _, name in found] == ["/", "/b", "/a"]
        assert Files(world, "/").read("who") == b"root"
        assert Files(world, "/b").read("who") == b"b"
        flags = [world.ok("filesystem/types", "[method]descriptor.get-flags", each) for each, _ in found]
        assert flags == [READ | MUTATE, READ | MUTATE, READ]


def test_without_a_grant_there_is_nothing() -> None:
    with World() as world:
        assert world.call("filesystem/preopens", "get-directories") == []


def test_what_was_granted_outlives_its_descriptors(world: World) -> None:
    first, second = Files(world), Files(world)
    first.root.drop()
    assert second.read("file") == b"contents"
    second.root.drop()
    assert Files(world).read("file") == b"contents"
    assert len(world.process.descriptors) == 4, "three streams and the directory"


# Opening.


@pytest.mark.parametrize("how", range(16))
@pytest.mark.parametrize("flags", [0, READ, WRITE, READ | WRITE, READ | MUTATE, WRITE | MUTATE])
@pytest.mark.parametrize("path", ["file", "new", "dir", "to-file", "to-dir", "dangling"])
def test_every_way_to_open(files: Files, path: str, flags: int, how: int) -> None:
    before = files.read("file")
    descriptors = len(files.world.process.descriptors)
    follow = FOLLOW if how & 8 or flags & WRITE else 0
    result = files.opens(path, flags, how, follow=follow)
    exclusive = bool(how & CREATE and how & EXCLUSIVE)
    there, is_directory, is_link = (
        path not in ("new", "dangling"),
        path.endswith("dir"),
        path.startswith(("to", "dang")),
    )
    if how & DIRECTORY and how & (CREATE | TRUNCATE):
        expected: str | None = "invalid"
    elif exclusive and path != "new":
        expected = "exist"
    elif is_link and not (follow or exclusive):
        expected = "not-directory" if how & DIRECTORY else "loop"
    elif not there and not how & CREATE:
        expected = "no-entry"
    elif is_directory:
        expected = "is-directory" if how & (CREATE | TRUNCATE) or flags & WRITE else None
    else:
        expected = "not-directory" if how & DIRECTORY else None
    assert code(result) == expected
    if expected is not None:
        assert len(files.world.process.descriptors) == descriptors, "nothing stays open"
        assert files.read("file") == before
        return
    opened = result.value
    assert len(files.world.process.descriptors) == descriptors + 1
    got = files.ok("get-flags", of=opened)
    if is_directory:
        assert files.ok("get-type", of=opened) == "directory"
        assert got == READ | (flags & MUTATE)
    else:
        assert files.ok("get-type", of=opened) == "regular-file"
        assert got == (flags & (READ | WRITE) or READ)
        size = 0 if how & TRUNCATE or not there else len(before)
        assert files.ok("stat", of=opened).size == size
        assert code(files.call("read", 1, 0, of=opened)) == (None if got & READ else "bad-descriptor")
        assert code(files.call("write", b"", 0, of=opened)) == (None if got & WRITE else "bad-descriptor")
    opened.drop()
    assert len(files.world.process.descriptors) == descriptors


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "no-entry"),
        ("/", "not-permitted"),
        ("/file", "not-permitted"),
        ("..", "not-permitted"),
        ("dir/../..", "not-permitted"),
        ("file/", "not-directory"),
        ("file/x", "not-directory"),
        ("nothing/x", "no-entry"),
        ("loop", "loop"),
        ("a\0b", "invalid"),
        ("x" * 256, "name-too-long"),
        ("dir/" * 1025, "name-too-long"),
        ("\u00e4" * 2049, "name-too-long"),
    ],
)
def test_paths_that_lead_nowhere(files: Files, path: str, expected: str) -> None:
    assert files.opens(path).value == expected
    assert files.err("stat-at", FOLLOW, path) == expected
    assert files.err("metadata-hash-at", FOLLOW, path) == expected
    assert files.err("set-times-at", FOLLOW, path, NOW, NOW) == expected


@pytest.mark.parametrize("path", [".", "./", "dir/..", "dir/../.", "to-dir/../dir/.."])
def test_names_of_the_directory_itself(files: Files, path: str) -> None:
    opened = files.open(path, READ | MUTATE)
    assert files.world.call("filesystem/types", "[method]descriptor.is-same-object", opened, files.root)
    assert "file" in files.names(of=opened)


def test_through_a_file_nothing_is_named(files: Files) -> None:
    opened = files.open("file")
    for result in (
        files.opens("x", of=opened),
        files.call("stat-at", 0, "x", of=opened),
        files.call("read-directory", of=opened),
        files.call("create-directory-at", "x", of=opened),
        files.call("unlink-file-at", "x", of=opened),
        files.call("remove-directory-at", "x", of=opened),
        files.call("readlink-at", "x", of=opened),
        files.call("symlink-at", "x", "y", of=opened),
        files.call("rename-at", "x", files.root, "y", of=opened),
        files.call("rename-at", "file", opened, "y"),
        files.call("link-at", 0, "x", files.root, "y", of=opened),
        files.call("link-at", 0, "file", opened, "y"),
        files.call("metadata-hash-at", 0, "x", of=opened),
        files.call("set-times-at", 0, "x", NOW, NOW, of=opened),
    ):
        assert result == Err("not-directory")


def test_a_directory_is_no_file(files: Files) -> None:
    assert files.err("read", 1, 0) == "is-directory"
    assert files.err("write", b"x", 0) == "is-directory"
    assert files.err("set-size", 0) == "is-directory"
    assert files.err("read-via-stream", 0) == "is-directory"
    assert files.err("write-via-stream", 0) == "is-directory"
    assert files.err("append-via-stream") == "is-directory"
    assert files.err("advise", 0, 0, Label("normal")) == "bad-descriptor"


def test_no_more_descriptors_than_the_limit() -> None:
    with World(dirs={"/": fs.Memory(TREE)}, limits=Limits(descriptors=6)) as world:
        files = Files(world)
        opened = [files.open("file"), files.open("dir")]
        assert files.opens("file") == Err("insufficient-memory")
        assert files.opens("new", WRITE, CREATE) == Err("insufficient-memory")
        assert "new" not in files.names(), "asked before it is made"
        for each in opened:
            each.drop()
        assert code(files.opens("file")) is None
        for _ in range(3):
            Files(world)  # what was granted has its places already


# Reading and writing at an offset.


def test_reading_and_writing(files: Files) -> None:
    opened = files.open("file", READ | WRITE)
    assert files.ok("read", 3, 0, of=opened) == (b"con", False)
    assert files.ok("read", 100, 3, of=opened) == (b"tents", False)
    assert files.ok("read", 100, 8, of=opened) == (b"", True)
    assert files.ok("read", 100, 2**63 - 1, of=opened) == (b"", True)
    assert files.ok("read", 2**64 - 1, 2**64 - 1, of=opened) == (b"", True)
    assert files.ok("read", 0, 0, of=opened) == (b"", False)
    assert files.ok("read", 0, 100, of=opened) == (b"", False)
    assert files.ok("write", b"CON", 0, of=opened) == 3
    assert files.ok("write", b"!", 10, of=opened) == 1
    assert files.ok("write", b"", 2**62, of=opened) == 0
    assert files.read("file") == b"CONtents\0\0!"
    for offset in (2**63 - 1, 2**63, 2**64 - 1):
        assert files.err("write", b"x", offset, of=opened) == "file-too-large"
    assert files.ok("stat", of=opened).size == 11


def test_reading_no_more_than_the_limit() -> None:
    with World(dirs={"/": fs.Memory({"file": bytes(1000)})}, limits=Limits(io_bytes=64)) as world:
        files = Files(world)
        opened = files.open("file")
        assert files.ok("read", 2**64 - 1, 0, of=opened) == (bytes(64), False)
        assert files.ok("read", 64, 960, of=opened) == (bytes(40), False)


def test_size(files: Files) -> None:
    opened = files.open("file", READ | WRITE)
    assert files.ok("set-size", 3, of=opened) is None
    assert files.ok("set-size", 5, of=opened) is None
    assert files.read("file") == b"con\0\0"
    for size in (2**63, 2**64 - 1):
        assert files.err("set-size", size, of=opened) == "file-too-large"
    assert files.err("set-size", 0, of=files.open("file")) == "bad-descriptor"
    assert files.read("file") == b"con\0\0"


@pytest.mark.parametrize("advice", ["normal", "sequential", "random", "will-need", "dont-need", "no-reuse"])
def test_advice(files: Files, advice: str) -> None:
    opened = files.open("file")
    assert files.ok("advise", 0, 2**63 - 1, Label(advice), of=opened) is None
    assert files.err("advise", 2**63, 0, Label(advice), of=opened) == "invalid"
    assert files.err("advise", 0, 2**64 - 1, Label(advice), of=opened) == "invalid"


@pytest.mark.parametrize("flags", [FILE_SYNC, DATA_SYNC, READ_SYNC, FILE_SYNC | DATA_SYNC | READ_SYNC])
def test_writing_to_stable_storage(tmp_path: Path, flags: int, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append("all"))
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: synced.append("data"), raising=False)
    with World(dirs={"/": str(tmp_path)}) as world:
        files = Files(world)
        opened = files.open("file", WRITE | flags, CREATE)
        assert files.ok("get-flags", of=opened) == WRITE | flags
        files.ok("write", b"x", 0, of=opened)
        stream = files.ok("append-via-stream", of=opened)
        world.ok("io/streams", "[method]output-stream.blocking-write-and-flush", stream, b"y")
        assert synced == (["data"] * 2 if flags == DATA_SYNC else ["all"] * 2)
        files.ok("sync-data", of=opened)
        files.ok("sync", of=opened)
        files.ok("sync", of=files.root)
        assert synced[2:] == ["data", "all", "all"]


# Attributes.


def test_attributes(files: Files) -> None:
    found = files.ok("stat-at", 0, "file")
    assert (found.type, found.size, found.link_count) == ("regular-file", 8, 1)
    assert files.ok("stat-at", 0, "to-file").type == "symbolic-link"
    assert files.ok("stat-at", FOLLOW, "to-file").type == "regular-file"
    assert files.ok("stat-at", 0, "to-dir/").type == "directory"
    assert files.ok("stat").type == "directory"
    assert files.ok("stat", of=files.open("dir/inner")).size == 16
    assert files.err("stat-at", FOLLOW, "dangling") == "no-entry"


@pytest.mark.parametrize("seconds", [0, 1, 1 << 31, (2**63 - 1) // 10**9])
def test_times_are_set_and_told(files: Files, seconds: int) -> None:
    opened = files.open("file", WRITE)
    files.ok("set-times", at(seconds, 5), at(seconds, 7), of=opened)
    found = files.ok("stat", of=opened)
    assert (found.data_access_timestamp.seconds, found.data_access_timestamp.nanoseconds) == (seconds, 5)
    assert (found.data_modification_timestamp.seconds, found.data_modification_timestamp.nanoseconds) == (seconds, 7)
    files.ok("set-times", NO_CHANGE, at(seconds, 8), of=opened)
    found = files.ok("stat", of=opened)
    assert found.data_access_timestamp.nanoseconds == 5
    assert found.data_modification_timestamp.nanoseconds == 8
    files.ok("set-times-at", FOLLOW, "to-file", NOW, NO_CHANGE)
    found = files.ok("stat", of=opened)
    assert found.data_access_timestamp.seconds > 1_600_000_000
    assert found.data_modification_timestamp.nanoseconds == 8
    files.ok("set-times-at", 0, "to-file", at(3), at(4))
    assert files.ok("stat-at", 0, "to-file").data_modification_timestamp.seconds == 4
    assert files.ok("stat-at", FOLLOW, "to-file").data_modification_timestamp.nanoseconds == 8
    files.ok("set-times", at(seconds), at(seconds))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(0, 10**9), "invalid"),
        (at(5, 2**32 - 1), "invalid"),
        (at(2**64 - 1), "overflow"),
        (at(2**63 // 10**9 + 1), "overflow"),
    ],
)
def test_times_that_cannot_be(files: Files, moment: Label, expected: str) -> None:
    opened = files.open("file", WRITE)
    before = files.ok("stat", of=opened).data_modification_timestamp.seconds
    assert files.err("set-times", NOW, moment, of=opened) == expected
    assert files.err("set-times", moment, NO_CHANGE, of=opened) == expected
    assert files.err("set-times-at", 0, "file", NO_CHANGE, moment) == expected
    assert files.ok("stat", of=opened).data_modification_timestamp.seconds == before


@pytest.mark.parametrize("time", [0, -1, -(10**9), -(1 << 31) * 10**9, 1, (1 << 33) * 10**9, 1 << 62])
def test_times_before_the_epoch_and_at_the_extremes(tmp_path: Path, time: int) -> None:
    (tmp_path / "file").touch()
    os.utime(tmp_path / "file", ns=(time, time))
    kept = (tmp_path / "file").stat().st_mtime_ns
    with World(dirs={"/": str(tmp_path)}) as world:
        files = Files(world)
        for found in (files.ok("stat-at", 0, "file"), files.ok("stat", of=files.open("file"))):
            moment = found.data_modification_timestamp
            if kept < 0:
                assert moment is None, "there is no way to tell it"
            else:
                assert (moment.seconds, moment.nanoseconds) == divmod(kept, 10**9)


def test_hashes_tell_files_apart_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "other").write_bytes(b"x")
    os.link(tmp_path / "file", tmp_path / "second")
    (tmp_path / "link").symlink_to("file")
    found = []
    for seed in (1, 1, 2):
        with World(dirs={"/": str(tmp_path)}) as world:
            world.process.random = type(world.process.random)(seed)  # type: ignore[call-arg]  # a seeded one
            files = Files(world)

            def hashed(path: str, follow: int = 0, files: Files = files) -> tuple[int, int]:
                value = files.ok("metadata-hash-at", follow, path)
                return value.lower, value.upper

            opened = files.open("file", WRITE)
            before = hashed("file")
            files.ok("write", b"changed", 0, of=opened)
            assert before == hashed("file") == hashed("second") == hashed("link", FOLLOW)
            value = files.ok("metadata-hash", of=opened)
            assert before == (value.lower, value.upper)
            assert len({before, hashed("other"), hashed("link"), hashed(".")}) == 4
            assert before[0] != before[1]
            numbers = os.stat(tmp_path / "file")
            assert not {numbers.st_ino, numbers.st_dev} & {*before}
            found.append(before)
    assert found[0] == found[1] != found[2], "keyed by what only the host knows"


def test_sameness(files: Files) -> None:
    def same(one: Any, other: Any) -> bool:
        result = files.world.call("filesystem/types", "[method]descriptor.is-same-object", one, other)
        assert isinstance(result, bool)
        return result

    one, two, link = files.open("file"), files.open("file", WRITE), files.open("to-file")
    assert same(one, two)
    assert same(one, link)
    assert not same(one, files.open("dir/inner"))
    assert not same(one, files.root)
    assert same(files.root, files.open("."))
    files.ok("unlink-file-at", "file")
    files.write("file", b"another")
    assert not same(one, files.open("file"))


# Listings.


def test_listings(files: Files) -> None:
    assert dict(files.rows()) == {
        "file": "regular-file",
        "dir": "directory",
        "to-file": "symbolic-link",
        "to-dir": "symbolic-link",
        "dangling": "symbolic-link",
        "loop": "symbolic-link",
    }
    assert files.names(of=files.open("dir")) == ["below", "inner"]
    assert files.names(of=files.open("dir/below")) == []


def test_a_listing_is_of_one_moment(files: Files) -> None:
    seen = []
    for name, _ in files.rows():
        seen.append(name)
        files.call("unlink-file-at", name)
        files.write(f"new {len(seen)}", b"")
    assert sorted(seen) == sorted(TREE)


def test_the_end_of_a_listing_stays_the_end(files: Files) -> None:
    stream = files.ok("read-directory", of=files.open("dir/below"))
    read = "[method]directory-entry-stream.read-directory-entry"
    for _ in range(3):
        assert files.world.call("filesystem/types", read, stream) == Ok(None)


def test_listings_together_are_limited() -> None:
    with World(dirs={"/": fs.Memory({str(n): b"" for n in range(10)})}, limits=Limits(listing_entries=25)) as world:
        files = Files(world)
        kept = [files.ok("read-directory") for _ in range(2)]
        assert files.err("read-directory") == "insufficient-memory"
        kept.pop().drop()
        assert len(files.names()) == 10
    with World(dirs={"/": fs.Memory({str(n): b"" for n in range(10)})}, limits=Limits(listing_entries=5)) as world:
        assert len(Files(world).names()) == 10, "one at least, as with WASI 0.1"


# Making, moving, removing.


def test_directories(files: Files) -> None:
    files.ok("create-directory-at", "made")
    files.ok("create-directory-at", "made/slash/")
    for path, expected in (
        ("made", "exist"),
        ("file", "exist"),
        ("dangling", "exist"),
        (".", "exist"),
        ("", "no-entry"),
        ("nothing/x", "no-entry"),
        ("file/x", "not-directory"),
        ("../x", "not-permitted"),
    ):
        assert files.err("create-directory-at", path) == expected, path
    for path, expected in (
        ("made", "not-empty"),
        ("file", "not-directory"),
        ("to-dir", "not-directory"),
        ("nothing", "no-entry"),
        (".", "invalid"),
        ("..", "not-permitted"),
    ):
        assert files.err("remove-directory-at", path) == expected, path
    files.ok("remove-directory-at", "made/slash")
    files.ok("remove-directory-at", "made/")
    assert "made" not in files.names()


def test_unlinking(files: Files) -> None:
    opened = files.open("file")
    files.ok("unlink-file-at", "file")
    assert files.ok("read", 100, 0, of=opened) == (b"contents", False), "what is open goes on"
    files.ok("unlink-file-at", "to-dir")
    assert "inner" in files.names(of=files.open("dir")), "the link was removed, not what it points to"
    for path, expected in (
        ("file", "no-entry"),
        ("dir", "is-directory"),
        (".", "is-directory"),
        ("to-file/", "not-directory"),
        ("../file", "not-permitted"),
    ):
        assert files.err("unlink-file-at", path) == expected, path


def test_renaming(files: Files) -> None:
    below = files.open("dir", READ | MUTATE)
    files.ok("rename-at", "file", below, "moved")
    assert files.read("dir/moved") == b"contents"
    files.ok("rename-at", "moved", files.root, "file", of=below)
    files.write("other", b"other")
    files.ok("rename-at", "other", files.root, "file")
    assert files.read("file") == b"other"
    files.ok("rename-at", "dir/", files.root, "moved/")
    for old, new, expected in (
        ("nothing", "x", "no-entry"),
        ("file", "moved", "is-directory"),
        ("moved", "file", "not-directory"),
        ("moved", "moved/below/x", "invalid"),
        ("file/", "x", "not-directory"),
        ("file", "x/", "not-directory"),
        (".", "x", "busy"),
        ("file", "../x", "not-permitted"),
        ("/file", "x", "not-permitted"),
    ):
        assert files.err("rename-at", old, files.root, new) == expected, (old, new)


def test_hard_links(files: Files) -> None:
    files.ok("link-at", 0, "file", files.open("dir", READ | MUTATE), "second")
    assert files.read("dir/second") == b"contents"
    assert files.ok("stat-at", 0, "file").link_count == 2
    files.ok("link-at", 0, "to-file", files.root, "linked-link")
    assert files.ok("stat-at", 0, "linked-link").type == "symbolic-link"
    for flags, old, new, expected in (
        (FOLLOW, "to-file", "x", "invalid"),
        (0, "nothing", "x", "no-entry"),
        (0, "file", "dir", "exist"),
        (0, "dir", "x", "not-permitted"),
        (0, "file", "../x", "not-permitted"),
        (0, "file", "", "no-entry"),
    ):
        assert files.err("link-at", flags, old, files.root, new) == expected, (old, new)


def test_symbolic_links(files: Files) -> None:
    files.ok("symlink-at", "dir/inner", "made")
    assert files.ok("readlink-at", "made") == "dir/inner"
    assert files.read("made") == b"of the directory"
    files.ok("symlink-at", "../out", "leads-out")
    assert files.opens("leads-out") == Err("not-permitted")
    for target, path, expected in (
        ("x", "file", "exist"),
        ("x", "dangling", "exist"),
        ("", "new", "no-entry"),
        ("/etc/passwd", "new", "not-permitted"),
        ("a\0b", "new", "invalid"),
        ("x", "../new", "not-permitted"),
        ("x", "new/", "no-entry"),
    ):
        assert files.err("symlink-at", target, path) == expected, (target, path)
    for path, expected in (("file", "invalid"), ("dir", "invalid"), (".", "invalid"), ("nothing", "no-entry")):
        assert files.err("readlink-at", path) == expected, path


# Permissions.


@pytest.mark.parametrize("follow", [0, FOLLOW])
def test_nothing_is_changed_in_a_read_only_grant(follow: int) -> None:
    with World(dirs={"/": fs.ReadOnly(fs.Memory(TREE))}) as world:
        files = Files(world)
        for path, flags, how in product(("file", "to-file", "dangling", "new", "dir"), range(64), range(16)):
            result = files.opens(path, flags, how, follow=follow)
            if isinstance(result, Ok):
                opened = result.value
                assert not flags & (WRITE | MUTATE) or (flags & MUTATE and path != "dir")
                assert not how & TRUNCATE
                assert code(files.call("write", b"x", 0, of=opened)) in ("bad-descriptor", "is-directory")
                assert code(files.call("set-size", 0, of=opened)) in ("bad-descriptor", "is-directory")
                assert code(files.call("set-times", NOW, NOW, of=opened)) == "read-only"
                assert code(files.call("append-via-stream", of=opened)) in ("bad-descriptor", "is-directory")
                opened.drop()
        assert files.opens("dir", READ | MUTATE) == Err("read-only")
        assert files.opens("new", WRITE, CREATE) == Err("read-only")
        assert files.opens("nothing", WRITE | MUTATE) == Err("no-entry"), "as without mutate-directory"
        for result in (
            files.call("create-directory-at", "new"),
            files.call("unlink-file-at", "file"),
            files.call("remove-directory-at", "dir/below"),
            files.call("rename-at", "file", files.root, "new"),
            files.call("link-at", 0, "file", files.root, "new"),
            files.call("symlink-at", "file", "new"),
            files.call("set-times-at", follow, "file", NOW, NOW),
            files.call("set-times", NOW, NOW),
        ):
            assert result == Err("read-only")
        assert files.read("file") == b"contents"
        assert sorted(TREE) == files.names()


def test_a_read_only_file_gets_no_writable_name() -> None:
    tree = fs.Memory(TREE)
    with World(dirs={"/ro": fs.ReadOnly(tree), "/rw": tree}) as world:
        read_only, writable = Files(world, "/ro"), Files(world, "/rw")
        assert read_only.err("link-at", 0, "file", writable.root, "new") == "read-only"
        assert read_only.err("rename-at", "file", writable.root, "new") == "read-only"
        assert writable.err("rename-at", "file", read_only.root, "new") == "read-only"
        assert writable.err("link-at", 0, "file", read_only.root, "new") == "read-only"
        assert sorted(TREE) == writable.names()


def test_two_grants_are_two_filesystems() -> None:
    with World(dirs={"/a": fs.Memory(TREE), "/b": fs.Memory(TREE)}) as world:
        one, other = Files(world, "/a"), Files(world, "/b")
        assert one.err("rename-at", "file", other.root, "new") == "cross-device"
        assert one.err("link-at", 0, "file", other.root, "new") == "cross-device"


def test_a_quota_holds_whatever_way_is_taken() -> None:
    with World(dirs={"/": fs.Quota(fs.Memory(), max_bytes=100)}) as world:
        files = Files(world)
        opened = files.open("file", READ | WRITE, CREATE)
        assert files.ok("write", bytes(100), 0, of=opened) == 100
        for result in (
            files.call("write", b"x", 100, of=opened),
            files.call("set-size", 101, of=opened),
        ):
            assert result == Err("insufficient-space")
        for stream in (files.ok("write-via-stream", 100, of=opened), files.ok("append-via-stream", of=opened)):
            failure = world.err("io/streams", "[method]output-stream.blocking-write-and-flush", stream, b"x")
            assert world.call("filesystem/types", "filesystem-error-code", failure.value) == "insufficient-space"
        assert files.ok("stat", of=opened).size == 100
