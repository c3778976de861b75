"""The options of a run, as a type: one list for :func:`remit.run` and :func:`remit.run_async`.

Only type checkers import this module.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypedDict

from remit.kernel.calls import Call
from remit.kernel.clocks import Clock
from remit.kernel.files import Filesystem
from remit.kernel.http import HttpClient
from remit.kernel.limits import Limits
from remit.kernel.network import Network
from remit.kernel.random import RandomSource
from remit.kernel.refusals import Refusal
from remit.kernel.sockets import Socket
from remit.kernel.uses import Use
from remit.policy.remit import Remit
from remit.runtime.runnable import Runnable

if TYPE_CHECKING:
    from remit.kernel.calls import CallSink

Argument: TypeAlias = str | os.PathLike[str] | Runnable | bytes | bytearray | memoryview
Arguments: TypeAlias = Sequence[Argument] | Argument
Directories: TypeAlias = Mapping[str, str | os.PathLike[str] | Filesystem]
Imports: TypeAlias = Mapping[str, Mapping[str, Callable[..., Any]] | object]
"""Of a module: functions by name, by the name of a module. Of a component, any object that has them, or a function."""


class GrantOptions(TypedDict, total=False):
    """What a program is granted, and how much of the host it may use."""

    env: Mapping[str, str] | None
    dirs: Directories | None
    sockets: Sequence[Socket | socket.socket]
    limits: Limits | None
    wall_clock: Clock | None
    monotonic_clock: Clock | None
    random: RandomSource | int | None
    deterministic: bool
    network: Network | Sequence[str] | str | None
    http: HttpClient | bool | None
    strict: bool
    on_refusal: Callable[[Refusal], object] | None
    on_use: Callable[[Use], object] | None
    trace: Callable[[Call], object] | CallSink | IO[Any] | None
    record: str | os.PathLike[str] | None
    stdin: Any
    stdout: Any
    stderr: Any
    timeout: float | None
    fuel: int | None
    max_memory: int | None


class InstanceOptions(GrantOptions, total=False):
    """Of an instance: its arguments, ``argv[1:]``, too."""

    args: Sequence[str | bytes | os.PathLike[str]]
    remit: Remit | None


class RunOptions(GrantOptions, total=False):
    """Of a run: how its output is taken, and how the program is loaded."""

    input: bytes | str | None
    capture_output: bool
    text: bool | None
    encoding: str | None
    errors: str | None
    imports: Imports | None
    check: bool
    cache: bool
    remit: Remit | None
