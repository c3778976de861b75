"""From the convention of these modules to that of the engine: what is raised becomes an ``errno``.

A function here takes the process, the memory (if it needs it) and the arguments, and returns nothing. It raises
:class:`~remit.kernel.errors.KernelError` for what the guest is told; everything else that it raises is not for the
guest and passes through.
"""

from __future__ import annotations

from remit.engine.api import Trap
from remit.interfaces.wasi_0_1.errno import ERRNO, SUCCESS
from remit.kernel.errors import KernelError, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.api import Store


def with_memory(function: Callable[..., None]) -> Callable[..., int]:
    """A host function that calls ``function(process, memory, *arguments)``."""

    def call(caller: Store, *arguments: int) -> int:
        try:
            memory = caller.memory
        except LookupError as error:
            raise Trap('the program calls WASI without exporting a memory named "memory"', "no_memory") from error
        try:
            function(caller.data, memory, *arguments)
        except KernelError as error:
            return ERRNO[error.code]
        except WouldBlock as block:
            raise _continued(block, lambda: function(caller.data, memory, *arguments)) from None
        return SUCCESS

    return call


def without_memory(function: Callable[..., None]) -> Callable[..., int]:
    """A host function that calls ``function(process, *arguments)``: it works in a program without a memory."""

    def call(caller: Store, *arguments: int) -> int:
        try:
            function(caller.data, *arguments)
        except KernelError as error:
            return ERRNO[error.code]
        except WouldBlock as block:
            raise _continued(block, lambda: function(caller.data, *arguments)) from None
        return SUCCESS

    return call


def _continued(block: WouldBlock, again: Callable[[], Any]) -> WouldBlock:
    """`block` with a `resume` that returns an ``errno``; `again` starts over what has had no effect yet."""
    step = block.resume or again

    def resume() -> int:
        try:
            step()
        except KernelError as error:
            return ERRNO[error.code]
        except WouldBlock as next_block:
            raise _continued(next_block, step) from None
        return SUCCESS

    return WouldBlock(block.pollable, resume)
