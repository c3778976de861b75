"""What Linux does better than the portable calls: ``openat2`` to walk a whole path in one step, ``utimensat``.

``openat2`` (Linux 5.6) resolves a path inside the kernel and never leaves the directory it starts from
(RESOLVE_BENEATH). Where it is missing, or a sandbox around us refuses it, the resolver walks by single names.
"""

from __future__ import annotations

import ctypes
import errno
import os

from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW

_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_TRIES = 16
_PATH_MAX = 4096

_AT_SYMLINK_NOFOLLOW = 0x100
_UTIME_NOW = (1 << 30) - 1
_UTIME_OMIT = (1 << 30) - 2


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


_libc = ctypes.CDLL(None, use_errno=True)
# Arguments made once: with declared types each call would convert them again (0.4 µs of 3).
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_SYS_OPENAT2 = ctypes.c_long(437)  # The same on every architecture: it is younger than their unification.
_utimensat = _libc.utimensat
_utimensat.restype = ctypes.c_int
_utimensat.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int)
_futimens = _libc.futimens
_futimens.restype = ctypes.c_int
_futimens.argtypes = (ctypes.c_int, ctypes.c_void_p)
_fallocate = _libc.fallocate
_fallocate.restype = ctypes.c_int
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

# Only search permission is needed on the way, so the handle is a mere place (O_PATH): names are looked up
# in it, and whoever wants to list or sync the directory opens it again.
_HOW = _OpenHow(os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
_HOW_REFERENCE = ctypes.byref(_HOW)
_HOW_SIZE = ctypes.c_size_t(ctypes.sizeof(_HOW))

_available: bool | None = None


def openat2_available() -> bool:
    """Whether the kernel has ``openat2`` and lets this process use it; asked once."""
    global _available
    if _available is None:
        # No structure is smaller than none: EINVAL is the call itself speaking, not its absence (ENOSYS)
        # and not a filter (EPERM).
        _syscall(_SYS_OPENAT2, -1, b"", None, ctypes.c_size_t(0))
        _available = ctypes.get_errno() == errno.EINVAL
    return _available


def open_beneath(descriptor: int, path: bytes) -> int | None:
    """Open the directory at `path` below the directory `descriptor`, as a place for further look-ups.

    None: the kernel cannot say, walk by single names. Every other failure is a KernelError, NOT_CAPABLE for a
    path that leads outside.
    """
    if len(path) >= _PATH_MAX:
        return None
    # EAGAIN: something was renamed or mounted while the kernel went up by `..`, so that it cannot vouch for the
    # result. That can go on forever, and the portable walk cannot be disturbed.
    for _ in range(_TRIES):
        opened: int = _syscall(_SYS_OPENAT2, descriptor, path, _HOW_REFERENCE, _HOW_SIZE)
        if opened >= 0:
            return opened
        number = ctypes.get_errno()
        if number == errno.EXDEV:
            raise KernelError(Code.NOT_CAPABLE, f"{os.fsdecode(path)!r} leads outside the directory that was granted")
        if number not in (errno.EAGAIN, errno.EINTR):
            raise translated(OSError(number, os.strerror(number)))
    return None


def set_times(descriptor: int, name: bytes | None, accessed: int | None, modified: int | None) -> None:
    """Set the times of `name` in a directory, a link not followed, or of the open file (None) itself.

    Each is a number, NOW, or None to leave it: the standard library can neither leave one of the two alone nor
    set one of them to the clock of the kernel, which lags behind the one that programs read.
    """
    times = (_Timespec * 2)(_timespec(accessed), _timespec(modified))
    address = ctypes.addressof(times)
    if name is None:
        failed = _futimens(descriptor, address)
    else:
        failed = _utimensat(descriptor, name, address, _AT_SYMLINK_NOFOLLOW)
    if failed:
        number = ctypes.get_errno()
        raise translated(OSError(number, os.strerror(number)))


def allocate(descriptor: int, offset: int, length: int) -> bool:
    """Make sure that a range of an open file can be written. False where the host's filesystem cannot promise that.

    ``posix_fallocate`` would write a byte to every block there: for hours, if a guest names a terabyte, with no way to
    interrupt it.
    """
    while _fallocate(descriptor, 0, offset, length):
        number = ctypes.get_errno()
        if number == errno.EOPNOTSUPP:
            return False
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))
    return True


def _timespec(time: int | None) -> _Timespec:
    if time is None:
        return _Timespec(0, _UTIME_OMIT)
    if time == NOW:
        return _Timespec(0, _UTIME_NOW)
    return _Timespec(*divmod(time, 1_000_000_000))
