"""``fd_read``, ``fd_write`` and their positioned forms: bytes between guest memory and files or streams.

What waits and what does not: a file never does. A stream does unless the descriptor is non-blocking: a read until
there is something, a write until all is taken (or it is known that no more will be).
"""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import U32, buffers
from remit.interfaces.wasi_0_1.transfers import Sending
from remit.kernel.descriptors import SYNC_ALL, SYNC_READS
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.rights import FILE_READ, FILE_SEEK, FILE_WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.api import Memory
    from remit.kernel.descriptors import OpenFile
    from remit.kernel.process import Process

MAX_OFFSET = 2**63 - 1
"""The end of the longest file, as with the ``off_t`` of every host."""

_READ_AT = FILE_READ | FILE_SEEK
_WRITE_AT = FILE_WRITE | FILE_SEEK


def fd_read(process: Process, memory: Memory, fd: int, iovs: int, iovs_len: int, nread_ptr: int) -> None:
    """Read at the position of a file, or from a stream. 0 bytes: the end."""
    entry = process.descriptors.file(fd, FILE_READ)
    view = memory.view()
    if nread_ptr + 4 > len(view):
        raise KernelError(Code.FAULT)
    targets, total = buffers(view, iovs, iovs_len, process.limits)
    if entry.file.seekable:
        position = entry.position
        if position + total > MAX_OFFSET:
            raise KernelError(Code.OVERFLOW)
        count = entry.file.read_at(position, targets)
        entry.position = position + count
    else:
        try:
            count = entry.file.read(targets) if total else 0
        except WouldBlock as block:
            raise waiting(entry, block, lambda count: U32.pack_into(memory.view(), nread_ptr, count)) from None
    U32.pack_into(view, nread_ptr, count)


def fd_pread(process: Process, memory: Memory, fd: int, iovs: int, iovs_len: int, offset: int, nread_ptr: int) -> None:
    """Read at an offset; the position stays. SEEK for a stream."""
    entry = _positioned(process, fd, _READ_AT)
    view = memory.view()
    if nread_ptr + 4 > len(view):
        raise KernelError(Code.FAULT)
    targets, total = buffers(view, iovs, iovs_len, process.limits)
    if offset > MAX_OFFSET:
        raise KernelError(Code.INVALID)
    if offset + total > MAX_OFFSET:
        raise KernelError(Code.OVERFLOW)
    U32.pack_into(view, nread_ptr, entry.file.read_at(offset, targets))


def fd_write(process: Process, memory: Memory, fd: int, iovs: int, iovs_len: int, nwritten_ptr: int) -> None:
    """Write at the position of a file, at its end in append mode, or into a stream."""
    entry = process.descriptors.file(fd, FILE_WRITE)
    view = memory.view()
    if nwritten_ptr + 4 > len(view):
        raise KernelError(Code.FAULT)
    sources, total = buffers(view, iovs, iovs_len, process.limits)
    file = entry.file
    if file.seekable:
        if entry.append:
            count = file.append(sources)
            entry.position = file.stat().size
        else:
            position = entry.position
            if position + total > MAX_OFFSET:
                raise KernelError(Code.FILE_TOO_LARGE)
            count = file.write_at(position, sources)
            entry.position = position + count
        if entry.sync:
            _sync(entry)
        U32.pack_into(view, nwritten_ptr, count)
    else:
        Sending(entry, file.write, memory, (iovs, iovs_len), process.limits, nwritten_ptr).run()


def fd_pwrite(
    process: Process, memory: Memory, fd: int, iovs: int, iovs_len: int, offset: int, nwritten_ptr: int
) -> None:
    """Write at an offset; the position stays. SEEK for a stream.

    In append mode the offset counts for nothing and the bytes go to the end, as on Linux.
    """
    entry = _positioned(process, fd, _WRITE_AT)
    view = memory.view()
    if nwritten_ptr + 4 > len(view):
        raise KernelError(Code.FAULT)
    sources, total = buffers(view, iovs, iovs_len, process.limits)
    if offset > MAX_OFFSET:
        raise KernelError(Code.INVALID)
    if offset + total > MAX_OFFSET:
        raise KernelError(Code.FILE_TOO_LARGE)
    count = entry.file.append(sources) if entry.append else entry.file.write_at(offset, sources)
    if entry.sync:
        _sync(entry)
    U32.pack_into(view, nwritten_ptr, count)


def waiting(entry: OpenFile, block: WouldBlock, done: Callable[[Any], None]) -> Exception:
    """What to raise when an operation would block and nothing has happened: WOULD_BLOCK, or wait and start over.

    `done` gets the result of the operation, should the stream itself know how to go on.
    """
    if entry.nonblock:
        return KernelError(Code.WOULD_BLOCK)
    step = block.resume
    if step is None:
        return WouldBlock(block.pollable)

    def resume() -> None:
        try:
            result = step()
        except WouldBlock as next_block:
            raise waiting(entry, next_block, done) from None
        done(result)

    return WouldBlock(block.pollable, resume)


def _positioned(process: Process, fd: int, rights: int) -> OpenFile:
    """The file to read or write at an offset. SEEK for a stream, whatever its rights."""
    entry = process.descriptors.file(fd, 0)
    if not entry.file.seekable:
        raise KernelError(Code.SEEK)
    if entry.rights & rights != rights:
        raise KernelError(Code.NOT_CAPABLE)
    return entry


def _sync(entry: OpenFile) -> None:
    entry.file.sync(data_only=not entry.sync & (SYNC_ALL | SYNC_READS))
