"""A way to wake a thread that sleeps in ``poll``: from any thread, and from a signal handler."""

from __future__ import annotations

import _thread
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket


class WakeChannel:
    """A host descriptor that becomes readable when :meth:`wake` is called.

    An ``eventfd`` where there is one, else a pipe, else a pair of sockets (Windows can wait for nothing else).
    """

    __slots__ = ("_lock", "_pair", "_write", "descriptor")

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._pair: tuple[socket.socket, socket.socket] | None = None
        if hasattr(os, "eventfd"):
            self.descriptor = self._write = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        elif sys.platform == "win32":
            import socket

            self._pair = socket.socketpair()
            for end in self._pair:
                end.setblocking(False)
            self.descriptor, self._write = (end.fileno() for end in self._pair)
        else:
            self.descriptor, self._write = os.pipe()
            os.set_blocking(self.descriptor, False)
            os.set_blocking(self._write, False)

    def wake(self) -> None:
        """Make it readable. Never blocks; does nothing once it is closed."""
        # Not taking the lock is no loss: whoever holds it is about to wake, or to close. Waiting for it could
        # be for ever: a signal handler may have interrupted the thread that holds it.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._write < 0:
                return
            if self._pair is not None:
                self._pair[1].send(b"\x01")
            else:
                os.write(self._write, b"\x01\0\0\0\0\0\0\0" if sys.byteorder == "little" else b"\0\0\0\0\0\0\0\x01")
        except BlockingIOError:
            return  # full, thus readable
        finally:
            self._lock.release()

    def drain(self) -> None:
        """Make it not readable until the next :meth:`wake`."""
        try:
            if self._pair is not None:
                self._pair[0].recv(4096)
            else:
                os.read(self.descriptor, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give the descriptors back. Closing twice does nothing."""
        # The lock keeps a wake on another thread from writing to a descriptor that has become someone else's.
        with self._lock:
            if self._write < 0:
                return
            if self._pair is not None:
                for end in self._pair:
                    end.close()
            else:
                os.close(self.descriptor)
                if self._write != self.descriptor:
                    os.close(self._write)
            self.descriptor = self._write = -1
