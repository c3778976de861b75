"""The walker by itself, over directories that count what is open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_trees import outcome
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import Directory, FileType, Stat
from remit.kernel.poll import Always
from remit.kernel.resolver import MAX_LINKS, MAX_OPEN, Walk, split

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tree(dict[str, "Tree | str"]):
    """A directory as a mapping: names to directories and to the targets of links (a file is the name of itself)."""


FILE = "\0file"


class FakeDirectory(Directory):
    """A directory of a :class:`Tree` that counts the open ones, and may offer to walk several names at once."""

    __slots__ = ("closed", "jumps", "tree")

    open_count = 0

    def __init__(self, tree: Tree, *, jumps: bool = False) -> None:
        self.tree = tree
        self.jumps = jumps
        self.closed = False
        FakeDirectory.open_count += 1

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            FakeDirectory.open_count -= 1

    def open_directory(self, name: str) -> Directory:
        assert not self.closed
        node = self.tree.get(name)
        if node is None:
            raise KernelError(Code.NO_ENTRY, name)
        if isinstance(node, str):
            raise KernelError(Code.NOT_DIRECTORY if node == FILE else Code.LOOP, name)
        return FakeDirectory(node, jumps=self.jumps)

    def read_link(self, name: str) -> str:
        assert not self.closed
        node = self.tree[name]
        if not isinstance(node, str) or node == FILE:
            raise KernelError(Code.INVALID, name)
        return node

    def lookup(self, name: str) -> Stat:
        assert not self.closed
        node = self.tree[name]
        if isinstance(node, Tree):
            return Stat(FileType.DIRECTORY)
        return Stat(FileType.REGULAR_FILE if node == FILE else FileType.SYMBOLIC_LINK)

    def walk(self, path: str) -> Directory | None:
        if not self.jumps:
            return None
        start = FakeDirectory(self.tree)
        try:
            walk = Walk(start, path + "/.")
            assert isinstance(walk.directory, FakeDirectory)
            found = FakeDirectory(walk.directory.tree, jumps=True)
            walk.close()
        finally:
            start.close()
        return found


TREE = Tree(
    a=Tree(b=Tree(f=FILE, up="../../f", out="../../../x", absolute="/etc/passwd"), f=FILE, here="."),
    f=FILE,
    to_a="a",
    to_slash="a/",
    to_file_slash="f/",
    around="to_a/../to_slash/b",
    loop="loop",
    ring1="ring2",
    ring2="a/../ring1",
    empty="",
)


@pytest.fixture(params=[False, True], ids=["by single names", "by walk"])
def root(request: pytest.FixtureRequest) -> Iterator[FakeDirectory]:
    """The tree; afterwards nothing but its root is open."""
    FakeDirectory.open_count = 0
    directory = FakeDirectory(TREE, jumps=request.param)
    yield directory
    assert not directory.closed
    assert FakeDirectory.open_count == 1


def place(root: Directory, path: str, follows: int = 0) -> tuple[object, str, bool]:
    """The tree that a walk ends in, the name left, and whether it must be a directory."""
    walk = Walk(root, path)
    try:
        for _ in range(follows):
            walk.follow()
        assert isinstance(walk.directory, FakeDirectory)
        return walk.directory.tree, walk.name, walk.wants_directory
    finally:
        walk.close()


A = TREE["a"]
assert isinstance(A, Tree)
B = A["b"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("f", (TREE, "f", False)),
        ("./f", (TREE, "f", False)),
        (".//.//f", (TREE, "f", False)),
        ("f/", (TREE, "f", True)),
        ("f//", (TREE, "f", True)),
        ("missing", (TREE, "missing", False)),
        (".", (TREE, "", False)),
        ("./", (TREE, "", True)),
        ("a/..", (TREE, "", False)),
        ("a/../", (TREE, "", True)),
        ("a/.", (A, "", False)),
        ("a/./", (A, "", True)),
        ("a/b/../f", (A, "f", False)),
        ("a/b/.././b/f", (B, "f", False)),
        ("to_a/b/f", (B, "f", False)),
        ("to_a/..", (TREE, "", False)),
        ("around/..", (A, "", False)),
        ("around/../../f", (TREE, "f", False)),
        ("a/here/here/f", (A, "f", False)),
        ("...", (TREE, "...", False)),
        (". ", (TREE, ". ", False)),
        ("a\\b", (TREE, "a\\b", False)),
    ],
)
def test_a_path_leads_to(root: FakeDirectory, path: str, expected: tuple[Tree, str, bool]) -> None:
    found, name, wants_directory = place(root, path)
    assert found is expected[0]
    assert (name, wants_directory) == expected[1:]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", Code.NO_ENTRY),
        ("/", Code.NOT_CAPABLE),
        ("/a/f", Code.NOT_CAPABLE),
        ("//", Code.NOT_CAPABLE),
        ("..", Code.NOT_CAPABLE),
        ("../", Code.NOT_CAPABLE),
        ("../a", Code.NOT_CAPABLE),
        ("a/../..", Code.NOT_CAPABLE),
        ("a/../../a/f", Code.NOT_CAPABLE),
        ("to_a/../../f", Code.NOT_CAPABLE),
        ("a/b/out/f", Code.NOT_CAPABLE),
        ("a/b/absolute/f", Code.NOT_CAPABLE),
        ("missing/f", Code.NO_ENTRY),
        ("missing/../f", Code.NO_ENTRY),
        ("missing/../../f", Code.NO_ENTRY),
        ("f/x", Code.NOT_DIRECTORY),
        ("f/.", Code.NOT_DIRECTORY),
        ("f/..", Code.NOT_DIRECTORY),
        ("f/../../x", Code.NOT_DIRECTORY),
        ("to_file_slash/x", Code.NOT_DIRECTORY),
        ("loop/x", Code.LOOP),
        ("ring1/x", Code.LOOP),
        ("ring1/..", Code.LOOP),
        ("empty/x", Code.NO_ENTRY),
        ("a\0", Code.INVALID),
        ("\0", Code.INVALID),
        ("/\0", Code.INVALID),
        ("a/\0/f", Code.INVALID),
        ("a/\udc80", Code.ILLEGAL_BYTE_SEQUENCE),
        ("\ud800", Code.ILLEGAL_BYTE_SEQUENCE),
        ("n" * 256, Code.NAME_TOO_LONG),
        ("é" * 128, Code.NAME_TOO_LONG),
        ("a/" + "n" * 256, Code.NAME_TOO_LONG),
        ("a/" + "n" * 256 + "/f", Code.NAME_TOO_LONG),
        ("missing/" + "n" * 256, Code.NO_ENTRY),
    ],
)
def test_a_path_is_refused(root: FakeDirectory, path: str, code: Code) -> None:
    assert outcome(lambda: Walk(root, path)) is code


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "\N{GRINNING FACE}" * 63])
def test_the_longest_names(root: FakeDirectory, name: str) -> None:
    assert place(root, name)[1] == name
    assert place(root, f"a/{name}")[1] == name


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("to_a", (TREE, "a", False)),
        ("to_slash", (TREE, "a", True)),
        ("to_a/", (TREE, "a", True)),
        ("around", (A, "b", False)),
        ("a/here", (A, "", False)),
        ("a/b/up", (TREE, "f", False)),
        ("to_a/b/../b/up", (TREE, "f", False)),
    ],
)
def test_following_the_last_link(root: FakeDirectory, path: str, expected: tuple[Tree, str, bool]) -> None:
    found, name, wants_directory = place(root, path, follows=1)
    assert found is expected[0]
    assert (name, wants_directory) == expected[1:]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("a/b/out", Code.NOT_CAPABLE),
        ("to_a/b/out", Code.NOT_CAPABLE),
        ("a/b/absolute", Code.NOT_CAPABLE),
        ("empty", Code.NO_ENTRY),
        ("ring2", Code.LOOP),
        ("a/../ring1", Code.LOOP),
    ],
)
def test_a_last_link_is_refused(root: FakeDirectory, path: str, code: Code) -> None:
    assert outcome(lambda: place(root, path, follows=MAX_LINKS + 1)) is code


def test_a_last_link_that_vanishes_is_tried_again(root: FakeDirectory) -> None:
    walk = Walk(root, "a/f")
    try:
        walk.follow()
        assert walk.name == "f"
    finally:
        walk.close()


def test_forty_links_and_not_one_more() -> None:
    tree = Tree({f"l{n}": f"l{n + 1}" for n in range(50)}, l50=Tree(f=FILE))
    root = FakeDirectory(tree)
    first = 50 - MAX_LINKS
    assert place(root, f"l{first}/f")[1] == "f"
    assert outcome(lambda: place(root, f"l{first - 1}/f")) is Code.LOOP
    assert place(root, f"l{first}", follows=MAX_LINKS)[1] == "l50"
    assert outcome(lambda: place(root, f"l{first - 1}", follows=MAX_LINKS + 1)) is Code.LOOP


def test_a_deep_path_keeps_few_directories_open() -> None:
    FakeDirectory.open_count = 0
    top = tree = Tree()
    for _ in range(500):
        deeper = Tree()
        tree["d"] = deeper
        tree = deeper
    root = FakeDirectory(top)
    down = "/".join(["d"] * 500)
    walk = Walk(root, down + "/x")
    assert isinstance(walk.directory, FakeDirectory)
    assert walk.directory.tree is tree
    assert FakeDirectory.open_count == 1 + MAX_OPEN
    walk.close()
    assert place(root, down + "/.." * 500) == (top, "", False)
    assert place(root, down + "/.." * 499 + "/x") == (top["d"], "x", False)
    assert outcome(lambda: place(root, down + "/.." * 501)) is Code.NOT_CAPABLE
    assert FakeDirectory.open_count == 1


class Waiting(FakeDirectory):
    """A directory whose second level is not there yet."""

    __slots__ = ()

    def open_directory(self, name: str) -> Directory:
        if name == "b":
            raise WouldBlock(Always())
        opened = super().open_directory(name)
        opened.close()
        assert isinstance(opened, FakeDirectory)
        return Waiting(opened.tree)


def test_what_was_opened_is_closed_when_a_filesystem_must_wait() -> None:
    FakeDirectory.open_count = 0
    root = Waiting(TREE)
    with pytest.raises(WouldBlock):
        Walk(root, "a/b/f")
    assert FakeDirectory.open_count == 1


@given(st.text(alphabet="a./", min_size=1))
def test_split_keeps_what_matters(path: str) -> None:
    pieces = split(path)
    assert "" not in pieces
    assert "." not in pieces[1:]
    named = [piece for piece in path.split("/") if piece not in ("", ".")]
    assert [piece for piece in reversed(pieces) if piece != "."] == named
    last = [piece for piece in path.split("/") if piece]
    assert (pieces[:1] == ["."]) == (last[-1:] == ["."])


@given(st.lists(st.sampled_from(["a", "b", "f", "..", ".", "", "to_a", "around", "here", "up", "out"]), min_size=1))
def test_no_path_leads_above_the_start_and_nothing_stays_open(components: list[str]) -> None:
    for jumps in (False, True):
        FakeDirectory.open_count = 0
        root = FakeDirectory(TREE, jumps=jumps)
        found = outcome(partial(place, root, "/".join(components)))
        assert isinstance(found, (tuple, Code))
        assert FakeDirectory.open_count == 1
