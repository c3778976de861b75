"""Scenarios: ``wasi:filesystem``."""

from __future__ import annotations

from typing import Any

import remit
from wasi_0_2.runner import Scenario


def some() -> dict[str, Any]:
    link = remit.fs.SymbolicLink
    files: dict[str, Any] = {"a.txt": "hello", "sub": {"b.txt": "below"}, "empty.txt": ""}
    links: dict[str, Any] = {
        "link": link("a.txt"),
        "out": link("../outside"),
        "loop": link("loop"),
        "down": link("sub"),
    }
    return {"dirs": {"/": remit.fs.Memory({**files, **links})}}


def read_only() -> dict[str, Any]:
    return {"dirs": {"/": remit.fs.ReadOnly(some()["dirs"]["/"])}}


def two() -> dict[str, Any]:
    one, other = remit.fs.Memory({"x": "1"}), remit.fs.Memory({"y": "2"})
    return {"dirs": {"/one": one, "/two": remit.fs.ReadOnly(other)}}


def small() -> dict[str, Any]:
    return {"dirs": {"/": remit.fs.Memory({"a.txt": "hello"}, max_bytes=100)}}


def few() -> dict[str, Any]:
    return {**some(), "limits": remit.Limits(descriptors=6)}


SCENARIOS = [
    Scenario(
        "what is granted",
        """
one, two = preopens.get_directories()
assert (one[1], two[1]) == ("/one", "/two")
assert one[0].get_flags() == READ | MUTATE
assert two[0].get_flags() == READ
with one[0] as directory:
    pass
[again, _] = preopens.get_directories()
assert again[0].get_type() == F.DescriptorType.DIRECTORY
""",
        two,
    ),
    Scenario("nothing is granted", "assert preopens.get_directories() == []"),
    Scenario(
        "reading",
        """
d = root()
with opened(d, "a.txt") as file:
    assert file.get_type() == F.DescriptorType.REGULAR_FILE
    assert file.get_flags() == READ
    assert file.read(3, 1) == (b"ell", False)
    assert file.read(100, 3) == (b"lo", False)
    assert file.read(100, 5) == (b"", True)
    assert file.read(100, 2**64 - 1) == (b"", True)
    assert file.read(0, 0) == (b"", False)
    refused(F.ErrorCode.BAD_DESCRIPTOR, file.write, b"x", 0)
    refused(F.ErrorCode.BAD_DESCRIPTOR, file.write_via_stream, 0)
    refused(F.ErrorCode.BAD_DESCRIPTOR, file.append_via_stream)
    refused(F.ErrorCode.NOT_DIRECTORY, file.stat_at, NO, "x")
    refused(F.ErrorCode.NOT_DIRECTORY, file.read_directory)
    file.advise(0, 5, F.Advice.SEQUENTIAL)
    refused(F.ErrorCode.INVALID, file.advise, 2**63, 1, F.Advice.NORMAL)
refused(F.ErrorCode.IS_DIRECTORY, d.read, 1, 0)
refused(F.ErrorCode.IS_DIRECTORY, d.read_via_stream, 0)
""",
        some,
    ),
    Scenario(
        "writing",
        """
d = root()
with opened(d, "new.txt", READ | WRITE, O.CREATE) as file:
    assert file.get_flags() == READ | WRITE
    assert file.write(b"abc", 2) == 3
    assert file.read(10, 0) == (bytes(2) + b"abc", False)
    file.set_size(3)
    assert file.stat().size == 3
    file.sync_data()
    file.sync()
    refused(F.ErrorCode.FILE_TOO_LARGE, file.write, b"x", 2**63 - 1)
    refused(F.ErrorCode.FILE_TOO_LARGE, file.set_size, 2**64 - 1)
with opened(d, "write.txt", WRITE, O.CREATE) as file:
    assert file.get_flags() == WRITE
    refused(F.ErrorCode.BAD_DESCRIPTOR, file.read, 1, 0)
    refused(F.ErrorCode.BAD_DESCRIPTOR, file.read_via_stream, 0)
d.sync()
d.sync_data()
""",
        some,
    ),
    Scenario(
        "streams of files",
        """
d = root()
with opened(d, "s.txt", READ | WRITE, O.CREATE) as file:
    with file.write_via_stream(2) as out:
        assert out.check_write() > 0
        out.write(b"one")
        out.blocking_write_and_flush(b"two")
        out.flush()
        out.blocking_flush()
    with file.append_via_stream() as out:
        out.blocking_write_zeroes_and_flush(2)
    with file.read_via_stream(1) as source:
        assert source.read(4) == b"\\0one"
        assert source.blocking_read(100) == b"two\\0\\0"
        refused(StreamError_Closed, source.read, 1)
        refused(StreamError_Closed, source.blocking_skip, 1)
    with file.read_via_stream(2) as source:
        assert source.skip(3) == 3
        assert source.blocking_skip(1) == 1
    with file.read_via_stream(2) as source, opened(d, "copy.txt", WRITE, O.CREATE) as copy:
        with copy.write_via_stream(0) as out:
            out.check_write()
            out.write_zeroes(1)
            assert out.splice(source, 2) == 2
            assert out.blocking_splice(source, 100) == 6
            refused(StreamError_Closed, out.splice, source, 1)
    reader = file.read_via_stream(0)
with reader:
    assert reader.read(3) == b"\\0\\0o", "it goes on when the descriptor is dropped"
assert content(d, "copy.txt") == b"\\0onetwo\\0\\0"
""",
        some,
    ),
    Scenario(
        "a stream that fails says why",
        """
d = root()
with opened(d, "big", WRITE, O.CREATE) as file, file.write_via_stream(0) as out:
    out.check_write()
    error = refused(StreamError_LastOperationFailed, out.write, bytes(1000)).value
    assert fs.filesystem_error_code(error) in (F.ErrorCode.INSUFFICIENT_SPACE, F.ErrorCode.QUOTA)
    assert http.http_error_code(error) is None
    assert error.to_debug_string()
    refused(StreamError_Closed, out.check_write)
with opened(d, "big", WRITE) as file:
    refused(F.ErrorCode.INSUFFICIENT_SPACE, file.write, bytes(1000), file.stat().size)
""",
        small,
    ),
    Scenario(
        "ways to open",
        """
d = root()
E = F.ErrorCode
refused(E.NO_ENTRY, opened, d, "nowhere")
refused(E.NO_ENTRY, opened, d, "nowhere/x")
refused(E.NO_ENTRY, opened, d, "")
refused(E.NOT_DIRECTORY, opened, d, "a.txt/x")
refused(E.NOT_DIRECTORY, opened, d, "a.txt", READ, O.DIRECTORY)
refused(E.EXIST, opened, d, "a.txt", WRITE, O.CREATE | O.EXCLUSIVE)
refused(E.EXIST, opened, d, "link", WRITE, O.CREATE | O.EXCLUSIVE)
refused(E.IS_DIRECTORY, opened, d, "sub", WRITE)
refused(E.IS_DIRECTORY, opened, d, "sub", READ, O.CREATE)
refused(E.INVALID, opened, d, "sub", READ, O.CREATE | O.DIRECTORY)
refused(E.NAME_TOO_LONG, opened, d, "x" * 5000)
refused(E.LOOP, opened, d, "link")
refused(E.LOOP, opened, d, "loop", READ, O(0), FOLLOW)
for path in ("/a.txt", "../a.txt", "sub/../../a.txt", "out", "out/x", "/"):
    refused(E.NOT_PERMITTED, opened, d, path, READ, O(0), FOLLOW)
for path in ("a\\0b", "\\0"):
    refused(E.INVALID, opened, d, path)
with opened(d, "link", READ, O(0), FOLLOW) as file:
    assert file.read(10, 0)[0] == b"hello"
with opened(d, "sub/") as directory:
    assert directory.get_type() == F.DescriptorType.DIRECTORY
    assert content(directory, "b.txt") == b"below"
    refused(E.NOT_PERMITTED, opened, directory, "../a.txt")
with opened(d, "a.txt", WRITE, O.TRUNCATE) as file:
    assert file.stat().size == 0
with opened(d, "sub", READ | MUTATE, O.DIRECTORY) as directory:
    directory.create_directory_at("new")
""",
        some,
    ),
    Scenario(
        "nothing is changed where nothing may be",
        """
d = root()
E = F.ErrorCode
for how, flags in ((O.CREATE, READ), (O.CREATE, WRITE), (O.TRUNCATE, READ), (O.TRUNCATE, WRITE), (O(0), WRITE)):
    refused(E.READ_ONLY, opened, d, "new.txt" if how == O.CREATE else "a.txt", flags, how)
refused(E.READ_ONLY, opened, d, "sub", READ | MUTATE)
refused(E.READ_ONLY, d.create_directory_at, "new")
refused(E.READ_ONLY, d.symlink_at, "a.txt", "new")
refused(E.READ_ONLY, d.unlink_file_at, "a.txt")
refused(E.READ_ONLY, d.remove_directory_at, "sub")
refused(E.READ_ONLY, d.rename_at, "a.txt", d, "b.txt")
refused(E.READ_ONLY, d.link_at, NO, "a.txt", d, "b.txt")
now = F.NewTimestamp_Now()
refused(E.READ_ONLY, d.set_times_at, NO, "a.txt", now, now)
refused(E.READ_ONLY, d.set_times, now, now)
with opened(d, "a.txt") as file:
    refused(E.READ_ONLY, file.set_times, now, now)
assert content(d, "a.txt") == b"hello"
""",
        read_only,
    ),
    Scenario(
        "attributes",
        """
d = root()
stat = d.stat_at(NO, "a.txt")
assert (stat.type, stat.size, stat.link_count) == (F.DescriptorType.REGULAR_FILE, 5, 1)
assert stat.data_modification_timestamp.seconds > 1_600_000_000
assert stat.data_access_timestamp is not None and stat.status_change_timestamp is not None
assert d.stat_at(NO, "link").type == F.DescriptorType.SYMBOLIC_LINK
assert d.stat_at(FOLLOW, "link").type == F.DescriptorType.REGULAR_FILE
assert d.stat().type == F.DescriptorType.DIRECTORY
refused(F.ErrorCode.NO_ENTRY, d.stat_at, NO, "nowhere")
refused(F.ErrorCode.LOOP, d.stat_at, FOLLOW, "loop")
refused(F.ErrorCode.NOT_PERMITTED, d.stat_at, FOLLOW, "out")
when = wall_clock.Datetime(1_000_000_000, 5)
d.set_times_at(NO, "a.txt", F.NewTimestamp_NoChange(), F.NewTimestamp_Timestamp(when))
assert d.stat_at(NO, "a.txt").data_modification_timestamp == when
with opened(d, "a.txt", READ | WRITE) as file:
    file.set_times(F.NewTimestamp_Timestamp(when), F.NewTimestamp_Now())
    assert file.stat().data_access_timestamp == when
    assert file.stat().data_modification_timestamp != when
    no_time, far = wall_clock.Datetime(1, 10**9), wall_clock.Datetime(2**64 - 1, 0)
    refused(F.ErrorCode.INVALID, file.set_times, F.NewTimestamp_Timestamp(no_time), F.NewTimestamp_Now())
    refused(F.ErrorCode.OVERFLOW, file.set_times, F.NewTimestamp_Timestamp(far), F.NewTimestamp_Now())
refused(F.ErrorCode.NO_ENTRY, d.set_times_at, NO, "nowhere", F.NewTimestamp_Now(), F.NewTimestamp_Now())
""",
        some,
    ),
    Scenario(
        "the same object",
        """
d = root()
with opened(d, "a.txt") as one, opened(d, "link", READ, O(0), FOLLOW) as two, opened(d, "empty.txt") as other:
    assert one.is_same_object(two)
    assert not one.is_same_object(other)
    assert one.metadata_hash() == two.metadata_hash() == d.metadata_hash_at(NO, "a.txt")
    assert one.metadata_hash() != other.metadata_hash()
    assert d.metadata_hash_at(FOLLOW, "link") == one.metadata_hash()
    assert d.metadata_hash_at(NO, "link") != one.metadata_hash()
refused(F.ErrorCode.NO_ENTRY, d.metadata_hash_at, NO, "nowhere")
""",
        some,
    ),
    Scenario(
        "directories",
        """
d = root()
E = F.ErrorCode
d.create_directory_at("new")
refused(E.EXIST, d.create_directory_at, "new")
refused(E.EXIST, d.create_directory_at, "link")
refused(E.NO_ENTRY, d.create_directory_at, "x/y")
refused(E.NOT_PERMITTED, d.create_directory_at, "../x")
refused(E.NOT_EMPTY, d.remove_directory_at, "sub")
refused(E.NOT_DIRECTORY, d.remove_directory_at, "a.txt")
refused(E.NO_ENTRY, d.remove_directory_at, "nowhere")
d.remove_directory_at("new")
refused(E.IS_DIRECTORY, d.unlink_file_at, "sub")
refused(E.NO_ENTRY, d.unlink_file_at, "nowhere")
refused(E.NOT_DIRECTORY, d.unlink_file_at, "a.txt/")
with d.read_directory() as rows:
    found = {}
    while (row := rows.read_directory_entry()) is not None:
        found[row.name] = row.type
    assert rows.read_directory_entry() is None
T = F.DescriptorType
assert found == {"a.txt": T.REGULAR_FILE, "empty.txt": T.REGULAR_FILE, "sub": T.DIRECTORY, "link": T.SYMBOLIC_LINK,
    "out": T.SYMBOLIC_LINK, "loop": T.SYMBOLIC_LINK, "down": T.SYMBOLIC_LINK}, found
""",
        some,
    ),
    Scenario(
        "a listing is of the moment when it was begun",
        """
d = root()
with d.read_directory() as rows:
    rows.read_directory_entry()
    d.unlink_file_at("a.txt")
    d.unlink_file_at("empty.txt")
    opened(d, "zzz", WRITE, O.CREATE)
    names = set()
    while (row := rows.read_directory_entry()) is not None:
        names.add(row.name)
    assert "zzz" not in names
""",
        some,
    ),
    Scenario(
        "links",
        """
d = root()
E = F.ErrorCode
assert d.readlink_at("link") == "a.txt"
refused(E.INVALID, d.readlink_at, "a.txt")
refused(E.NO_ENTRY, d.readlink_at, "nowhere")
d.symlink_at("sub/b.txt", "two")
assert d.readlink_at("two") == "sub/b.txt"
refused(E.EXIST, d.symlink_at, "x", "two")
refused(E.NOT_PERMITTED, d.symlink_at, "/etc/passwd", "three")
refused(E.NO_ENTRY, d.symlink_at, "", "three")
d.symlink_at("../../outside", "away")
refused(E.NOT_PERMITTED, opened, d, "away", READ, O(0), FOLLOW)
refused(E.NOT_PERMITTED, opened, d, "down/../../x", READ, O(0), FOLLOW)
d.link_at(NO, "a.txt", d, "second")
assert d.stat_at(NO, "a.txt").link_count == 2
refused(E.EXIST, d.link_at, NO, "a.txt", d, "second")
refused(E.NOT_PERMITTED, d.link_at, NO, "sub", d, "third")
refused(E.NO_ENTRY, d.link_at, NO, "nowhere", d, "third")
refused(E.INVALID, d.link_at, FOLLOW, "link", d, "third")
d.unlink_file_at("link")
assert content(d, "second") == b"hello"
""",
        some,
    ),
    Scenario(
        "moving",
        """
d = root()
E = F.ErrorCode
d.rename_at("a.txt", d, "sub/moved.txt")
assert content(d, "sub/moved.txt") == b"hello"
refused(E.NO_ENTRY, d.rename_at, "a.txt", d, "x")
d.create_directory_at("empty")
refused(E.NOT_DIRECTORY, d.rename_at, "empty", d, "empty.txt")
refused(E.IS_DIRECTORY, d.rename_at, "empty.txt", d, "sub")
refused(E.NOT_EMPTY, d.rename_at, "empty", d, "sub")
refused(E.INVALID, d.rename_at, "sub", d, "sub/below")
refused(E.BUSY, d.rename_at, ".", d, "x")
refused(E.NOT_PERMITTED, d.rename_at, "empty.txt", d, "../x")
d.rename_at("empty", d, "other")
""",
        some,
    ),
    Scenario(
        "two filesystems are two",
        """
(one, _), (two, _) = preopens.get_directories()
E = F.ErrorCode
refused(E.READ_ONLY, one.link_at, NO, "x", two, "x")
refused(E.READ_ONLY, two.link_at, NO, "y", one, "y")
refused(E.READ_ONLY, two.rename_at, "y", one, "y")
""",
        two,
    ),
    Scenario(
        "two filesystems that may be changed are two all the same",
        """
(one, _), (two, _) = preopens.get_directories()
refused(F.ErrorCode.CROSS_DEVICE, one.link_at, NO, "x", two, "x")
refused(F.ErrorCode.CROSS_DEVICE, one.rename_at, "x", two, "x")
""",
        lambda: {"dirs": {"/one": remit.fs.Memory({"x": "1"}), "/two": remit.fs.Memory()}},
    ),
    Scenario(
        "so many files may be open",
        """
d = root()
kept = []
def more():
    kept.append(opened(d, "a.txt"))
more(); more()
refused(F.ErrorCode.INSUFFICIENT_MEMORY, more)
kept.pop().__exit__(None, None, None)
more()
""",
        few,
    ),
]
