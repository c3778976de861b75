"""The four directions of a function type: parameters and result, each lifted and lowered. Made when first used.

Source: ``CanonicalABI.md``, "Lifting and Lowering Values".
"""

from __future__ import annotations

from remit.component.abi.layout import Layouts, UnsupportedType
from remit.component.abi.lift import Lifting
from remit.component.abi.lower import Lowering
from remit.component.abi.source import Block, Namespace, target
from remit.component.types import FuncType, Tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from remit.component.types import ValType


class FunctionCode:
    """The lifting and lowering of one function type, in one representation.

    As functions (``cx`` is a :class:`~remit.component.abi.context.LiftLowerContext`, ``scope`` the LendScope or
    BorrowScope of a call, or None if there are no borrowed handles):

    - ``lift_params(cx, scope, *flat)``: a tuple of values;
    - ``lower_result(cx, scope, value[, address])``: a tuple of flat values; to `address`, if the result is in memory;
    - ``lower_params(cx, scope, values)``: a tuple of flat values;
    - ``lift_result(cx, scope, core)``: the value; `core` is what the core function returned.
    """

    __slots__ = ("_layouts", "_lifting", "_lowering", "_made", "_spilled", "namespace", "params", "type")

    def __init__(
        self, type: FuncType, layouts: Layouts, namespace: Namespace, lifting: Lifting, lowering: Lowering
    ) -> None:
        if type.is_async:
            raise UnsupportedType("async functions are not supported")
        self.type = type
        self.params = tuple(each for _, each in type.params)
        self.namespace = namespace
        self._layouts = layouts
        self._lifting = lifting
        self._lowering = lowering
        self._spilled = Tuple(self.params)
        """What the parameters are where they are too many."""
        self._made: dict[str, Callable[..., Any]] = {}

    def core_type(self, context: Literal["lift", "lower"]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Core parameters and results of the function, exported (lift) or imported (lower)."""
        return self._layouts.flatten_functype(self.type, context)

    @property
    def params_are_spilled(self) -> bool:
        return self._layouts.flatten_types(self.params) is None

    @property
    def result_is_spilled(self) -> bool:
        return self.type.result is not None and len(self._layouts.of(self.type.result).flat or (1, 2)) > 1

    @property
    def has_borrow(self) -> bool:
        return any(self._layouts.of(type).has_borrow for type in self.params)

    @property
    def has_own(self) -> bool:
        """Among the parameters."""
        return any(self._layouts.of(type).has_own for type in self.params)

    # Code.

    def lift_params_code(self, block: Block, parts: list[str]) -> list[str]:
        """Expressions for the arguments, in calls (one may be ``*several``)."""
        self._begin(block, self.params, spilled=self.params_are_spilled)
        if self.params_are_spilled:
            address = block.name()
            block.add(f"{address} = {parts[0]} & 4294967295")
            return [f"*{self._lifting.load(block, self._spilled, address)}"]
        rest = iter(parts)
        return [self._lifting.lift_flat(type, rest) for type in self.params]

    def lift_result_code(self, block: Block, core: str) -> str:
        """An expression for the value; `core` is a variable."""
        result = self.type.result
        if result is None:
            return "None"
        self._begin(block, (result,), spilled=self.result_is_spilled)
        if self.result_is_spilled:
            block.add(f"{core} &= 4294967295")
            return self._lifting.load(block, result, core)
        return self._lifting.lift_flat(result, iter([core]))

    def lower_params_code(self, block: Block, values: list[str]) -> list[str]:
        """Expressions for the flat values of the variables `values`."""
        if self.params_are_spilled:
            layout = self._layouts.of(self._spilled)
            address, value = block.names(2)
            block.add(f"{address} = _cx.allocate({layout.alignment}, {layout.size})")
            block.add(f"{value} = ({target(values)})")
            block.add(f"_cx.write({address}, {self._lowering.store(block, self._spilled, value)})")
            return [f"({address} if {address} < 2147483648 else {address} - 4294967296)"]
        return [
            part
            for type, value in zip(self.params, values, strict=True)
            for part in self._lowering.lower_flat(block, type, value)
        ]

    def lower_result_code(self, block: Block, value: str, address: str) -> list[str]:
        """Expressions for the flat values of the variable `value`; none if it is stored at the variable `address`."""
        result = self.type.result
        if result is None:
            return []
        if not self.result_is_spilled:
            return self._lowering.lower_flat(block, result, value)
        layout = self._layouts.of(result)
        block.add(f"{address} &= 4294967295")
        block.add(f"if {address} & {layout.alignment - 1} or {address} + {layout.size} > _cx.memory.size:")
        block.add(f"    _outside('pointer', {address}, {layout.size}, {layout.alignment}, _cx.memory.size)")
        block.add(f"_cx.write({address}, {self._lowering.store(block, result, value)})")
        return []

    def _begin(self, block: Block, types: tuple[ValType, ...], *, spilled: bool) -> None:
        """What lifting `types` needs."""
        has_pointer = any(self._layouts.of(type).has_pointer for type in types)
        block.add("_view = _cx.memory.view()" if has_pointer or spilled else "_view = None")
        if has_pointer:
            block.add("_cx.left = _cx.max_lifted")

    # Functions.

    @property
    def lift_params(self) -> Callable[..., Any]:
        return self._made.get("lift_params") or self._make("lift_params")

    @property
    def lift_result(self) -> Callable[..., Any]:
        return self._made.get("lift_result") or self._make("lift_result")

    @property
    def lower_params(self) -> Callable[..., Any]:
        return self._made.get("lower_params") or self._make("lower_params")

    @property
    def lower_result(self) -> Callable[..., Any]:
        return self._made.get("lower_result") or self._make("lower_result")

    def _make(self, direction: str) -> Callable[..., Any]:
        with self.namespace.lock:
            made = self._made.get(direction)
            if made is None:
                made = self._made[direction] = self._make_locked(direction)
            return made

    def _make_locked(self, direction: str) -> Callable[..., Any]:
        block = Block()
        params = ["_cx", "_scope"]
        if direction == "lift_params":
            core = self.core_type("lift")[0]
            names = block.names(len(core))
            params += names
            values = self.lift_params_code(block, names)
            block.add(f"return ({target(values)})" if values else "return ()")
        elif direction == "lift_result":
            params.append("_core")
            block.add(f"return {self.lift_result_code(block, '_core')}")
        elif direction == "lower_params":
            params.append("_values")
            names = block.names(len(self.params))
            if names:
                block.add(f"{target(names)} = _values")
            flat = self.lower_params_code(block, names)
            block.add(f"return ({target(flat)})" if flat else "return ()")
        else:
            params += ["_value", "_address=0"]
            flat = self.lower_result_code(block, "_value", "_address")
            block.add(f"return ({target(flat)})" if flat else "return ()")
        return self.namespace.define(self.namespace.fresh(direction), params, block.lines)
