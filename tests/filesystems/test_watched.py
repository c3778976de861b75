"""A filesystem with a watcher: what is told, by what name and under which rule, and that nothing else changes."""

from __future__ import annotations

import pytest

from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.read_only import ReadOnly
from remit.filesystems.restricted import Restricted
from remit.filesystems.watched import Watched
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, Filesystem, How
from remit.kernel.refusals import Refused
from remit.kernel.uses import Use


class Watching:
    def __init__(self, filesystem: Filesystem, path: str = "/data") -> None:
        self.uses: list[Use] = []
        self.root = Watched(filesystem, path, self.uses.append).root()

    def told(self) -> list[str]:
        """Since the last time."""
        found = [str(use) for use in self.uses]
        self.uses.clear()
        return found


def files() -> MemoryFilesystem:
    return MemoryFilesystem({"f": b"f", "d": {"g": b"g", "e": {}}})


def open_(root: Directory, path: str, how: int = How.READ) -> object:
    return paths.open_at(root, path, follow=True, how=how)


def test_each_use_is_told() -> None:
    it = Watching(files())
    root = it.root
    open_(root, "f")
    assert it.told() == ["read /data/f"]
    open_(root, "d/g", How.READ | How.WRITE)
    assert it.told() == ["see /data/d", "read /data/d/g", "write /data/d/g"]
    open_(root, "f", How.WRITE | How.CREATE)
    assert it.told() == ["write /data/f"], "it was there"
    open_(root, "new", How.WRITE | How.CREATE)
    assert it.told() == ["create /data/new", "write /data/new"]
    open_(root, "made", How.CREATE)
    assert it.told() == ["create /data/made"]
    open_(root, "f", How.WRITE | How.TRUNCATE)
    assert it.told() == ["write /data/f"]
    paths.stat_at(root, "f", follow=True)
    assert it.told() == ["see /data/f"]
    below = root.open_directory("d")
    assert [entry.name for entry in below.entries()] == ["g", "e"]
    assert it.told() == ["see /data/d", "read /data/d"]
    below.reopen().make_directory("h")
    below.make_symbolic_link("l", "g")
    assert it.told() == ["create /data/d/h", "create /data/d/l"]
    open_(below, "l")
    assert it.told() == ["see /data/d/l", "read /data/d/g"]
    below.unlink("l")
    below.remove_directory("h")
    assert it.told() == ["delete /data/d/l", "delete /data/d/h"]
    below.set_times(1, 1)
    below.set_times_of("g", 1, 1)
    assert it.told() == ["write /data/d", "write /data/d/g"]


def test_moves_and_links_are_told_with_both_names() -> None:
    it = Watching(files())
    below = it.root.open_directory("d")
    it.told()
    it.root.rename("f", below, "moved")
    assert it.told() == ["delete /data/f", "create /data/d/moved", "rename /data/f to /data/d/moved"]
    below.rename("moved", below, "g")
    assert it.told() == [
        *("delete /data/d/moved", "delete /data/d/g", "create /data/d/g", "rename /data/d/moved to /data/d/g")
    ]
    below.link("g", it.root, "f")
    assert it.told() == ["create /data/f", "link /data/d/g to /data/f"]


def test_what_fails_is_not_told() -> None:
    it = Watching(Restricted(files(), ["read f", "create **"]))
    for operation in (
        lambda: it.root.lookup("none"),
        lambda: it.root.open_file("f", How.WRITE),
        lambda: it.root.unlink("f"),
        lambda: it.root.rename("f", it.root, "x"),
        lambda: it.root.make_directory("f"),
    ):
        with pytest.raises(KernelError):
            operation()
    assert it.told() == ["see /data/f"], "there is something with that name already, it was told"


def test_grants_and_rules_are_told() -> None:
    it = Watching(Restricted(files(), ["read f", "all d/**"]), "/")
    open_(it.root, "f")
    open_(it.root, "d/g", How.WRITE)
    assert [(str(use), use.grant, use.rule) for use in it.uses] == [
        ("read /f", "/", "read f"),
        ("see /d", "/", "all d/**"),
        ("write /d/g", "/", "all d/**"),
    ]
    it = Watching(files())
    open_(it.root, "f")
    assert [(use.grant, use.rule) for use in it.uses] == [("/data", "")]


def test_refusals_are_what_they_are_without_it() -> None:
    it = Watching(ReadOnly(files()))
    with pytest.raises(Refused) as caught:
        paths.make_directory_at(it.root, "d/x")
    assert (caught.value.code, caught.value.want.subject) == (Code.READ_ONLY, "d/x")
    assert caught.value.want.origin is it.root.origin


def test_open_files_are_those_of_the_filesystem() -> None:
    inner = files()
    it = Watching(inner)
    assert type(it.root.open_file("f", How.READ)) is type(inner.root().open_file("f", How.READ))


def test_a_watcher_may_end_it() -> None:
    def stop(use: Use) -> None:
        raise ZeroDivisionError

    root = Watched(files(), "/", stop).root()
    with pytest.raises(ZeroDivisionError):
        root.lookup("f")
