"""What is particular to directories of the host; the common contract is checked elsewhere."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from host_trees import descriptors_below, outcome
from remit.filesystems import host_files, host_linux
from remit.filesystems.host import HostDirectory, HostFilesystem, open_ambient_directory
from remit.filesystems.memory import MemoryFilesystem
from remit.kernel import paths
from remit.kernel.errors import Code, WouldBlock
from remit.kernel.files import NOW, Advice, Directory, File, FileType, How
from remit.kernel.poll import HostReady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="no directory descriptors")

RW = How.READ | How.WRITE
SECOND = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Directory]:
    """A directory of the host; afterwards no descriptor is left open."""
    filesystem = HostFilesystem(tmp_path)
    directory = filesystem.root()
    yield directory
    directory.close()
    filesystem.close()
    assert descriptors_below(tmp_path) == []


def refuse(root: Directory, name: str, how: int) -> object:
    """How opening a file ends."""
    opened = outcome(partial(root.open_file, name, how))
    if isinstance(opened, File):
        opened.close()
    return opened


class TestGranting:
    def test_a_missing_directory_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"cannot grant a directory.*missing"):
            HostFilesystem(tmp_path / "missing")

    def test_a_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(NotADirectoryError, match=r"cannot grant a directory.*file"):
            open_ambient_directory(str(tmp_path / "file"))

    def test_it_stays_the_same_directory_wherever_it_is_moved(self, tmp_path: Path) -> None:
        (tmp_path / "one").mkdir()
        (tmp_path / "one/f").write_bytes(b"abc")
        filesystem = HostFilesystem(tmp_path / "one")
        (tmp_path / "one").rename(tmp_path / "two")
        (tmp_path / "one").mkdir()
        root = filesystem.root()
        assert root.lookup("f").size == 3
        root.close()
        filesystem.close()

    def test_what_is_forgotten_is_closed(self, tmp_path: Path) -> None:
        (tmp_path / "f").touch()
        root = HostFilesystem(tmp_path).root()
        root.open_file("f", How.READ)
        del root
        assert descriptors_below(tmp_path) == []

    def test_closing_twice_does_nothing(self, tmp_path: Path) -> None:
        directory = open_ambient_directory(tmp_path)
        opened = directory.open_file("f", RW | How.CREATE)
        for node in (opened, directory):
            node.close()
            node.close()

    def test_what_is_left_when_python_ends_is_closed_in_silence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Modules are taken apart then, in any order."""
        root = HostFilesystem(tmp_path).root()
        file = root.open_file("f", RW | How.CREATE)
        for module in ("host", "host_files"):
            monkeypatch.setattr(f"remit.filesystems.{module}.os", None)
        file.close()
        root.close()
        monkeypatch.undo()
        assert descriptors_below(tmp_path) == []

    def test_a_host_without_directory_descriptors_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "supports_dir_fd", set())
        with pytest.raises(NotImplementedError, match=r"not supported on .* yet"):
            HostFilesystem(tmp_path)

    def test_the_modules_import_on_windows(self) -> None:
        """As far as that can be seen from here: with nothing in `os` that Windows lacks."""
        program = """
import ctypes, os, stat, sys
sys.platform = "win32"
for name in dir(os):
    if name.startswith(("O_N", "O_D", "O_P", "O_CLOEXEC", "posix_", "POSIX_", "pread", "pwrite", "RWF_")):
        delattr(os, name)
os.supports_dir_fd.clear()
from remit.filesystems.host import HostFilesystem
try:
    HostFilesystem("C:/")
except NotImplementedError as error:
    print(error)
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "'C:/'" in done.stdout
        assert "memory filesystem" in done.stdout


class TestDirectories:
    def test_listing_does_not_depend_on_other_handles(self, root: Directory) -> None:
        for name in ("a", "b", "c"):
            root.make_directory(name)
        listing = iter(root.entries())
        next(listing)
        assert sorted(entry.name for entry in root.entries()) == ["a", "b", "c"]
        other = root.reopen()
        assert sorted(entry.name for entry in other.entries()) == ["a", "b", "c"]
        other.close()

    def test_types_in_listings(self, root: Directory, tmp_path: Path) -> None:
        root.make_directory("directory")
        root.make_symbolic_link("link", "nowhere")
        root.open_file("file", How.WRITE | How.CREATE).close()
        os.mkfifo(tmp_path / "fifo")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "socket"))
        found = {entry.name: (entry.type, entry.inode) for entry in root.entries()}
        assert found == {name: (root.lookup(name).type, root.lookup(name).inode) for name in found}
        assert {name: kind for name, (kind, _) in found.items()} == {
            "directory": FileType.DIRECTORY,
            "link": FileType.SYMBOLIC_LINK,
            "file": FileType.REGULAR_FILE,
            "fifo": FileType.FIFO,
            "socket": FileType.SOCKET,
        }

    def test_a_directory_found_by_a_walk_can_be_listed_synchronised_and_opened_again(self, root: Directory) -> None:
        root.make_directory("a")
        paths.make_directory_at(root, "a/b")
        paths.make_directory_at(root, "a/b/c")
        found = root.walk("a/./b")
        if found is None:
            pytest.skip("no openat2 here")
        assert found.host_descriptor() is None
        assert [entry.name for entry in found.entries()] == ["c"]
        found.sync(data_only=False)
        found.set_times(SECOND, 2 * SECOND)
        assert (found.stat().accessed, found.stat().modified) == (SECOND, 2 * SECOND)
        again = found.reopen()
        assert again.host_descriptor() is not None
        again.close()
        found.close()

    @pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="needs O_PATH")
    def test_a_directory_that_may_only_be_searched_can_be_passed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Tests may run as a user who may do everything, so the refusal is made here."""
        paths_root = open_ambient_directory(tmp_path, openat2=False)
        paths.make_directory_at(paths_root, "d")
        paths_root.open_directory("d").close()
        (tmp_path / "d/f").write_bytes(b"abc")
        real = os.open

        def refuse_to_read(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if path == b"d" and not flags & os.O_PATH:
                raise PermissionError(13, "Permission denied")
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", refuse_to_read)
        assert paths.stat_at(paths_root, "d/f", follow=True).size == 3
        paths_root.close()

    def test_other_filesystems_are_other_devices(self, root: Directory) -> None:
        other = MemoryFilesystem().root()
        root.open_file("f", How.WRITE | How.CREATE).close()
        assert outcome(partial(root.link, "f", other, "g")) is Code.CROSS_DEVICE
        assert outcome(partial(root.rename, "f", other, "g")) is Code.CROSS_DEVICE
        other.close()


class TestSpecialFiles:
    def test_a_pipe_without_a_writer_is_opened_at_once_and_at_its_end(self, root: Directory, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        opened = root.open_file("fifo", How.READ)
        assert not opened.seekable
        assert opened.stat().type is FileType.FIFO
        assert opened.host_descriptor() is None
        assert opened.read([memoryview(bytearray(4))]) == 0
        opened.close()

    def test_a_pipe_without_a_reader_is_refused_at_once(self, root: Directory, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        assert refuse(root, "fifo", How.WRITE) is Code.NO_SUCH_ADDRESS

    def test_a_pipe_carries_bytes_and_makes_both_sides_wait(self, root: Directory, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        reader = root.open_file("fifo", How.READ)
        writer = root.open_file("fifo", How.WRITE)
        assert not reader.when_readable().ready()
        assert writer.when_writable().ready()
        buffer = bytearray(4)
        with pytest.raises(WouldBlock) as empty:
            reader.read([memoryview(buffer)])
        assert isinstance(empty.value.pollable, HostReady)
        assert not empty.value.pollable.ready()
        assert writer.write([memoryview(b"ab"), memoryview(b"cdef")]) == 6
        assert empty.value.pollable.ready()
        assert reader.when_readable().ready()
        assert reader.read([memoryview(buffer)[:1], memoryview(buffer)[1:]]) == 4
        assert buffer == b"abcd"

        def fill() -> None:
            while True:
                writer.write([memoryview(bytes(65536))])

        with pytest.raises(WouldBlock) as full:
            fill()
        assert isinstance(full.value.pollable, HostReady)
        assert full.value.pollable.write
        assert not writer.when_writable().ready()
        reader.close()
        assert outcome(partial(writer.write, [memoryview(b"x")])) is Code.PIPE
        writer.close()

    def test_a_socket_cannot_be_opened(self, root: Directory, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "socket"))
        assert refuse(root, "socket", How.READ) is Code.NO_SUCH_ADDRESS
        assert root.lookup("socket").type is FileType.SOCKET

    def test_a_device_is_a_stream(self) -> None:
        devices = open_ambient_directory("/dev")
        null = devices.open_file("null", RW)
        assert not null.seekable
        assert null.stat().type is FileType.CHARACTER_DEVICE
        assert null.write([memoryview(b"abc")]) == 3
        assert null.read([memoryview(bytearray(4))]) == 0
        null.close()
        devices.close()


class TestRegularFiles:
    def test_more_buffers_than_the_host_takes_at_once(self, root: Directory) -> None:
        opened = root.open_file("f", RW | How.CREATE)
        data = bytes(range(250)) * 20
        buffers = [memoryview(data)[n : n + 1] for n in range(len(data))]
        assert opened.write_at(3, buffers) == 5000
        assert opened.append(buffers) == 5000
        read = bytearray(10003)
        view = memoryview(read)
        assert opened.read_at(0, [view[n : n + 1] for n in range(len(read))]) == 10003
        assert read == b"\0\0\0" + data * 2
        assert opened.read_at(9000, [view[n : n + 1] for n in range(len(read))]) == 1003
        opened.close()

    @pytest.mark.parametrize("flags", [host_files._RWF_APPEND, 0])
    def test_appending_finds_the_end(self, root: Directory, monkeypatch: pytest.MonkeyPatch, flags: int) -> None:
        monkeypatch.setattr(host_files, "_RWF_APPEND", flags)
        one = root.open_file("f", RW | How.CREATE)
        two = root.open_file("f", RW)
        for file, data in ((one, b"ab"), (two, b"cd"), (one, b"e")):
            assert file.append([memoryview(data)]) == len(data)
        assert one.write_at(0, [memoryview(b"X")]) == 1
        buffer = bytearray(8)
        assert two.read_at(0, [memoryview(buffer)]) == 5
        assert buffer[:5] == b"Xbcde"
        one.close()
        two.close()

    @pytest.mark.parametrize("offset", [2**63, 2**64 - 1])
    def test_offsets_beyond_the_hosts_numbers(self, root: Directory, offset: int) -> None:
        opened = root.open_file("f", RW | How.CREATE)
        byte = [memoryview(bytearray(1))]
        assert outcome(partial(opened.read_at, offset, byte)) is Code.INVALID
        assert outcome(partial(opened.write_at, offset, byte)) is Code.INVALID
        assert outcome(partial(opened.advise, offset, 0, Advice.RANDOM)) is Code.INVALID
        assert outcome(partial(opened.advise, 0, offset, Advice.RANDOM)) is Code.INVALID
        assert outcome(partial(opened.resize, offset)) is Code.FILE_TOO_LARGE
        assert outcome(partial(opened.allocate, offset, 1)) is Code.FILE_TOO_LARGE
        assert outcome(partial(opened.allocate, 1, offset)) is Code.FILE_TOO_LARGE
        assert opened.stat().size == 0
        opened.close()

    def test_offsets_at_the_end_of_the_hosts_numbers(self, root: Directory) -> None:
        opened = root.open_file("f", RW | How.CREATE)
        byte = [memoryview(bytearray(8))]
        refusals = (Code.INVALID, Code.FILE_TOO_LARGE)
        assert outcome(partial(opened.write_at, 2**63 - 1, byte)) in refusals
        assert outcome(partial(opened.read_at, 2**63 - 1, byte)) in (0, Code.INVALID)
        opened.close()

    def test_what_was_not_opened_for_it_is_refused(self, root: Directory) -> None:
        root.open_file("f", How.WRITE | How.CREATE | How.EXCLUSIVE).close()
        byte = [memoryview(bytearray(1))]
        for how, read, write in ((How.READ, 0, False), (How.WRITE, None, True), (0, None, False)):
            opened = root.open_file("f", how)
            assert outcome(partial(opened.read_at, 0, byte)) == (Code.BAD_DESCRIPTOR if read is None else read)
            if not write:
                for change in (
                    partial(opened.write_at, 0, byte),
                    partial(opened.append, byte),
                    partial(opened.resize, 5),
                    partial(opened.allocate, 0, 5),
                ):
                    assert outcome(change) is Code.BAD_DESCRIPTOR
            assert opened.stat().size == 0
            assert (opened.host_descriptor() is None) == (how == 0)
            opened.close()

    def test_a_file_made_without_reading_or_writing_is_only_held(self, root: Directory) -> None:
        for how in (How.CREATE | How.EXCLUSIVE, How.CREATE):
            opened = root.open_file("f", how)
            assert opened.host_descriptor() is None
            assert outcome(partial(opened.read_at, 0, [memoryview(bytearray(1))])) is Code.BAD_DESCRIPTOR
            opened.close()

    def test_advice_and_sync(self, root: Directory) -> None:
        opened = root.open_file("f", RW | How.CREATE)
        for advice in Advice:
            opened.advise(0, 0, advice)
        opened.sync(data_only=True)
        opened.sync(data_only=False)
        opened.close()

    def test_modes_obey_the_umask(self, root: Directory, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            root.open_file("f", How.WRITE | How.CREATE).close()
            root.make_directory("d")
        finally:
            os.umask(before)
        assert (tmp_path / "f").stat().st_mode & 0o7777 == 0o640
        assert (tmp_path / "d").stat().st_mode & 0o7777 == 0o750


TIMES = [0, 1, -1, -SECOND, -SECOND - 1, 2**31 * SECOND, 2**32 * SECOND + 7, -(2**31) * SECOND, 2**63 - 1, -(2**63) + 1]


@pytest.mark.parametrize("portable", [False, True])
class TestTimes:
    @pytest.fixture(autouse=True)
    def choose(self, portable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        if portable:
            monkeypatch.setattr(host_files, "_LINUX_TIMES", False)

    def test_any_time_is_set_or_refused(self, root: Directory) -> None:
        """The host's filesystem may have a narrower range: then its border is what is found."""
        opened = root.open_file("f", RW | How.CREATE)
        for time in [*TIMES, 2**64 - 1, 2**80, -(2**80)]:
            for setter in (opened.set_times, partial(root.set_times_of, "f"), root.set_times):
                assert outcome(partial(setter, time, time)) in (None, Code.OVERFLOW, Code.INVALID)
            root.lookup("f")
            opened.stat()
            root.stat()
        opened.close()

    def test_times_before_the_epoch_are_kept(self, root: Directory) -> None:
        root.open_file("f", RW | How.CREATE).close()
        root.set_times_of("f", -1, -SECOND - 1)
        status = root.lookup("f")
        assert (status.accessed, status.modified) == (-1, -SECOND - 1)

    def test_one_time_is_left_alone(self, root: Directory) -> None:
        opened = root.open_file("f", RW | How.CREATE)
        opened.set_times(11, 12)
        root.set_times_of("f", None, 22)
        assert (opened.stat().accessed, opened.stat().modified) == (11, 22)
        opened.set_times(31, None)
        assert (opened.stat().accessed, opened.stat().modified) == (31, 22)
        opened.set_times(None, None)
        assert (opened.stat().accessed, opened.stat().modified) == (31, 22)
        opened.close()

    def test_now_is_later_than_then(self, root: Directory) -> None:
        opened = root.open_file("f", RW | How.CREATE)
        opened.set_times(11, 12)
        opened.set_times(NOW, None)
        assert opened.stat().accessed > 1_600_000_000 * SECOND
        assert opened.stat().modified == 12
        root.set_times_of("f", 5, NOW)
        assert opened.stat().accessed == 5
        assert opened.stat().modified > 1_600_000_000 * SECOND
        opened.close()

    def test_a_link_has_times_of_its_own(self, root: Directory) -> None:
        root.open_file("f", RW | How.CREATE).close()
        root.make_symbolic_link("l", "f")
        before = root.lookup("f").modified
        root.set_times_of("l", 1, 2)
        assert root.lookup("l").modified == 2
        assert root.lookup("f").modified == before

    def test_a_missing_file_is_missed(self, root: Directory) -> None:
        assert outcome(partial(root.set_times_of, "missing", 1, 2)) is Code.NO_ENTRY


@pytest.mark.skipif(sys.platform != "linux", reason="openat2 is Linux's")
class TestOpenat2:
    def answers(self, monkeypatch: pytest.MonkeyPatch, number: int) -> list[object]:
        """Have the system call fail with `number`; the calls that were made."""
        import ctypes

        calls: list[object] = []

        def fail(*arguments: object) -> int:
            calls.append(arguments)
            ctypes.set_errno(number)
            return -1

        monkeypatch.setattr(host_linux, "_syscall", fail)
        return calls

    @pytest.mark.parametrize("refusal", ["ENOSYS", "EPERM"])
    def test_without_it_walks_are_by_single_names(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: str
    ) -> None:
        import errno

        (tmp_path / "a/b").mkdir(parents=True)
        monkeypatch.setattr(host_linux, "_available", None)
        calls = self.answers(monkeypatch, getattr(errno, refusal))
        directory = open_ambient_directory(tmp_path)
        assert directory.walk("a") is None
        assert paths.stat_at(directory, "a/b", follow=True).type is FileType.DIRECTORY
        open_ambient_directory(tmp_path).close()
        assert len(calls) == 1
        directory.close()

    def test_a_kernel_that_cannot_vouch_is_asked_again_but_not_for_ever(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import errno

        (tmp_path / "a/b").mkdir(parents=True)
        (tmp_path / "a/f").write_bytes(b"abc")
        directory = open_ambient_directory(tmp_path)
        if directory.walk("a") is None:
            pytest.skip("no openat2 here")
        calls = self.answers(monkeypatch, errno.EAGAIN)
        assert paths.stat_at(directory, "a/b/../f", follow=True).size == 3
        assert 1 < len(calls) < 100
        directory.close()

    def test_the_portable_walk_can_be_asked_for(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        directory = open_ambient_directory(tmp_path, openat2=False)
        assert directory.walk("a") is None
        child = directory.open_directory("a")
        assert isinstance(child, HostDirectory)
        assert child.walk(".") is None
        child.close()
        directory.close()

    def test_both_walks_count_forty_links(self, tmp_path: Path) -> None:
        (tmp_path / "l50").mkdir()
        (tmp_path / "l50/f").write_bytes(b"abc")
        for number in range(50):
            (tmp_path / f"l{number}").symlink_to(f"l{number + 1}")
        for openat2 in (False, True):
            directory = open_ambient_directory(tmp_path, openat2=openat2)
            assert paths.stat_at(directory, "l10/f", follow=True).size == 3
            assert outcome(partial(paths.stat_at, directory, "l9/f", follow=True)) is Code.LOOP
            assert paths.stat_at(directory, "l10", follow=True).type is FileType.DIRECTORY
            assert outcome(partial(paths.stat_at, directory, "l9", follow=True)) is Code.LOOP
            directory.close()

    def test_a_path_too_long_for_the_system_is_still_walked(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a/f").write_bytes(b"abc")
        directory = open_ambient_directory(tmp_path)
        assert paths.stat_at(directory, "a/../" * 1000 + "a/f", follow=True).size == 3
        assert outcome(partial(paths.stat_at, directory, "n" * 256 + "/f", follow=True)) is Code.NAME_TOO_LONG
        directory.close()

    def test_links_of_the_process_filesystem_lead_nowhere(self) -> None:
        """`/proc/self/root` and the like jump where no path leads."""
        for openat2 in (False, True):
            directory = open_ambient_directory("/proc/self", openat2=openat2)
            for path in ("root/etc", "cwd/.", "fd/../root/.", "exe/x"):
                refused = outcome(partial(paths.stat_at, directory, path, follow=True))
                assert refused in (Code.NOT_CAPABLE, Code.LOOP)
            directory.close()
