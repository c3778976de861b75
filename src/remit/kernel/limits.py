"""How much of the host one program may use: a limit, with its reason, for each size that a guest names."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def whole_number(name: str, value: Any, unit: str, *, least: int = 0, most: int | None = None) -> int:
    """`value`, given as `name`: an int, or a number that can stand for one, of `least` or more.

    TypeError or ValueError say what was given and what is wanted.
    """
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(
            f"{name} is {value!r} ({type(value).__name__}): {unit} are wanted, as an int, {_range(least, most)}"
        )
    number: int = value.__index__()
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name} is {number}: {unit} are wanted, {_range(least, most)}")
    return number


def _range(least: int, most: int | None) -> str:
    return f"{least} or more" if most is None else f"{least} to {most}"


MOST_DESCRIPTORS = (1 << 31) - 1
"""The numbers that a program can give them."""


class Limits:
    """The limits of one program. Every number can be given; the defaults suit a program nobody has looked at.

    TypeError or ValueError for what is no number, or one that cannot be.
    """

    __slots__ = (
        "captured_bytes",
        "descriptors",
        "io_bytes",
        "io_vectors",
        "listing_entries",
        "path_bytes",
        "poll_subscriptions",
        "random_bytes",
        "recorded_bytes",
    )

    def __init__(
        self,
        *,
        captured_bytes: int = 64 << 20,
        descriptors: int = 512,
        io_bytes: int = 16 << 20,
        io_vectors: int = 1024,
        listing_entries: int = 1 << 18,
        path_bytes: int = 4096,
        poll_subscriptions: int = 4096,
        random_bytes: int = 64 << 10,
        recorded_bytes: int = 1 << 30,
    ) -> None:
        self.captured_bytes = whole_number("captured_bytes", captured_bytes, "bytes")
        """What is kept of each captured output; then writing fails with QUOTA. It is the host's memory."""
        self.descriptors = whole_number("descriptors", descriptors, "open descriptors", most=MOST_DESCRIPTORS)
        """Open descriptors. A host process has 1,024 on most systems, for itself and all programs together."""
        self.io_bytes = whole_number("io_bytes", io_bytes, "bytes", least=1)
        """Bytes that one read or write moves before it returns short: bounds the time between two
        chances to interrupt it, and every buffer that has to be made on the host."""
        self.io_vectors = whole_number("io_vectors", io_vectors, "buffers", least=1)
        """Buffers used by one scattered read or write, as IOV_MAX on Linux; more make a short one."""
        self.listing_entries = whole_number("listing_entries", listing_entries, "entries")
        """Directory entries kept for listings that are under way, of all open directories together: each costs the
        host about 170 bytes. Beyond, the oldest listings are forgotten, and made anew if the program goes on in one."""
        self.path_bytes = whole_number("path_bytes", path_bytes, "bytes")
        """The length of a path, as PATH_MAX on Linux: NAME_TOO_LONG beyond."""
        self.poll_subscriptions = whole_number("poll_subscriptions", poll_subscriptions, "subscriptions")
        """What one poll call may wait for; each costs the host an object."""
        self.random_bytes = whole_number("random_bytes", random_bytes, "bytes", least=1)
        """Random bytes made between two chances to interrupt; a larger request goes on in steps."""
        self.recorded_bytes = whole_number("recorded_bytes", recorded_bytes, "bytes")
        """The size of a recording; then the program is stopped. It is the host's disk."""

    def __repr__(self) -> str:
        return f"Limits({', '.join([f'{name}={getattr(self, name)}' for name in self.__slots__])})"
