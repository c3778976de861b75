"""Small programs for the tests of the command line, in the text format. Each does one thing."""

from __future__ import annotations

from wat import wat

_FUNCTIONS = {
    "args_get": "i32 i32",
    "args_sizes_get": "i32 i32",
    "clock_time_get": "i32 i64 i32",
    "environ_get": "i32 i32",
    "environ_sizes_get": "i32 i32",
    "fd_fdstat_get": "i32 i32",
    "fd_prestat_dir_name": "i32 i32 i32",
    "fd_prestat_get": "i32 i32",
    "fd_read": "i32 i32 i32 i32",
    "fd_readdir": "i32 i32 i32 i64 i32",
    "fd_write": "i32 i32 i32 i32",
    "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32",
    "poll_oneoff": "i32 i32 i32 i32",
    "random_get": "i32 i32",
}


def command(body: str, *imports: str, data: str = "") -> bytes:
    """A command whose ``_start`` is `body`. ``$print`` writes bytes (address, length), ``$exit`` ends it.

    Addresses below 64 are for results, the vector of ``$print`` is at 64, and `data` lies from 128 on.
    """
    wanted = "".join(
        f'(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {_FUNCTIONS[name]}) (result i32)))'
        for name in sorted({*imports, "fd_write"})
    )
    return wat(
        f"""(module $guest {wanted}
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 2)
        (data (i32.const 128) "{data}")
        (func $print (param $address i32) (param $length i32)
            (i32.store (i32.const 64) (local.get $address))
            (i32.store (i32.const 68) (local.get $length))
            (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72))))
        (func $_start (export "_start") (local $n i32)
            {body}))"""
    )


HELLO = command("(call $print (i32.const 128) (i32.const 6))", data="hello\\n")

TRAP = command("unreachable")

READY = "(call $print (i32.const 128) (i32.const 6))"

SPIN = command(f"{READY} (loop $again (br $again))", data="ready\\n")

SLEEP = command(
    READY + "(call $exit (call $poll_oneoff (i32.const 192) (i32.const 512) (i32.const 1) (i32.const 0)))",
    "poll_oneoff",
    # A subscription: no user data, a clock (0), the monotonic one (1), an hour, relative.
    data="ready\\n" + "\\00" * (192 - 134) + "\\00" * 16 + "\\01" + "\\00" * 7 + "\\00\\a0\\b8\\30\\46\\03\\00\\00",
)

READ_FOREVER = command(
    f"""{READY}
    (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 16))
    (call $exit (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))""",
    "fd_read",
    data="ready\\n",
)

WRITE_UNTIL_REFUSED = command(
    """(loop $again
        (i32.store (i32.const 64) (i32.const 128)) (i32.store (i32.const 68) (i32.const 6))
        (local.set $n (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72)))
        (br_if $again (i32.eqz (local.get $n))))
    (call $exit (local.get $n))""",
    data="again\\n",
)


def exiting(status: int) -> bytes:
    """It ends with `status`."""
    return command(f"(call $exit (i32.const {status}))")


def printing(what: str) -> bytes:
    """It prints its ``args`` or its ``environ``, NUL after each."""
    return command(
        f"""(drop (call ${what}_sizes_get (i32.const 0) (i32.const 4)))
        (drop (call ${what}_get (i32.const 256) (i32.const 4096)))
        (call $print (i32.const 4096) (i32.load (i32.const 4)))""",
        f"{what}_sizes_get",
        f"{what}_get",
    )


DIRECTORIES = command(
    """(local.set $n (i32.const 3))
    (loop $again
        (if (i32.eqz (call $fd_prestat_get (local.get $n) (i32.const 0))) (then
            (drop (call $fd_prestat_dir_name (local.get $n) (i32.const 256) (i32.load (i32.const 4))))
            (i32.store8 (i32.add (i32.const 256) (i32.load (i32.const 4))) (i32.const 10))
            (call $print (i32.const 256) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br $again))))""",
    "fd_prestat_get",
    "fd_prestat_dir_name",
)
"""It prints the names of the directories it was handed, a line each."""

