"""A filesystem as far as rules allow: what each right is for, what is hidden, and that nothing gains rights."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filesystems.test_rules import model_matches
from remit.filesystems.direct import SymbolicLink
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.read_only import ReadOnly
from remit.filesystems.restricted import MAX_KNOWN, MAX_REMEMBERED, Restricted, RestrictedDirectory
from remit.filesystems.rules import CREATE, DELETE, READ, RIGHTS, WRITE, FileRule, RightsAt, RuleError
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, How
from remit.kernel.refusals import Refused, Want

TREE: dict[str, Any] = {
    "in.txt": b"in",
    "secret.txt": b"secret",
    "out": {"old": b"old"},
    "mixed": {"public": b"public", "private": b"private"},
    "deep": {"er": {"f": b"f"}},
}


def directory(*rules: str) -> Directory:
    return Restricted(MemoryFilesystem(TREE), rules).root()


def open_(root: Directory, path: str, how: int = How.READ) -> File | Directory:
    return paths.open_at(root, path, follow=True, how=how)


def content(root: Directory, path: str) -> bytes:
    file = open_(root, path)
    assert isinstance(file, File)
    buffer = bytearray(100)
    return bytes(buffer[: file.read_at(0, [memoryview(buffer)])])


def refusal(code: Code, operation: Callable[..., Any], *arguments: Any, **named: Any) -> Want:
    with pytest.raises(Refused) as caught:
        operation(*arguments, **named)
    assert caught.value.code is code
    return caught.value.want


def failure(operation: Callable[..., Any], *arguments: Any) -> Code:
    """Of a failure that is no refusal."""
    with pytest.raises(KernelError) as caught:
        operation(*arguments)
    assert not isinstance(caught.value, Refused)
    return caught.value.code


def test_one_file_and_one_right() -> None:
    root = directory("read in.txt")
    assert content(root, "in.txt") == b"in"
    assert root.lookup("in.txt").size == 2
    assert refusal(Code.ACCESS, open_, root, "in.txt", How.WRITE) == Want("file", "write", "in.txt")
    assert refusal(Code.ACCESS, open_, root, "in.txt", How.WRITE | How.TRUNCATE) == Want("file", "write", "in.txt")
    assert refusal(Code.ACCESS, root.unlink, "in.txt") == Want("file", "delete", "in.txt")
    assert refusal(Code.ACCESS, root.set_times_of, "in.txt", 1, 1) == Want("file", "write", "in.txt")
    assert refusal(Code.ACCESS, root.entries) == Want("file", "read", "")
    file = open_(root, "in.txt")
    assert failure(file.set_times, 1, 1) is Code.READ_ONLY, "no more by the open file than by its name"


def test_what_is_hidden_is_not_there() -> None:
    root = directory("read in.txt")
    for operation in (root.lookup, root.read_link, root.open_directory, root.unlink, root.remove_directory):
        assert failure(operation, "none") is Code.NO_ENTRY
        assert refusal(Code.NO_ENTRY, operation, "secret.txt").subject == "secret.txt"
    assert failure(open_, root, "none") is Code.NO_ENTRY
    assert refusal(Code.NO_ENTRY, open_, root, "secret.txt") == Want("file", "read", "secret.txt")
    assert refusal(Code.NO_ENTRY, open_, root, "secret.txt", How.WRITE) == Want("file", "write", "secret.txt")
    assert refusal(Code.NO_ENTRY, open_, root, "out/old") == Want("file", "read", "out/old")
    # And whoever would make it learns nothing, either.
    for name in ("none", "secret.txt", "out"):
        for how in (How.CREATE | How.WRITE, How.CREATE | How.EXCLUSIVE | How.WRITE, How.CREATE | How.READ):
            assert refusal(Code.ACCESS, open_, root, name, how) == Want("file", "create", name)
        assert refusal(Code.ACCESS, root.make_directory, name) == Want("file", "create", name)
        assert refusal(Code.ACCESS, root.make_symbolic_link, name, "in.txt") == Want("file", "create", name)
        assert refusal(Code.ACCESS, root.link, "in.txt", root, name) == Want("file", "create", name)


def test_seeing() -> None:
    root = directory("see in.txt", "see out/**")
    assert root.lookup("in.txt").size == 2
    assert refusal(Code.ACCESS, open_, root, "in.txt") == Want("file", "read", "in.txt")
    assert paths.stat_at(root, "out/old", follow=True).size == 3
    assert refusal(Code.ACCESS, root.open_directory("out").entries) == Want("file", "read", "out")
    assert refusal(Code.NO_ENTRY, root.lookup, "secret.txt").action == "read"


def test_the_rule_that_allows_something() -> None:
    root = directory("see in.txt", "read in.*", "all out/**", "read **")
    assert root.allowed_by("read", "in.txt") == "read in.*"
    assert root.allowed_by("see", "in.txt") == "see in.txt"
    assert root.open_directory("out").allowed_by("delete", "") == "all out/**"
    assert root.allowed_by("write", "in.txt") == ""


def test_all_of_a_path_that_leads_through_what_is_hidden_is_told() -> None:
    files = MemoryFilesystem(TREE)
    files.root().open_directory("deep").make_symbolic_link("link", "er")
    root = Restricted(files, ["read in.txt"]).root()
    for operation, want in (
        (lambda: open_(root, "deep/er/f"), "read"),
        (lambda: open_(root, "deep/er/f", How.WRITE), "write"),
        (lambda: open_(root, "deep/er/f", How.WRITE | How.CREATE), "create"),
        (lambda: paths.stat_at(root, "deep/er/f", follow=True), "read"),
        (lambda: paths.read_link_at(root, "deep/er/f"), "read"),
        (lambda: paths.unlink_at(root, "deep/er/f"), "delete"),
        (lambda: paths.remove_directory_at(root, "deep/er/f"), "delete"),
        (lambda: paths.make_directory_at(root, "deep/er/f"), "create"),
        (lambda: paths.symlink_at("x", root, "deep/er/f"), "create"),
        (lambda: paths.set_times_at(root, "deep/er/f", 1, 1, follow=True), "read"),
        (lambda: paths.rename_at(root, "deep/er/f", root, "in.txt"), "delete"),
        (lambda: paths.link_at(root, "deep/er/f", root, "new"), "read"),
    ):
        assert refusal(Code.NO_ENTRY, operation) == Want("file", want, "deep/er/f")
    # And as before, what is not there is not there, whatever is around it.
    for path in ("deep/er/none", "deep/none/f", "none/f", "in.txt/f"):
        assert failure(open_, root, path) is (Code.NOT_DIRECTORY if path == "in.txt/f" else Code.NO_ENTRY)
    for path in ("deep/link/f", "deep/./er/f", "deep//er/f", "deep/er/../er/f", "deep/"):
        assert refusal(Code.NO_ENTRY, open_, root, path) == Want("file", "read", "deep")


def test_what_leads_there_can_be_walked_through() -> None:
    root = directory("read deep/er/f")
    assert content(root, "deep/er/f") == b"f"
    assert root.lookup("deep").type.name == "DIRECTORY"
    deep = open_(root, "deep")
    assert isinstance(deep, Directory)
    assert refusal(Code.ACCESS, deep.entries).subject == "deep"
    assert refusal(Code.ACCESS, root.remove_directory, "deep").action == "delete"


def test_listing_tells_all_names() -> None:
    root = directory("read out", "read mixed/public")
    out = root.open_directory("out")
    assert [entry.name for entry in out.entries()] == ["old"]
    assert refusal(Code.NO_ENTRY, open_, root, "out/old").action == "read", "its name is known, and no more"


def test_writing_what_is_there() -> None:
    root = directory("write out/*")
    file = open_(root, "out/old", How.WRITE)
    assert isinstance(file, File)
    assert file.write_at(0, [memoryview(b"new")]) == 3
    assert refusal(Code.ACCESS, open_, root, "out/old") == Want("file", "read", "out/old")
    assert refusal(Code.ACCESS, open_, root, "out/old", How.READ | How.WRITE) == Want("file", "read", "out/old")
    assert refusal(Code.ACCESS, open_, root, "out/new", How.WRITE | How.CREATE) == Want("file", "create", "out/new")
    written = open_(root, "out/old", How.WRITE | How.CREATE)
    assert isinstance(written, File), "it is there already"
    written.set_times(1, 1)
    assert failure(open_, root, "out/old", How.WRITE | How.CREATE | How.EXCLUSIVE) is Code.EXISTS


def test_making() -> None:
    root = directory("create out/**")
    assert refusal(Code.ACCESS, open_, root, "out/new", How.WRITE | How.CREATE) == Want("file", "write", "out/new")
    assert failure(open_, root, "out/new", How.WRITE) is Code.NO_ENTRY, "nothing was made"
    out = root.open_directory("out")
    out.make_directory("d")
    out.make_symbolic_link("l", "d")
    assert refusal(Code.ACCESS, out.unlink, "l") == Want("file", "delete", "out/l")
    assert failure(out.make_directory, "d") is Code.EXISTS


def test_deleting() -> None:
    root = directory("delete **")
    root.unlink("in.txt")
    root.open_directory("out").unlink("old")
    root.remove_directory("out")
    assert failure(root.unlink, "in.txt") is Code.NO_ENTRY
    assert refusal(Code.ACCESS, root.rename, "secret.txt", root, "new") == Want("file", "create", "new")


def test_links_lead_where_they_lead() -> None:
    files = MemoryFilesystem(TREE)
    top = files.root()
    top.make_symbolic_link("link", "secret.txt")
    top.make_symbolic_link("fine", "in.txt")
    top.make_symbolic_link("dir", "mixed")
    root = Restricted(files, ["read link", "read fine", "read in.txt", "read dir/**"]).root()
    assert refusal(Code.NO_ENTRY, open_, root, "link") == Want("file", "read", "secret.txt")
    assert content(root, "fine") == b"in"
    assert refusal(Code.NO_ENTRY, open_, root, "dir/public").subject == "mixed"
    assert refusal(Code.NO_ENTRY, paths.stat_at, root, "dir/public", follow=True).subject == "mixed"
    making = Restricted(files, ["all mine/**", "create mine"]).root()
    making.make_directory("mine")
    making.open_directory("mine").make_symbolic_link("l", "../secret.txt")
    assert refusal(Code.NO_ENTRY, open_, making, "mine/l") == Want("file", "read", "secret.txt")
    assert refusal(Code.ACCESS, open_, making, "mine/l", How.WRITE | How.CREATE).action == "create"


def test_nothing_gains_rights_by_a_new_name() -> None:
    root = directory("all out/**", "delete mixed/private", "read,delete mixed/public")
    mixed, out = root.open_directory("mixed"), root.open_directory("out")
    assert refusal(Code.ACCESS, mixed.rename, "private", out, "mine") == Want("file", "read", "mixed/private")
    assert refusal(Code.ACCESS, mixed.link, "private", out, "mine") == Want("file", "read", "mixed/private")
    assert refusal(Code.ACCESS, mixed.rename, "public", out, "mine") == Want("file", "write", "mixed/public")
    assert refusal(Code.ACCESS, mixed.link, "public", out, "mine") == Want("file", "write", "mixed/public")
    assert [entry.name for entry in out.entries()] == ["old"]


def test_nor_by_the_name_of_a_directory() -> None:
    root = directory("all out/**", "delete,create mixed", "read,write,create,delete deep/**")
    out = root.open_directory("out")
    assert refusal(Code.ACCESS, root.rename, "mixed", out, "mine") == Want("file", "read", "mixed/**", "read mixed/**")
    stays = directory("all out/**", "delete,create mixed", "read,write,create mixed/**")
    assert refusal(Code.ACCESS, stays.rename, "mixed", stays.open_directory("out"), "mine").action == "delete"
    there = directory("all deep/**", "create,delete out/**", "create new", "all **/f")
    assert refusal(Code.ACCESS, there.rename, "deep", there, "new") == Want("file", "create", "new/**", "create new/**")
    root.rename("deep", out, "mine")
    assert content(root, "out/mine/er/f") == b"f"


def test_a_directory_that_is_open_has_the_rights_of_where_it_is() -> None:
    root = directory("all work/**", "read,create done/**", "create work", "create done")
    root.make_directory("work")
    root.make_directory("done")
    work, done = root.open_directory("work"), root.open_directory("done")
    work.make_directory("d")
    held = work.open_directory("d")
    held.make_directory("below")
    below = held.open_directory("below")
    work.rename("d", done, "d")
    assert refusal(Code.ACCESS, held.remove_directory, "below") == Want("file", "delete", "done/d/below")
    assert refusal(Code.ACCESS, below.open_file, "f", How.WRITE | How.CREATE) == Want("file", "write", "done/d/below/f")
    assert [entry.name for entry in below.entries()] == []
    for each in (below, held, work, done, root):
        each.close()
        each.close()


def test_places_are_forgotten_with_the_directories() -> None:
    restricted = Restricted(MemoryFilesystem(TREE), ["all **"])
    root = restricted.root()
    for _ in range(3):
        er = root.open_directory("deep").open_directory("er")
        again = er.reopen()
        er.close()
        again.close()
    root.rename("out", root, "outside")
    root.close()
    assert all(name == "deep" for name in restricted._policy.top._below), "that one was left open"


def test_names_are_remembered_up_to_a_number() -> None:
    root = directory("read none")
    for number in range(MAX_KNOWN + 5):
        assert failure(root.lookup, f"x{number}") is Code.NO_ENTRY
    assert len(root._place._known) <= MAX_KNOWN  # type: ignore[attr-defined]  # known to be there


def test_two_grants_of_one_filesystem() -> None:
    files = MemoryFilesystem(TREE)
    one, other = (Restricted(files, ["all **"]).root() for _ in range(2))
    assert failure(one.rename, "in.txt", other, "x") is Code.CROSS_DEVICE
    assert failure(one.link, "in.txt", files.root(), "x") is Code.CROSS_DEVICE
    frozen = Restricted(ReadOnly(files), ["all **"]).root()
    assert refusal(Code.READ_ONLY, frozen.unlink, "in.txt") == Want("file", "delete", "in.txt")
    assert refusal(Code.READ_ONLY, frozen.make_directory, "x") == Want("file", "create", "x")


def test_no_rules_allow_nothing() -> None:
    root = directory()
    assert refusal(Code.NO_ENTRY, root.lookup, "in.txt").action == "read"
    assert refusal(Code.ACCESS, root.entries).subject == ""
    assert failure(root.lookup, "none") is Code.NO_ENTRY
    with pytest.raises(RuleError):
        Restricted(MemoryFilesystem(), ["read"])


# Against a model: each token of content is known by the paths that it has had.

NAMES = ["a", "b", "c"]
_name = st.sampled_from(NAMES)
_path = st.lists(_name, min_size=1, max_size=3).map("/".join)
_pattern = st.lists(st.sampled_from([*NAMES, "*", "**"]), min_size=1, max_size=3).map("/".join)
_right = st.lists(st.sampled_from(list(RIGHTS)), min_size=1, max_size=4, unique=True).map(",".join)
_rules = st.tuples(
    st.lists(st.builds("{} {}".format, _right, _pattern), min_size=1, max_size=4),
    st.sampled_from([[], ["create,delete **"], ["read,create,delete **"]]),
).map(lambda both: both[0] + both[1])
_step = st.one_of(
    st.tuples(st.sampled_from(["read", "write", "make", "unlink", "mkdir", "rmdir", "list", "times"]), _path),
    st.tuples(st.sampled_from(["rename", "link"]), _path, _path),
    st.tuples(st.just("symlink"), st.sampled_from(["a", "../b", "b/c", "../a/b", "c"]), _path),
    st.tuples(st.just("hold"), _path),
    st.tuples(st.sampled_from(["in: write", "in: make", "in: unlink", "in: list", "in: mkdir"]), _name),
    st.tuples(st.just("in: out"), _name, _path),
)


class Model:
    """The tree, looked at from outside, and what the rules say by the other reading."""

    def __init__(self, rules: list[str]) -> None:
        self.files = MemoryFilesystem({"a": {"a": b"1", "b": {"c": b"2"}}, "b": {"c": {}, "a": b"3"}, "c": b"4"})
        self.rules = [FileRule(rule) for rule in rules]
        self.root = Restricted(self.files, rules).root()
        self.top = self.files.root()
        self.held: Directory | None = None

    def rights(self, path: str) -> int:
        found = 0
        for rule in self.rules:
            if model_matches(rule.pattern, path):
                found |= rule.rights
        return found

    def tree(self) -> dict[str, tuple[int, str]]:
        """Inode number and type by path."""
        return dict(self._below(self.top, ""))

    def _below(self, place: Directory, path: str) -> Iterator[tuple[str, tuple[int, str]]]:
        yield path, (place.stat().inode, "DIRECTORY")
        for entry in place.entries():
            below = f"{path}/{entry.name}".lstrip("/")
            if entry.type.name == "DIRECTORY":
                yield from self._below(place.open_directory(entry.name), below)
            else:
                yield below, (entry.inode, entry.type.name)

    def stamp(self, path: str) -> tuple[bytes, int] | None:
        """Content and time of modification of a file."""
        walk = self.top
        *parents, name = path.split("/")
        for each in parents:
            walk = walk.open_directory(each)
        if walk.lookup(name).type.name != "REGULAR_FILE":
            return None
        file = walk.open_file(name, How.READ)
        buffer = bytearray(64)
        return bytes(buffer[: file.read_at(0, [memoryview(buffer)])]), file.stat().modified


def perform(model: Model, step: tuple[str, ...]) -> str | None:
    """What was read, if anything."""
    name, *arguments = step
    root = model.root
    if name.startswith("in: "):
        if model.held is None:
            return None
        root, name = model.held, name[4:]
    if name in ("read", "write", "make"):
        how = {"read": How.READ, "write": How.WRITE, "make": How.WRITE | How.CREATE}[name]
        opened = open_(root, arguments[0], how)
        if isinstance(opened, File):
            if name != "read":
                opened.write_at(0, [memoryview(b"w")])
                return None
            buffer = bytearray(64)
            count = opened.read_at(0, [memoryview(buffer)])
            return f"{opened.stat().inode}:{count}"
        return None
    if name == "list":
        opened = open_(root, arguments[0])
        if isinstance(opened, Directory):
            [*opened.entries()]
            return f"{opened.stat().inode}:list"
        return None
    if name == "hold":
        opened = open_(root, arguments[0])
        if isinstance(opened, Directory):
            model.held = opened
        return None
    if name in ("rename", "out"):
        paths.rename_at(root, arguments[0], model.root, arguments[1])
    elif name == "link":
        paths.link_at(root, arguments[0], root, arguments[1], follow=False)
    elif name == "symlink":
        paths.symlink_at(arguments[0], root, arguments[1])
    elif name == "times":
        paths.set_times_at(root, arguments[0], 7, 7, follow=True)
    else:
        verb = {"unlink": paths.unlink_at, "mkdir": paths.make_directory_at, "rmdir": paths.remove_directory_at}[name]
        verb(root, arguments[0])
    return None


@settings(max_examples=800, deadline=None)
@given(_rules, st.lists(_step, max_size=12))
def test_no_rule_allows_more_than_it_says(rules: list[str], steps: list[tuple[str, ...]]) -> None:
    model = Model(rules)
    tree = model.tree()
    # The rights that everything has ever had, by its inode: content must not gain any.
    ever = {inode: set[str]() for inode, _ in tree.values()}
    for path, (inode, _) in tree.items():
        ever[inode].add(path)
    initially = {inode: [*places] for inode, places in ever.items()}
    for step in steps:
        stamps = {path: model.stamp(path) for path, (_, kind) in tree.items() if kind == "REGULAR_FILE"}
        try:
            read = perform(model, step)
        except KernelError:
            assert model.tree() == tree, "what fails changes nothing"
            assert {path: model.stamp(path) for path in stamps} == stamps
            continue
        after = model.tree()
        if read is not None:
            inode = int(read.partition(":")[0])
            here = [path for path, (number, _) in after.items() if number == inode]
            assert any(model.rights(path) & READ for path in here), (step, here)
            if inode in initially and not read.endswith("list"):
                assert any(model.rights(path) & READ for path in initially[inode]), "read by a name that came later"
        for path in after.keys() - tree.keys():
            assert model.rights(path) & CREATE, (step, path)
        for path in tree.keys() - after.keys():
            assert model.rights(path) & DELETE, (step, path)
        for path in after.keys() & tree.keys():
            if after[path][0] != tree[path][0]:
                assert model.rights(path) & DELETE, (step, path)
                assert model.rights(path) & CREATE, (step, path)
        for path, stamp in stamps.items():
            inode = tree[path][0]
            if after.get(path) == tree[path] and model.stamp(path) != stamp:
                names = [each for each, (number, _) in tree.items() if number == inode]
                assert any(model.rights(each) & WRITE for each in names), (step, path)
                if inode in initially:
                    assert any(model.rights(each) & WRITE for each in initially[inode]), (step, path)
        for inode, places in initially.items():
            now = [path for path, (number, kind) in after.items() if number == inode and kind == "REGULAR_FILE"]
            gained = together(model, now) & ~together(model, places) & (READ | WRITE)
            assert not gained, (step, places, now)
        tree = after


def together(model: Model, places: list[str]) -> int:
    """The rights of a file with these names."""
    rights = 0
    for path in places:
        rights |= model.rights(path)
    return rights


def test_the_model_sees_what_happens() -> None:
    model = Model(["all **"])
    assert perform(model, ("read", "a/a")) is not None
    perform(model, ("hold", "a/b"))
    perform(model, ("in: make", "new"))
    perform(model, ("rename", "a", "x"))
    perform(model, ("in: out", "new", "moved"))
    assert {"x/b/c", "moved"} <= model.tree().keys()


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "d/../../x", "/"])
def test_a_link_that_leads_out_is_not_there_and_no_rule_would_help(target: str) -> None:
    files = MemoryFilesystem({"d": {}, "hidden": SymbolicLink(target)})
    root = Restricted(files, ["see d"]).root()
    for look in (root.lookup, root.unlink, lambda name: root.open_file(name, How.READ)):
        with pytest.raises(KernelError) as caught:
            look("hidden")
        assert (type(caught.value), caught.value.code) == (KernelError, Code.NO_ENTRY)


def test_what_is_remembered_is_bounded_by_rules_and_not_by_names() -> None:
    """A program can look for any number of names, in any number of directories."""
    rules = [f"read **/*.e{number}" for number in range(200)]
    filesystem = Restricted(MemoryFilesystem({f"d{number}": {} for number in range(20)}), rules)
    root = filesystem.root()
    places = [root.open_directory(f"d{number}") for number in range(20)]
    for place in places:
        for number in range(100):
            with pytest.raises(KernelError):
                place.lookup(f"n{number}")
    policy = filesystem._policy
    assert 0 < policy.remembered <= MAX_REMEMBERED
    for place in places:
        place.close()
    root.close()
    assert policy.remembered <= 200 * MAX_KNOWN


def test_a_program_that_is_collected_meanwhile_does_not_hang_others() -> None:
    """It closes its directories, on the thread that holds the lock."""
    filesystem = Restricted(MemoryFilesystem({"d": {"e": {}}}), ["all **"])

    class Cycle:
        def __init__(self) -> None:
            self.root = filesystem.root()
            self.below = self.root.open_directory("d")
            self.me = self

        def __del__(self) -> None:
            self.below.close()
            self.root.close()

    class Collecting:
        def rules_changed(self) -> None:
            gc.collect()

    collecting = Collecting()
    root = filesystem.root()
    assert isinstance(root, RestrictedDirectory)
    root.tell_changes(collecting)
    Cycle()
    done = threading.Event()

    def moves() -> None:
        root.rename("d", root, "f")
        done.set()

    threading.Thread(target=moves, daemon=True).start()
    assert done.wait(20)


def test_a_file_is_moved_as_what_it_was_when_it_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program cannot put a directory in its place meanwhile, which would be moved without a look."""
    filesystem = Restricted(
        MemoryFilesystem({"c": {"d": {"secret": b"secret"}}, "x": {"s": b""}, "y": {}}),
        ["create,delete c/**", "create,delete x/**", "create,delete y/**", "read y/**/secret"],
    )
    root, other = filesystem.root(), filesystem.root()
    moved = threading.Event()

    def swap() -> None:
        with contextlib.suppress(KernelError):
            paths.rename_at(other, "x/s", other, "x/f")
            paths.rename_at(other, "c/d", other, "x/s")
        moved.set()

    swapping = threading.Thread(target=swap)
    check = RestrictedDirectory._check_content

    def slowly(self: RestrictedDirectory, *arguments: Any) -> None:
        check(self, *arguments)
        if not swapping.ident:
            swapping.start()
            assert not moved.wait(0.3)  # it waits for the lock; a slow machine makes it hold all the more

    monkeypatch.setattr(RestrictedDirectory, "_check_content", slowly)
    paths.rename_at(root, "x/s", root, "y/s")
    swapping.join()
    with pytest.raises(KernelError):
        open_(root, "y/s/secret")


def test_rights_that_were_looked_up_before_a_move_are_not_remembered_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By one thread, while another moves the directory."""
    filesystem = Restricted(MemoryFilesystem({"d": {"x": b"x"}, "e": {}}), ["all d/**", "read,create,delete e/**"])
    root = filesystem.root()
    below = root.open_directory("d")
    look = RightsAt.below
    moved: list[bool] = []

    def slowly(self: RightsAt, name: str) -> RightsAt:
        found = look(self, name)
        if name == "x" and not moved:
            moved.append(True)
            root.rename("d", root, "e")
            with pytest.raises(KernelError):
                below.lookup("other")
        return found

    monkeypatch.setattr(RightsAt, "below", slowly)
    below.open_file("x", How.WRITE).close()
    with pytest.raises(KernelError):
        below.open_file("x", How.WRITE)
