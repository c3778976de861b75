"""Times: setting them, and what changes them."""

from __future__ import annotations

from collections.abc import Callable

from remit.kernel.errors import Code
from remit.kernel.files import NOW, How, Stat
from remit.testing.bench import Bench, Checks, append, fails, holds, same, write

CHECKS = Checks()

_OLD = 1_000_000_000 * 1_000_000_000
_SECOND = 1_000_000_000


def _times(bench: Bench, stat: Stat) -> tuple[int, int]:
    step = bench.features.time_step
    return stat.accessed // step * step, stat.modified // step * step


def _expect(bench: Bench, stat: Stat, accessed: int, modified: int, what: str) -> None:
    step = bench.features.time_step
    same(_times(bench, stat), (accessed // step * step, modified // step * step), f"accessed and modified of {what}")


@CHECKS.add("times are set to numbers, or left", "times")
def _(bench: Bench) -> None:
    file, directory = bench.create("f"), bench.directory("d")
    setters: list[tuple[str, Callable[[int | None, int | None], None]]] = [
        ("f", file.set_times),
        ("d", directory.set_times),
        ("f", lambda accessed, modified: bench.root.set_times_of("f", accessed, modified)),
        ("d", lambda accessed, modified: bench.root.set_times_of("d", accessed, modified)),
    ]
    for name, set_times in setters:
        set_times(_OLD + 123_456_789, _OLD + _SECOND + 987_654_321)
        _expect(bench, bench.root.lookup(name), _OLD + 123_456_789, _OLD + _SECOND + 987_654_321, name)
        set_times(_OLD + 5 * _SECOND, None)
        _expect(bench, bench.root.lookup(name), _OLD + 5 * _SECOND, _OLD + _SECOND + 987_654_321, name)
        set_times(None, _OLD + 6 * _SECOND)
        set_times(None, None)
        _expect(bench, bench.root.lookup(name), _OLD + 5 * _SECOND, _OLD + 6 * _SECOND, name)
    _expect(bench, file.stat(), _OLD + 5 * _SECOND, _OLD + 6 * _SECOND, "the open file")
    _expect(bench, directory.stat(), _OLD + 5 * _SECOND, _OLD + 6 * _SECOND, "the open directory")


@CHECKS.add("times far away and before 1970 can be set", "times")
def _(bench: Bench) -> None:
    file = bench.create("f")
    for time in (0, _SECOND, -_SECOND, -1_500_000_000, 4_102_444_800 * _SECOND):
        file.set_times(time, time)
        _expect(bench, file.stat(), time, time, f"a file set to {time}")


@CHECKS.add("a file that is open only for reading can have its times set", "times")
def _(bench: Bench) -> None:
    bench.create("f")
    file = bench.open("f", How.READ)
    file.set_times(_OLD, _OLD)
    _expect(bench, file.stat(), _OLD, _OLD, "the file")


@CHECKS.add("NOW is the time of the filesystem, and each time is set on its own", "times")
def _(bench: Bench) -> None:
    file = bench.create("f")
    started = file.stat().modified
    file.set_times(_OLD, _OLD)
    file.set_times(NOW, None)
    same(_times(bench, file.stat())[1], _OLD, "modified, which was to be left")
    holds(file.stat().accessed >= started - _SECOND, "accessed must be about the time at which the file was made")
    file.set_times(_OLD, NOW)
    same(_times(bench, file.stat())[0], _OLD, "accessed, which was set to a number")
    holds(file.stat().modified >= started - _SECOND, "modified must be about the time at which the file was made")


@CHECKS.add("the times of a link are its own", "times", "symbolic_links")
def _(bench: Bench) -> None:
    bench.create("f").set_times(_OLD, _OLD)
    bench.link("l", "f")
    bench.link("dangling", "nothing")
    for name in ("l", "dangling"):
        bench.root.set_times_of(name, _OLD + _SECOND, _OLD + 2 * _SECOND)
        _expect(bench, bench.root.lookup(name), _OLD + _SECOND, _OLD + 2 * _SECOND, name)
    _expect(bench, bench.root.lookup("f"), _OLD, _OLD, "the file that the link points to")


@CHECKS.add("set_times_of what is not there: NO_ENTRY", "times")
def _(bench: Bench) -> None:
    fails(Code.NO_ENTRY, bench.root.set_times_of, "x", _OLD, _OLD)


@CHECKS.add("changing the bytes of a file sets its time of modification; reading and renaming do not", "times")
def _(bench: Bench) -> None:
    file = bench.create("f", b"abc")
    directory = bench.directory("d")
    changes: dict[str, Callable[[], object]] = {
        "write_at": lambda: write(file, 0, b"x"),
        "append": lambda: append(file, b"x"),
        "resize": lambda: file.resize(2),
        "TRUNCATE": lambda: bench.open("f", How.WRITE | How.TRUNCATE),
    }
    for name, change in changes.items():
        file.set_times(_OLD, _OLD)
        change()
        holds(file.stat().modified > _OLD + _SECOND, f"{name} left the time of modification as it was")

    def move() -> None:
        bench.root.rename("f", directory, "g")
        directory.rename("g", bench.root, "f")

    others: dict[str, Callable[[], object]] = {
        "reading": lambda: bench.contents("f"),
        "renaming": move,
        "writing nothing": lambda: write(file, 10, b""),
        "opening for writing": lambda: bench.open("f", How.WRITE | How.CREATE),
    }
    for name, change in others.items():
        file.set_times(_OLD, _OLD)
        change()
        same(_times(bench, file.stat())[1], _OLD, f"the time of modification after {name}")


@CHECKS.add("changing the names in a directory sets its time of modification", "times")
def _(bench: Bench) -> None:
    directory, other = bench.directory("d"), bench.directory("other")
    bench.create("f")
    changes: dict[str, Callable[[], object]] = {
        "making a file": lambda: bench.create("a", at=directory),
        "making a directory": lambda: directory.make_directory("b"),
        "unlink": lambda: directory.unlink("a"),
        "remove_directory": lambda: directory.remove_directory("b"),
        "rename into": lambda: bench.root.rename("f", directory, "c"),
        "rename within": lambda: directory.rename("c", directory, "e"),
        "rename out of": lambda: directory.rename("e", other, "f"),
    }
    for name, change in changes.items():
        directory.set_times(_OLD, _OLD)
        change()
        holds(directory.stat().modified > _OLD + _SECOND, f"{name} left the directory's time of modification")
    directory.set_times(_OLD, _OLD)
    other.open_file("f", How.READ).close()
    fails(Code.NO_ENTRY, directory.lookup, "x")
    same(_times(bench, directory.stat())[1], _OLD, "the directory's time of modification after no change")
