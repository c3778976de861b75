"""Reading and writing guest memory: every range is checked here before anything is done with it.

An address and a length are unsigned 32-bit numbers; their sum is a Python int and does not wrap. Functions get the
memory as a view (:meth:`remit.engine.api.Memory.view`); a range outside of it raises FAULT.
"""

from __future__ import annotations

from struct import Struct

from remit.interfaces.wasi_0_1.layout import IOVEC
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.limits import Limits

U32 = Struct("<I")
U64 = Struct("<Q")

MAX_U64 = 2**64 - 1


def check(view: memoryview, address: int, length: int) -> None:
    """FAULT unless all `length` bytes from `address` on are inside: asked before an operation has any effect."""
    if address + length > len(view):
        raise KernelError(Code.FAULT)


def slice_of(view: memoryview, address: int, length: int) -> memoryview:
    """The bytes themselves, not a copy."""
    end = address + length
    if end > len(view):
        raise KernelError(Code.FAULT)
    return view[address:end]


def string(view: memoryview, address: int, length: int, limits: Limits) -> str:
    """A path. NAME_TOO_LONG beyond the limit; ILLEGAL_BYTE_SEQUENCE if it is not UTF-8."""
    end = address + length
    if end > len(view):
        raise KernelError(Code.FAULT)
    if length > limits.path_bytes:
        raise KernelError(Code.NAME_TOO_LONG)
    try:
        return str(view[address:end], "utf-8")
    except UnicodeDecodeError as error:
        raise KernelError(Code.ILLEGAL_BYTE_SEQUENCE) from error


def buffers(view: memoryview, vectors: int, count: int, limits: Limits) -> tuple[list[memoryview], int]:
    """The buffers of an array of `count` vectors, and their length together.

    What is beyond the limits is left out, so that the operation moves less than asked, as it always may. An empty
    buffer may have any address.
    """
    if vectors + 8 * count > len(view):
        raise KernelError(Code.FAULT)
    left = limits.io_bytes
    if count == 1:
        address, length = IOVEC.unpack_from(view, vectors)
        end = address + length
        if end > len(view) and length:
            raise KernelError(Code.FAULT)
        if length > left:
            return [view[address : address + left]], left
        return [view[address:end]], length
    found = []
    size = len(view)
    for position in range(vectors, vectors + 8 * min(count, limits.io_vectors), 8):
        address, length = IOVEC.unpack_from(view, position)
        if not length:
            continue
        if address + length > size:
            raise KernelError(Code.FAULT)
        if length >= left:
            found.append(view[address : address + left])
            return found, limits.io_bytes
        found.append(view[address : address + length])
        left -= length
    return found, limits.io_bytes - left
