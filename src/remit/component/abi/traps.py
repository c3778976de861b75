"""The guest broke a rule of the canonical ABI."""

from __future__ import annotations

from remit.component.abi.limits import MAX_LIST_BYTE_LENGTH, MAX_STRING_BYTE_LENGTH
from remit.engine.api import Trap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def trap(reason: str) -> NoReturn:
    raise Trap(reason, "canonical_abi")


def trap_if(condition: object, reason: str) -> None:
    if condition:
        trap(reason)


def bad_case(index: int, count: int) -> NoReturn:
    trap(f"invalid variant discriminant: {index & 0xFFFFFFFF} of {count} cases")


def list_outside(address: int, byte_length: int, alignment: int, memory_size: int) -> NoReturn:
    """Say which rule a list breaks."""
    if byte_length > MAX_LIST_BYTE_LENGTH:
        trap(f"list too long: {byte_length} bytes, where {MAX_LIST_BYTE_LENGTH} are allowed")
    outside("list", address, byte_length, alignment, memory_size)


def string_outside(address: int, byte_length: int, alignment: int, memory_size: int) -> NoReturn:
    """Say which rule a string breaks."""
    if byte_length > MAX_STRING_BYTE_LENGTH:
        trap(f"string too long: {byte_length} bytes, where {MAX_STRING_BYTE_LENGTH} are allowed")
    outside("string", address, byte_length, alignment, memory_size)


def outside(what: str, address: int, byte_length: int, alignment: int, memory_size: int) -> NoReturn:
    """`what` lies where it may not: not aligned, or beyond the end."""
    if address % alignment:
        trap(f"{what} pointer not aligned: {address:#x} is not a multiple of {alignment}")
    trap(f"{what} out of bounds of memory: {byte_length} bytes at {address:#x} of {memory_size:#x}")


def lifted_too_much(limit: int) -> NoReturn:
    trap(f"values too large: those of one call would take more than {limit} bytes in the host")
