"""Reading, writing and measuring open files."""

from __future__ import annotations

from remit.kernel.errors import Code
from remit.kernel.files import Advice, FileType, How
from remit.testing.bench import RW, Bench, Checks, append, fails, holds, read, same, write

CHECKS = Checks()


@CHECKS.add("a new file is empty")
def _(bench: Bench) -> None:
    file = bench.open("f", RW | How.CREATE)
    stat = file.stat()
    same((stat.type, stat.size, stat.links), (FileType.REGULAR_FILE, 0, 1), "type, size and links")
    same(read(file), b"", "what can be read")
    holds(file.seekable, "a regular file must be seekable")


@CHECKS.add("read_at fills the buffers in order, leaves the rest alone, and returns 0 from the end on")
def _(bench: Bench) -> None:
    file = bench.create("f", b"0123456789")
    buffers = [bytearray(b"....") for _ in range(3)]
    views = [memoryview(buffer) for buffer in buffers]
    same(file.read_at(3, views), 7, "the count")
    same(buffers, [b"3456", b"789.", b"...."], "the buffers")
    same(file.read_at(0, [views[0], memoryview(bytearray()), views[1]]), 8, "the count")
    same(buffers[:2], [b"0123", b"4567"], "the buffers")
    for offset in (10, 11, 1 << 40, 1 << 62):
        same(file.read_at(offset, views), 0, f"the count at {offset}")
    same(buffers[:2], [b"0123", b"4567"], "the buffers after reading at the end")
    same(file.read_at(0, []), 0, "the count for no buffers")
    same(file.read_at(0, [memoryview(bytearray())]), 0, "the count for an empty buffer")


@CHECKS.add("read_at into a part of a buffer changes that part only")
def _(bench: Bench) -> None:
    file = bench.create("f", b"0123456789")
    buffer = bytearray(b"." * 8)
    same(file.read_at(2, [memoryview(buffer)[2:5]]), 3, "the count")
    same(buffer, b"..234...", "the buffer")


@CHECKS.add("write_at writes the buffers in order, over what is there and beyond")
def _(bench: Bench) -> None:
    file = bench.create("f")
    same(write(file, 0, b"abc", b"", b"defg"), 7, "the count")
    same(read(file), b"abcdefg", "the contents")
    same(write(file, 2, b"XY"), 2, "the count")
    same(read(file), b"abXYefg", "the contents")
    same(write(file, 5, b"1", b"23", b"45"), 5, "the count")
    same(read(file), b"abXYe12345", "the contents")
    same(file.stat().size, 10, "the size")


@CHECKS.add("write_at beyond the end puts zeros between")
def _(bench: Bench) -> None:
    file = bench.create("f", b"ab")
    same(write(file, 5, b"x"), 1, "the count")
    same(read(file), b"ab\0\0\0x", "the contents")


@CHECKS.add("writing nothing changes nothing, wherever")
def _(bench: Bench) -> None:
    file = bench.create("f", b"ab")
    same(write(file, 100, b""), 0, "the count")
    same(file.write_at(100, []), 0, "the count")
    same(append(file, b""), 0, "the count")
    same(read(file), b"ab", "the contents")


@CHECKS.add("append writes at the end, wherever that is by then")
def _(bench: Bench) -> None:
    file, other = bench.create("f", b"ab"), bench.open("f")
    same(append(file, b"c", b"d"), 2, "the count")
    write(other, 6, b"g")
    same(append(file, b"h"), 1, "the count")
    other.resize(3)
    same(append(file, b"z"), 1, "the count")
    same(read(other), b"abcz", "the contents")


@CHECKS.add("resize cuts and lengthens, and what was cut does not come back")
def _(bench: Bench) -> None:
    file = bench.create("f", b"secret")
    for size, data in ((2, b"se"), (6, b"se\0\0\0\0"), (6, b"se\0\0\0\0"), (0, b""), (3, b"\0\0\0")):
        file.resize(size)
        same((file.stat().size, read(file)), (size, data), f"size and contents after resize({size})")


@CHECKS.add("allocate lengthens a shorter file with zeros, and changes no other")
def _(bench: Bench) -> None:
    file = bench.create("f", b"ab")
    file.allocate(1, 4)
    same(read(file), b"ab\0\0\0", "the contents")
    file.allocate(0, 2)
    same(read(file), b"ab\0\0\0", "the contents")
    fails(Code.INVALID, file.allocate, 0, 0)


