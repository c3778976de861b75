"""Streams of components that the fast path serves: which handles it may use, and what it is given for each import.

Source: ``CanonicalABI.md``, ``canon_lower``.
"""

from __future__ import annotations

import ctypes

from remit.kernel.positions import Position
from remit.native.library import INPUT, OUTPUT, Call, Function, Import, Memory, Stream
from remit.native.table import read_only_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CAPACITY = 256
"""Handles below it can be served: the numbers that are freed are used first, so few programs have larger ones."""


MAX_OFFSET = (1 << 63) - 1
"""What C counts to; a program may name any place that 64 bits can."""


class SharedHandles:
    """Of one instance: which of its handles C may use."""

    __slots__ = ("_may_leave", "_streams")

    def __init__(self, may_leave: bytearray) -> None:
        """`may_leave`: one byte, which says whether the instance may be left, for both sides to read and write."""
        self._may_leave = (ctypes.c_uint8 * 1).from_buffer(may_leave)
        self._streams = (ctypes.c_void_p * CAPACITY)()

    def offer(self, index: int, representation: Any) -> None:
        """The instance owns what the handle `index` stands for from now on: C may use that, if it is a stream that says
        where it is (its `position`), and its file is plainly one of the host's."""
        if index >= CAPACITY:
            return
        position = getattr(representation, "position", None)
        if type(position) is Position:
            stream = _stream_of(position)
            if stream is None:
                return
            representation.position = position = stream
        if type(position) is Stream:
            self._streams[index] = ctypes.addressof(position)

    def forget(self, index: int) -> None:
        """It has the handle no more."""
        if index < CAPACITY:
            self._streams[index] = None

    def call(self, python: int, python_env: int, memory: bytes, realloc: bytes | None) -> Call:
        """What a function of C is given for one import; whoever may call it keeps that, and this.

        `python` and `python_env` are the callback that has the rest of the work, and its argument; the others are the
        canonical options: a ``wasmtime_memory_t``, and a ``wasmtime_func_t`` if something is to be allocated.
        """
        return Call(
            Import(python, python_env),
            ctypes.addressof(self._may_leave),
            ctypes.addressof(self._streams),
            CAPACITY,
            Memory.from_buffer_copy(memory),
            Function() if realloc is None else Function.from_buffer_copy(realloc),
        )


def _stream_of(position: Position) -> Stream | None:
    # To read is all that a read-only one lets through.
    reading = None if position.writes else read_only_file(position.file)
    file = position.file if reading is None else reading.inner
    host = file.host_descriptor()
    if host is None or position.ended or position.offset > MAX_OFFSET:
        return None
    from remit.filesystems.host_files import HostFile

    # C does what the methods of that class do, and no subclass, which may do less.
    if type(file) is not HostFile:
        return None
    return Stream(host, OUTPUT if position.writes else INPUT, position.offset, position.most)
