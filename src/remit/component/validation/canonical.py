"""``canon lift`` and ``canon lower``: what a function's core side must look like (``CanonicalABI.md``, "Canonical
Definitions")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.types import FuncType as CoreFuncType
from remit.component.abi.limits import MAX_FLAT_RESULTS
from remit.component.types import FuncType
from remit.component.validated import Lift, Lower
from remit.component.validation.errors import ValidationError, shown
from remit.component.validation.options import read_options
from remit.component.validation.scope import Scope, append, look_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.types import ValType
    from remit.component.validated import CanonicalOptions

MAX_FLAT_ASYNC_PARAMS = 4
_LIFT_OPTIONS = ("string-encoding", "memory", "realloc", "post-return", "async", "callback")
_LOWER_OPTIONS = ("string-encoding", "memory", "realloc", "async", "post-return", "callback")


class Needs:
    """What a canonical definition needs, given its types."""

    __slots__ = ("memory", "realloc")

    def __init__(self) -> None:
        self.memory = False
        self.realloc = False

    def check(self, options: CanonicalOptions, offset: int) -> None:
        if (self.memory or self.realloc) and options.memory is None:
            raise ValidationError("canonical option `memory` is required", offset)
        if self.realloc and options.realloc is None:
            raise ValidationError("canonical option `realloc` is required", offset)


def add_lift(scope: Scope, node: syntax.Lift) -> None:
    core_type, core_slot = look_up(scope.core_funcs, node.function, "core function", node.offset)
    type = look_up(scope.types, node.type, "type", node.offset)
    if not isinstance(type, FuncType):
        raise ValidationError(f"type index {node.type} is not a function type", node.offset)
    options = read_options(scope, node.options, _LIFT_OPTIONS, "liftings")
    _check_async(options, type, node.offset)
    needs = Needs()
    flat = _flatten_lift(scope, type, options, needs)
    needs.check(options, node.offset)
    if core_type.params != flat.params:
        problem = f"lowered parameter types {_listed(flat.params)} do not match parameter types"
        raise ValidationError(f"{problem} {_listed(core_type.params)} of core function {node.function}", node.offset)
    if core_type.results != flat.results:
        problem = f"lowered result types {_listed(flat.results)} do not match result types"
        raise ValidationError(f"{problem} {_listed(core_type.results)} of core function {node.function}", node.offset)
    for option in node.options:
        if option.keyword == "post-return":
            after, _ = scope.core_funcs[option.index or 0]
            if after.params != flat.results or after.results:
                problem = "canonical option `post-return` uses a core function with an incorrect signature"
                raise ValidationError(f"{problem}: {shown(after)}", option.offset)
    slot = scope.slot("func")
    scope.step(Lift(slot, core_slot, scope.shared.resolution.func(type), options, flat), node.offset)
    append(scope.funcs, (type, slot), "function", node.offset)


def _flatten_lift(scope: Scope, type: FuncType, options: CanonicalOptions, needs: Needs) -> CoreFuncType:
    facts = scope.shared.facts
    params = facts.flatten([param for _, param in type.params])
    needs.realloc = params is None or any(facts.of(param).has_pointer for _, param in type.params)
    results: tuple[str, ...] | None = ()
    if type.result is not None:
        results = facts.of(type.result).flat
        needs.memory = facts.of(type.result).has_pointer
    if options.is_async:
        needs.memory = needs.memory or results is None
        results = () if options.callback is None else ("i32",)
    elif results is None or len(results) > MAX_FLAT_RESULTS:
        needs.memory = True
        results = ("i32",)
    return CoreFuncType(("i32",) if params is None else params, results)


def add_lower(scope: Scope, node: syntax.Lower) -> None:
    type, func_slot = look_up(scope.funcs, node.function, "function", node.offset)
    for option in node.options:
        if option.keyword in ("post-return", "callback"):
            problem = f"canonical option `{option.keyword}` cannot be specified for lowerings"
            raise ValidationError(problem, option.offset)
    options = read_options(scope, node.options, _LOWER_OPTIONS, "lowerings")
    _check_async(options, type, node.offset)
    needs = Needs()
    flat = _flatten_lower(scope, type, options, needs)
    needs.check(options, node.offset)
    slot = scope.slot("core func")
    scope.step(Lower(slot, func_slot, scope.shared.resolution.func(type), options, flat), node.offset)
    append(scope.core_funcs, (flat, slot), "core function", node.offset)


def _flatten_lower(scope: Scope, type: FuncType, options: CanonicalOptions, needs: Needs) -> CoreFuncType:
    params = lower_params(scope, [param for _, param in type.params], options, needs)
    if type.result is None:
        return CoreFuncType(params, ("i32",) if options.is_async else ())
    facts = scope.shared.facts.of(type.result)
    needs.realloc = facts.has_pointer
    if options.is_async:
        # The specification asks for a memory even where none is used; its tests, and wasmtime, do not.
        needs.memory = True
        return CoreFuncType((*params, "i32"), ("i32",))
    if facts.flat is None or len(facts.flat) > MAX_FLAT_RESULTS:
        needs.memory = True
        return CoreFuncType((*params, "i32"), ())
    return CoreFuncType(params, facts.flat)


def lower_params(scope: Scope, types: list[ValType], options: CanonicalOptions, needs: Needs) -> tuple[str, ...]:
    """The core parameters in which a guest gives values of these types."""
    facts = scope.shared.facts
    flat = facts.flatten(types)
    needs.memory = any(facts.of(type).has_pointer for type in types)
    if flat is None or (options.is_async and len(flat) > MAX_FLAT_ASYNC_PARAMS):
        needs.memory = True
        return ("i32",)
    return flat


def _check_async(options: CanonicalOptions, type: FuncType, offset: int) -> None:
    if options.is_async and not type.is_async:
        raise ValidationError("the `async` canonical option requires an async function type", offset)


def _listed(types: tuple[str, ...]) -> str:
    return shown(f"[{', '.join(types)}]")
