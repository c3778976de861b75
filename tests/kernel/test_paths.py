"""The rules of each verb, one by one, in memory; random ones against the host are in test_paths_differential."""

from __future__ import annotations

from functools import partial

import pytest

from host_trees import outcome
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.read_only import ReadOnlyDirectory
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, FileType, How

DIRECTORY, REGULAR_FILE, LINK = FileType.DIRECTORY, FileType.REGULAR_FILE, FileType.SYMBOLIC_LINK


@pytest.fixture
def root() -> Directory:
    """`d/` with `f` and `e/`, a file `f`, and links to each."""
    directory = MemoryFilesystem({"d/f": b"abc", "d/e/f": b"abc", "f": b"abcdef"}).root()
    for name, target in {
        "to_d": "d",
        "to_d_slash": "d/",
        "to_f": "f",
        "to_f_slash": "f/",
        "dangling": "n",
        "dangling_slash": "n/",
        "dangling_deep": "missing/n",
        "self": "self",
    }.items():
        directory.make_symbolic_link(name, target)
    return directory


def kind(opened: object) -> object:
    """The type of what was opened, which is closed; or the code."""
    if isinstance(opened, File | Directory):
        found = opened.stat().type
        opened.close()
        return found
    return opened


@pytest.mark.parametrize(
    ("path", "followed", "itself"),
    [
        ("f", REGULAR_FILE, REGULAR_FILE),
        ("f/", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("f/.", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("d", DIRECTORY, DIRECTORY),
        ("d/", DIRECTORY, DIRECTORY),
        (".", DIRECTORY, DIRECTORY),
        ("d/..", DIRECTORY, DIRECTORY),
        ("n", Code.NO_ENTRY, Code.NO_ENTRY),
        ("n/", Code.NO_ENTRY, Code.NO_ENTRY),
        ("", Code.NO_ENTRY, Code.NO_ENTRY),
        ("to_f", REGULAR_FILE, LINK),
        ("to_f/", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("to_f_slash", Code.NOT_DIRECTORY, LINK),
        ("to_d", DIRECTORY, LINK),
        ("to_d/", DIRECTORY, DIRECTORY),
        ("to_d_slash", DIRECTORY, LINK),
        ("to_d_slash//", DIRECTORY, DIRECTORY),
        ("dangling", Code.NO_ENTRY, LINK),
        ("dangling/", Code.NO_ENTRY, Code.NO_ENTRY),
        ("self", Code.LOOP, LINK),
        ("self/", Code.LOOP, Code.LOOP),
        ("..", Code.NOT_CAPABLE, Code.NOT_CAPABLE),
        ("/", Code.NOT_CAPABLE, Code.NOT_CAPABLE),
    ],
)
def test_what_a_path_denotes(root: Directory, path: str, followed: object, itself: object) -> None:
    for follow, expected in ((True, followed), (False, itself)):
        found = outcome(lambda: paths.stat_at(root, path, follow=follow).type)  # noqa: B023 - called at once
        assert found is expected
        times_set = outcome(partial(paths.set_times_at, root, path, 1, 2, follow=follow))
        assert times_set is (expected if isinstance(expected, Code) else None)
        opened = outcome(partial(paths.open_at, root, path, follow=follow, how=How.READ))
        assert kind(opened) is (Code.LOOP if expected is LINK else expected)
        required = partial(paths.open_at, root, path, follow=follow, how=How.READ, directory_required=True)
        assert kind(outcome(required)) is (Code.NOT_DIRECTORY if expected in (REGULAR_FILE, LINK) else expected)


def test_times_of_a_link_or_of_what_it_points_to(root: Directory) -> None:
    paths.set_times_at(root, "to_f", 1, 2, follow=False)
    assert (root.lookup("to_f").modified, root.lookup("f").modified) != (2, 2)
    assert root.lookup("to_f").modified == 2
    paths.set_times_at(root, "to_f", 3, 4, follow=True)
    assert root.lookup("f").modified == 4
    paths.set_times_at(root, "d/.", 5, 6, follow=False)
    assert root.lookup("d").modified == 6


CREATE = How.WRITE | How.CREATE


@pytest.mark.parametrize(
    ("path", "how", "follow", "expected"),
    [
        ("n", CREATE, False, REGULAR_FILE),
        ("d/n", CREATE, False, REGULAR_FILE),
        ("f", CREATE, False, REGULAR_FILE),
        ("n/", CREATE, False, Code.IS_DIRECTORY),
        ("f/", CREATE, False, Code.IS_DIRECTORY),
        ("d", CREATE, False, Code.IS_DIRECTORY),
        ("d/", CREATE, False, Code.IS_DIRECTORY),
        (".", CREATE, False, Code.IS_DIRECTORY),
        (".", CREATE | How.EXCLUSIVE, False, Code.EXISTS),
        ("f", CREATE | How.EXCLUSIVE, False, Code.EXISTS),
        ("d", CREATE | How.EXCLUSIVE, False, Code.EXISTS),
        ("missing/n", CREATE, False, Code.NO_ENTRY),
        ("to_f", CREATE, True, REGULAR_FILE),
        ("to_f", CREATE, False, Code.LOOP),
        ("to_f", CREATE | How.EXCLUSIVE, True, Code.EXISTS),
        ("dangling", CREATE, True, REGULAR_FILE),
        ("dangling", CREATE, False, Code.LOOP),
        ("dangling", CREATE | How.EXCLUSIVE, True, Code.EXISTS),
        ("dangling_slash", CREATE, True, Code.IS_DIRECTORY),
        ("dangling_deep", CREATE, True, Code.NO_ENTRY),
        ("self", CREATE, True, Code.LOOP),
        ("d", How.WRITE, True, Code.IS_DIRECTORY),
        ("d", How.READ | How.WRITE, True, Code.IS_DIRECTORY),
        ("d/", How.WRITE, True, Code.IS_DIRECTORY),
        (".", How.WRITE, True, Code.IS_DIRECTORY),
        ("to_d", How.WRITE, True, Code.IS_DIRECTORY),
        ("f", How.WRITE | How.TRUNCATE, True, REGULAR_FILE),
        ("d", How.WRITE | How.TRUNCATE, True, Code.IS_DIRECTORY),
    ],
)
def test_opening_to_write_or_create(root: Directory, path: str, how: int, follow: bool, expected: object) -> None:
    assert kind(outcome(partial(paths.open_at, root, path, follow=follow, how=how))) is expected


def test_a_dangling_link_makes_its_target(root: Directory) -> None:
    paths.open_at(root, "dangling", follow=True, how=CREATE).close()
    assert root.lookup("n").type is REGULAR_FILE
    assert root.lookup("dangling").type is LINK


class Confused(Directory):
    """A filesystem that takes a link for a link where it should say that the name is taken."""

    def open_file(self, name: str, how: int) -> File:
        raise KernelError(Code.LOOP, name)

    def read_link(self, name: str) -> str:
        raise AssertionError("an exclusive creation must not follow a link")


def test_making_a_new_file_never_follows_a_link_whatever_the_filesystem_says() -> None:
    how = CREATE | How.EXCLUSIVE
    assert outcome(lambda: paths.open_at(Confused(), "link", follow=True, how=how)) is Code.LOOP


def test_a_directory_is_not_made_or_cut_by_opening(root: Directory) -> None:
    for how in (How.CREATE, How.CREATE | How.EXCLUSIVE, How.WRITE | How.TRUNCATE):
        opened = partial(paths.open_at, root, "d", follow=True, how=how, directory_required=True)
        assert outcome(opened) is Code.INVALID
    writing = partial(paths.open_at, root, "d", follow=True, how=How.WRITE, directory_required=True)
    assert outcome(writing) is Code.IS_DIRECTORY


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("to_d", "d"),
        ("to_d/", Code.INVALID),
        ("dangling", "n"),
        ("dangling/", Code.NO_ENTRY),
        ("to_f/", Code.NOT_DIRECTORY),
        ("f", Code.INVALID),
        ("f/", Code.NOT_DIRECTORY),
        ("d", Code.INVALID),
        ("d/", Code.INVALID),
        (".", Code.INVALID),
        ("n", Code.NO_ENTRY),
        ("to_d/../to_f", "f"),
    ],
)
def test_reading_links(root: Directory, path: str, expected: object) -> None:
    assert outcome(lambda: paths.read_link_at(root, path)) == expected


@pytest.mark.parametrize(
    ("path", "directory", "link", "hard_link"),
    [
        ("n", None, None, None),
        ("n/", None, Code.NO_ENTRY, Code.NO_ENTRY),
        ("n//", None, Code.NO_ENTRY, Code.NO_ENTRY),
        ("n/.", Code.NO_ENTRY, Code.NO_ENTRY, Code.NO_ENTRY),
        ("f", Code.EXISTS, Code.EXISTS, Code.EXISTS),
        ("f/", Code.EXISTS, Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("d", Code.EXISTS, Code.EXISTS, Code.EXISTS),
        ("d/", Code.EXISTS, Code.EXISTS, Code.EXISTS),
        (".", Code.EXISTS, Code.EXISTS, Code.EXISTS),
        ("d/..", Code.EXISTS, Code.EXISTS, Code.EXISTS),
        ("dangling", Code.EXISTS, Code.EXISTS, Code.EXISTS),
        ("missing/n", Code.NO_ENTRY, Code.NO_ENTRY, Code.NO_ENTRY),
        ("f/n", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("", Code.NO_ENTRY, Code.NO_ENTRY, Code.NO_ENTRY),
        ("..", Code.NOT_CAPABLE, Code.NOT_CAPABLE, Code.NOT_CAPABLE),
    ],
)
def test_new_names(root: Directory, path: str, directory: object, link: object, hard_link: object) -> None:
    assert outcome(lambda: paths.make_directory_at(root, path)) is directory
    if directory is None:
        paths.remove_directory_at(root, path)
    assert outcome(lambda: paths.symlink_at("anything/../at/all", root, path)) is link
    if link is None:
        paths.unlink_at(root, path)
    assert outcome(lambda: paths.link_at(root, "f", root, path)) is hard_link


def test_targets_that_no_link_can_have(root: Directory) -> None:
    assert outcome(lambda: paths.symlink_at("", root, "n")) is Code.NO_ENTRY
    assert outcome(lambda: paths.symlink_at("/", root, "n")) is Code.NOT_CAPABLE
    assert outcome(lambda: paths.symlink_at("a\0", root, "n")) is Code.INVALID
    assert outcome(lambda: paths.stat_at(root, "n", follow=False)) is Code.NO_ENTRY


@pytest.mark.parametrize(
    ("path", "follow", "expected"),
    [
        ("f", False, REGULAR_FILE),
        ("f/", False, Code.NOT_DIRECTORY),
        ("to_f", False, LINK),
        ("to_f", True, REGULAR_FILE),
        ("to_f/", False, Code.NOT_DIRECTORY),
        ("dangling", False, LINK),
        ("dangling", True, Code.NO_ENTRY),
        ("self", False, LINK),
        ("self", True, Code.LOOP),
        ("d", False, Code.NOT_PERMITTED),
        ("d/", False, Code.NOT_PERMITTED),
        ("to_d", True, Code.NOT_PERMITTED),
        ("to_d/", False, Code.NOT_PERMITTED),
        (".", False, Code.NOT_PERMITTED),
        ("d/..", False, Code.NOT_PERMITTED),
        ("n", False, Code.NO_ENTRY),
    ],
)
def test_hard_links(root: Directory, path: str, follow: bool, expected: object) -> None:
    made = outcome(lambda: paths.link_at(root, path, root, "d/n", follow=follow))
    assert (root.open_directory("d").lookup("n").type if made is None else made) is expected


@pytest.mark.parametrize(
    ("path", "unlinked", "removed"),
    [
        ("f", None, Code.NOT_DIRECTORY),
        ("f/", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("to_f", None, Code.NOT_DIRECTORY),
        ("to_f/", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("to_d/", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("dangling/", Code.NOT_DIRECTORY, Code.NOT_DIRECTORY),
        ("d", Code.IS_DIRECTORY, Code.NOT_EMPTY),
        ("d/", Code.IS_DIRECTORY, Code.NOT_EMPTY),
        ("empty", Code.IS_DIRECTORY, None),
        ("empty/", Code.IS_DIRECTORY, None),
        ("empty//", Code.IS_DIRECTORY, None),
        (".", Code.IS_DIRECTORY, Code.INVALID),
        ("empty/.", Code.IS_DIRECTORY, Code.INVALID),
        ("empty/..", Code.IS_DIRECTORY, Code.NOT_EMPTY),
        ("n", Code.NO_ENTRY, Code.NO_ENTRY),
        ("n/", Code.NO_ENTRY, Code.NO_ENTRY),
    ],
)
def test_removing(root: Directory, path: str, unlinked: object, removed: object) -> None:
    root.make_directory("empty")
    assert outcome(lambda: paths.remove_directory_at(root, path)) is removed
    if removed is None:
        root.make_directory("empty")
    assert outcome(lambda: paths.unlink_at(root, path)) is unlinked


@pytest.mark.parametrize(
    ("path", "target", "expected"),
    [
        ("f", "n", None),
        ("f", "d/n", None),
        ("f", "to_d/n", None),
        ("d", "n", None),
        ("d/", "n", None),
        ("d", "n/", None),
        ("d/", "n/", None),
        ("f/", "n", Code.NOT_DIRECTORY),
        ("f", "n/", Code.NOT_DIRECTORY),
        ("to_d/", "n", Code.NOT_DIRECTORY),
        ("to_d", "n/", Code.NOT_DIRECTORY),
        ("to_d", "n", None),
        ("f", "d", Code.IS_DIRECTORY),
        ("d", "f", Code.NOT_DIRECTORY),
        ("d", "d/n", Code.INVALID),
        ("f", "f", None),
        ("f", "dangling", None),
        ("n", "f", Code.NO_ENTRY),
        ("n/", "f", Code.NO_ENTRY),
        (".", "n", Code.BUSY),
        ("d/..", "n", Code.BUSY),
        ("f", ".", Code.BUSY),
        ("f", "d/.", Code.BUSY),
        ("f", "..", Code.NOT_CAPABLE),
        ("..", "n", Code.NOT_CAPABLE),
        ("f", "", Code.NO_ENTRY),
        ("", "n", Code.NO_ENTRY),
    ],
)
def test_renaming(root: Directory, path: str, target: str, expected: object) -> None:
    assert outcome(lambda: paths.rename_at(root, path, root, target)) is expected


CHANGES = {
    *("make_directory", "make_symbolic_link", "link", "rename"),
    *("unlink", "remove_directory", "set_times", "set_times_of"),
}


class Guarded(ReadOnlyDirectory):
    """A read-only directory in which even the attempt of a change is a failure of the test."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> object:
        assert name not in CHANGES, f"a read-only directory was asked for {name}"
        return super().__getattribute__(name)

    def open_directory(self, name: str) -> Directory:
        return Guarded(self._directory.open_directory(name))

    def reopen(self) -> Directory:
        return Guarded(self._directory.reopen())

    def open_file(self, name: str, how: int) -> File:
        assert not how & (How.WRITE | How.CREATE | How.TRUNCATE | How.EXCLUSIVE)
        return super().open_file(name, how)


def test_what_is_read_only_is_not_even_asked(root: Directory) -> None:
    guarded = Guarded(root)
    for path in ("n", "d/n", "d/e/../n"):
        for call in (
            partial(paths.make_directory_at, guarded, path),
            partial(paths.symlink_at, "f", guarded, path),
            partial(paths.link_at, guarded, "f", guarded, path),
            partial(paths.link_at, guarded, "f", root, path),
            partial(paths.link_at, root, "f", guarded, path),
            partial(paths.rename_at, guarded, "f", root, path),
            partial(paths.rename_at, root, "f", guarded, path),
            partial(paths.open_at, guarded, path, follow=True, how=CREATE),
        ):
            assert outcome(call) is Code.READ_ONLY
    for path in ("f", "d/f", "to_f", "d"):
        assert outcome(partial(paths.unlink_at, guarded, path)) is Code.READ_ONLY
        assert outcome(partial(paths.remove_directory_at, guarded, path)) is Code.READ_ONLY
        assert outcome(partial(paths.set_times_at, guarded, path, 1, 2, follow=True)) is Code.READ_ONLY
        truncate = partial(paths.open_at, guarded, path, follow=True, how=How.WRITE | How.TRUNCATE)
        assert outcome(truncate) is (Code.IS_DIRECTORY if path == "d" else Code.READ_ONLY)
    assert outcome(partial(paths.set_times_at, guarded, ".", 1, 2, follow=True)) is Code.READ_ONLY
    assert kind(paths.open_at(guarded, "to_f", follow=True, how=How.READ | How.CREATE)) is REGULAR_FILE
    exclusive = partial(paths.open_at, guarded, "f", follow=True, how=CREATE | How.EXCLUSIVE)
    assert outcome(exclusive) is Code.EXISTS
