"""``wasi:random``: random numbers from the source that the program was handed, also where weaker ones would do."""

from __future__ import annotations

from remit.engine.api import Trap
from remit.interfaces.wit.declaration import Interface, func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.process import Process

MAX_BYTES = 64 << 20
"""Of one call: the list is made in the host first, and the interface has no way to give less or to refuse."""


def random_bytes(process: Process, length: int) -> bytes:
    """Trap for more than :data:`MAX_BYTES`."""
    if length > MAX_BYTES:
        raise Trap(f"{length} random bytes in one call: {MAX_BYTES} are allowed", "random")
    buffer = bytearray(length)
    process.random.fill(memoryview(buffer))
    return bytes(buffer)


def random_u64(process: Process) -> int:
    return int.from_bytes(random_bytes(process, 8), "little")


class Random(Interface):
    name = "wasi:random/random"
    version = "0.2.12"

    @func("(len: u64) -> list<u8>")
    def get_random_bytes(self, length: int) -> bytes:
        return random_bytes(self.process, length)

    @func("() -> u64")
    def get_random_u64(self) -> int:
        return random_u64(self.process)


class Insecure(Interface):
    name = "wasi:random/insecure"
    version = "0.2.12"

    @func("(len: u64) -> list<u8>")
    def get_insecure_random_bytes(self, length: int) -> bytes:
        return random_bytes(self.process, length)

    @func("() -> u64")
    def get_insecure_random_u64(self) -> int:
        return random_u64(self.process)


class InsecureSeed(Interface):
    name = "wasi:random/insecure-seed"
    version = "0.2.12"

    @func("() -> tuple<u64, u64>")
    def insecure_seed(self) -> tuple[int, int]:
        return random_u64(self.process), random_u64(self.process)
