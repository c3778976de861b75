"""Run a program to its end, synchronously."""

from __future__ import annotations

from remit.engine.api import Timeout, Trap
from remit.kernel.refusals import StoppedAtRefusal
from remit.policy.grants import Grants
from remit.runtime.launch import Launch
from remit.runtime.named_options import check_options, options_of
from remit.runtime.stdio import DEVNULL, PIPE, STDOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Unpack

    from remit.runtime.completed import CompletedProcess
    from remit.runtime.options import Arguments, RunOptions

__all__ = ["DEVNULL", "OPTIONS", "PIPE", "STDOUT", "run"]

OPTIONS = options_of(Launch.__init__, Grants.__init__, but=("asynchronous", "arguments")) | {"remit"}
"""The names in :class:`remit.runtime.options.RunOptions`, at run time."""


def run(args: Arguments, **options: Unpack[RunOptions]) -> CompletedProcess:
    """Run a WASI command and wait for it, with the habits of :func:`subprocess.run`.

    The program gets what the arguments grant, and nothing else.

    :param args: the program (a path, the bytes of a module, or a loaded :class:`Program`), or a list of it and its
        arguments. There is no shell.

    Its streams. Each can be a file object, a callable, a host descriptor, or `DEVNULL`; None inherits the host's
    descriptor 0, 1 or 2, as for a subprocess. (In a notebook ``print`` goes elsewhere: say ``stdout=sys.stdout``.)

    :param input: what it reads from its standard input: bytes, or str in text mode.
    :param stdin: instead of `input`; also bytes; a callable is ``f(n) -> bytes``, none of them at the end.
    :param stdout: or `PIPE`, which captures; a callable is ``f(bytes)``, and takes all of them (the ``write`` of a
        file object may return how many it took).
    :param stderr: as `stdout`, or `STDOUT` for the same stream.
    :param capture_output: ``stdout=PIPE, stderr=PIPE``.
    :param text: captured output and `input` are str (also with `encoding` or `errors`; UTF-8 by default), and every
        kind of line end is ``\\n``.

    What it is granted:

    :param remit: all of it, and its limits, in one :class:`Remit`. Of the options besides, `dirs`, `env` and `sockets`
        are added to it (no directory in place of another), and each other one replaces what it says. `args` may be
        empty, if it names the program; its arguments are used where `args` has none.
    :param env: its environment variables, str to str. Nothing is inherited.
    :param dirs: guest path -> host directory (str or path), or filesystem object (:mod:`remit.fs`). The guest
        path is any name: programs look up the longest one that their paths begin with; "." is for relative paths.
    :param sockets: listening sockets, descriptors after those of the directories; closed when the program ends.
    :param network: what its own sockets, and its HTTP requests, may reach: a list of rules such as
        ``["example.com:443", "listen:127.0.0.1:8080"]`` (:mod:`remit.network.rules`), a network of :mod:`remit.net`, or
        ``"host"`` for all that this machine reaches. Nothing by default. (WASI 0.1 has no calls that need it.)
    :param http: what it sends HTTP requests by; None: the network, if one is granted; False: it sends none.
    :param imports: functions for imports that are not WASI's: module name -> function name -> callable. See
        :func:`remit.load`.
    :param wall_clock: the clock for time of day; by default the host's. See :mod:`remit.kernel.clocks`.
    :param monotonic_clock: likewise for durations and sleeping.
    :param random: its source of random bytes, or an int that seeds a reproducible one.
    :param deterministic: the same in every run, as far as it depends on what it is granted here: its random bytes are
        made from a seed (0 unless `random` says another), its clocks are virtual unless they are given (time begins in
        2000, or at a :class:`FixedClock`, and waiting takes none), its directories are shown in one order with numbers
        of their own (:mod:`remit.filesystems.stable`), and arithmetic has the same bits on every machine. A program
        that is loaded already must be loaded so, too. What comes by streams and networks is what it is.

    Who is told:

    :param on_use: called with a :class:`Use` for each use that it makes of its directories and its network: what it
        opened, made, removed, moved, listed, connected to. :mod:`remit.audit` has functions that log them. What it
        raises ends the program.
    :param trace: called with a :class:`remit.trace.Call` for each call that it makes, when that has ended; what that
        raises ends the program. Or a file object, which gets a line for each; or something of :mod:`remit.trace`.

    :param record: a file for a recording of all that it gets from outside: :func:`remit.replay` runs it again from
        that, and needs nothing else. It is slower then. Functions in `imports` are not recorded. It has what the
        program read, and its environment, so it is for its owner only; :attr:`Limits.recorded_bytes` is how large it
        may become, and then :class:`remit.recording.RecordingFull` ends the program.

    What happens when it asks for more:

    :param strict: the first thing that it is refused ends it, by :class:`StoppedAtRefusal`.
    :param on_refusal: called with a :class:`Refusal` for each thing that it is refused, once; what that raises ends the
        program. They are in the result, and in exceptions, too: ``refusals``.

    Its limits:

    :param timeout: seconds after which it is stopped, busy or waiting; a function or stream of the caller's is not
        interrupted, except what it runs of Remit in turn. Compiling it does not count.
    :param fuel: about how many WebAssembly instructions it may execute.
    :param max_memory: bytes that its linear memory may grow to.
    :param limits: how much of the host's other resources it may use (:class:`Limits`).

    :param check: raise :class:`CalledProcessError` if the exit status is not 0.
    :param cache: keep and use the compiled code on disk.
    :returns: the exit status, and what was captured.
    :raises TimeoutExpired: it was stopped; what it had written is in the exception.
    :raises Trap: it broke a rule of WebAssembly (its output so far: ``stdout``, ``stderr``).
    :raises LinkError: it imports something that nobody provides, or not what `imports` provides.
    :raises InvalidModule: it is not a WebAssembly module, or one without ``_start``.
    :raises ValueError: a limit is less than the program begins with, or an argument is no such thing.
    :raises OSError: it, or a granted directory, cannot be opened.

    What a function or stream of the caller's raises ends the program, and comes out of here unchanged.
    """
    check_options("run", options, OPTIONS)
    launch = Launch.of(args, {**options}, asynchronous=False)
    try:
        launch.load()
        world = launch.world()
        try:
            status = world.run()
            world.ended(status)
        except (Timeout, Trap, StoppedAtRefusal) as error:
            world.ended(error)
            if isinstance(error, Timeout) and not world.late:
                raise
            raise launch.failed(error) from None
        except BaseException as error:
            world.ended(error)
            raise
        finally:
            world.close()
    finally:
        launch.close()
    return launch.completed(status)
