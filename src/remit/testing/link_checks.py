"""Symbolic links and second names."""

from __future__ import annotations

from remit.kernel.errors import Code
from remit.kernel.files import FileType, How
from remit.testing.bench import Bench, Checks, Foreign, fails, read, same, write

CHECKS = Checks()

_REFUSALS = (Code.NOT_SUPPORTED, Code.NOT_PERMITTED)


@CHECKS.add("a symbolic link keeps its target as it is written", "symbolic_links")
def _(bench: Bench) -> None:
    targets = ["f", "nothing", ".", "..", "../../x", "/", "/etc/passwd", "a//b/", "self", "tärget 日本", "x" * 1000]
    for number, target in enumerate(targets):
        name = f"l{number}"
        bench.link(name, target)
        same(bench.root.read_link(name), target, "what read_link returned")
        stat = bench.root.lookup(name)
        same((stat.type, stat.size), (FileType.SYMBOLIC_LINK, len(target.encode())), f"type and size for {target!r}")
    bench.has([f"l{number}" for number in range(len(targets))])


@CHECKS.add("make_symbolic_link fails with EXISTS if the name is taken by anything", "symbolic_links")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    bench.link("l", "f")
    bench.link("dangling", "nothing")
    for name in ("f", "d", "l", "dangling"):
        fails(Code.EXISTS, bench.root.make_symbolic_link, name, "other")
    same(bench.root.read_link("l"), "f", "the target of the link that was there")
    bench.is_file("f", b"abc")


@CHECKS.add("a link to the empty path: NO_ENTRY", "symbolic_links")
def _(bench: Bench) -> None:
    fails(Code.NO_ENTRY, bench.root.make_symbolic_link, "l", "")
    bench.has([])


@CHECKS.add("read_link of what is not a link: INVALID; of what is not there: NO_ENTRY")
def _(bench: Bench) -> None:
    bench.create("f")
    bench.directory("d")
    fails(Code.INVALID, bench.root.read_link, "f")
    fails(Code.INVALID, bench.root.read_link, "d")
    fails(Code.NO_ENTRY, bench.root.read_link, "x")


@CHECKS.add("a filesystem without symbolic links says so", "no symbolic_links")
def _(bench: Bench) -> None:
    fails(_REFUSALS, bench.root.make_symbolic_link, "l", "f")
    bench.has([])


@CHECKS.add("a filesystem without hard links says so", "no hard_links")
def _(bench: Bench) -> None:
    bench.create("f")
    fails(_REFUSALS, bench.root.link, "f", bench.root, "g")
    bench.has(["f"])


@CHECKS.add("link gives one file two names", "hard_links")
def _(bench: Bench) -> None:
    directory = bench.directory("d")
    file = bench.create("f", b"abc")
    bench.root.link("f", directory, "g")
    one, two = bench.root.lookup("f"), directory.lookup("g")
    same((two.device, two.inode, two.type), (one.device, one.inode, one.type), "device, inode and type of both")
    same((one.links, two.links, file.stat().links), (2, 2, 2), "the number of links")
    write(bench.open("g", How.WRITE, at=directory), 3, b"d")
    bench.is_file("f", b"abcd")
    bench.root.unlink("f")
    same(file.stat().links, 1, "the number of links after unlink")
    bench.is_file("g", b"abcd", at=directory)
    directory.unlink("g")
    same(file.stat().links, 0, "the number of links after the last unlink")
    same(read(file), b"abcd", "the contents through the open handle")


@CHECKS.add("link links a symbolic link itself", "hard_links", "symbolic_links")
def _(bench: Bench) -> None:
    bench.create("f")
    bench.link("l", "f")
    bench.link("dangling", "nothing")
    bench.root.link("l", bench.root, "m")
    bench.root.link("dangling", bench.root, "n")
    same((bench.root.read_link("m"), bench.root.read_link("n")), ("f", "nothing"), "the targets of the new names")
    same(bench.root.lookup("m").inode, bench.root.lookup("l").inode, "the inode number")


@CHECKS.add("link refuses what is not there, directories, and names that are taken", "hard_links")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.create("g", b"def")
    directory = bench.directory("d")
    taken = ["f", "g", "d"]
    if bench.features.symbolic_links:
        bench.link("dangling", "nothing")
        taken.append("dangling")
    fails(Code.NO_ENTRY, bench.root.link, "x", bench.root, "y")
    fails(Code.NOT_PERMITTED, bench.root.link, "d", bench.root, "y")
    fails(Code.NOT_PERMITTED, bench.root.link, "d", directory, "y")
    for name in taken:
        fails(Code.EXISTS, bench.root.link, "f", bench.root, name)
    bench.has(taken)
    bench.has([], at=directory)
    bench.is_file("g", b"def")


@CHECKS.add("nothing is linked or renamed into another filesystem: CROSS_DEVICE; READ_ONLY if that is read-only")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    bench.directory("d")
    foreign, frozen = Foreign(read_only=False), Foreign(read_only=True)
    if bench.features.hard_links:
        fails(Code.CROSS_DEVICE, bench.root.link, "f", foreign, "g")
        fails(Code.READ_ONLY, bench.root.link, "f", frozen, "g")
    for name in ("f", "d"):
        fails(Code.CROSS_DEVICE, bench.root.rename, name, foreign, "g")
        fails(Code.READ_ONLY, bench.root.rename, name, frozen, "g")
    bench.has(["f", "d"])
