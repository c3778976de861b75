"""A filesystem of which each new use is a question: what is asked, when, and what an answer allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.filesystems.asked import Asked, Question
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.read_only import ReadOnly
from remit.filesystems.restricted import Restricted
from remit.filesystems.rules import FileRule
from remit.filesystems.watched import watched
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, Filesystem, How
from remit.kernel.refusals import Refused
from remit.kernel.uses import Use
from remit.policy.learning import Learned


def files() -> MemoryFilesystem:
    return MemoryFilesystem({"f": b"f", "d": {"g": b"g", "e": {"h": b"h"}}, "other": {}})


class Asking:
    """Answers are taken one by one, and "yes" is said when there are no more."""

    def __init__(
        self, *answers: str | bool, below: Filesystem | None = None, rules: Iterable[str] = (), watch: bool = False
    ) -> None:
        self.questions: list[str] = []
        self.uses: list[str] = []
        self.learned = Learned("/data")
        self._answers = list(answers)
        self.filesystem = Asked(files() if below is None else below, self._answer, path="/data", rules=rules)
        if watch:
            self.root = self.filesystem.root_of(lambda root: watched(root, "/data", self._use))
        else:
            self.root = self.filesystem.root()

    def _answer(self, question: Question) -> str | bool:
        self.questions.append(str(question))
        return self._answers.pop(0) if self._answers else "yes"

    def _use(self, use: Use) -> None:
        self.learned(use)
        self.uses.append(str(use))

    def asked(self) -> list[str]:
        """Since the last time."""
        found = self.questions[:]
        self.questions.clear()
        return found

    def open(self, path: str, how: int = How.READ) -> None:
        opened = paths.open_at(self.root, path, follow=True, how=how)
        opened.close()

    def refused(self, operation: Callable[..., Any], *arguments: Any) -> Code:
        with pytest.raises(Refused) as caught:
            operation(*arguments)
        return caught.value.code


def test_each_new_use_is_asked_for_once() -> None:
    it = Asking()
    it.open("f")
    it.open("f")
    assert it.asked() == ["read /data/f"]
    it.open("f", How.READ | How.WRITE)
    assert it.asked() == ["write /data/f"], "the rest was allowed before"
    it.open("new", How.WRITE | How.CREATE)
    assert it.asked() == ["write,create /data/new"]
    it.open("d/e/h", How.READ | How.WRITE | How.TRUNCATE)
    assert it.asked() == ["read,write /data/d/e/h"], "not for the directories on the way"
    paths.stat_at(it.root, "d", follow=True)
    assert it.asked() == []
    paths.stat_at(it.root, "d/g", follow=True)
    assert it.asked() == ["see /data/d/g"]


def test_what_is_not_there_is_asked_for_by_nobody() -> None:
    it = Asking("no")
    for path in ("missing", "d/missing", "missing/x"):
        with pytest.raises(KernelError) as caught:
            it.open(path)
        assert caught.value.code is Code.NO_ENTRY
    assert it.asked() == []
    # The program is told the same of what it may not see.
    assert it.refused(it.open, "f") is Code.NO_ENTRY
    assert it.asked() == ["read /data/f"]
    assert it.refused(it.open, "f") is Code.NO_ENTRY
    assert it.asked() == [], "the answer stands"


@pytest.mark.parametrize("no", ["no", False])
def test_nothing_is_done_after_a_no(no: str | bool) -> None:
    below = files()
    before = below.to_dict()
    it = Asking(*[no] * 20, below=below)
    root = it.root
    for operation, arguments in (
        (it.open, ("f", How.WRITE | How.TRUNCATE)),
        (it.open, ("new", How.WRITE | How.CREATE)),
        (it.open, ("f", How.WRITE | How.CREATE | How.TRUNCATE)),
        (root.make_directory, ("new",)),
        (root.make_symbolic_link, ("new", "f")),
        (root.unlink, ("f",)),
        (root.remove_directory, ("other",)),
        (root.rename, ("f", root, "new")),
        (root.link, ("f", root, "new")),
        (root.set_times_of, ("f", 1, 1)),
        (root.set_times, (1, 1)),
        (root.entries, ()),
    ):
        it.refused(operation, *arguments)
    assert below.to_dict() == before
    assert it.asked() == [
        "write /data/f",
        "write,create /data/new",
        "create /data/new",
        "delete /data/f",
        "delete /data/other",
        "read /data/f",
        "write /data",
        "read /data",
    ]


def test_what_is_there_is_not_asked_for_as_if_it_were_made() -> None:
    it = Asking()
    it.open("f", How.WRITE | How.CREATE | How.TRUNCATE)
    assert it.asked() == ["write /data/f"]


def test_each_operation() -> None:
    it = Asking()
    root = it.root
    root.make_directory("made")
    root.make_symbolic_link("link", "f")
    assert it.asked() == ["create /data/made", "create /data/link"]
    assert root.read_link("link") == "f"
    assert it.asked() == [], "it is there for whoever has made it"
    root.remove_directory("made")
    root.unlink("link")
    assert it.asked() == ["delete /data/made", "delete /data/link"]
    below = root.open_directory("d")
    assert it.asked() == ["see /data/d"]
    assert [entry.name for entry in below.entries()] == ["g", "e"]
    assert it.asked() == ["read /data/d"]
    below.reopen().set_times_of("g", 1, 1)
    below.set_times(1, 1)
    assert it.asked() == ["write /data/d/g", "write /data/d"]
    root.rename("f", below, "moved")
    assert it.asked() == ["delete /data/f", "create /data/d/moved"]
    root.rename("d", root, "D")
    assert it.asked()[0] == "delete /data/d"


def test_moves_into_what_is_hidden() -> None:
    it = Asking()
    paths.rename_at(it.root, "f", it.root, "d/e/new")
    assert it.asked() == ["create /data/d/e/new", "delete /data/f"]
    it = Asking("no")
    it.refused(paths.rename_at, it.root, "f", it.root, "d/e/new")
    assert it.asked() == ["create /data/d/e/new"]
    assert "delete" not in str(it.filesystem)


def test_always_is_for_the_directory_and_below() -> None:
    it = Asking("always")
    it.open("d/g")
    assert it.asked() == ["read /data/d/g"]
    it.open("d/e/h")
    assert it.asked() == []
    assert it.filesystem.always == ["read d/**"]
    it.open("d/g", How.WRITE)
    it.open("f")
    assert it.asked() == ["write /data/d/g", "read /data/f"]
    it = Asking("always")
    list(it.root.entries())
    it.open("d/e/h")
    assert (it.asked(), it.filesystem.always) == (["read /data"], ["read **"])
    it = Asking("yes", "always")
    list(it.root.open_directory("d").entries())
    assert it.filesystem.always == ["read d/**"], "a directory that is listed is meant itself"


def test_what_is_allowed_before_is_not_asked_for() -> None:
    it = Asking(rules=["read d/**"])
    it.open("d/g")
    assert it.asked() == []
    assert [rule.text for rule in it.filesystem.rules] == ["read d/**"]


def test_names_that_look_like_patterns() -> None:
    below = MemoryFilesystem({"*": b"", "secret": b"", "d": {"**": b"", "x": b""}, "[a]": b""})
    it = Asking(below=below)
    it.open("*")
    it.open("secret")
    assert it.asked() == ["read /data/*", "read /data/secret"], "one is not for the other"
    # A file of such a name that is moved is not all that is there.
    d = it.root.open_directory("d")
    d.rename("**", d, "y")
    it.asked()
    d.unlink("x")
    assert it.asked() == ["delete /data/d/x"]


def test_what_no_rule_can_say_is_refused_without_a_question() -> None:
    it = Asking(rules=["see,create **"])
    directory = it.root
    for _ in range(9):
        # As the text of a rule, such a name is twice as long.
        directory.make_directory("*" * 250)
        directory = directory.open_directory("*" * 250)
    it.refused(directory.open_file, "new", How.WRITE | How.CREATE)
    assert it.asked() == []


def test_links_are_followed_first() -> None:
    below = files()
    below.root().make_symbolic_link("link", "d/g")
    it = Asking(below=below)
    it.open("link")
    assert it.asked() == ["read /data/link", "see /data/d", "read /data/d/g"]
    it = Asking("yes", "yes", "no", below=below)
    it.refused(it.open, "link")
    assert it.asked()[-1] == "read /data/d/g"


@pytest.mark.parametrize(
    ("below", "how", "code"),
    [
        (ReadOnly(files()), How.WRITE, Code.READ_ONLY),
        (Restricted(files(), ["read d/**", "see f"]), How.READ, Code.ACCESS),
    ],
)
def test_what_is_refused_below_no_answer_helps(below: Filesystem, how: int, code: Code) -> None:
    it = Asking(below=below)
    with pytest.raises(KernelError) as caught:
        it.open("f", how)
    assert caught.value.code is code
    assert len(it.asked()) <= 1
    it.open("d/g")


def test_only_what_was_allowed_is_told_as_a_use() -> None:
    it = Asking("no", "yes", watch=True)
    it.refused(it.open, "f")
    it.open("d/g", How.READ)
    assert it.uses == ["see /data/d", "read /data/d/g"]


class Stop(Exception):
    ends_guest = True


def test_what_ask_raises_comes_out() -> None:
    def ask(question: Question) -> str:
        raise Stop(question)

    root = Asked(files(), ask).root()
    with pytest.raises(Stop, match="read /f"):
        paths.open_at(root, "f", follow=True, how=How.READ)


@pytest.mark.parametrize("answer", [None, "maybe", "", 1.5, "YES"])
def test_answers_that_are_none(answer: Any) -> None:
    it = Asking(answer)
    with pytest.raises(
        ValueError, match=r"ask returned .* for <Question 'read /data/f'>: no, yes, always, True or False"
    ):
        it.open("f")
    with pytest.raises(TypeError, match="ask must be a function"):
        Asked(files(), answer)


PATHS = st.sampled_from(["f", "d", "d/g", "d/e", "d/e/h", "other", "new", "d/new", "d/e/new", "x/y", "other/n"])
ACTIONS = st.sampled_from(["read", "write", "create", "stat", "list", "make", "unlink", "remove", "rename", "link"])


def act(root: Directory, action: str, path: str, other: str) -> None:
    if action in ("read", "write", "create"):
        how = {"read": How.READ, "write": How.WRITE | How.TRUNCATE, "create": How.WRITE | How.CREATE}[action]
        paths.open_at(root, path, follow=True, how=how).close()
    elif action == "stat":
        paths.stat_at(root, path, follow=True)
    elif action == "list":
        opened = paths.open_at(root, path, follow=True, how=How.READ)
        if isinstance(opened, Directory):
            list(opened.entries())
        opened.close()
    elif action == "make":
        paths.make_directory_at(root, path)
    elif action == "unlink":
        paths.unlink_at(root, path)
    elif action == "remove":
        paths.remove_directory_at(root, path)
    elif action == "rename":
        paths.rename_at(root, path, root, other)
    else:
        paths.link_at(root, path, root, other, follow=False)


@given(st.lists(st.tuples(ACTIONS, PATHS, PATHS), max_size=8), st.lists(st.sampled_from(["yes", "no", "always"])))
def test_what_is_learned_allows_what_was_allowed(steps: list[tuple[str, str, str]], answers: list[str]) -> None:
    """Whoever runs the program again under what was learned, with nobody to ask, has the same outcome."""
    below = files()
    it = Asking(*answers, *["no"] * 200, below=below, watch=True)
    outcomes = []
    for action, path, other in steps:
        try:
            act(it.root, action, path, other)
            outcomes.append("done")
        except KernelError as error:
            outcomes.append("refused" if isinstance(error, Refused) else "failed")
    always = it.filesystem.always
    rules = [*always, *it.learned.rules([FileRule(each) for each in always])]
    again = files()
    root = Restricted(again, rules).root()
    for (action, path, other), outcome in zip(steps, outcomes, strict=True):
        if outcome == "done":
            act(root, action, path, other)
        elif outcome == "refused":
            break  # what is allowed later was not, then
    else:
        assert again.to_dict() == below.to_dict()
