"""From what callers hand over as a standard stream to the stream that a program gets."""

from __future__ import annotations

import os
import sys

from remit.kernel.files import File
from remit.streams.host import HostInput, HostOutput
from remit.streams.memory import DEVNULL, BytesInput, NullInput, NullOutput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# As `subprocess` numbers them.
_STDOUT = -2
_PIPE = -1

_INPUTS = (
    "bytes, str, a file object, a host descriptor, a function read(n) -> bytes, DEVNULL, a kernel File, "
    "or (run_async only) an asyncio.StreamReader or an async function"
)
_OUTPUTS = (
    "a file object, a host descriptor, a function write(bytes), DEVNULL, a kernel File, "
    "or (run_async only) an asyncio.StreamWriter or an async function"
)


def input_stream(value: Any, *, asynchronous: bool = False) -> File:
    """What a program can read `value` through. `asynchronous`: it will run on an asyncio loop.

    TypeError names what is accepted; ValueError for a descriptor that is not open.
    """
    if isinstance(value, File):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return NullInput() if value == DEVNULL else HostInput(_open_descriptor(value, "input"))
    if isinstance(value, str):
        return BytesInput(value.encode())
    if isinstance(value, bytes | bytearray | memoryview):
        return BytesInput(value)
    if _is_asyncio(value, "StreamReader"):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.reader_input(value)
    read = getattr(value, "read", None)
    function = read if callable(read) else value
    if not callable(function) or isinstance(value, type):
        raise TypeError(f"a {type(value).__name__} cannot be the input of a program; give it {_INPUTS}")
    if is_async(function):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.AsyncInput(function)
    from remit.streams import python

    return python.reader_input(value) if function is read else python.ReaderInput(function)


def output_stream(value: Any, *, asynchronous: bool = False) -> File:
    """What a program can write to `value` through. As :func:`input_stream`."""
    if isinstance(value, File):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return NullOutput() if value == DEVNULL else HostOutput(_open_descriptor(value, "output"))
    if _is_asyncio(value, "StreamWriter"):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.writer_output(value)
    write = getattr(value, "write", None)
    function = write if callable(write) else value
    if not callable(function) or isinstance(value, type):
        raise TypeError(f"a {type(value).__name__} cannot be the output of a program; give it {_OUTPUTS}")
    if is_async(function):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.AsyncOutput(function)
    from remit.streams import python

    return python.writer_output(value) if function is write else python.FunctionOutput(function)


def _open_descriptor(descriptor: int, what: str) -> int:
    if descriptor in (_PIPE, _STDOUT):
        name = "PIPE" if descriptor == _PIPE else "STDOUT"
        raise ValueError(f"{name} is no stream: `run` understands it where it makes sense, and this {what} is not one")
    try:
        os.fstat(descriptor)
    except OSError as error:
        raise ValueError(f"descriptor {descriptor} cannot be the {what} of a program: {error.strerror}") from None
    return descriptor


def _is_asyncio(value: object, name: str) -> bool:
    asyncio = sys.modules.get("asyncio")  # who has one of its objects has imported it
    return asyncio is not None and isinstance(value, getattr(asyncio, name))


def is_async(function: Any) -> bool:
    """Whether calling it gives a coroutine: a function or method made with ``async def``, also under ``partial``."""
    functools = sys.modules.get("functools")  # as above
    while functools is not None and isinstance(function, functools.partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return code is not None and bool(code.co_flags & 0x80)  # inspect.CO_COROUTINE


def _require_loop(value: object, asynchronous: bool) -> None:
    if not asynchronous:
        raise TypeError(f"a {type(value).__name__} that is asynchronous needs an asyncio loop: use run_async")
