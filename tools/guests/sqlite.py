"""SQLite as a WASI program: the amalgamation from its package, linked with a small front end of our own."""

from __future__ import annotations

from pathlib import Path

from tools import cache, zig
from tools.guests.catalogue import GUESTS

FRONT_END = cache.REPOSITORY / "tests" / "guests" / "c" / "sql.c"
# Threads and loadable extensions do not exist in WASI 0.1; a write-ahead log needs shared memory.
FLAGS = ("-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL")


def program() -> Path:
    """The built program, which runs the SQL on its standard input. Takes 15 s the first time."""
    amalgamation = GUESTS["sqlite"].path("sqlite3.c")
    return zig.built([FRONT_END, amalgamation], *FLAGS, f"-I{amalgamation.parent}")
