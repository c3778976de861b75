"""One run, prepared: what is common to :func:`remit.run` and :func:`remit.run_async`."""

from __future__ import annotations

import os
import time

from remit.engine.api import InvalidModule
from remit.kernel.limits import Limits
from remit.policy.grants import Grants
from remit.runtime.completed import CompletedProcess
from remit.runtime.execute import World
from remit.runtime.program import Program, load
from remit.runtime.stdio import PIPE, chosen_input, chosen_output
from remit.streams.memory import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from remit.kernel.clocks import Clock
    from remit.kernel.random import RandomSource
    from remit.kernel.sockets import Socket
    from remit.runtime.options import Arguments, Directories, Imports


class Launch:
    """The arguments of a run, checked and made into a program and the grants of one process.

    See :func:`remit.run` for what each argument means.
    """

    __slots__ = ("_captured", "_decode", "args", "check", "fuel", "grants", "max_memory", "program", "timeout")

    def __init__(
        self,
        args: Arguments,
        *,
        input: bytes | str | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        capture_output: bool = False,
        text: bool | None = None,
        encoding: str | None = None,
        errors: str | None = None,
        env: Mapping[str, str] | None = None,
        dirs: Directories | None = None,
        imports: Imports | None = None,
        sockets: Sequence[Socket] = (),
        timeout: float | None = None,
        fuel: int | None = None,
        max_memory: int | None = None,
        limits: Limits | None = None,
        wall_clock: Clock | None = None,
        monotonic_clock: Clock | None = None,
        random: RandomSource | int | None = None,
        check: bool = False,
        cache: bool = True,
        asynchronous: bool = False,
    ) -> None:
        if isinstance(args, (str, os.PathLike, Program, bytes)):
            args = [args]
        if not args:
            raise ValueError("args is empty: its first item is the program")
        self.args: list[Any] = list(args)
        self.program = self._program(self.args[0], imports, fuel is not None, cache)
        self.timeout = timeout
        self.fuel = fuel
        self.max_memory = max_memory
        self.check = check
        if timeout is not None and timeout < 0:
            raise ValueError(f"timeout must not be negative, not {timeout}")

        if input is not None:
            if stdin is not None:
                raise ValueError("stdin and input are two ways to say the same; give one")
            stdin = input
        if capture_output:
            if stdout is not None or stderr is not None:
                raise ValueError("capture_output is stdout=PIPE and stderr=PIPE; give one or the other")
            stdout = stderr = PIPE
        self._decode: tuple[str, str] | None = None
        if text or encoding or errors:
            self._decode = (encoding or "utf-8", errors or "strict")
        if isinstance(stdin, str):
            if self._decode is None:
                raise TypeError("input is a str: give bytes, or text=True")
            stdin = stdin.encode(*self._decode)

        limits = limits or Limits()
        out = chosen_output(stdout, 1, limits.captured_bytes, asynchronous=asynchronous)
        err = chosen_output(stderr, 2, limits.captured_bytes, same_as=out, asynchronous=asynchronous)
        self._captured = [stream if isinstance(stream, Capture) else None for stream in (out, err)]
        if err is out:
            self._captured[1] = None
        self.grants = Grants(
            arguments=[self.program.name, *(_argument(argument) for argument in self.args[1:])],
            env=env,
            dirs=dirs,
            stdin=chosen_input(stdin, asynchronous=asynchronous),
            stdout=out,
            stderr=err,
            sockets=sockets,
            wall_clock=wall_clock,
            monotonic_clock=monotonic_clock,
            random=random,
            limits=limits,
        )

    @staticmethod
    def _program(first: Any, imports: Imports | None, metered: bool, cache: bool) -> Program:
        if not isinstance(first, Program):
            program = load(first, imports=imports, fuel=metered, cache=cache)
        elif imports is not None:
            raise ValueError("the program is loaded already: give its imports to remit.load")
        elif metered and not first.metered:
            raise ValueError("the program does not count fuel: load it with remit.load(..., fuel=True)")
        else:
            program = first
        if not program.is_command:
            raise InvalidModule(
                f"{program.name} exports no _start: it is a library; call its functions "
                "with remit.load(...).instantiate().call(name)"
            )
        return program

    def world(self) -> World:
        """The program's world, with its descriptors open and its time running: close it."""
        world = World(self.program, self.grants, fuel=self.fuel, max_memory=self.max_memory)
        if self.timeout is not None:
            world.set_deadline(time.monotonic() + self.timeout)
        return world

    def output(self) -> tuple[Any, Any]:
        """What was captured of stdout and stderr so far; None where nothing is."""
        first, second = (None if stream is None else self._text(stream.getvalue()) for stream in self._captured)
        return first, second

    def _text(self, data: bytes) -> Any:
        return data if self._decode is None else data.decode(*self._decode).replace("\r\n", "\n")

    def completed(self, status: int) -> CompletedProcess:
        """The result; raises CalledProcessError if that was asked for."""
        done = CompletedProcess(self.args, status, *self.output())
        if self.check:
            done.check_returncode()
        return done

    def timed_out(self) -> Exception:
        """The exception for a run that was stopped by its timeout."""
        from remit.runtime.failures import TimeoutExpired

        assert self.timeout is not None
        return TimeoutExpired(self.args, self.timeout, *self.output())


def _argument(argument: Any) -> str | bytes:
    if isinstance(argument, (str, bytes)):
        return argument
    if isinstance(argument, os.PathLike):
        path: str | bytes = os.fspath(argument)
        return path
    raise TypeError(f"argument {argument!r} is a {type(argument).__name__}; arguments are str, bytes or paths")
