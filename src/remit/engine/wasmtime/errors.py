"""The library's errors and traps as Python exceptions. Each is consumed: the C object is freed here, once."""

from __future__ import annotations

import ctypes

from remit.engine.api import Frame, Trap, printable
from remit.engine.wasmtime import library
from remit.engine.wasmtime.layout import ADDRESS_SPACE, ByteVec, read_pointer, vec_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# wasmtime_trap_code_t, by number (wasmtime/trap.h): the short name, and the sentence for people.
TRAP_CODES: tuple[tuple[str, str], ...] = (
    ("stack_overflow", "call stack exhausted"),
    ("memory_out_of_bounds", "out of bounds memory access"),
    ("heap_misaligned", "misaligned atomic memory access"),
    ("table_out_of_bounds", "out of bounds table access"),
    ("indirect_call_to_null", "indirect call to an empty table element"),
    ("bad_signature", "indirect call to a function of another type"),
    ("integer_overflow", "integer overflow"),
    ("integer_division_by_zero", "integer division by zero"),
    ("bad_conversion_to_integer", "conversion of a float that no integer of this type can represent"),
    ("unreachable", "unreachable code was reached"),
    ("interrupt", "interrupted"),
    ("out_of_fuel", "all fuel is used up"),
    ("atomic_wait_non_shared_memory", "atomic wait on a memory that is not shared"),
    ("null_reference", "null reference"),
    ("array_out_of_bounds", "out of bounds array access"),
    ("allocation_too_large", "allocation too large"),
    ("cast_failure", "cast failure"),
)
UNCAUGHT_EXCEPTION = 49
"""Codes between these belong to the component model, which Remit does not let the library run."""


def take_error_message(error: int) -> str:
    """What the ``wasmtime_error_t`` says, in one line; it is freed."""
    message = ByteVec()
    library.error_message(error, message.address)
    library.error_delete(error)
    return _plain(_take_text(message))


def take_error(error: int) -> Trap:
    """An error that ended a call without being a trap of WebAssembly (a failed allocation, a limit)."""
    frames = _take_frames(library.error_trace, error)
    return Trap(take_error_message(error), "host", frames)


def take_trap(trap: int) -> Trap:
    """The ``wasm_trap_t`` as an exception; it is freed."""
    frames = _take_frames(library.trap_trace, trap)
    message = ByteVec()
    library.trap_message(trap, message.address)
    text = _take_text(message).rstrip("\0")
    code = ctypes.c_uint8()
    has_code = library.trap_code(trap, ctypes.addressof(code))
    library.trap_delete(trap)
    if has_code and code.value < len(TRAP_CODES):
        name, sentence = TRAP_CODES[code.value]
        return Trap(sentence, name, frames)
    if (has_code and code.value == UNCAUGHT_EXCEPTION) or "thrown Wasm exception" in text:
        return Trap("an exception was thrown and not caught", "uncaught_exception", frames)
    return Trap(_plain(text), "host", frames)


def take_frames(error: int, trap: int) -> tuple[Frame, ...]:
    """Where the guest was. Whichever of the two there is, is freed."""
    if trap:
        frames = _take_frames(library.trap_trace, trap)
        library.trap_delete(trap)
        return frames
    frames = _take_frames(library.error_trace, error)
    library.error_delete(error)
    return frames


def drop(error: int | None, trap: int) -> None:
    if trap:
        library.trap_delete(trap)
    if error:
        library.error_delete(error)


def _take_text(message: ByteVec) -> str:
    text = vec_bytes(message.address).decode("utf-8", "replace")
    library.byte_vec_delete(message.address)
    return text


def _plain(text: str) -> str:
    """The library prints context, backtrace and numbered causes; the first and the last of them are the news."""
    lines = [line.strip() for line in text.splitlines()]
    if "Caused by:" in lines:
        causes = [_without_number(line) for line in lines[lines.index("Caused by:") + 1 :] if line]
        if causes:
            news = causes[0] if len(causes) == 1 else f"{causes[0]}: {causes[-1]}"
            text = news if lines[0].startswith("error while executing") else f"{lines[0]}: {news}"
    # The library quotes names of the module as they are.
    return "\n".join(map(printable, text.strip().split("\n")))


def _without_number(cause: str) -> str:
    number, colon, text = cause.partition(": ")
    return text if colon and number.isdigit() else cause


def _take_frames(trace: Callable[..., None], source: int) -> tuple[Frame, ...]:
    vector = ByteVec()
    trace(source, vector.address)
    count, items = vector.parts
    frames = []
    for index in range(count):
        [frame] = read_pointer(ADDRESS_SPACE, items + 8 * index)
        frames.append(
            Frame(
                _name(library.frame_func_name(frame)),
                library.frame_func_index(frame),
                _name(library.frame_module_name(frame)),
                library.frame_module_offset(frame),
            )
        )
    library.frame_vec_delete(vector.address)
    return tuple(frames)


def _name(vector: int | None) -> str | None:
    return None if vector is None else vec_bytes(vector).decode("utf-8", "replace")
