"""What is particular to a read-only view: files of a writable filesystem must not become writable around it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from remit.filesystems.host import HostFilesystem
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.overlay import Overlay
from remit.filesystems.read_only import ReadOnly
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Filesystem, How


@pytest.mark.parametrize("make", [MemoryFilesystem, lambda files: Overlay(MemoryFilesystem(files))])
def test_nothing_is_moved_or_linked_into_or_out_of_it(make: type[MemoryFilesystem]) -> None:
    filesystem: Filesystem = make({"ro": {"secret": b"s"}, "rw": {"f": b"f"}})
    root = filesystem.root()
    frozen, writable = ReadOnly(filesystem).root().open_directory("ro"), root.open_directory("rw")
    for operation, name, target in (
        (frozen.rename, "secret", writable),
        (frozen.link, "secret", writable),
        (writable.rename, "f", frozen),
        (writable.link, "f", frozen),
        (frozen.rename, "secret", frozen),
    ):
        with pytest.raises(KernelError) as caught:
            operation(name, target, "new")
        assert caught.value.code is Code.READ_ONLY
    assert [entry.name for entry in frozen.entries()] == ["secret"]
    assert [entry.name for entry in writable.entries()] == ["f"]


def test_shows_what_others_write() -> None:
    filesystem = MemoryFilesystem({"f": b"old"})
    file = ReadOnly(filesystem).root().open_file("f", How.READ)
    filesystem.write_bytes("f", b"new!")
    buffer = bytearray(4)
    assert file.read_at(0, [memoryview(buffer)]) == 4
    assert buffer == b"new!"
    assert file.host_descriptor() is None


def test_every_handle_that_it_took_is_given_back() -> None:
    filesystem = MemoryFilesystem({"d": {"f": b"x"}})
    root = ReadOnly(filesystem).root()
    directory = root.open_directory("d")
    file = directory.open_file("f", How.READ)
    top = filesystem.root()
    below = top.open_directory("d")
    below.unlink("f")
    below.close()
    top.remove_directory("d")
    for handle in (file, directory, root):
        handle.close()
    assert (filesystem.bytes_used, filesystem.files_used) == (0, 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in directories")
def test_whether_a_pipe_can_be_read_is_told_by_the_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with HostFilesystem(tmp_path) as host:
        root = ReadOnly(host).root()
        reader = root.open_file("pipe", How.READ)
        writer = os.open(tmp_path / "pipe", os.O_WRONLY)
        assert not reader.when_readable().ready()
        os.write(writer, b"x")
        assert reader.when_readable().ready()
        os.close(writer)
        reader.close()
        root.close()
