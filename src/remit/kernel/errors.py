"""The kernel's one error space, and the three ways a call can end other than by returning.

* :class:`KernelError`: the operation failed; the guest is told by an error value.
* :class:`WouldBlock`: nothing has happened yet; wait for something, then go on.
* :class:`Exit`: the program asked to end.

Every interface version has one total table from :class:`Code` to its own numbers. Nothing in the
kernel knows those numbers, and no host ``errno`` comes above the adapters that talk to the host.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

    from remit.kernel.poll import Pollable
else:
    from remit.kernel.enumeration import Enum


class Code(Enum):
    """Why an operation failed. The values are for people; nothing may depend on them."""

    ACCESS = "permission denied"
    ADDRESS_IN_USE = "address in use"
    ADDRESS_NOT_AVAILABLE = "address not available"
    ALREADY = "connection already in progress"
    ARGUMENTS_TOO_LONG = "argument list too long"
    BAD_DESCRIPTOR = "bad file descriptor"
    BAD_MESSAGE = "bad message"
    BUSY = "device or resource busy"
    CONNECTION_ABORTED = "connection aborted"
    CONNECTION_REFUSED = "connection refused"
    CONNECTION_RESET = "connection reset"
    CROSS_DEVICE = "cross-device link"
    DEADLOCK = "resource deadlock would occur"
    EXISTS = "file exists"
    FAULT = "bad address"
    FILE_TOO_LARGE = "file too large"
    HOST_UNREACHABLE = "host is unreachable"
    ILLEGAL_BYTE_SEQUENCE = "illegal byte sequence"
    IN_PROGRESS = "operation in progress"
    INTERRUPTED = "interrupted"
    INVALID = "invalid argument"
    INVALID_STATE = "not possible in this state"
    IO = "input/output error"
    IS_DIRECTORY = "is a directory"
    LOOP = "too many levels of symbolic links"
    MESSAGE_SIZE = "message too large"
    NAME_TOO_LONG = "file name too long"
    NETWORK_DOWN = "network is down"
    NETWORK_UNREACHABLE = "network is unreachable"
    NO_DEVICE = "no such device"
    NO_ENTRY = "no such file or directory"
    NO_LOCK = "no locks available"
    NO_MEMORY = "cannot allocate memory"
    NO_SPACE = "no space left on device"
    NO_SUCH_ADDRESS = "no such device or address"
    NOT_CAPABLE = "capabilities insufficient"
    NOT_CONNECTED = "not connected"
    NOT_DIRECTORY = "not a directory"
    NOT_EMPTY = "directory not empty"
    NOT_PERMITTED = "operation not permitted"
    NOT_SOCKET = "not a socket"
    NOT_SUPPORTED = "operation not supported"
    NOT_TERMINAL = "not a terminal"
    OVERFLOW = "value too large"
    PIPE = "broken pipe"
    QUOTA = "quota exceeded"
    READ_ONLY = "read-only file system"
    SEEK = "invalid seek"
    TEXT_BUSY = "text file busy"
    TIMED_OUT = "timed out"
    TRY_AGAIN = "temporary failure, try again"
    TOO_MANY_DESCRIPTORS = "too many open files"
    TOO_MANY_HOST_DESCRIPTORS = "too many open files in system"
    TOO_MANY_LINKS = "too many links"
    WOULD_BLOCK = "operation would block"


class KernelError(Exception):
    """An operation failed for a reason that the guest is told as an error value.

    ``detail`` is for the people on the host (a trace, a log); the guest never sees it.
    """

    __slots__ = ("code", "detail")

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code.value}: {self.detail}" if self.detail else self.code.value


class WouldBlock(Exception):
    """The operation cannot go on before ``pollable`` is ready.

    ``resume`` continues it; it returns what the operation would have returned, or raises like it
    (another :class:`WouldBlock` included). Without one, whoever waits calls the same operation
    again with the same arguments: so an operation that has already had an effect passes ``resume``.
    """

    __slots__ = ("pollable", "resume")

    def __init__(self, pollable: Pollable, resume: Callable[[], object] | None = None) -> None:
        super().__init__(pollable)
        self.pollable = pollable
        self.resume = resume


class Exit(Exception):
    """The program ended itself with ``status`` (an unsigned 32-bit number)."""

    __slots__ = ("status",)

    ends_guest = True
    """It is an end and not a failure: nobody needs to know where in the guest it happened."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
