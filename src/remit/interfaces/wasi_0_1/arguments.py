"""``args_*`` and ``environ_*``: lists of NUL-terminated strings."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import U32, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.api import Memory
    from remit.kernel.process import Process


def args_get(process: Process, memory: Memory, argv: int, argv_buf: int) -> None:
    """Write the arguments, and the pointers to them."""
    _write(memory, process.args, argv, argv_buf)


def args_sizes_get(process: Process, memory: Memory, count_ptr: int, size_ptr: int) -> None:
    """Write how many arguments there are, and how many bytes they take."""
    _write_sizes(memory, process.args, count_ptr, size_ptr)


def environ_get(process: Process, memory: Memory, environ: int, environ_buf: int) -> None:
    """Write the environment as ``NAME=value``, and the pointers to it."""
    _write(memory, _joined(process), environ, environ_buf)


def environ_sizes_get(process: Process, memory: Memory, count_ptr: int, size_ptr: int) -> None:
    """Write how many environment variables there are, and how many bytes they take."""
    _write_sizes(memory, _joined(process), count_ptr, size_ptr)


def _joined(process: Process) -> list[bytes]:
    return [name + b"=" + value for name, value in process.environ]


def _write_sizes(memory: Memory, strings: Sequence[bytes], count_ptr: int, size_ptr: int) -> None:
    view = memory.view()
    check(view, count_ptr, 4)
    check(view, size_ptr, 4)
    U32.pack_into(view, count_ptr, len(strings))
    U32.pack_into(view, size_ptr, sum(map(len, strings)) + len(strings))


def _write(memory: Memory, strings: Sequence[bytes], pointers: int, buffer: int) -> None:
    view = memory.view()
    text = b"".join(string + b"\0" for string in strings)
    check(view, pointers, 4 * len(strings))
    check(view, buffer, len(text))
    address = buffer
    for string in strings:
        U32.pack_into(view, pointers, address)
        pointers += 4
        address += len(string) + 1
    view[buffer:address] = text
