"""Learning rules: under them a program does the same again, and with any of them less it does not."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.restricted import Restricted
from remit.filesystems.rules import READ, RIGHTS, SEE, WRITE, FileRule
from remit.filesystems.watched import Watched
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, How
from remit.kernel.uses import Use
from remit.policy.learning import MANY, Allowed, Learned, suggestions

TREE: dict[str, Any] = {"a": {"a": b"1", "b": {"c": b"2"}}, "b": {"c": {}, "a": b"3"}, "c": b"4"}


def perform(root: Directory, step: tuple[str, ...]) -> object:
    """The outcome of one thing that a program does."""
    name, *arguments = step
    try:
        if name in ("read", "write", "make", "list"):
            how = {"write": How.WRITE, "make": How.WRITE | How.CREATE}.get(name, How.READ)
            opened = paths.open_at(root, arguments[0], follow=True, how=how)
            try:
                if isinstance(opened, Directory):
                    return sorted(entry.name for entry in opened.entries()) if name == "list" else "a directory"
                return _file(opened, name)
            finally:
                opened.close()
        if name == "stat":
            return paths.stat_at(root, arguments[0], follow=True).type.name
        if name == "read link":
            return paths.read_link_at(root, arguments[0])
        if name == "rename":
            paths.rename_at(root, arguments[0], root, arguments[1])
        elif name == "link":
            paths.link_at(root, arguments[0], root, arguments[1], follow=False)
        elif name == "symlink":
            paths.symlink_at(arguments[0], root, arguments[1])
        elif name == "times":
            paths.set_times_at(root, arguments[0], 7, 7, follow=True)
        else:
            verbs = {"unlink": paths.unlink_at, "mkdir": paths.make_directory_at, "rmdir": paths.remove_directory_at}
            verbs[name](root, arguments[0])
        return "done"
    except KernelError as error:
        return error.code


def _file(file: File, how: str) -> object:
    if how in ("write", "make"):
        return file.write_at(0, [memoryview(b"w")])
    buffer = bytearray(10)
    return bytes(buffer[: file.read_at(0, [memoryview(buffer)])])


def outcomes(filesystem: Filesystem, steps: list[tuple[str, ...]]) -> list[object]:
    root = filesystem.root()
    return [perform(root, step) for step in steps]


def learned(steps: list[tuple[str, ...]]) -> list[str]:
    learning = Learned("/data")
    outcomes(Watched(MemoryFilesystem(TREE), "/data", learning), steps)
    return learning.rules()


def test_the_smallest_rules() -> None:
    assert learned([("read", "c")]) == ["read c"]
    assert learned([("read", "a/b/c"), ("write", "a/b/c")]) == ["read,write a/b/c"]
    assert learned([("stat", "a/b"), ("read", "a/b/c")]) == ["read a/b/c"], "what leads there needs no rule"
    assert learned([("stat", "a/b")]) == ["see a/b"]
    assert learned([("list", "a")]) == ["read a"]
    assert learned([("list", ".")]) == ["read ."]
    assert learned([("stat", ".")]) == []
    assert learned([("mkdir", "a")]) == ["see a"], "that it is there already is something to know"
    assert learned([("make", "new"), ("unlink", "new")]) == ["write,create,delete new"]
    assert learned([("read", "none"), ("unlink", "none"), ("read", "../x")]) == [], "what is not there needs none"
    assert learned([("symlink", "../c", "a/link"), ("read", "a/link")]) == ["create a/link", "read c"]


def test_what_is_moved_can_be_used_afterwards() -> None:
    assert learned([("make", "t"), ("rename", "t", "c"), ("read", "c")]) == [
        *("read,create,delete c", "all t"),
    ]
    assert learned([("rename", "a", "d"), ("read", "d/a")]) == ["read,create,delete a/**", "create d/**", "read d/a"]
    assert learned([("link", "c", "d"), ("write", "d")]) == ["write c", "write,create d"]


def test_names_that_look_like_patterns() -> None:
    files = MemoryFilesystem({"*": b"star", "a?": b"mark", "back\\slash": b"b", "x": b"x"})
    learning = Learned("/")
    root = Watched(files, "/", learning).root()
    for name in ("*", "a?", "back\\slash"):
        root.open_file(name, How.READ).close()
    rules = learning.rules()
    assert rules == ["read \\*", "read a\\?", "read back\\\\slash"]
    again = Restricted(files, rules).root()
    for name in ("*", "a?", "back\\slash"):
        again.open_file(name, How.READ).close()
    assert perform(again, ("read", "x")).__class__.__name__ == "Code"


def test_only_what_is_missing_is_added() -> None:
    learning = Learned("/data")
    for use in (Use("file", "read", "/data/a/x"), Use("file", "write", "/data/a/y"), Use("file", "see", "/data/a")):
        learning(use)
    assert learning.rules() == ["read a/x", "write a/y"]
    assert learning.rules([FileRule("read a/*")]) == ["write a/y"]
    assert learning.rules([FileRule("all **")]) == []


def test_suggestions_are_apart() -> None:
    rules = [f"read data/{number}.csv" for number in range(MANY)] + ["write data/x", "read other"]
    assert suggestions(rules) == [("read data/*", rules[:MANY])]
    assert suggestions(rules[1:]) == []
    assert suggestions([f"read {number}" for number in range(MANY)])[0][0] == "read *"


_name = st.sampled_from(["a", "b", "c"])
_path = st.lists(_name, min_size=1, max_size=3).map("/".join)
_step = st.one_of(
    st.tuples(st.sampled_from(["read", "write", "make", "list", "stat", "read link", "times"]), _path),
    st.tuples(st.sampled_from(["unlink", "mkdir", "rmdir"]), _path),
    st.tuples(st.sampled_from(["rename", "link"]), _path, _path),
    st.tuples(st.just("symlink"), st.sampled_from(["a", "../b", "b/c", "../a/b", "c"]), _path),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_step, max_size=10))
def test_under_what_was_learned_all_goes_the_same_way(steps: list[tuple[str, ...]]) -> None:
    rules = learned(steps)
    free, bound = MemoryFilesystem(TREE), MemoryFilesystem(TREE)
    for again, before, step in zip(
        outcomes(Restricted(bound, rules), steps), outcomes(free, steps), steps, strict=True
    ):
        if isinstance(before, Code):
            assert isinstance(again, Code), step
            # What would have been made is there; and whatever else was told, a refusal may be told now.
            assert again is before or before is not Code.EXISTS or step[0] != "mkdir", step
        else:
            assert again == before, step
    assert bound.to_dict() == free.to_dict()


@settings(max_examples=300, deadline=None)
@given(st.lists(_step, max_size=6))
def test_nothing_of_it_is_too_much(steps: list[tuple[str, ...]]) -> None:
    """Without any one right of any one rule something goes another way."""
    rules = learned(steps)
    if any(step[0] in ("rename", "link") for step in steps):
        # What they need beyond themselves is needed together.
        return
    wanted = outcomes(MemoryFilesystem(TREE), steps)
    for number, text in enumerate(rules):
        rights, _, pattern = text.partition(" ")
        for right in RIGHTS if rights == "all" else rights.split(","):
            left = [each for each in (rights.split(",") if rights != "all" else RIGHTS) if each != right]
            fewer = [*rules[:number], *([f"{','.join(left)} {pattern}"] if left else []), *rules[number + 1 :]]
            files = MemoryFilesystem(TREE)
            assert right == "see" or outcomes(Restricted(files, fewer), steps) != wanted, (text, right)


def test_a_flood_of_paths_is_bounded() -> None:
    learned = Learned("/d")
    for number in range(20_000):
        learned(Use("file", "read", f"/d/f{number}"))
        learned(Use("file", "rename", f"/d/{number}", target=f"/d/{number + 1}"))
    rules = learned.rules()
    assert len(rules) <= 10_000
    assert learned.more > 30_000
    learned = Learned("/d")
    for number in range(2000):
        learned(Use("file", "see", f"/d/{number}{'x' * 4000}"))
    assert 1000 < learned.more < 2000


def test_as_many_rules_as_there_may_be_take_no_time_of_theirs() -> None:
    """Each path is found by its name, and not by all of the rules."""
    rules = [FileRule(f"read d/f{number}") for number in range(5000)]
    allowed = Allowed([*rules, FileRule("write d/*7"), FileRule("see **")])
    assert [allowed.of(f"d/f{number}") for number in (0, 7, 5000)] == [READ | SEE, READ | WRITE | SEE, SEE]
    for number in range(5000):
        allowed.of(f"d/f{number}")
