"""Renaming: the table of what may replace what, and what must stay as it is."""

from __future__ import annotations

from remit.kernel.errors import Code
from remit.kernel.files import Directory
from remit.testing.bench import Bench, Checks, fails, holds, read, same, write

CHECKS = Checks()

# (what is moved, what has the new name): what happens; None: the move takes place.
_TABLE: dict[tuple[str, str], Code | None] = {
    ("missing", "missing"): Code.NO_ENTRY,
    ("missing", "file"): Code.NO_ENTRY,
    ("missing", "empty"): Code.NO_ENTRY,
    ("file", "missing"): None,
    ("file", "file"): None,
    ("file", "link"): None,
    ("file", "empty"): Code.IS_DIRECTORY,
    ("file", "full"): Code.IS_DIRECTORY,
    ("link", "missing"): None,
    ("link", "file"): None,
    ("link", "link"): None,
    ("link", "empty"): Code.IS_DIRECTORY,
    ("link", "full"): Code.IS_DIRECTORY,
    ("empty", "missing"): None,
    ("empty", "file"): Code.NOT_DIRECTORY,
    ("empty", "link"): Code.NOT_DIRECTORY,
    ("empty", "empty"): None,
    ("empty", "full"): Code.NOT_EMPTY,
    ("full", "missing"): None,
    ("full", "file"): Code.NOT_DIRECTORY,
    ("full", "link"): Code.NOT_DIRECTORY,
    ("full", "empty"): None,
    ("full", "full"): Code.NOT_EMPTY,
}


def _make(bench: Bench, kind: str, directory: Directory, name: str) -> None:
    if kind == "file":
        bench.create(name, name.encode(), at=directory)
    elif kind == "link":
        bench.link(name, f"target of {name}", at=directory)
    elif kind in ("empty", "full"):
        made = bench.directory(name, at=directory)
        if kind == "full":
            bench.create("inside", name.encode(), at=made)


def _is(bench: Bench, kind: str, directory: Directory, name: str, made_as: str) -> None:
    """Claim that `name` is what was made as `made_as`, or is not there."""
    if kind == "missing":
        bench.lacks(name, at=directory)
    elif kind == "file":
        bench.is_file(name, made_as.encode(), at=directory)
    elif kind == "link":
        same(directory.read_link(name), f"target of {made_as}", f"the target of {name!r}")
    else:
        found = bench.enter(name, at=directory)
        bench.has(["inside"] if kind == "full" else [], at=found)
        if kind == "full":
            bench.is_file("inside", made_as.encode(), at=found)


def _try_table(bench: Bench, source: Directory, target: Directory) -> None:
    for number, ((moved, replaced), code) in enumerate(_TABLE.items()):
        if "link" in (moved, replaced) and not bench.features.symbolic_links:
            continue
        old, new = f"old{number}", f"new{number}"
        _make(bench, moved, source, old)
        _make(bench, replaced, target, new)
        try:
            if code is None:
                source.rename(old, target, new)
                _is(bench, moved, target, new, old)
                bench.lacks(old, at=source)
            else:
                fails(code, source.rename, old, target, new)
                _is(bench, moved, source, old, old)
                _is(bench, replaced, target, new, new)
        except AssertionError as error:
            raise AssertionError(f"{moved} onto {replaced}: {error}") from None


@CHECKS.add("within a directory: each kind of thing onto each other")
def _(bench: Bench) -> None:
    _try_table(bench, bench.root, bench.root)


@CHECKS.add("from one directory to another: each kind of thing onto each other")
def _(bench: Bench) -> None:
    _try_table(bench, bench.directory("one"), bench.directory("two"))
    above = bench.directory("above")
    _try_table(bench, above, bench.directory("below", at=above))
    above = bench.directory("other")
    _try_table(bench, bench.directory("below", at=above), above)


@CHECKS.add("a name onto itself: nothing happens")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.create("inner", at=bench.directory("d"))
    for name in ("f", "d"):
        bench.root.rename(name, bench.root, name)
        bench.root.rename(name, bench.keep(bench.root.reopen()), name)
    bench.has(["f", "d"])
    bench.is_file("f", b"abc")
    bench.has(["inner"], at=bench.enter("d"))
    fails(Code.NO_ENTRY, bench.root.rename, "x", bench.root, "x")


@CHECKS.add("one name of a file onto another of the same file: nothing happens", "hard_links")
def _(bench: Bench) -> None:
    file = bench.create("f", b"abc")
    directory = bench.directory("d")
    bench.root.link("f", bench.root, "g")
    bench.root.link("f", directory, "h")
    bench.root.rename("f", bench.root, "g")
    bench.root.rename("f", directory, "h")
    bench.has(["f", "g", "d"])
    bench.has(["h"], at=directory)
    same(file.stat().links, 3, "the number of links")


@CHECKS.add("a directory into itself or below itself: INVALID; onto one it is in: NOT_EMPTY")
def _(bench: Bench) -> None:
    outer = bench.directory("outer")
    inner = bench.directory("inner", at=outer)
    bench.create("f", at=inner)
    fails(Code.INVALID, bench.root.rename, "outer", outer, "x")
    fails(Code.INVALID, bench.root.rename, "outer", inner, "x")
    fails(Code.INVALID, bench.root.rename, "outer", outer, "inner")
    fails(Code.NOT_EMPTY, outer.rename, "inner", bench.root, "outer")
    fails(Code.NOT_EMPTY, inner.rename, "f", bench.root, "outer")
    bench.has(["outer"])
    bench.has(["inner"], at=outer)
    bench.has(["f"], at=inner)


@CHECKS.add("what is moved stays the same thing; what is replaced lives on for those who have it open")
def _(bench: Bench) -> None:
    directory = bench.directory("d")
    moved, replaced = bench.create("f", b"moved"), bench.create("g", b"replaced", at=directory)
    number = moved.stat().inode
    bench.root.rename("f", directory, "g")
    same(directory.lookup("g").inode, number, "the inode number")
    same((moved.stat().links, replaced.stat().links), (1, 0), "links of the moved and of the replaced file")
    same(read(replaced), b"replaced", "the contents of the replaced file")
    write(moved, 0, b"M")
    bench.is_file("g", b"Moved", at=directory)

    empty, full = bench.directory("empty"), bench.directory("full")
    bench.create("inside", b"x", at=full)
    bench.root.rename("full", bench.root, "empty")
    fails(Code.NO_ENTRY, empty.make_directory, "x")
    bench.create("more", at=full)
    bench.has(["inside", "more"], at=bench.enter("empty"))


@CHECKS.add("replacing one of two names leaves the other", "hard_links")
def _(bench: Bench) -> None:
    bench.create("f", b"one")
    bench.create("g", b"two")
    bench.root.link("f", bench.root, "h")
    bench.root.rename("g", bench.root, "f")
    bench.is_file("f", b"two")
    bench.is_file("h", b"one")
    same(bench.root.lookup("h").links, 1, "the number of links")


@CHECKS.add("long chains of renames end where they should")
def _(bench: Bench) -> None:
    one, two = bench.directory("one"), bench.directory("two")
    bench.create("f0", b"abc", at=one)
    source, target = one, two
    for number in range(20):
        source.rename(f"f{number}", target, f"f{number + 1}")
        source, target = target, source
    bench.is_file("f20", b"abc", at=one)
    bench.has([], at=two)
    holds(one.stat().inode != two.stat().inode, "two directories must have different inode numbers")
