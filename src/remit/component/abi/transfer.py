"""Calls from component to component: lifted out of one memory, lowered into the other, without Python's values.

Source: ``CanonicalABI.md``, ``canon_lift`` called through ``canon_lower``.
"""

from __future__ import annotations

from remit.component.abi.traps import trap_if
from remit.component.handles import BorrowScope, LendScope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.component.abi.context import LiftLowerContext
    from remit.component.abi.function import FunctionCode


def transfer(
    lower: FunctionCode,
    lower_cx: LiftLowerContext,
    lift: FunctionCode,
    lift_cx: LiftLowerContext,
    core: Callable[..., Any],
    post_return: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """The function `core` of one component for another one to call.

    `lower` and `lower_cx` are the caller's ``canon lower``, `lift` and `lift_cx` the callee's ``canon lift``; the
    function types are equal but for the resource types, which each side knows by its own. The codes are those of
    ``Compiler.transit``. What is returned takes the engine's caller and signed core values.
    """
    caller, callee = lower_cx.instance, lift_cx.instance
    lift_params, lower_params = lower.lift_params, lift.lower_params
    lift_result, lower_result = lift.lift_result, lower.lower_result
    has_borrow = lower.has_borrow
    result_is_spilled = lower.result_is_spilled
    has_result = lower.type.result is not None

    def adapter(_caller: object, *flat: Any) -> Any:
        trap_if(not caller.may_leave, "cannot leave component instance")
        callee.enter_from(caller)
        lends = LendScope() if has_borrow else None
        borrows = BorrowScope() if has_borrow else None
        address = 0
        if result_is_spilled:
            *flat, address = flat  # type: ignore[assignment]  # a list serves as well
        values = lift_params(lower_cx, lends, *flat)
        core_result = core(*lower_params(lift_cx, borrows, values))
        value = lift_result(lift_cx, None, core_result)
        if borrows is not None:
            borrows.end()
        lowered = lower_result(lower_cx, None, value, address)
        if post_return is not None:
            callee.may_leave = False
            post_return(*([core_result] if has_result else []))
            callee.may_leave = True
        callee.leave_to(caller)
        if lends is not None:
            lends.end()
        return lowered[0] if lowered else None

    return adapter
