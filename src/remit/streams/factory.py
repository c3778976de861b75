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
    "bytes, a file object, a host descriptor, a function read(n) -> bytes, DEVNULL, a kernel File, "
    "or (run_async only) an asyncio.StreamReader or an async function"
)
_OUTPUTS = (
    "a file object, a host descriptor, a function write(bytes), DEVNULL, a kernel File, "
    "or (run_async only) an asyncio.StreamWriter or an async function"
)


def input_stream(value: Any, *, name: str = "stdin", asynchronous: bool = False) -> File:
    """What a program can read `value`, given as `name`, through. `asynchronous`: it will run on an asyncio loop.

    TypeError names what is accepted; ValueError for a file or descriptor that is not open, or not for reading.
    """
    if isinstance(value, File):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return NullInput() if value == DEVNULL else HostInput(_open_descriptor(value, name))
    if isinstance(value, str):
        raise TypeError(f"{name} is {value!r} (str): give the bytes to be read, or the open file")
    if isinstance(value, bytes | bytearray | memoryview):
        return BytesInput(value)
    if _is_asyncio(value, "StreamReader"):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.reader_input(value)
    read = getattr(value, "read", None)
    function = read if callable(read) else value
    if not callable(function) or isinstance(value, type):
        raise TypeError(f"{name} cannot be {value!r} ({type(value).__name__}): give {_INPUTS}")
    if is_async(function):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.AsyncInput(function, name=name)
    from remit.streams import python

    if function is not read:
        return python.ReaderInput(function, name=name)
    python.require_open(value, name, writing=False)
    return python.reader_input(value, name)


def output_stream(value: Any, *, name: str = "stdout", asynchronous: bool = False) -> File:
    """What a program can write to `value` through. As :func:`input_stream`."""
    if isinstance(value, File):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return NullOutput() if value == DEVNULL else HostOutput(_open_descriptor(value, name))
    if _is_asyncio(value, "StreamWriter"):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.writer_output(value)
    write = getattr(value, "write", None)
    function = write if callable(write) else value
    if not callable(function) or isinstance(value, type):
        raise TypeError(f"{name} cannot be {value!r} ({type(value).__name__}): give {_OUTPUTS}")
    if is_async(function):
        _require_loop(value, asynchronous)
        from remit.streams import aio

        return aio.AsyncOutput(function, name=name, counts=function is write)
    from remit.streams import python

    if function is not write:
        return python.FunctionOutput(function, name=name)
    python.require_open(value, name, writing=True)
    return python.writer_output(value, name)


def _open_descriptor(descriptor: int, name: str) -> int:
    if descriptor in (_PIPE, _STDOUT):
        given = "PIPE" if descriptor == _PIPE else "STDOUT"
        raise ValueError(f"{name} cannot be {given}: that is understood only where it makes sense")
    try:
        os.fstat(descriptor)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(f"{name} cannot be the descriptor {descriptor}: {why}") from None
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
