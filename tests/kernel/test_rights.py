from __future__ import annotations

from remit.kernel import rights


def test_the_groups_are_made_of_known_rights() -> None:
    for group in (rights.FILE, rights.STREAM, rights.DIRECTORY, rights.SOCKET, rights.ANY_NODE):
        assert group & ~rights.ALL == 0


def test_only_files_have_a_position() -> None:
    position = rights.FILE_SEEK | rights.FILE_TELL
    assert rights.FILE & position == position
    assert not (rights.STREAM | rights.DIRECTORY) & position


def test_a_directory_has_no_bytes() -> None:
    assert not rights.DIRECTORY & (rights.FILE_READ | rights.FILE_WRITE | rights.FILE_RESIZE | rights.FILE_ALLOCATE)
