"""One run, prepared: what is common to :func:`remit.run` and :func:`remit.run_async`."""

from __future__ import annotations

import os
import time

from remit.engine.api import InvalidModule, Timeout, Trap
from remit.policy.grants import Grants, checked_limits, encoded
from remit.runtime.completed import CompletedProcess
from remit.runtime.named_options import check_duration, check_flag, check_fuel, check_list, check_max_memory
from remit.runtime.program import load
from remit.runtime.runnable import Runnable
from remit.runtime.stdio import PIPE, Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from remit.kernel.refusals import Refusal, StoppedAtRefusal
    from remit.runtime.options import Arguments, Imports
    from remit.runtime.under_remit import UnderRemit
    from remit.runtime.world import World


class Launch:
    """The arguments of a run, checked and made into the grants of one process.

    See :func:`remit.run` for what each means. It fails before anything is compiled or opened. `grants` are those of
    :class:`remit.policy.grants.Grants`. `asynchronous`: it will run on an asyncio loop.
    """

    __slots__ = (
        "_asynchronous",
        "_cache",
        "_decode",
        "_fuel",
        "_grants",
        "_imports",
        "_max_memory",
        "_program",
        "_refusals",
        "_streams",
        "_timeout",
        "_under",
        "args",
        "check",
    )

    def __init__(
        self,
        args: Arguments,
        *,
        asynchronous: bool,
        input: bytes | str | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        capture_output: bool = False,
        text: bool | None = None,
        encoding: str | None = None,
        errors: str | None = None,
        imports: Imports | None = None,
        timeout: float | None = None,
        fuel: int | None = None,
        max_memory: int | None = None,
        check: bool = False,
        cache: bool = True,
        **grants: Any,
    ) -> None:
        self.args = _listed(args)
        if not self.args:
            raise ValueError("args is empty: its first item is the program")
        self.check = check
        self._imports = imports
        check_flag("cache", cache)
        self._cache = cache
        self._timeout = check_duration(timeout)
        self._fuel = check_fuel(fuel)
        self._max_memory = check_max_memory(max_memory)
        self._program: Runnable | None = None
        self._refusals: Iterable[Refusal] = ()
        self._asynchronous = asynchronous
        self._under: UnderRemit | None = None

        self._decode: tuple[str, str] | None = None
        if text or encoding or errors:
            self._decode = _checked_codec(encoding or "utf-8", errors or "strict")
        if input is not None:
            if stdin is not None:
                raise ValueError("stdin and input are two ways to say the same; give one")
            stdin = self._input(input)
        if capture_output:
            if stdout is not None or stderr is not None:
                raise ValueError("capture_output is stdout=PIPE and stderr=PIPE; give one or the other")
            stdout = stderr = PIPE
        limits = grants["limits"] = checked_limits(grants.get("limits"))
        self._streams = Streams(stdin, stdout, stderr, limit=limits.captured_bytes, asynchronous=asynchronous)
        self._grants = Grants(
            arguments=[argument(each) for each in self.args[1:]],
            stdin=self._streams.stdin,
            stdout=self._streams.stdout,
            stderr=self._streams.stderr,
            **grants,
        )

    @classmethod
    def of(cls, args: Arguments, options: dict[str, Any], *, asynchronous: bool) -> Launch:
        """What :func:`remit.run` is given, which may be a remit with options besides: close it."""
        remit = options.pop("remit", None)
        if remit is None:
            return cls(args, asynchronous=asynchronous, **options)
        from remit.runtime.under_remit import UnderRemit, program_and_arguments

        under = UnderRemit(remit, options)
        try:
            launch = cls(program_and_arguments(_listed(args), remit), asynchronous=asynchronous, **under.options)
        except BaseException:
            under.close()
            raise
        launch._under = under
        return launch

    def close(self) -> None:
        """Close what its remit has opened for it. Closing twice does nothing."""
        if self._under is not None:
            self._under.close()

    @property
    def compiles(self) -> bool:
        """Whether :meth:`load` may take long."""
        return not isinstance(self.args[0], Runnable)

    def load(self) -> None:
        """Find the program, compiling it if need be. It may be called on another thread than the rest."""
        first = self.args[0]
        program: Runnable
        if not isinstance(first, Runnable):
            under = self._under
            try:
                program = load(
                    first,
                    imports=self._imports if under is None else under.imports(self._imports),
                    fuel=self._fuel is not None,
                    deterministic=self._grants.deterministic,
                    cache=self._cache,
                    **({} if under is None else under.load_options),
                )
            except FileNotFoundError as error:
                if isinstance(first, str) and " " in first and len(self.args) == 1:
                    error.add_note(f"There is no shell: give the program and its arguments as a list, {first.split()}")
                raise
            if not isinstance(first, (str, os.PathLike)):
                self.args[0] = program  # the bytes of a module are no help in messages
        elif self._imports is not None:
            raise ValueError("the program is loaded already: give its imports to remit.load")
        elif self._fuel is not None and not first.metered:
            raise ValueError("the program does not count fuel: load it with remit.load(..., fuel=True)")
        else:
            program = first
        if (
            self._grants.record is not None
            and program.path is None
            and isinstance(first, (bytes, bytearray, memoryview))
        ):
            from hashlib import sha256

            program.sha256 = sha256(first).hexdigest()
        if not program.is_command:
            raise InvalidModule(program.why_no_command)
        if self._under is not None:
            self._under.check_program(program)
        self._program = program
        self._grants.arguments = (encoded(program.name, "the program's name"), *self._grants.arguments)

    def world(self) -> World:
        """The program's world, with its descriptors open and its time running: close it."""
        assert self._program is not None
        world = self._program.new_world(
            self._grants, fuel=self._fuel, max_memory=self._max_memory, asynchronous=self._asynchronous
        )
        self._refusals = world.process.refusals
        if self._timeout is not None:
            world.set_deadline(time.monotonic() + self._timeout)
        return world

    def completed(self, status: int) -> CompletedProcess:
        """The result; raises CalledProcessError if that was asked for."""
        cut = self._streams.truncated()
        output = [
            self._text(data, may_be_cut=truncated)
            for data, truncated in zip(self._streams.captured(), cut, strict=True)
        ]
        done = CompletedProcess(
            self.args,
            status,
            *output,
            stdout_truncated=cut[0],
            stderr_truncated=cut[1],
            refusals=self._refusals,
        )
        if self.check:
            done.check_returncode()
        return done

    def failed(self, error: Timeout | Trap | StoppedAtRefusal) -> Exception:
        """The exception for a run that was stopped, with what it had written."""
        output = [self._text(data, may_be_cut=True) for data in self._streams.captured()]
        failure: Trap | TimeoutExpired | StoppedAtRefusal
        if not isinstance(error, Timeout):
            failure = error
            failure.stdout, failure.stderr = output
        else:
            from remit.runtime.failures import TimeoutExpired

            assert self._timeout is not None
            failure = TimeoutExpired(self.args, self._timeout, *output)
        failure.stdout_truncated, failure.stderr_truncated = self._streams.truncated()
        failure.refusals = tuple(self._refusals)
        return failure

    def _input(self, input: Any) -> Any:
        if isinstance(input, str):
            if self._decode is None:
                raise TypeError("input is a str: give bytes, or text=True")
            return input.encode(*self._decode)
        if not isinstance(input, (bytes, bytearray, memoryview)):
            raise TypeError(f"input is a {type(input).__name__}: give bytes, or str with text=True; files go to stdin")
        return input

    def _text(self, data: bytes | None, *, may_be_cut: bool) -> Any:
        """`may_be_cut`: it may end in the middle of a character, and that must not hide why it does."""
        if data is None or self._decode is None:
            return data
        encoding, errors = self._decode
        return _with_newlines(data.decode(encoding, "replace" if may_be_cut and errors == "strict" else errors))


def _listed(args: Any) -> list[Any]:
    """The program and its arguments. TypeError."""
    if isinstance(args, (str, os.PathLike, Runnable, bytes, bytearray, memoryview)):
        args = [args]
    return check_list("args", args, "['tool.wasm', '--help']")


def _checked_codec(encoding: str, errors: str) -> tuple[str, str]:
    """How text is made into bytes and back. TypeError, LookupError."""
    for name, value in (("encoding", encoding), ("errors", errors)):
        if not isinstance(value, str):
            raise TypeError(f"{name} is {value!r} ({type(value).__name__}): a str is wanted")
    import codecs

    "x".encode(encoding)
    codecs.lookup_error(errors)
    return encoding, errors


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def argument(value: Any) -> str | bytes:
    """One of a program's arguments. TypeError."""
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, os.PathLike):
        path: str | bytes = os.fspath(value)
        return path
    raise TypeError(f"an argument must be a str, bytes or a path, not {value!r}")
