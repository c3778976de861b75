"""Loading the program that a command line names, in a way that Ctrl-C can end."""

from __future__ import annotations

import _thread
import os

from remit.cli.interrupts import Unwinding
from remit.cli.report import CommandError, reason
from remit.engine.api import InvalidModule
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import Engine
from remit.runtime.program import WrongDigest, load_with

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from remit.engine.cache import Cache
    from remit.engine.wasmtime.module import Module
    from remit.runtime.program import Program

_LOOK_SECONDS = 0.05
"""Where waiting for a lock cannot be interrupted (Windows), an interrupt is seen this often."""


class InterruptibleEngine(Engine):
    """An engine whose compiling can be interrupted; it is not stopped by that, so the process must end then.

    Python handles signals on this thread, between two bytecodes, and compiling a large module is one for many seconds.
    So another thread compiles, and this one waits.
    """

    __slots__ = ()

    def compile(self, wasm: bytes, *, name: str = "") -> Module:
        outcome: list[Module | BaseException] = []
        done = _thread.allocate_lock()
        done.acquire()

        def compile_there() -> None:
            try:
                outcome.append(Engine.compile(self, wasm, name=name))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                outcome.append(error)
            done.release()

        _thread.start_new_thread(compile_there, ())
        while not done.acquire(timeout=_LOOK_SECONDS):
            continue
        [result] = outcome
        if isinstance(result, BaseException):
            raise result
        return result


def load_program(
    path: str,
    config: Config,
    *,
    cache: Cache | None,
    name: str | None = None,
    precompiled: bool = False,
    sha256: str | None = None,
    imports: Mapping[str, Any] | None = None,
) -> Any:
    """As :func:`remit.load`; with `precompiled`, also native code that was compiled ahead of time, unchecked.

    CommandError if it is missing, damaged, or not a program.
    """
    if name is None:
        # Programs are told their names in UTF-8; a file can have any.
        name = os.fsencode(os.path.basename(path)).decode("utf-8", "replace")
    try:
        if precompiled:
            from remit.cli.program_file import is_precompiled

            if is_precompiled(path):
                if sha256 is not None:
                    raise CommandError(
                        f"{path}: its remit has the SHA-256 of a WebAssembly program, and this was compiled from one"
                    )
                return _load_precompiled(path, config, name, imports)
        with Unwinding():
            return load_with(InterruptibleEngine(config), cache, path, name=name, sha256=sha256, imports=imports)
    except OSError as error:
        raise CommandError(f"{path}: {reason(error)}") from None
    except InvalidModule as error:
        from remit.cli.program_file import why_invalid

        raise CommandError(f"{path}: {why_invalid(path, error)}") from None
    except WrongDigest as error:
        raise CommandError(str(error)) from None
    except ValueError as error:  # A NUL in the name.
        raise CommandError(f"{path!r}: {error}") from None


def _load_precompiled(path: str, config: Config, name: str | None, imports: Mapping[str, Any] | None) -> Program:
    from remit.runtime.precompiled import load_precompiled_unchecked

    try:
        return load_precompiled_unchecked(
            path,
            imports=imports,
            fuel=config.fuel,
            gc=config.gc,
            deterministic=config.deterministic,
            name=name,
        )
    except InvalidModule as error:
        raise CommandError(f"{path}: {error}") from None
