from __future__ import annotations

from collections.abc import Callable

from interfaces.guest import FAULT, SIZE, Guest
from remit.engine.api import Pending
from remit.kernel.limits import Limits
from remit.kernel.poll import ALWAYS
from remit.kernel.random import RandomSource, SeededRandom

MakeGuest = Callable[..., Guest]


class Counting(RandomSource):
    """Remembers how much was asked for at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def fill(self, buffer: memoryview) -> None:
        self.sizes.append(len(buffer))
        buffer[:] = b"\xff" * len(buffer)


def test_fills_the_buffer_and_nothing_else(make_guest: MakeGuest) -> None:
    guest = make_guest(random=SeededRandom(1))
    expected = bytearray(100)
    SeededRandom(1).fill(memoryview(expected))
    guest.ok("random_get", 0x2000, 100)
    assert guest.memory.read(0x1FFF, 102) == b"\0" + expected + b"\0"
    guest.ok("random_get", SIZE, 0)


def test_large_requests_go_in_steps_that_can_be_interrupted(make_guest: MakeGuest) -> None:
    source = Counting()
    guest = make_guest(random=source, limits=Limits(random_bytes=1000))
    block = guest.blocked("random_get", 0x1000, 2500)
    turns = 0
    while True:
        turns += 1
        assert block.wait_for is ALWAYS
        assert guest.memory.read(0x1000, 2501) == (b"\xff" * 1000 * turns).ljust(2501, b"\0")
        next_block = block.resume()
        if not isinstance(next_block, Pending):
            break
        block = next_block
    assert next_block == 0
    assert source.sizes == [1000, 1000, 500]
    assert guest.memory.read(0x1000, 2501) == b"\xff" * 2500 + b"\0"


def test_out_of_bounds_takes_no_random_bytes(make_guest: MakeGuest) -> None:
    source = Counting()
    guest = make_guest(random=source)
    for address, length in ((SIZE - 3, 4), (0, SIZE + 1), (0, 2**30), (2**32 - 1, 2**32 - 1), (SIZE + 1, 0)):
        assert guest.call("random_get", address, length) == FAULT
    assert source.sizes == []
