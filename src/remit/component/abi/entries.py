"""Calls between a guest and Python: one made function for all of a call, from core values to core values.

Source: ``CanonicalABI.md``, ``canon_lift`` and ``canon_lower``, for functions that are not async.
"""

from __future__ import annotations

import struct

from remit.binary.wording import arguments_wanted
from remit.component.abi.source import Block, target
from remit.component.abi.traps import trap
from remit.component.handles import BorrowScope, LendScope
from remit.component.values.names import python_name
from remit.engine.api import Pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.component.abi.context import LiftLowerContext
    from remit.component.abi.function import FunctionCode
    from remit.component.values.classes import Classes
    from remit.engine.api import Store

MISTAKES = (TypeError, ValueError, OverflowError, AttributeError, KeyError, struct.error)
"""What made code raises for a value that is none of its type."""


def _later(
    pending: Pending,
    finish: Callable[..., Any],
    cx: LiftLowerContext,
    scope: LendScope | None,
    address: int,
    caller: Store,
) -> Any:
    """The host function waits; its result is lowered when it is there."""
    if cx.wait is not None:
        return finish(cx, scope, cx.wait(caller, pending), address)

    def resume() -> Any:
        value = pending.resume()
        if type(value) is Pending:
            return _later(value, finish, cx, scope, address, caller)
        return finish(cx, scope, value, address)

    return Pending(pending.wait_for, resume)


_HELPERS: dict[str, Any] = {
    "_Pending": Pending,
    "_later": _later,
    "_trap": trap,
    "_LendScope": LendScope,
    "_BorrowScope": BorrowScope,
    "_MISTAKES": MISTAKES,
}


