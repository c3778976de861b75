"""How much of the host one program may use: a limit, with its reason, for each size that a guest names."""

from __future__ import annotations


class Limits:
    """The limits of one program. Every number can be given; the defaults suit a program nobody has looked at."""

    __slots__ = (
        "captured_bytes",
        "descriptors",
        "io_bytes",
        "io_vectors",
        "listing_entries",
        "path_bytes",
        "poll_subscriptions",
        "random_bytes",
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
    ) -> None:
        self.captured_bytes = captured_bytes
        """What is kept of each captured output; then writing fails with QUOTA. It is the host's memory."""
        self.descriptors = descriptors
        """Open descriptors. A host process has 1,024 on most systems, for itself and all programs together."""
        self.io_bytes = io_bytes
        """Bytes that one read or write moves before it returns short: bounds the time between two
        chances to interrupt it, and every buffer that has to be made on the host."""
        self.io_vectors = io_vectors
        """Buffers used by one scattered read or write, as IOV_MAX on Linux; more make a short one."""
        self.listing_entries = listing_entries
        """Directory entries kept for listings that are under way, of all open directories together: each costs the
        host about 170 bytes. Beyond, the oldest listings are forgotten, and made anew if the program goes on in one."""
        self.path_bytes = path_bytes
        """The length of a path, as PATH_MAX on Linux: NAME_TOO_LONG beyond."""
        self.poll_subscriptions = poll_subscriptions
        """What one poll call may wait for; each costs the host an object."""
        self.random_bytes = random_bytes
        """Random bytes made between two chances to interrupt; a larger request goes on in steps."""
