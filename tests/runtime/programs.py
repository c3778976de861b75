"""Programs for the tests of the runtime, besides those of the command line's tests. Each does one thing."""

from __future__ import annotations

from cli.guests import command
from wat import wat

_WASI = "wasi_snapshot_preview1"

CAT = wat(f"""(module
    (import "{_WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "{_WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $error i32)
        (loop $again
            (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
            (local.set $error (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
            (if (local.get $error) (then (call $exit (local.get $error))))
            (if (i32.load (i32.const 4)) (then
                (local.set $error (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (if (local.get $error) (then (call $exit (local.get $error))))
                (br $again))))))""")
"""It writes what it reads. Its status is the first error."""

BOTH = wat(f"""(module
    (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 128) "outerr")
    (func $print (param $descriptor i32) (param $address i32)
        (i32.store (i32.const 0) (local.get $address)) (i32.store (i32.const 4) (i32.const 3))
        (drop (call $write (local.get $descriptor) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start")
        (call $print (i32.const 1) (i32.const 128)) (call $print (i32.const 2) (i32.const 131))))""")
"""It writes "out" to its standard output, then "err" to its standard error."""


def sleeping(nanoseconds: int, then: str = "", after: str = "") -> bytes:
    """It sleeps by its monotonic clock, then does `then`."""
    return wat(f"""(module
        (import "{_WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "{_WASI}" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func $print (param $address i32) (param $length i32)
            (i32.store (i32.const 0) (local.get $address)) (i32.store (i32.const 4) (local.get $length))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
        (func $sleep
            (i32.store (i32.const 80) (i32.const 1))
            (i64.store (i32.const 88) (i64.const {nanoseconds}))
            (drop (call $poll (i32.const 64) (i32.const 512) (i32.const 1) (i32.const 32))))
        (func (export "_start") (call $sleep) {then})
        {after})""")


SLEEP_AND_TELL = sleeping(
    3600 * 10**9,
    "(drop (call $time (i32.const 1) (i64.const 1) (i32.const 256))) (call $print (i32.const 256) (i32.const 8))",
)
"""It sleeps for an hour, then prints its monotonic clock, 8 bytes."""

ACCEPT = wat(f"""(module
    (import "{_WASI}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "{_WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "{_WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $error i32)
        (local.set $error (call $accept (i32.const 3) (i32.const 0) (i32.const 16)))
        (if (local.get $error) (then (call $exit (local.get $error))))
        (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 4)))
        (drop (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))))""")
"""It takes one connection and sends back the first thing that it is told."""

READ_FILE = command(
    """(local.set $n (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 4)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
    (if (local.get $n) (then (call $exit (local.get $n))))
    (i32.store (i32.const 8) (i32.const 256)) (i32.store (i32.const 12) (i32.const 1024))
    (drop (call $fd_read (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 12)))
    (call $print (i32.const 256) (i32.load (i32.const 12)))""",
    "path_open",
    "fd_read",
    data="name",
)
"""It prints the file ``name`` of its first directory."""

TIMES = command(
    """(drop (call $clock_time_get (i32.const 2) (i64.const 1) (i32.const 256)))
    (call $print (i32.const 256) (i32.const 8))""",
    "clock_time_get",
)
"""It prints the processor time that it used, 8 bytes."""


def asking(body: str, imports: str = '(import "env" "f" (func $f (param i32) (result i32)))') -> bytes:
    """A command that calls functions of its host, and a library whose ``run`` does."""
    return wat(f"""(module {imports}
        (import "{_WASI}" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "a message")
        (func (export "double") (param i32) (result i32) (i32.mul (i32.const 2) (local.get 0)))
        (func $run (export "run") {body})
        (func (export "_start") (call $run)))""")


ASK = asking("(call $exit (call $f (i32.const -7)))")
"""Its status is what its host's ``f(-7)`` returns."""

BUSY = wat("""(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))""")
"""It computes for ever."""

COUNT = wat("""(module (memory (export "memory") 1)
    (func (export "_start") (local $n i64)
        (loop $again
            (local.set $n (i64.add (local.get $n) (i64.const 1)))
            (br_if $again (i64.lt_u (local.get $n) (i64.const 200000000))))))""")
"""It computes for some tenths of a second."""

LIBRARY = wat(f"""(module
    (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "{_WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "{_WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1 2)
    (data (i32.const 128) "hello")
    (global (export "level") (mut i32) (i32.const 7))
    (global (export "fixed") i64 (i64.const -1))
    (table (export "table") 3 funcref)
    (global $ready (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $ready (i32.const 1)))
    (func (export "ready") (result i32) (global.get $ready))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
    (func (export "quit") (param i32) (call $exit (local.get 0)))
    (func (export "trap") unreachable)
    (func (export "spin") (loop $again (br $again)))
    (func (export "grow") (result i32) (memory.grow (i32.const 100)))
    (func (export "say")
        (i32.store (i32.const 0) (i32.const 128)) (i32.store (i32.const 4) (i32.const 5))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "read") (result i32)
        (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
        (i32.load (i32.const 4))))""")

SPEAKS_AT_START = wat(f"""(module
    (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 128) "early")
    (func $begin
        (i32.store (i32.const 0) (i32.const 128)) (i32.store (i32.const 4) (i32.const 5))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start"))
    (start $begin))""")
"""It prints "early" from its start function, before there is an instance."""