@CHECKS.add("a file can be read only if it was opened for reading, and changed only if for writing")
def _(bench: Bench) -> None:
    bench.create("f", b"abc")
    reader, writer = bench.open("f", How.READ), bench.open("f", How.WRITE)
    data = memoryview(b"x")
    fails(Code.BAD_DESCRIPTOR, reader.write_at, 0, [data])
    fails(Code.BAD_DESCRIPTOR, reader.append, [data])
    fails(Code.BAD_DESCRIPTOR, reader.resize, 1)
    fails(Code.BAD_DESCRIPTOR, reader.resize, 5)
    fails(Code.BAD_DESCRIPTOR, reader.allocate, 0, 10)
    fails(Code.BAD_DESCRIPTOR, writer.read_at, 0, [memoryview(bytearray(1))])
    same(read(reader), b"abc", "the contents")
    write(writer, 1, b"X")
    append(writer, b"d")
    writer.resize(3)
    writer.allocate(0, 5)
    same(read(reader), b"aXc\0\0", "the contents")


@CHECKS.add("all handles on a file see the same bytes")
def _(bench: Bench) -> None:
    one = bench.create("f", b"abc")
    two, reader = bench.open("f"), bench.open("f", How.READ)
    write(two, 1, b"Y")
    same((read(one), read(reader)), (b"aYc", b"aYc"), "the contents through other handles")
    one.resize(1)
    same((two.stat().size, reader.stat().size), (1, 1), "the size through other handles")
    one.close()
    same(read(two), b"a", "the contents after another handle was closed")


@CHECKS.add("offsets that cannot be are refused and change nothing")
def _(bench: Bench) -> None:
    refusals = (Code.INVALID, Code.FILE_TOO_LARGE, Code.OVERFLOW)
    file = bench.create("f", b"abc")
    last = 2**63 - 1
    fails(refusals, file.read_at, last - 1, [memoryview(bytearray(8))])
    fails(refusals, file.write_at, last - 1, [memoryview(b"12345678")])
    for offset in (last + 1, 2**64 - 1):
        fails(refusals, file.read_at, offset, [memoryview(bytearray(8))])
        fails(refusals, file.write_at, offset, [memoryview(b"12345678")])
        fails(refusals, file.resize, offset)
        fails(refusals, file.allocate, offset, 1)
        fails(refusals, file.allocate, 1, offset)
    same(read(file), b"abc", "the contents")


@CHECKS.add("large and many writes arrive whole")
def _(bench: Bench) -> None:
    file = bench.create("f")
    piece = bytes(range(256)) * 1024
    at = 0
    while at < 5 * len(piece):
        count = write(file, at, (piece * 5)[at:])
        holds(count > 0, "write_at returned 0 for a buffer that is not empty")
        at += count
    for _ in range(300):
        append(file, b"0123456789")
    same(read(file) == piece * 5 + b"0123456789" * 300, True, "whether the contents are what was written")


@CHECKS.add("sync and advise succeed and change nothing")
def _(bench: Bench) -> None:
    file = bench.create("f", b"abc")
    for advice in Advice:
        file.advise(0, 0, advice)
        file.advise(1, 100, advice)
    file.sync(data_only=True)
    file.sync(data_only=False)
    bench.root.sync(data_only=False)
    same(read(file), b"abc", "the contents")


@CHECKS.add("a file without a name works until its last handle is closed")
def _(bench: Bench) -> None:
    file = bench.create("f", b"abc")
    reader = bench.open("f", How.READ)
    number = file.stat().inode
    bench.root.unlink("f")
    bench.lacks("f")
    same((file.stat().links, file.stat().inode), (0, number), "links and inode")
    write(file, 3, b"def")
    file.resize(5)
    new = bench.create("f", b"new")
    holds(new.stat().inode != number, "a new file must not have the inode number of one that is open")
    same(read(reader), b"abcde", "the contents of the old file")
    same(read(new), b"new", "the contents of the new file")


@CHECKS.add("a handle can be closed twice")
def _(bench: Bench) -> None:
    file, directory = bench.create("f", b"abc"), bench.directory("d")
    other = bench.open("f")
    for handle in (file, directory):
        handle.close()
        handle.close()
    same(read(other), b"abc", "the contents through another handle")
    bench.enter("d").close()


@CHECKS.add("every file has a number of its own, the same by name and by handle")
def _(bench: Bench) -> None:
    handles = {name: bench.create(name) for name in ("a", "b", "c")}
    numbers = {name: (handle.stat().device, handle.stat().inode) for name, handle in handles.items()}
    same(len(set(numbers.values())), 3, "how many different device and inode numbers three files have")
    for name, handle in handles.items():
        write(handle, 0, b"x")
        stat = bench.root.lookup(name)
        same((stat.device, stat.inode), numbers[name], f"device and inode of {name!r} by name")
    directory = bench.directory("d")
    same(directory.stat().inode, bench.root.lookup("d").inode, "the inode of a directory by handle and by name")
