"""``result`` and nested ``option`` in Python, and results as what a function returns or raises.

::

    match value:
        case Ok(contents): ...
        case Err(ErrorCode.NO_ENTRY): ...
"""

from __future__ import annotations

from remit.engine.api import Pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Ok:
    """The ``ok`` of a ``result``. Without a payload, `value` is None."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is Ok and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((Ok, self.value))

    def __repr__(self) -> str:
        return f"Ok({self.value!r})" if self.value is not None else "Ok()"


class Err(Exception):
    """The ``error`` of a ``result``. It can be raised: by a function whose result is a ``result``, and by Remit."""

    __match_args__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Err) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((Err, self.value))

    def __repr__(self) -> str:
        return f"Err({self.value!r})" if self.value is not None else "Err()"

    def __str__(self) -> str:
        return "" if self.value is None else str(self.value)


class Some:
    """The ``some`` of an ``option<option<T>>``, where a bare None would be ambiguous."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is Some and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((Some, self.value))

    def __repr__(self) -> str:
        return f"Some({self.value!r})"


def returned(result: Ok | Err) -> Any:
    """What a call whose result is `result` returns; an Err is raised."""
    if type(result) is Ok:
        return result.value
    assert isinstance(result, Err)
    raise result


def resulting(function: Callable[..., Any]) -> Callable[..., Ok | Err | Pending]:
    """`function`, which returns a value or raises Err, now or later, as one that returns a ``result``."""

    def call(*arguments: Any) -> Ok | Err | Pending:
        try:
            value = function(*arguments)
        except Err as error:
            # Its traceback would keep the frames of the call, and what they hold.
            return error.with_traceback(None)
        if type(value) is Pending:
            return Pending(value.wait_for, resulting(value.resume))
        return value if type(value) is Ok or isinstance(value, Err) else Ok(value)

    return call
