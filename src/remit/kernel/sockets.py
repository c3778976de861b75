"""What a socket is. A socket is a stream file that was handed in, or accepted from one that was."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Socket(File):
    """A socket: :meth:`File.read` and :meth:`File.write` work on a connected one as on any stream."""

    __slots__ = ()

    seekable = False

    listening: bool = False
    """It takes connections; :meth:`accept` is then all that it can do."""

    datagram: bool = False
    """Messages keep their boundaries."""

    def accept(self) -> Socket:
        """The next connection. WouldBlock while there is none; INVALID if it does not listen."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no accept")

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        """Take the next bytes, or look at them with `peek`: how many, and whether a datagram was cut short.

        0 at the end of the stream. WouldBlock; NOT_CONNECTED; CONNECTION_RESET.
        """
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no receive")

    def send(self, buffers: Sequence[memoryview]) -> int:
        """Send; the number of bytes taken. WouldBlock; NOT_CONNECTED; PIPE; CONNECTION_RESET."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no send")

    def shutdown(self, *, receive: bool, send: bool) -> None:
        """End one direction or both. NOT_CONNECTED; INVALID if neither."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no shutdown")
