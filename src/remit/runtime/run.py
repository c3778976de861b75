"""Run a program to its end, synchronously."""

from __future__ import annotations

from remit.engine.api import Timeout, Trap
from remit.runtime.execute import run_start
from remit.runtime.launch import Launch
from remit.runtime.stdio import DEVNULL, PIPE, STDOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Unpack

    from remit.runtime.completed import CompletedProcess
    from remit.runtime.options import Arguments, RunOptions

__all__ = ["DEVNULL", "PIPE", "STDOUT", "run"]


def run(args: Arguments, **options: Unpack[RunOptions]) -> CompletedProcess:
    """Run a WASI command and wait for it, with the habits of :func:`subprocess.run`.

    The program gets what the arguments grant, and nothing else.

    :param args: the program (a path, the bytes of a module, or a loaded :class:`Program`) and its arguments.
    :param input: what it reads from its standard input: bytes, or str in text mode.
    :param stdin: instead of `input`: a file object, bytes, a callable ``f(n) -> bytes``, or `DEVNULL`.
        None inherits the host's standard input.
    :param stdout: `PIPE` captures, `DEVNULL` drops; or a file object or a callable ``f(bytes)``. None inherits.
    :param stderr: as `stdout`, or `STDOUT` for the same stream.
    :param capture_output: ``stdout=PIPE, stderr=PIPE``.
    :param text: captured output and `input` are str (also with `encoding` or `errors`; UTF-8 by default).
    :param env: its environment variables. Nothing is inherited.
    :param dirs: guest path -> host directory or filesystem object (:mod:`remit.fs`).
    :param imports: functions for imports that are not WASI's: module name -> function name -> callable.
    :param sockets: listening sockets, descriptors after those of the directories.
    :param timeout: seconds after which it is stopped.
    :param fuel: about how many WebAssembly instructions it may execute.
    :param max_memory: bytes that its linear memory may grow to.
    :param limits: how much of the host's other resources it may use.
    :param wall_clock: the clock for time of day; by default the host's. See :mod:`remit.kernel.clocks`.
    :param monotonic_clock: likewise for durations and sleeping.
    :param random: its source of random bytes, or an int that seeds a reproducible one.
    :param check: raise :class:`CalledProcessError` if the exit status is not 0.
    :param cache: keep and use the compiled code on disk.
    :returns: the exit status, and what was captured.
    :raises TimeoutExpired: it was stopped; what it had written is in the exception.
    :raises Trap: it broke a rule of WebAssembly (its output so far: ``stdout``, ``stderr``).
    :raises LinkError: it imports something that nobody provides.
    :raises InvalidModule: it is not a WebAssembly module.
    :raises OSError: it, or a granted directory, cannot be opened.
    """
    launch = Launch(args, **options)
    world = launch.world()
    try:
        status = run_start(world)
    except Timeout:
        raise launch.timed_out() from None
    except Trap as trap:
        trap.stdout, trap.stderr = launch.output()
        raise
    finally:
        world.close()
    return launch.completed(status)
