"""Random numbers: the permission to get them, and from where."""

from __future__ import annotations

import os

from remit.kernel.errors import Code, KernelError


class RandomSource:
    """A source of random bytes."""

    __slots__ = ()

    def fill(self, buffer: memoryview) -> None:
        """Fill all of a writable byte view."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no fill")

    def key(self, purpose: str) -> bytes:
        """16 bytes for what the host hides from the program. The stream goes on as if nothing was taken."""
        return os.urandom(16)


class HostRandom(RandomSource):
    """The host's cryptographically secure generator."""

    __slots__ = ()

    def fill(self, buffer: memoryview) -> None:
        buffer[:] = os.urandom(len(buffer))


class SeededRandom(RandomSource):
    """The same bytes for the same seed, on every platform and in every version of Remit: **not** secret.

    The stream is SHAKE-128 of the seed and a block number, in blocks of 4 KiB. How it is cut into calls of
    :meth:`fill` makes no difference.
    """

    __slots__ = ("_block", "_left", "_seed")

    _BLOCK = 4096

    def __init__(self, seed: int) -> None:
        """`seed` is any integer."""
        number = seed.to_bytes(seed.bit_length() // 8 + 1, "little", signed=True)
        self._seed = b"remit seeded random 1\0" + len(number).to_bytes(8, "little") + number
        self._block = 0
        self._left = memoryview(b"")

    def fill(self, buffer: memoryview) -> None:
        done = 0
        wanted = len(buffer)
        while done < wanted:
            if not self._left:
                self._left = self._next_block()
            step = min(wanted - done, len(self._left))
            buffer[done : done + step] = self._left[:step]
            self._left = self._left[step:]
            done += step

    def key(self, purpose: str) -> bytes:
        return self._shake(b"key for " + purpose.encode(), 16)

    def _next_block(self) -> memoryview:
        block = self._shake(self._block.to_bytes(8, "little"), self._BLOCK)
        self._block += 1
        return memoryview(block)

    def _shake(self, what: bytes, length: int) -> bytes:
        import hashlib  # a millisecond at start-up that only seeded runs pay

        return hashlib.shake_128(self._seed + what).digest(length)


AMBIENT_RANDOM = HostRandom()
