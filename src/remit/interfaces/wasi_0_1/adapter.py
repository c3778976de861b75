"""From the convention of these modules to that of the engine: what is raised becomes an ``errno``.

A function here takes the process, the memory (if it needs it) and the arguments, and returns nothing. It raises
:class:`~remit.kernel.errors.KernelError` for what the guest is told, and :class:`~remit.kernel.errors.WouldBlock` when
it has to wait; it may also return the latter, as raising costs a waiting program much of its time. Everything else that
it raises is not for the guest and passes through.
"""

from __future__ import annotations

from remit.engine.api import Pending, Trap
from remit.interfaces.wasi_0_1.errno import ERRNO, SUCCESS
from remit.kernel.errors import KernelError, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.api import Store
    from remit.kernel.process import Process

    Implementation = Callable[..., WouldBlock | None]
    Adapted = Callable[..., int | Pending]


def with_memory(function: Implementation) -> Adapted:
    """A host function that calls ``function(process, memory, *arguments)``."""

    def call(caller: Store, *arguments: int) -> int | Pending:
        try:
            memory = caller.memory
        except LookupError as error:
            raise Trap('the program calls WASI without exporting a memory named "memory"', "no_memory") from error
        try:
            block = function(caller.data, memory, *arguments)
        except KernelError as error:
            return _failed(caller.data, function, error)
        except WouldBlock as raised:
            return _pending(caller.data, function, raised, lambda: function(caller.data, memory, *arguments))
        if block is None:
            return SUCCESS
        return _pending(caller.data, function, block, lambda: function(caller.data, memory, *arguments))

    return call


def without_memory(function: Implementation) -> Adapted:
    """A host function that calls ``function(process, *arguments)``: it works in a program without a memory."""

    def call(caller: Store, *arguments: int) -> int | Pending:
        try:
            block = function(caller.data, *arguments)
        except KernelError as error:
            return _failed(caller.data, function, error)
        except WouldBlock as raised:
            return _pending(caller.data, function, raised, lambda: function(caller.data, *arguments))
        if block is None:
            return SUCCESS
        return _pending(caller.data, function, block, lambda: function(caller.data, *arguments))

    return call


def _failed(process: Process, function: Implementation, error: KernelError) -> int:
    process.failed(getattr(function, "__name__", ""), error)
    return ERRNO[error.code]


def _pending(process: Process, function: Implementation, block: WouldBlock, again: Callable[[], object]) -> Pending:
    """What the guest waits for, then an ``errno``; `again` starts over what has had no effect yet."""
    step = block.resume or again

    def resume() -> int | Pending:
        try:
            next_block = step()
        except KernelError as error:
            return _failed(process, function, error)
        except WouldBlock as raised:
            return _pending(process, function, raised, step)
        return _pending(process, function, next_block, step) if isinstance(next_block, WouldBlock) else SUCCESS

    return Pending(block.pollable, resume)
