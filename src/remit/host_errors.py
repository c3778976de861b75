"""The host's errors in the kernel's terms. Nothing above the host adapters sees an ``errno``."""

from __future__ import annotations

import errno

from remit.kernel.errors import Code, KernelError

_CODES = {
    "E2BIG": Code.ARGUMENTS_TOO_LONG,
    "EACCES": Code.ACCESS,
    "EADDRINUSE": Code.ADDRESS_IN_USE,
    "EADDRNOTAVAIL": Code.ADDRESS_NOT_AVAILABLE,
    "EAGAIN": Code.WOULD_BLOCK,
    "EALREADY": Code.ALREADY,
    "EBADF": Code.BAD_DESCRIPTOR,
    "EBADMSG": Code.BAD_MESSAGE,
    "EBUSY": Code.BUSY,
    "ECONNABORTED": Code.CONNECTION_ABORTED,
    "ECONNREFUSED": Code.CONNECTION_REFUSED,
    "ECONNRESET": Code.CONNECTION_RESET,
    "EDEADLK": Code.DEADLOCK,
    "EDESTADDRREQ": Code.NOT_CONNECTED,
    "EDQUOT": Code.QUOTA,
    "EEXIST": Code.EXISTS,
    "EFAULT": Code.FAULT,
    "EFBIG": Code.FILE_TOO_LARGE,
    "EHOSTUNREACH": Code.HOST_UNREACHABLE,
    "EILSEQ": Code.ILLEGAL_BYTE_SEQUENCE,
    "EINPROGRESS": Code.IN_PROGRESS,
    "EINTR": Code.INTERRUPTED,
    "EINVAL": Code.INVALID,
    "EIO": Code.IO,
    "EISDIR": Code.IS_DIRECTORY,
    "ELOOP": Code.LOOP,
    "EMFILE": Code.TOO_MANY_DESCRIPTORS,
    "EMLINK": Code.TOO_MANY_LINKS,
    "EMSGSIZE": Code.MESSAGE_SIZE,
    "ENAMETOOLONG": Code.NAME_TOO_LONG,
    "ENETDOWN": Code.NETWORK_DOWN,
    "ENETUNREACH": Code.NETWORK_UNREACHABLE,
    "ENFILE": Code.TOO_MANY_HOST_DESCRIPTORS,
    "ENODEV": Code.NO_DEVICE,
    "ENOENT": Code.NO_ENTRY,
    "ENOLCK": Code.NO_LOCK,
    "ENOMEM": Code.NO_MEMORY,
    "ENOSPC": Code.NO_SPACE,
    "ENOSYS": Code.NOT_SUPPORTED,
    "ENOTCONN": Code.NOT_CONNECTED,
    "ENOTDIR": Code.NOT_DIRECTORY,
    "ENOTEMPTY": Code.NOT_EMPTY,
    "ENOTSOCK": Code.NOT_SOCKET,
    "ENOTSUP": Code.NOT_SUPPORTED,
    "ENOTTY": Code.NOT_TERMINAL,
    "ENXIO": Code.NO_SUCH_ADDRESS,
    "EOPNOTSUPP": Code.NOT_SUPPORTED,
    "EOVERFLOW": Code.OVERFLOW,
    "EPERM": Code.NOT_PERMITTED,
    "EPIPE": Code.PIPE,
    "EROFS": Code.READ_ONLY,
    "ESHUTDOWN": Code.PIPE,
    "ESPIPE": Code.SEEK,
    "ETIMEDOUT": Code.TIMED_OUT,
    "ETXTBSY": Code.TEXT_BUSY,
    "EWOULDBLOCK": Code.WOULD_BLOCK,
    "EXDEV": Code.CROSS_DEVICE,
}

# Not every host has every name, and some give one number two names.
CODES: dict[int, Code] = {getattr(errno, name): code for name, code in _CODES.items() if hasattr(errno, name)}


def translated(error: OSError) -> KernelError:
    """The kernel's error for the host's; IO for what has no name here."""
    return KernelError(CODES.get(error.errno or 0, Code.IO), error.strerror or str(error))
