"""The caller's own functions, given for what programs import: what modules and components ask of them alike."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def wants_instance(function: Callable[..., Any]) -> bool:
    """Whether it is marked by :func:`remit.with_instance`."""
    return bool(getattr(function, "__remit_wants_instance__", False))


def arity_problem(function: Callable[..., Any], count: int) -> str | None:
    """Why `function` cannot be called with so many arguments of the program's, if it says that."""
    import inspect  # 10 ms, for those who give functions of their own

    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return None  # a built-in function that does not tell
    try:
        signature.bind(*[None] * (count + wants_instance(function)))
    except TypeError as error:
        return str(error)
    return None
