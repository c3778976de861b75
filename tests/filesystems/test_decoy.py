"""A root in which nothing is: what is told of what was looked for there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.filesystems.decoy import Decoy
from remit.fs import Code, Directory, How, KernelError, Memory
from remit.kernel import paths
from remit.kernel.refusals import Refused

HOST = {"/etc", "/etc/passwd", "/etc/ssl", "/etc/ssl/cert.pem", "/tmp", "/usr/share"}
READ, WRITE, CREATE, EXCLUSIVE = How.READ, How.WRITE, How.CREATE, How.EXCLUSIVE


@pytest.fixture
def root() -> Directory:
    return Decoy(HOST.__contains__).root()


def outcome(action: Callable[[], object]) -> tuple[Code, str, str]:
    """What the program is told, and what is noted of it."""
    with pytest.raises(KernelError) as caught:
        action()
    error = caught.value
    if not isinstance(error, Refused):
        return error.code, "", ""
    assert error.want.kind == "file"
    return error.code, error.want.action, error.want.subject


def opened(root: Directory, path: str, how: int = READ, *, directory: bool = False) -> tuple[Code, str, str]:
    return outcome(lambda: paths.open_at(root, path, follow=True, how=how, directory_required=directory))


def test_looking_for_what_the_host_has_is_a_refusal(root: Directory) -> None:
    assert opened(root, "etc/passwd") == (Code.NO_ENTRY, "read", "etc/passwd")
    assert opened(root, "etc/./ssl/../passwd") == (Code.NO_ENTRY, "read", "etc/passwd")
    assert opened(root, "etc/passwd", WRITE) == (Code.NO_ENTRY, "write", "etc/passwd")
    assert opened(root, "etc", directory=True) == (Code.NO_ENTRY, "read", "etc")
    assert opened(root, "etc/ssl", directory=True) == (Code.NO_ENTRY, "read", "etc/ssl")
    assert outcome(lambda: paths.stat_at(root, "etc/ssl/cert.pem", follow=True))[2] == "etc/ssl/cert.pem"
    assert outcome(lambda: paths.unlink_at(root, "etc/passwd")) == (Code.NO_ENTRY, "delete", "etc/passwd")


def test_looking_for_what_nobody_has_is_none(root: Directory) -> None:
    for path in ("missing", "etc/missing", "no/such/place", "etc/passwd/x"):
        assert opened(root, path) == (Code.NO_ENTRY, "", "")
        assert opened(root, path, directory=True) == (Code.NO_ENTRY, "", "")


def test_making_something_is_refused(root: Directory) -> None:
    assert opened(root, "tmp/new", WRITE | CREATE) == (Code.ACCESS, "create", "tmp/new")
    assert opened(root, "etc/passwd", WRITE | CREATE) == (Code.ACCESS, "write", "etc/passwd")
    assert opened(root, "etc/passwd", WRITE | CREATE | EXCLUSIVE) == (Code.ACCESS, "create", "etc/passwd")
    assert outcome(lambda: paths.make_directory_at(root, "tmp/d")) == (Code.ACCESS, "create", "tmp/d")
    assert outcome(lambda: root.make_symbolic_link("x", "y")) == (Code.ACCESS, "create", "x")
    assert outcome(lambda: root.set_times(0, 0)) == (Code.ACCESS, "write", "")


def test_nothing_moves_in_or_out(root: Directory) -> None:
    memory = Memory({"file": b"x"}).root()
    assert outcome(lambda: memory.rename("file", root, "file"))[0] is Code.CROSS_DEVICE
    assert outcome(lambda: memory.link("file", root, "file"))[0] is Code.CROSS_DEVICE
    assert outcome(lambda: root.rename("etc", memory, "etc")) == (Code.NO_ENTRY, "delete", "etc")
    assert outcome(lambda: root.link("etc", root, "other")) == (Code.NO_ENTRY, "read", "etc")


def test_the_root_itself_is_an_empty_directory(root: Directory) -> None:
    assert list(root.entries()) == []
    assert paths.stat_at(root, ".", follow=True).inode == root.stat().inode
    again = paths.open_at(root, ".", follow=True, how=READ)
    assert isinstance(again, Directory)
    assert again.origin is root.origin
    assert opened(root, "..") == (Code.NOT_CAPABLE, "leave", "..")
    assert opened(root, "etc/../../x")[0] is Code.NO_ENTRY


PATHS = st.lists(st.sampled_from(["etc", "passwd", "ssl", "tmp", ".", "..", "", "a"]), min_size=1, max_size=6)


@given(PATHS, st.sampled_from([READ, WRITE, READ | WRITE, CREATE | WRITE]), st.booleans())
def test_no_path_tells_what_the_host_has(names: list[str], how: int, directory: bool) -> None:
    """The program is told the same on a host that has everything, and on one that has nothing."""
    told: set[Code | None] = set()
    for exists in (HOST.__contains__, lambda path: True, lambda path: False):
        root = Decoy(exists).root()
        try:
            opened = paths.open_at(root, "/".join(names), follow=True, how=how, directory_required=directory)
        except KernelError as error:
            told.add(error.code)
        else:
            assert opened.stat().inode == root.stat().inode
            told.add(None)
    assert len(told) == 1