class Entries:
    """What the calls of one function type are made of. A function is made once, and bound for each instance."""

    __slots__ = ("_bind_export", "_bind_import", "_classes", "_code")

    def __init__(self, code: FunctionCode, classes: Classes) -> None:
        self._code = code
        self._classes = classes
        self._bind_import: Callable[..., Any] | None = None
        self._bind_export: Callable[..., Any] | None = None

    def lower(self, cx: LiftLowerContext, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, of Python values, for a guest to call: ``canon lower``.

        What is returned takes the engine's caller and signed core values. `function` gives what the type says; for a
        ``result`` see :func:`remit.component.values.results.resulting`. A value of another type is a TypeError,
        ValueError or OverflowError that names the wrong part; like all exceptions it ends the guest.
        UnsupportedType at once if the type has values that Remit does not carry. It may return
        :class:`~remit.engine.api.Pending`, whose `resume` gives the result, where the engine allows that.
        """
        if self._bind_import is None:
            self._code.core_type("lower")
            return _deferred(lambda: self.bound_import(cx, function))
        bound: Callable[..., Any] = self._bind_import(cx, function, self._finish)
        return bound

    def bound_import(self, cx: LiftLowerContext, function: Callable[..., Any]) -> Callable[..., Any]:
        """As :meth:`lower`, made now."""
        with self._code.namespace.lock:
            if self._bind_import is None:
                self._bind_import = self._make_import()
        bound: Callable[..., Any] = self._bind_import(cx, function, self._finish)
        return bound

    def lift(
        self, cx: LiftLowerContext, core: Callable[..., Any], post_return: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """The guest's function `core` for Python to call: ``canon lift``.

        What is returned takes Python values by position or name. A wrong argument is a TypeError, ValueError or
        OverflowError that names it, and the guest is not called.
        """
        with self._code.namespace.lock:
            if self._bind_export is None:
                self._bind_export = self._make_export()
        bound: Callable[..., Any] = self._bind_export(cx, core, post_return)
        return bound

    @property
    def code(self) -> FunctionCode:
        """Lifting and lowering of its own."""
        return self._code

    def wrong_argument(self, arguments: tuple[Any, ...]) -> Exception | None:
        """What is wrong with the arguments of a call, as far as it must be known before any is given away."""
        params = self._code.type.params
        if len(arguments) != len(params):
            return TypeError(arguments_wanted([label for label, _ in params], len(arguments)))
        return self._explain(self._places(), None, arguments) if self._code.has_own else None

    def explained(self, error: Exception, arguments: tuple[Any, ...]) -> Exception:
        """`error`, which lowering the arguments raised, with the place of what is wrong."""
        return self._explain(self._places(), error, arguments) or error

    def _places(self) -> list[tuple[str, Any]]:
        return [(f'argument "{label}"', type) for label, type in self._code.type.params]

    def _make_import(self) -> Callable[..., Any]:
        code = self._code
        code.namespace.values.update(_HELPERS)
        core_params, _ = code.core_type("lower")
        block = Block()
        names = block.names(len(core_params))
        block.indent(f"def _core({', '.join(['_caller', *names])}):")
        block.add("if not _cx.instance.leave[0]: _trap('cannot leave component instance')")
        block.add(f"_scope = {'_LendScope()' if code.has_borrow else 'None'}")
        parts = names[:-1] if code.result_is_spilled else names
        arguments = code.lift_params_code(block, parts)
        call = f"_function({', '.join(arguments)})"
        address = names[-1] if code.result_is_spilled else "0"
        block.add(f"_value = _result = {call}")
        block.add(f"if _type(_value) is _Pending: return _later(_value, _finish, _cx, _scope, {address}, _caller)")
        flat: list[str] = []
        if code.type.result is not None:
            block.indent("try:")
            flat = code.lower_result_code(block, "_value", names[-1] if names else "")
            if flat:
                block.add(f"_flat = {flat[0]}")
            block.dedent()
            block.add("except _MISTAKES as _error:")
            explainer = self._explainer([("the result", code.type.result)])
            block.add(f"    raise {explainer}(_error, (_result,)) from None")
        if code.has_borrow:
            block.add("_scope.end()")
        block.add("return _flat" if flat else "return None")
        block.dedent()
        block.add("return _core")
        name = code.namespace.fresh("import")
        return code.namespace.define(name, ["_cx", "_function", "_finish"], block.lines)

    def _finish(self, cx: LiftLowerContext, scope: LendScope | None, value: Any, address: int) -> Any:
        """Lower a result that came later."""
        result = self._code.type.result
        try:
            flat = self._code.lower_result(cx, None, value, address)
        except MISTAKES as error:
            raise self._explain([("the result", result)], error, (value,)) or error from None
        if scope is not None:
            scope.end()
        return flat[0] if flat else None

    def _make_export(self) -> Callable[..., Any]:
        code = self._code
        code.namespace.values.update(_HELPERS)
        block = Block()
        labels = [label for label, _ in code.type.params]
        names = [python_name(label) for label in labels]
        values = block.names(len(names))
        block.indent(f"def _call({', '.join(names)}):")
        places = self._places()
        if code.has_own:
            # What is given away cannot be taken back when a later argument is wrong, so that is found out before.
            block.add(f"_wrong = {self._explainer(places)}(None, ({target(names)}))")
            block.add("if _wrong is not None: raise _wrong")
        block.add("_instance = _cx.instance")
        block.add("_instance.enter_from(None)")
        block.add(f"_scope = {'_BorrowScope()' if code.has_borrow else 'None'}")
        flat: list[str] = []
        if names:
            block.indent("try:")
            block.add(f"{target(values)} = {target(names)}")
            flat = code.lower_params_code(block, values)
            block.add(f"_flat = ({target(flat)})")
            block.dedent()
            block.indent("except _MISTAKES as _error:")
            block.add("_instance.leave_to(None)")
            block.add(f"raise {self._explainer(places)}(_error, ({target(names)})) from None")
            block.dedent()
        has_result = code.type.result is not None
        block.add(f"_result = _core({'*_flat' if flat else ''})")
        if has_result:
            block.add("_lifted = _result")
        block.add(f"_value = {code.lift_result_code(block, '_lifted')}")
        if code.has_borrow:
            block.add("_scope.end()")
        block.indent("if _post_return is not None:")
        block.add("_instance.leave[0] = False")
        block.add(f"_post_return({'_result' if has_result else ''})")
        block.add("_instance.leave[0] = True")
        block.dedent()
        block.add("_instance.leave_to(None)")
        block.add("return _value")
        block.dedent()
        block.add("return _call")
        name = code.namespace.fresh("export")
        return code.namespace.define(name, ["_cx", "_core", "_post_return"], block.lines)

    def _explainer(self, places: list[tuple[str, Any]]) -> str:
        name = self._code.namespace.fresh("explained")
        self._code.namespace.values[name] = lambda error, values: self._explain(places, error, values)
        return name

    def _explain(
        self, places: list[tuple[str, Any]], error: Exception | None, values: tuple[Any, ...]
    ) -> Exception | None:
        from remit.component.values.explain import explain

        for (place, type), value in zip(places, values, strict=True):
            found = explain(self._classes, error, place, type, value)
            if found is not error:
                return found
        return error


def _deferred(make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    """A function that is made when it is first called: programs import many that they never call."""
    made: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal made
        if made is None:
            made = make()
        return made(*arguments)

    return call
