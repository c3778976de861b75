"""``random_get``."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import slice_of
from remit.kernel.errors import WouldBlock
from remit.kernel.poll import ALWAYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.api import Memory
    from remit.kernel.process import Process


def random_get(process: Process, memory: Memory, buffer: int, length: int) -> None:
    """Fill a buffer with random bytes, in steps: others get a turn, and interruption a chance, between them."""
    target = slice_of(memory.view(), buffer, length)
    step = process.limits.random_bytes
    if length <= step:
        process.random.fill(target)
        return
    process.random.fill(target[:step])
    raise WouldBlock(ALWAYS, lambda: random_get(process, memory, buffer + step, length - step))
