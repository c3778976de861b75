"""A filesystem that can never be changed: what it refuses, and that nothing happens."""

from __future__ import annotations

from remit.kernel.errors import Code
from remit.kernel.files import NOW, Directory, FileType, How
from remit.testing.bench import RW, SAMPLE_FILE, Bench, Checks, Foreign, fails, listing, same

CHECKS = Checks()

_READ_ONLY = Code.READ_ONLY


@CHECKS.add("it has the sample, to be read")
def _(bench: Bench) -> None:
    names = {"file": FileType.REGULAR_FILE, "directory": FileType.DIRECTORY, "empty": FileType.DIRECTORY}
    if bench.features.symbolic_links:
        names |= {"link": FileType.SYMBOLIC_LINK, "dangling": FileType.SYMBOLIC_LINK}
        same(bench.root.read_link("link"), "file", "the target of the link")
        fails(Code.LOOP, bench.root.open_file, "link", How.READ)
        fails(Code.LOOP, bench.root.open_directory, "link")
    same(listing(bench.root), names, "the names and types")
    bench.is_file("file", SAMPLE_FILE)
    directory = bench.enter("directory")
    bench.is_file("inner", b"inner\n", at=directory)
    fails(Code.NO_ENTRY, bench.root.lookup, "x")
    fails(Code.NO_ENTRY, bench.root.open_file, "x", How.READ)
    fails(Code.IS_DIRECTORY, bench.root.open_file, "empty", How.READ)
    fails(Code.NOT_DIRECTORY, bench.root.open_directory, "file")


@CHECKS.add("every directory below says that it is read-only, and its handles are alike")
def _(bench: Bench) -> None:
    directory = bench.enter("directory")
    for each in (bench.root, directory, bench.keep(bench.root.reopen()), bench.keep(directory.reopen())):
        same(each.read_only, True, "read_only")
        fails(_READ_ONLY, each.make_directory, "x")
    walked = bench.root.walk("directory")
    if walked is not None:
        same(bench.keep(walked).read_only, True, "read_only of what walk opens")
        fails(_READ_ONLY, walked.make_directory, "x")


@CHECKS.add("every way of opening: what may be read is read, everything else is refused and changes nothing")
def _(bench: Bench) -> None:
    before = _snapshot(bench.root)
    for how in range(32):
        may_be_opened = not how & (How.WRITE | How.TRUNCATE)
        if how & How.CREATE and how & How.EXCLUSIVE:
            fails(Code.EXISTS, bench.root.open_file, "file", how)
        elif may_be_opened:
            bench.open("file", how)
        else:
            fails(_READ_ONLY, bench.root.open_file, "file", how)
        fails(_READ_ONLY if how & How.CREATE else Code.NO_ENTRY, bench.root.open_file, "new", how)
        fails((Code.IS_DIRECTORY, Code.EXISTS, _READ_ONLY), bench.root.open_file, "empty", how)
        if bench.features.symbolic_links:
            fails((Code.LOOP, Code.EXISTS, _READ_ONLY), bench.root.open_file, "link", how)
    same(_snapshot(bench.root), before, "the whole tree afterwards")


@CHECKS.add("an open file cannot be changed")
def _(bench: Bench) -> None:
    before = _snapshot(bench.root)
    file = bench.open("file", How.READ)
    data = [memoryview(b"x")]
    refusals = (_READ_ONLY, Code.BAD_DESCRIPTOR)
    fails(refusals, file.write_at, 0, data)
    fails(refusals, file.append, data)
    fails(refusals, file.resize, 0)
    fails(refusals, file.resize, 1000)
    fails(refusals, file.allocate, 0, 1000)
    fails(_READ_ONLY, file.set_times, 0, 0)
    fails(_READ_ONLY, file.set_times, NOW, None)
    same(_snapshot(bench.root), before, "the whole tree afterwards")


@CHECKS.add("no name can be made, removed, moved or linked, here or from here to elsewhere")
def _(bench: Bench) -> None:
    before = _snapshot(bench.root)
    directory = bench.enter("directory")
    for at in (bench.root, directory):
        fails(_READ_ONLY, at.make_directory, "new")
        fails(_READ_ONLY, at.make_symbolic_link, "new", "file")
        fails(_READ_ONLY, at.open_file, "new", RW | How.CREATE)
        fails(_READ_ONLY, at.set_times, 0, 0)
    for name in ("file", "directory", "empty"):
        fails(_READ_ONLY, bench.root.set_times_of, name, 0, NOW)
        for target in (bench.root, directory, Foreign(read_only=False), Foreign(read_only=True)):
            fails(_READ_ONLY, bench.root.rename, name, target, "new")
            if name == "file":
                fails(_READ_ONLY, bench.root.link, name, target, "new")
    fails(_READ_ONLY, bench.root.unlink, "file")
    fails(_READ_ONLY, directory.unlink, "inner")
    fails(_READ_ONLY, bench.root.remove_directory, "empty")
    same(_snapshot(bench.root), before, "the whole tree afterwards")


def _snapshot(directory: Directory) -> dict[str, object]:
    """Everything below a directory, with contents and times of modification."""
    found: dict[str, object] = {}
    for name, type in sorted(listing(directory).items()):
        stat = directory.lookup(name)
        contents: object = None
        if type is FileType.DIRECTORY:
            below = directory.open_directory(name)
            contents = _snapshot(below)
            below.close()
        elif type is FileType.REGULAR_FILE:
            file = directory.open_file(name, How.READ)
            buffer = bytearray(stat.size + 1)
            contents = bytes(buffer[: file.read_at(0, [memoryview(buffer)])])
            file.close()
        found[name] = (type, stat.size, stat.modified, stat.changed, stat.links, contents)
    return found
