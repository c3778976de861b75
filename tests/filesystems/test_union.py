"""What is particular to a union: which layer a name is of, and what may not be changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit import fs
from remit.filesystems.direct import DirectAccess
from remit.filesystems.union import MAX_LAYERS
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, Directory, Filesystem, FileType, How

RW = How.READ | How.WRITE


class Seen(DirectAccess):
    """Any filesystem, to be looked at by paths."""

    def __init__(self, filesystem: Filesystem) -> None:
        self.filesystem = filesystem

    def root(self) -> Directory:
        return self.filesystem.root()


def refused(code: Code) -> pytest.RaisesExc[KernelError]:
    return pytest.RaisesExc(KernelError, check=lambda error: error.code is code)


def three() -> tuple[fs.Memory, fs.Memory, fs.Memory]:
    return (
        fs.Memory({"a": b"a1", "d": {"x": b"x1", "own": b"own"}, "mix": b"a file", "link": fs.SymbolicLink("d")}),
        fs.Memory({"b": b"b2", "d": {"x": b"x2", "y": b"y2"}, "mix": {"hidden": b""}, "low": {"z": b"z2"}}),
        fs.Memory({"b": b"b3", "d": {"y": {"hidden": b""}, "w": b"w3"}, "link": {"hidden": b""}, "low": b"hidden"}),
    )


def test_the_first_layer_that_has_a_name_wins_and_directories_merge() -> None:
    layers = three()
    union = fs.Union(*layers)
    assert Seen(union).to_dict() == {
        "a": b"a1",
        "b": b"b2",
        "mix": b"a file",
        "link": fs.SymbolicLink("d"),
        "low": {"z": b"z2"},
        "d": {"x": b"x1", "own": b"own", "y": b"y2", "w": b"w3"},
    }
    root = union.root()
    assert root.lookup("d").inode == root.open_directory("d").stat().inode
    assert [entry.name for entry in root.entries()] == ["a", "d", "mix", "link", "b", "low"]
    for path, code in (("mix/hidden", Code.NOT_DIRECTORY), ("link/hidden", Code.NO_ENTRY), ("low/x", Code.NO_ENTRY)):
        with refused(code):
            paths.stat_at(root, path, follow=True)
    assert paths.stat_at(root, "link/y", follow=True).size == 2


def test_a_directory_below_a_file_stays_hidden_by_it() -> None:
    union = fs.Union(fs.Memory({"d": {}}), fs.Memory({"d": b"file"}), fs.Memory({"d": {"hidden": b""}}))
    assert Seen(union).to_dict() == {"d": {}}


def test_changes_go_to_the_first_layer() -> None:
    upper, middle, lower = three()
    before = (middle.to_dict(), lower.to_dict())
    union = fs.Union(upper, middle, lower)
    Seen(union).write_bytes("new", b"new")
    Seen(union).write_bytes("d/new", b"new")
    Seen(union).write_bytes("a", b"changed")
    root = union.root()
    root.rename("a", root, "renamed")
    directory = root.open_directory("d")
    directory.unlink("own")
    root.rename("new", directory, "x")
    directory.link("x", root, "second")
    assert upper.to_dict() == {
        "renamed": b"changed",
        "d": {"x": b"new", "new": b"new"},
        "mix": b"a file",
        "second": b"new",
        "link": fs.SymbolicLink("d"),
    }
    assert (middle.to_dict(), lower.to_dict()) == before


def test_what_is_in_a_lower_layer_is_not_changed() -> None:
    layers = three()
    before = [layer.to_dict() for layer in layers]
    root = fs.Union(*layers).root()
    directory, low = root.open_directory("d"), root.open_directory("low")
    assert not root.read_only
    assert not directory.read_only
    assert low.read_only
    file = directory.open_file("y", How.READ)
    for operation in (
        lambda: root.open_file("b", RW),
        lambda: root.open_file("b", How.WRITE | How.TRUNCATE),
        lambda: root.open_file("b", How.WRITE | How.CREATE),
        lambda: directory.open_file("y", RW),
        lambda: low.open_file("new", How.WRITE | How.CREATE),
        lambda: low.make_directory("new"),
        lambda: low.set_times(NOW, NOW),
        lambda: low.unlink("z"),
        lambda: root.set_times_of("b", NOW, NOW),
        lambda: root.unlink("b"),
        lambda: root.remove_directory("low"),
        lambda: root.rename("b", root, "new"),
        lambda: root.rename("low", root, "new"),
        lambda: root.rename("a", root, "b"),
        lambda: root.rename("a", low, "new"),
        lambda: root.link("b", root, "new"),
        lambda: root.link("a", low, "new"),
        # What a lower layer has, too, would show when it is gone from the first.
        lambda: directory.unlink("x"),
        lambda: directory.rename("x", root, "new"),
        lambda: root.unlink("link"),
        lambda: root.remove_directory("d"),
        lambda: root.rename("d", root, "new"),
        lambda: file.set_times(NOW, NOW),
    ):
        with refused(Code.READ_ONLY):
            operation()
    with refused(Code.BAD_DESCRIPTOR):
        file.write_at(0, [memoryview(b"x")])
    for name in ("b", "low"):
        with refused(Code.EXISTS):
            root.make_directory(name)
        with refused(Code.EXISTS):
            root.make_symbolic_link(name, "x")
        with refused(Code.EXISTS):
            root.link("a", root, name)
    with refused(Code.EXISTS):
        root.open_file("b", RW | How.CREATE | How.EXCLUSIVE)
    root.open_file("b", How.READ | How.CREATE).close()
    assert [layer.to_dict() for layer in layers] == before


def test_a_directory_is_not_moved_onto_what_shows_from_below() -> None:
    upper = fs.Memory({"d": {}, "moved": {"x": b"x"}, "f": b"f"})
    root = fs.Union(upper, fs.Memory({"d": {"below": b""}, "empty": {}})).root()
    with refused(Code.NOT_EMPTY):
        root.rename("moved", root, "d")
    with refused(Code.IS_DIRECTORY):
        root.rename("f", root, "d")
    with refused(Code.NOT_DIRECTORY):
        root.rename("moved", root, "f")
    root.make_directory("other")
    root.rename("moved", root, "other")
    assert upper.to_dict() == {"d": {}, "other": {"x": b"x"}, "f": b"f"}


def test_nothing_moves_out_of_a_union() -> None:
    layers = three()
    root, other = fs.Union(*layers).root(), fs.Union(*layers).root()
    for target in (other, layers[0].root()):
        with refused(Code.CROSS_DEVICE):
            root.rename("a", target, "new")
        with refused(Code.CROSS_DEVICE):
            root.link("a", target, "new")


def test_a_read_only_layer_on_top() -> None:
    root = fs.Union(fs.ReadOnly(fs.Memory({"f": b""})), fs.Memory({"g": b""})).root()
    assert root.read_only
    for name in ("f", "g"):
        with refused(Code.READ_ONLY):
            root.unlink(name)


def test_every_handle_is_given_back() -> None:
    layers = [fs.Memory({"d": {"f": b"x"}}) for _ in range(3)]
    union = fs.Union(*layers)
    root = union.root()
    again = root.open_directory("d").reopen()
    del again
    for path in ("d/f", "d", "d/none"):
        try:
            found: Any = paths.open_at(root, path, follow=True, how=How.READ)
        except KernelError:
            continue
        found.close()
    root.close()
    inodes = [layer._root for layer in layers]
    assert [inode.handles for inode in inodes] == [0, 0, 0]


def test_layers_that_are_none() -> None:
    with pytest.raises(TypeError, match="upper must be a filesystem"):
        fs.Union("path")  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(TypeError, match=r"lower\[0\] must be a filesystem"):
        fs.Union(fs.Memory(), "path")  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(ValueError, match=f"at most {MAX_LAYERS}"):
        fs.Union(*[fs.Memory()] * (MAX_LAYERS + 1))


names = st.sampled_from("abc")
trees: st.SearchStrategy[Any] = st.dictionaries(
    names, st.recursive(st.binary(max_size=2), lambda below: st.dictionaries(names, below, max_size=3), max_leaves=8)
)


def merged(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """What a union of these shows, said in another way."""
    shown: dict[str, Any] = {}
    for name in {name for layer in layers for name in layer}:
        having = [layer[name] for layer in layers if name in layer]
        directories: list[dict[str, Any]] = []
        for each in having:
            if not isinstance(each, dict):
                break
            directories.append(each)
        shown[name] = merged(directories) if directories else having[0]
    return shown


def type_of(root: Directory, path: str) -> FileType | None:
    try:
        return paths.stat_at(root, path, follow=False).type
    except KernelError:
        return None


@settings(deadline=None, max_examples=200)
@given(
    st.lists(trees, min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 5), names, names, names), max_size=12)
)
def test_any_layers_and_any_changes(layers: list[dict[str, Any]], calls: list[tuple[int, str, str, str]]) -> None:
    """It shows what the layers have, the lower ones never change, and what succeeds has the effect that it says."""
    made = [fs.Memory(layer) for layer in layers]
    union = fs.Union(*made)
    assert Seen(union).to_dict() == merged(layers)
    for kind, name, directory, other in calls:
        before = Seen(union).to_dict()
        root = union.root()
        path = f"{directory}/{other}"
        try:
            if kind == 0:
                paths.unlink_at(root, path)
            elif kind == 1:
                paths.remove_directory_at(root, path)
            elif kind == 2:
                paths.rename_at(root, name, root, path)
            elif kind == 3:
                paths.rename_at(root, path, root, name)
            elif kind == 4:
                paths.make_directory_at(root, path)
            else:
                opened = paths.open_at(root, path, follow=False, how=How.WRITE | How.CREATE | How.TRUNCATE)
                opened.close()
        except KernelError:
            assert Seen(union).to_dict() == before
        else:
            there = {0: False, 1: False, 2: True, 3: path == name, 4: True, 5: True}[kind]
            found = type_of(root, path)
            assert (found is not None) == there
            assert kind != 4 or found is FileType.DIRECTORY
        root.close()
        assert [layer.to_dict() for layer in made[1:]] == layers[1:]
