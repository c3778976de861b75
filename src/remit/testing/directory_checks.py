"""Directories: making, opening, listing, removing."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import FileType, How
from remit.testing.bench import RW, Bench, Checks, fails, holds, listing, same

CHECKS = Checks()


@CHECKS.add("the root is an empty, writable directory; every root() is a handle of its own")
def _(bench: Bench) -> None:
    same(bench.root.stat().type, FileType.DIRECTORY, "the type of the root")
    same(bench.root.read_only, False, "read_only")
    bench.has([])
    other = bench.filesystem.root()
    bench.create("f")
    same(list(listing(other)), ["f"], "the names through another root handle")
    same(other.stat().inode, bench.root.stat().inode, "the inode number of the root")
    other.close()
    bench.has(["f"])


@CHECKS.add("make_directory makes an empty directory")
def _(bench: Bench) -> None:
    directory = bench.directory("d")
    same(directory.stat().type, FileType.DIRECTORY, "the type")
    same(directory.read_only, False, "read_only")
    bench.has([], at=directory)
    bench.directory("e", at=directory)
    bench.create("f", b"x", at=directory)
    bench.has(["d"])
    bench.has(["e", "f"], at=directory)


@CHECKS.add("make_directory fails with EXISTS if the name is taken by anything")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.create("inner", at=bench.directory("d"))
    names = ["f", "d"]
    if bench.features.symbolic_links:
        bench.link("l", "d")
        bench.link("dangling", "nothing")
        names += ["l", "dangling"]
    for name in names:
        fails(Code.EXISTS, bench.root.make_directory, name)
    bench.has(names)
    bench.has(["inner"], at=bench.enter("d"))


@CHECKS.add("lookup and open_directory of a name that is not there: NO_ENTRY")
def _(bench: Bench) -> None:
    fails(Code.NO_ENTRY, bench.root.lookup, "x")
    fails(Code.NO_ENTRY, bench.root.open_directory, "x")
    bench.create("f")
    bench.root.unlink("f")
    fails(Code.NO_ENTRY, bench.root.lookup, "f")


@CHECKS.add("open_directory of a file: NOT_DIRECTORY")
def _(bench: Bench) -> None:
    bench.create("f")
    fails(Code.NOT_DIRECTORY, bench.root.open_directory, "f")


@CHECKS.add("open_directory of a link: LOOP, wherever it points", "symbolic_links")
def _(bench: Bench) -> None:
    bench.create("f")
    bench.directory("d")
    for name, target in (("a", "d"), ("b", "f"), ("c", "nothing"), ("e", "e"), ("g", "."), ("h", "/")):
        bench.link(name, target)
        fails(Code.LOOP, bench.root.open_directory, name)


@CHECKS.add("lookup tells type, size and number of what is there, a link not followed")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    bench.link("l", "d")
    stat = bench.root.lookup("f")
    same((stat.type, stat.size, stat.links), (FileType.REGULAR_FILE, 3, 1), "type, size and links of a file")
    same(bench.root.lookup("d").type, FileType.DIRECTORY, "the type of a directory")
    if bench.features.symbolic_links:
        same(bench.root.lookup("l").type, FileType.SYMBOLIC_LINK, "the type of a link")


@CHECKS.add("entries tells each name once, with the type and number that lookup tells, and neither . nor ..")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    bench.link("l", "d")
    directory = bench.directory("many")
    for number in range(300):
        bench.create(f"n{number}", at=directory).close()
    same(sorted(listing(directory)), sorted(f"n{number}" for number in range(300)), "the names")
    for entry in bench.root.entries():
        stat = bench.root.lookup(entry.name)
        same((entry.type, entry.inode), (stat.type, stat.inode), f"type and inode of {entry.name!r} in the listing")
    order = [entry.name for entry in directory.entries()]
    same([entry.name for entry in directory.entries()], order, "the order of a second listing")


@CHECKS.add("entries is of this moment, and everything in it can be removed meanwhile")
def _(bench: Bench) -> None:
    for number in range(50):
        bench.create(f"n{number}").close()
    removed = 0
    for entry in bench.root.entries():
        bench.root.unlink(entry.name)
        removed += 1
    same(removed, 50, "how many were listed while each was removed")
    bench.has([])


@CHECKS.add("reopen gives a handle of its own on the same directory")
def _(bench: Bench) -> None:
    directory = bench.directory("d")
    again = bench.keep(directory.reopen())
    same(again.stat().inode, directory.stat().inode, "the inode number")
    directory.close()
    bench.create("f", at=again)
    bench.has(["f"], at=again)
    bench.root.rename("d", bench.root, "e")
    bench.has(["f"], at=bench.keep(again.reopen()))


@CHECKS.add("remove_directory removes an empty directory and nothing else")
def _(bench: Bench) -> None:
    directory = bench.directory("d")
    bench.create("f", at=directory)
    bench.create("g")
    fails(Code.NOT_EMPTY, bench.root.remove_directory, "d")
    fails(Code.NOT_DIRECTORY, bench.root.remove_directory, "g")
    fails(Code.NO_ENTRY, bench.root.remove_directory, "x")
    bench.has(["d", "g"])
    directory.unlink("f")
    bench.root.remove_directory("d")
    bench.has(["g"])
    bench.lacks("d")


@CHECKS.add("remove_directory of a link: NOT_DIRECTORY", "symbolic_links")
def _(bench: Bench) -> None:
    bench.directory("d")
    bench.link("l", "d")
    fails(Code.NOT_DIRECTORY, bench.root.remove_directory, "l")
    bench.has(["d", "l"])


@CHECKS.add("nothing can be put into a directory that was removed while it was open: NO_ENTRY")
def _(bench: Bench) -> None:
    directory = bench.directory("d")
    bench.create("f", b"abc")
    bench.root.remove_directory("d")
    bench.has([], at=directory)
    fails(Code.NO_ENTRY, directory.lookup, "x")
    fails(Code.NO_ENTRY, directory.open_file, "x", RW | How.CREATE)
    fails(Code.NO_ENTRY, directory.make_directory, "x")
    fails(Code.NO_ENTRY, bench.root.rename, "f", directory, "x")
    if bench.features.symbolic_links:
        fails(Code.NO_ENTRY, directory.make_symbolic_link, "x", "y")
    if bench.features.hard_links:
        fails(Code.NO_ENTRY, bench.root.link, "f", directory, "x")
    bench.directory("d")
    fails(Code.NO_ENTRY, directory.make_directory, "x")
    bench.is_file("f", b"abc")


@CHECKS.add("unlink removes a file and nothing else")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.create("g", b"def")
    bench.directory("d")
    fails(Code.IS_DIRECTORY, bench.root.unlink, "d")
    fails(Code.NO_ENTRY, bench.root.unlink, "x")
    bench.root.unlink("f")
    bench.has(["g", "d"])
    bench.is_file("g", b"def")


@CHECKS.add("unlink of a link removes the link", "symbolic_links")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    bench.link("to_file", "f")
    bench.link("to_directory", "d")
    bench.link("dangling", "nothing")
    for name in ("to_file", "to_directory", "dangling"):
        bench.root.unlink(name)
    bench.has(["f", "d"])
    bench.is_file("f", b"abc")


@CHECKS.add("walk, if it answers, goes where single names would go and never above")
def _(bench: Bench) -> None:
    inner = bench.directory("e", at=bench.directory("d"))
    bench.link("up", "../..", at=inner)
    bench.link("to_e", "d/e")
    bench.link("absolute", "/")
    bench.link("self", "self")
    good, above = {"d": "d", "d/e": "e", "d/e/../e": "e", "d/./e": "e"}, ["..", "d/../..", "d/../../d"]
    if bench.features.symbolic_links:
        good |= {"to_e": "e", "d/e/up/d/e": "e"}
        above += ["absolute", "d/e/up/..", "absolute/d"]
        _walks(bench, "self", Code.LOOP)
    for path, name in good.items():
        found = bench.root.walk(path)
        if found is not None:
            bench.keep(found)
            expected = inner if name == "e" else bench.enter("d")
            same(found.stat().inode, expected.stat().inode, f"the inode number of what walk({path!r}) opens")
    for path in above:
        _walks(bench, path, Code.NOT_CAPABLE)
    _walks(bench, "d/x", Code.NO_ENTRY)


def _walks(bench: Bench, path: str, code: Code) -> None:
    """Claim that `walk` does not answer, or refuses with `code`."""
    try:
        found = bench.root.walk(path)
    except KernelError as error:
        same(error.code, code, f"the code of walk({path!r})")
    else:
        if found is not None:
            found.close()
        holds(found is None, f"walk({path!r}) opened a directory, expected {code.name} or None")
