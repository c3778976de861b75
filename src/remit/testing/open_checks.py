"""Opening and making files."""

from __future__ import annotations

from remit.kernel.errors import Code
from remit.kernel.files import FileType, How
from remit.testing.bench import RW, Bench, Checks, fails, read, same, write

CHECKS = Checks()

_ALL_WAYS = (How.READ, How.WRITE, RW, How.WRITE | How.TRUNCATE, How.WRITE | How.CREATE, RW | How.CREATE | How.TRUNCATE)


@CHECKS.add("a name that is not there: NO_ENTRY, and nothing is made")
def _(bench: Bench) -> None:
    for how in (How.READ, How.WRITE, RW, How.WRITE | How.TRUNCATE):
        fails(Code.NO_ENTRY, bench.root.open_file, "f", how)
    bench.has([])


@CHECKS.add("CREATE makes a file if the name is free, and otherwise opens what is there")
def _(bench: Bench) -> None:
    write(bench.open("f", RW | How.CREATE), 0, b"abc")
    same(read(bench.open("f", RW | How.CREATE)), b"abc", "the contents")
    bench.open("g", How.READ | How.CREATE)
    bench.has(["f", "g"])


@CHECKS.add("EXCLUSIVE fails with EXISTS if the name is taken by anything")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    bench.link("l", "f")
    bench.link("dangling", "nothing")
    names = ["f", "d", "l", "dangling"] if bench.features.symbolic_links else ["f", "d"]
    for name in names:
        for how in (RW, How.WRITE | How.TRUNCATE, How.READ):
            fails(Code.EXISTS, bench.root.open_file, name, how | How.CREATE | How.EXCLUSIVE)
    bench.has(names)
    bench.is_file("f", b"abc")
    bench.open("new", RW | How.CREATE | How.EXCLUSIVE)
    bench.has([*names, "new"])


@CHECKS.add("TRUNCATE empties the file for everyone")
def _(bench: Bench) -> None:
    first = bench.create("f", b"abc")
    same(bench.open("f", How.WRITE | How.TRUNCATE).stat().size, 0, "the size")
    same(read(first), b"", "the contents through another handle")
    number = first.stat().inode
    write(first, 0, b"xyz")
    same(bench.open("f", RW | How.CREATE | How.TRUNCATE).stat().inode, number, "the inode number")
    bench.is_file("f", b"")


@CHECKS.add("a directory is not opened as a file: IS_DIRECTORY")
def _(bench: Bench) -> None:
    bench.directory("d")
    for how in _ALL_WAYS:
        fails(Code.IS_DIRECTORY, bench.root.open_file, "d", how)
    same(bench.root.lookup("d").type, FileType.DIRECTORY, "the type afterwards")


@CHECKS.add("a link is not followed: LOOP, and what it points to is neither made nor changed", "symbolic_links")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    for name, target in (("to_file", "f"), ("to_directory", "d"), ("dangling", "nothing"), ("self", "self")):
        bench.link(name, target)
        for how in _ALL_WAYS:
            fails(Code.LOOP, bench.root.open_file, name, how)
    bench.has(["f", "d", "to_file", "to_directory", "dangling", "self"])
    bench.is_file("f", b"abc")


@CHECKS.add("a name that is too long: NAME_TOO_LONG, whatever is done with it")
def _(bench: Bench) -> None:
    limit = bench.features.name_bytes
    bench.create("f", b"abc")
    root = bench.root
    for name in ("n" * (limit + 1), "é" * (limit // 2 + 1), "n" * 5000):
        for operation in (root.lookup, root.open_directory, root.unlink, root.remove_directory, root.read_link):
            fails(Code.NAME_TOO_LONG, operation, name)
        fails(Code.NAME_TOO_LONG, root.open_file, name, How.READ)
        fails(Code.NAME_TOO_LONG, root.open_file, name, RW | How.CREATE)
        fails(Code.NAME_TOO_LONG, root.make_directory, name)
        fails(Code.NAME_TOO_LONG, root.rename, "f", root, name)
        if bench.features.hard_links:
            fails(Code.NAME_TOO_LONG, root.link, "f", root, name)
        if bench.features.symbolic_links:
            fails(Code.NAME_TOO_LONG, root.make_symbolic_link, name, "f")
    bench.has(["f"])
    longest = ["n" * limit, "é" * (limit // 2)]
    for name in longest:
        bench.create(name, b"x")
        bench.is_file(name, b"x")
    bench.has(["f", *longest])


@CHECKS.add("names are kept as they are")
def _(bench: Bench) -> None:
    names = [" ", "...", "-x", "a b", "Ünï", "日本語", "😀", "~", "a.", "x" * 100]
    for number, name in enumerate(names):
        bench.create(name, b"%d" % number)
    bench.has(names)
    for number, name in enumerate(names):
        bench.is_file(name, b"%d" % number)


@CHECKS.add("names that differ in any way are different names", "exact_names")
def _(bench: Bench) -> None:
    names = ["a", "A", "\u00e9", "e\u0301", "a\n", "a\\b", "a:b", "con", "\x01", "\ufeffa", "\u202ea"]
    for number, name in enumerate(names):
        bench.create(name, b"%d" % number)
    bench.has(names)
    for number, name in enumerate(names):
        bench.is_file(name, b"%d" % number)


@CHECKS.add("an open file stays the same file when its name, or a directory above, is renamed")
def _(bench: Bench) -> None:
    outer = bench.directory("outer")
    inner = bench.directory("inner", at=outer)
    file = bench.create("f", b"abc", at=inner)
    inner.rename("f", bench.root, "g")
    write(file, 3, b"d")
    bench.is_file("g", b"abcd")
    bench.root.rename("g", inner, "h")
    bench.root.rename("outer", bench.root, "moved")
    write(file, 4, b"e")
    bench.create("after", b"x", at=inner)
    bench.has(["h", "after"], at=bench.enter("inner", at=bench.enter("moved")))
    bench.is_file("h", b"abcde", at=inner)
