"""The kit is checked itself: it accepts plain `os`, and rejects each of many wrong filesystems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from os_filesystem import OsFilesystem
from remit.filesystems.memory import MemoryDirectory, MemoryFile, MemoryFilesystem
from remit.filesystems.read_only import ReadOnly, ReadOnlyDirectory, ReadOnlyFile
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, Filesystem, How, Stat
from remit.testing import check_filesystem, fill_sample


def test_accepts_plain_os(tmp_path: Path) -> None:
    numbers = count()

    def make() -> OsFilesystem:
        place = tmp_path / str(next(numbers))
        place.mkdir()
        return OsFilesystem(place)

    assert check_filesystem(make) > 60


class _Derived(Filesystem):
    """A memory filesystem whose handles are of derived, wrong classes."""

    def __init__(self, directory: type[_WrongDirectory]) -> None:
        self.memory = MemoryFilesystem()
        self.directory = directory

    def root(self) -> Directory:
        return self.directory(self.memory._root)


class _WrongDirectory(MemoryDirectory):
    """Right so far; the classes below each break one thing."""

    __slots__ = ()

    file: type[MemoryFile] = MemoryFile

    def open_directory(self, name: str) -> Directory:
        found = super().open_directory(name)
        assert isinstance(found, MemoryDirectory)
        return self._again(found)

    def reopen(self) -> Directory:
        return type(self)(self._inode)

    def open_file(self, name: str, how: int) -> File:
        found = super().open_file(name, how)
        assert isinstance(found, MemoryFile)
        try:
            return self.file(found._inode, how)
        finally:
            found.close()

    def _again(self, found: MemoryDirectory) -> Directory:
        try:
            return type(self)(found._inode)
        finally:
            found.close()


class _Right(_WrongDirectory):
    __slots__ = ()


class _IgnoresExclusive(_WrongDirectory):
    """Ignores EXCLUSIVE."""

    __slots__ = ()

    def open_file(self, name: str, how: int) -> File:
        return super().open_file(name, how & ~How.EXCLUSIVE)


class _MakesFiles(_WrongDirectory):
    """Always creates."""

    __slots__ = ()

    def open_file(self, name: str, how: int) -> File:
        return super().open_file(name, how if how & How.CREATE else how | How.CREATE)


class _RemovesFull(_WrongDirectory):
    """Removes directories that are not empty."""

    __slots__ = ()

    def remove_directory(self, name: str) -> None:
        with self._lock:
            inode = self._find(name)
            self._inode.remove(name, inode)
            inode.drop_link()


class _UnlinksDirectories(_WrongDirectory):
    """Removes empty directories by unlink."""

    __slots__ = ()

    def unlink(self, name: str) -> None:
        try:
            super().unlink(name)
        except KernelError as error:
            if error.code is not Code.IS_DIRECTORY:
                raise
            self.remove_directory(name)


class _SaysExists(_WrongDirectory):
    """Answers EXISTS in place of NOT_EMPTY, as POSIX allows and Linux does not."""

    __slots__ = ()

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        try:
            super().rename(name, target, target_name)
        except KernelError as error:
            raise KernelError(Code.EXISTS if error.code is Code.NOT_EMPTY else error.code) from None


class _NeverReplaces(_WrongDirectory):
    """Refuses to rename onto a name that is taken."""

    __slots__ = ()

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        if isinstance(target, MemoryDirectory) and target._inode.find(target_name) is not None:
            raise KernelError(Code.EXISTS)
        super().rename(name, target, target_name)


class _MovesIntoItself(_WrongDirectory):
    """Lets a directory be moved below itself."""

    __slots__ = ()

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        try:
            super().rename(name, target, target_name)
        except KernelError as error:
            if error.code is not Code.INVALID:
                raise


class _CopiesLinks(_WrongDirectory):
    """Makes a hard link as an empty new file."""

    __slots__ = ()

    def link(self, name: str, target: Directory, target_name: str) -> None:
        self._find(name)
        target.open_file(target_name, How.WRITE | How.CREATE | How.EXCLUSIVE).close()


class _ChangesTargets(_WrongDirectory):
    """Tidies link targets."""

    __slots__ = ()

    def make_symbolic_link(self, name: str, target: str) -> None:
        super().make_symbolic_link(name, target.rstrip("/") or "/")


class _OpensLinkedDirectories(_WrongDirectory):
    """Follows links to directories."""

    __slots__ = ()

    def open_directory(self, name: str) -> Directory:
        try:
            return super().open_directory(name)
        except KernelError as error:
            if error.code is Code.LOOP:
                return super().open_directory(self.read_link(name))
            raise


class _ListsDots(_WrongDirectory):
    """Lists `.`."""

    __slots__ = ()

    def entries(self) -> Sequence[DirectoryEntry]:
        return [DirectoryEntry(".", self._inode.number, self._inode.type), *super().entries()]


class _ForgetsTheRemoved(_WrongDirectory):
    """Lets a removed directory be filled."""

    __slots__ = ()

    def _check_new(self, name: str) -> None:
        pass


class _AcceptsForeigners(_WrongDirectory):
    """Moves into another filesystem by forgetting."""

    __slots__ = ()

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        if isinstance(target, MemoryDirectory):
            super().rename(name, target, target_name)
        else:
            self._inode.remove(name, self._find(name))


class _IgnoresTimes(_WrongDirectory):
    """Does not set times by name."""

    __slots__ = ()

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._find(name)


class _ClimbsUp(_WrongDirectory):
    """Opens what is above by `walk`."""

    __slots__ = ()

    def walk(self, path: str) -> Directory | None:
        return self.reopen() if path == ".." else None


def _with_file(file: type[MemoryFile], doc: str) -> type[_WrongDirectory]:
    return type(file.__name__, (_WrongDirectory,), {"__slots__": (), "__doc__": doc, "file": file})


class _ReadsAlways(MemoryFile):
    __slots__ = ()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._inode.read(offset, buffers)


class _WritesAlways(MemoryFile):
    __slots__ = ()

    def _check_writable(self) -> None:
        pass


class _ReadsOneBuffer(MemoryFile):
    __slots__ = ()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return super().read_at(offset, buffers[:1])


class _AppendsAtStart(MemoryFile):
    __slots__ = ()

    def append(self, buffers: Sequence[memoryview]) -> int:
        return self.write_at(0, buffers)


class _OnlyShrinks(MemoryFile):
    __slots__ = ()

    def resize(self, size: int) -> None:
        super().resize(min(size, self.stat().size))


class _AllocateCuts(MemoryFile):
    __slots__ = ()

    def allocate(self, offset: int, length: int) -> None:
        super().allocate(offset, length)
        self.resize(offset + length)


class _ClosesOnce(MemoryFile):
    __slots__ = ()

    def close(self) -> None:
        if self._closed:
            raise KernelError(Code.BAD_DESCRIPTOR)
        super().close()


class _ForgetsLinks(MemoryFile):
    __slots__ = ()

    def stat(self) -> Stat:
        stat = super().stat()
        stat.links = max(stat.links, 1)
        return stat


class _KeepsModified(MemoryFile):
    __slots__ = ()

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        before = self._inode.modified
        try:
            return super().write_at(offset, buffers)
        finally:
            self._inode.modified = before


# What is wrong, and words of the message that must say so.
WRONG: list[tuple[type[_WrongDirectory], str]] = [
    (_IgnoresExclusive, "EXCLUSIVE fails with EXISTS"),
    (_MakesFiles, "NO_ENTRY, and nothing is made"),
    (_RemovesFull, "remove_directory removes an empty directory and nothing else"),
    (_UnlinksDirectories, "unlink removes a file and nothing else"),
    (_SaysExists, "raised EXISTS, expected NOT_EMPTY"),
    (_NeverReplaces, "missing onto file"),
    (_MovesIntoItself, "returned None, expected INVALID"),
    (_CopiesLinks, "link gives one file two names"),
    (_ChangesTargets, "keeps its target as it is written"),
    (_OpensLinkedDirectories, "open_directory of a link: LOOP"),
    (_ListsDots, "the names listed"),
    (_ForgetsTheRemoved, "directory that was removed while it was open"),
    (_AcceptsForeigners, "CROSS_DEVICE"),
    (_IgnoresTimes, "times are set to numbers"),
    (_ClimbsUp, "walk('..') opened a directory"),
    (_with_file(_ReadsAlways, "Reads what was opened for writing only."), "read only if it was opened for reading"),
    (_with_file(_WritesAlways, "Writes what was opened for reading only."), "changed only if for writing"),
    (_with_file(_ReadsOneBuffer, "Fills the first buffer only."), "read_at fills the buffers in order"),
    (_with_file(_AppendsAtStart, "Appends at the start."), "append writes at the end"),
    (_with_file(_OnlyShrinks, "Never lengthens."), "resize cuts and lengthens"),
    (_with_file(_AllocateCuts, "Cuts when it allocates."), "allocate lengthens a shorter file"),
    (_with_file(_ClosesOnce, "Does not like to be closed twice."), "a handle can be closed twice"),
    (_with_file(_ForgetsLinks, "Has a link too many."), "links and inode"),
    (_with_file(_KeepsModified, "Does not tell when it was written."), "write_at left the time of modification"),
]


def test_accepts_the_right_one_that_the_wrong_ones_derive_from() -> None:
    assert check_filesystem(lambda: _Derived(_Right)) > 60


@pytest.mark.parametrize(("directory", "words"), WRONG, ids=[directory.__name__ for directory, _ in WRONG])
def test_rejects(directory: type[_WrongDirectory], words: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_filesystem(lambda: _Derived(directory))
    assert words in str(caught.value)


def _sample() -> Filesystem:
    memory = MemoryFilesystem()
    root = memory.root()
    fill_sample(root)
    root.close()
    return memory


def test_accepts_a_read_only_one() -> None:
    assert check_filesystem(lambda: ReadOnly(_sample()), read_only=True) == 5


class _LeakyDirectory(ReadOnlyDirectory):
    """Read-only, but for what the classes below let through."""

    __slots__ = ()

    def open_directory(self, name: str) -> Directory:
        return type(self)(self._directory.open_directory(name))

    def reopen(self) -> Directory:
        return type(self)(self._directory.reopen())


class _Truncates(_LeakyDirectory):
    __slots__ = ()

    def open_file(self, name: str, how: int) -> File:
        if how & How.TRUNCATE:
            self._directory.open_file(name, How.WRITE | How.TRUNCATE).close()
        return super().open_file(name, how)


class _SetsTimes(_LeakyDirectory):
    __slots__ = ()

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times_of(name, accessed, modified)


class _HandsOut(_LeakyDirectory):
    __slots__ = ()

    def open_file(self, name: str, how: int) -> File:
        super().open_file(name, how).close()
        return self._directory.open_file(name, how)


class _Unwraps(_LeakyDirectory):
    __slots__ = ()

    def open_directory(self, name: str) -> Directory:
        return self._directory.open_directory(name)


class _LinksOut(_LeakyDirectory):
    __slots__ = ()

    def link(self, name: str, target: Directory, target_name: str) -> None:
        self._directory.link(name, target, target_name)


LEAKY = [_Truncates, _SetsTimes, _HandsOut, _Unwraps, _LinksOut]


@pytest.mark.parametrize("directory", LEAKY)
def test_rejects_what_is_not_read_only(directory: type[_LeakyDirectory]) -> None:
    class Leaky(ReadOnly):
        def root(self) -> Directory:
            return directory(self._filesystem.root())

    with pytest.raises(AssertionError, match=r"READ_ONLY|read_only"):
        check_filesystem(lambda: Leaky(_sample()), read_only=True)


def test_an_unexpected_exception_is_reported_with_its_place() -> None:
    class Broken(MemoryFilesystem):
        def root(self) -> Directory:
            root = super().root()
            if calls:
                raise ZeroDivisionError("wrong")
            calls.append(1)
            return root

    calls: list[int] = []
    make: Callable[[], Filesystem] = Broken
    with pytest.raises((AssertionError, ZeroDivisionError), match="wrong"):
        check_filesystem(make)


@pytest.mark.parametrize("made", [None, "/tmp", MemoryFilesystem])
def test_what_makes_no_filesystem(made: Any) -> None:
    with pytest.raises(TypeError, match=r"make\(\) returned .*: it must make a filesystem"):
        check_filesystem(lambda: made)


def test_what_makes_nothing() -> None:
    given: Any = MemoryFilesystem()
    with pytest.raises(TypeError, match=r"make must be a function .*, not <remit"):
        check_filesystem(given)


def test_options_of_another_type() -> None:
    with pytest.raises(ValueError, match="time_step is 0: nanoseconds are wanted, 1 or more"):
        check_filesystem(MemoryFilesystem, time_step=0)
    wrong: Any = "255"
    with pytest.raises(TypeError, match=r"name_bytes is '255' \(str\): bytes are wanted"):
        check_filesystem(MemoryFilesystem, name_bytes=wrong)


def test_a_root_that_is_no_directory() -> None:
    class Broken(MemoryFilesystem):
        def root(self) -> Any:
            return None

    with pytest.raises(AssertionError, match=r"root\(\) must return a Directory, not None"):
        check_filesystem(Broken)


class _NoLinks(_WrongDirectory):
    """A filesystem without links, as FAT is."""

    __slots__ = ()

    def make_symbolic_link(self, name: str, target: str) -> None:
        raise KernelError(Code.NOT_PERMITTED)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        raise KernelError(Code.NOT_SUPPORTED)


def test_features_may_be_missing_if_that_is_said() -> None:
    assert check_filesystem(lambda: _Derived(_NoLinks), hard_links=False, symbolic_links=False) > 45
    with pytest.raises(AssertionError, match="link gives one file two names"):
        check_filesystem(lambda: _Derived(_NoLinks), symbolic_links=False)
    with pytest.raises(AssertionError, match="a filesystem without symbolic links says so"):
        check_filesystem(lambda: _Derived(_Right), symbolic_links=False)


def test_a_file_of_a_read_only_filesystem_is_read_only() -> None:
    file = ReadOnly(_sample()).root().open_file("file", How.READ)
    assert isinstance(file, ReadOnlyFile)
    assert file.host_descriptor() is None