_CREATE = """(call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 3)
    (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 0))"""

CREATE = command(
    f"""(local.set $n {_CREATE})
    (if (local.get $n) (then (call $exit (local.get $n))))
    (i32.store (i32.const 64) (i32.const 128)) (i32.store (i32.const 68) (i32.const 3))
    (call $exit (call $fd_write (i32.load (i32.const 0)) (i32.const 64) (i32.const 1) (i32.const 72)))""",
    "path_open",
    data="new",
)
"""It creates the file ``new`` in its first directory and writes ``new`` into it. Its status is the errno."""

READ = command(
    """(local.set $n (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 3)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
    (if (local.get $n) (then (call $exit (local.get $n))))
    (i32.store (i32.const 16) (i32.const 256)) (i32.store (i32.const 20) (i32.const 1000))
    (local.set $n (call $fd_read (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 8)))
    (call $print (i32.const 256) (i32.load (i32.const 8)))
    (call $exit (local.get $n))""",
    "path_open",
    "fd_read",
    data="new",
)
"""It prints the file ``new`` of its first directory. Its status is the errno."""

CREATE_AND_SPIN = command(
    f"(drop {_CREATE}) {READY.replace('128', '131')} (loop $again (br $again))", "path_open", data="newready\\n"
)
"""It creates the file ``new`` in its first directory, says that it has, and goes on for ever."""

CREATE_AND_WAIT = command(
    f"""(drop {_CREATE}) {READY.replace("128", "131")}
    (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 16))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))""",
    "path_open",
    "fd_read",
    data="newready\\n",
)
"""It creates the file ``new`` in its first directory, says that it has, and waits for standard input."""

FILL = command(
    f"""(local.set $n {_CREATE})
    (i32.store (i32.const 64) (i32.const 128)) (i32.store (i32.const 68) (i32.const 65536))
    (loop $again
        (local.set $n (call $fd_write (i32.load (i32.const 0)) (i32.const 64) (i32.const 1) (i32.const 72)))
        (br_if $again (i32.eqz (local.get $n))))
    (call $exit (local.get $n))""",
    "path_open",
    data="new",
)
"""It writes into a file of its first directory until it is refused. Its status is the errno."""

OPEN_MANY = command(
    f"(loop $again (local.set $n {_CREATE}) (br_if $again (i32.eqz (local.get $n)))) (call $exit (local.get $n))",
    "path_open",
    data="new",
)
"""It opens a file again and again until it is refused. Its status is the errno."""

GROW = command("(call $exit (i32.eq (memory.grow (i32.const 100)) (i32.const -1)))")
"""Its status is 1 if its memory cannot grow by 100 pages."""

RANDOM = command(
    "(drop (call $random_get (i32.const 256) (i32.const 16))) (call $print (i32.const 256) (i32.const 16))",
    "random_get",
)
"""It prints 16 random bytes."""

TIME = command(
    """(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 256)))
    (call $print (i32.const 256) (i32.const 8))""",
    "clock_time_get",
)
"""It prints the time of day, as 8 bytes."""


def file_type(descriptor: int) -> bytes:
    """Its status is the WASI file type of `descriptor`, 100 if there is none."""
    return command(
        f"""(if (call $fd_fdstat_get (i32.const {descriptor}) (i32.const 256)) (then (call $exit (i32.const 100))))
        (call $exit (i32.load8_u (i32.const 256)))""",
        "fd_fdstat_get",
    )


LIBRARY = wat("""(module
    (global $ready (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $ready (i32.const 1)))
    (func (export "ready") (result i32) (global.get $ready))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
    (func (export "half") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
    (func (export "quiet"))
    (func $bad (export "bad") unreachable)
    (func (export "forever") (loop $again (br $again)))
    (func (export "reference") (param externref)))""")

OBJECTS = wat(
    '(module (type $s (struct (field i32))) (memory (export "memory") 1)'
    ' (func (export "_start") (drop (struct.get $s 0 (struct.new $s (i32.const 1))))))'
)
"""It uses an object that the engine collects."""
