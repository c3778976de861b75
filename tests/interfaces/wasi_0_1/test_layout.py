from __future__ import annotations

import pytest

from remit.interfaces import preview0, preview1
from remit.interfaces.wasi_0_1 import layout
from remit.kernel import rights


def test_sizes_are_those_of_the_specification() -> None:
    assert (layout.IOVEC.size, layout.FDSTAT.size, layout.PRESTAT.size, layout.DIRENT.size) == (8, 24, 8, 24)
    assert layout.EVENT.size == 32
    for preview, filestat, subscription in ((preview0, 56, 56), (preview1, 64, 48)):
        assert preview.LAYOUT.filestat.size == filestat
        assert preview.LAYOUT.clock.size == preview.LAYOUT.subscription_size == subscription


def test_padding_is_zero() -> None:
    full = 2**64 - 1
    packed = layout.DIRENT.pack(full, full, 2**32 - 1, 255)
    assert packed == b"\xff" * 21 + bytes(3)
    assert layout.EVENT.pack(full, 2**16 - 1, 255, full, 2**16 - 1)[11:16] == bytes(5)


# The flags of `rights`, in the order of typenames.witx.
# fmt: off
RIGHTS = [
    "FILE_DATASYNC", "FILE_READ", "FILE_SEEK", "FILE_SET_FLAGS", "FILE_SYNC", "FILE_TELL", "FILE_WRITE",
    "FILE_ADVISE", "FILE_ALLOCATE", "PATH_CREATE_DIRECTORY", "PATH_CREATE_FILE", "PATH_LINK_SOURCE",
    "PATH_LINK_TARGET", "PATH_OPEN", "DIRECTORY_READ", "PATH_READ_LINK", "PATH_RENAME_SOURCE", "PATH_RENAME_TARGET",
    "PATH_STAT", "PATH_RESIZE", "PATH_SET_TIMES", "FILE_STAT", "FILE_RESIZE", "FILE_SET_TIMES", "PATH_SYMLINK",
    "PATH_REMOVE_DIRECTORY", "PATH_UNLINK", "POLL", "SOCKET_SHUTDOWN", "SOCKET_ACCEPT",
]
# fmt: on


@pytest.mark.parametrize(("bit", "name"), list(enumerate(RIGHTS)))
def test_the_kernel_numbers_rights_as_wasi_does(bit: int, name: str) -> None:
    assert getattr(rights, name) == 1 << bit


def test_each_version_shows_the_rights_that_it_knows() -> None:
    assert len(RIGHTS) == 30
    assert preview1.LAYOUT.rights == rights.ALL
    assert preview0.LAYOUT.rights == rights.ALL & ~rights.SOCKET_ACCEPT
