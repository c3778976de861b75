"""Canonical built-ins: what a component calls to manage its resources, and its calls.

Source: ``CanonicalABI.md``, "Canonical Definitions".
"""

from __future__ import annotations

from remit.component.abi.layout import UnsupportedType
from remit.component.abi.traps import trap_if
from remit.component.handles import canon_resource_drop, canon_resource_new, canon_resource_rep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.component.handles import Resource
    from remit.component.instance_state import ComponentInstance
    from remit.component.types import ResourceType
    from remit.component.validated import BuiltIn

    HostCode = Callable[..., Any]
    Dropping = Callable[[Resource, Any, Callable[[], None]], None]
    """Gets the resource type, what stands for the resource, and what drops the handle."""

MAX_BACKPRESSURE = (1 << 16) - 1


class UnsupportedBuiltIn(UnsupportedType):
    """A canonical built-in that Remit does not have."""


def built_in(
    state: ComponentInstance,
    step: BuiltIn,
    resources: Mapping[ResourceType, Resource],
    dropping: Dropping | None = None,
) -> HostCode:
    """The function for `step`: it takes the engine's caller, then signed core values.

    `dropping` is told of each drop of a resource of the host's, and does it.
    """
    make = _RESOURCES.get(step.name)
    if make is not None:
        assert step.resource is not None
        resource = resources[step.resource]
        if dropping is not None and resource.impl is None and step.name == "resource.drop":
            return _watched_drop(state, resource, dropping)
        return make(state, resource)
    return _OTHERS.get(step.name, _unsupported)(state, step)


def _resource_new(state: ComponentInstance, resource: Resource) -> HostCode:
    return lambda _, rep: canon_resource_new(state, resource, rep)


def _resource_rep(state: ComponentInstance, resource: Resource) -> HostCode:
    return lambda _, index: canon_resource_rep(state, resource, index)


def _resource_drop(state: ComponentInstance, resource: Resource) -> HostCode:
    return lambda _, index: canon_resource_drop(state, resource, index)


def _watched_drop(state: ComponentInstance, resource: Resource, dropping: Dropping) -> HostCode:
    def call(_: object, index: int) -> None:
        rep = canon_resource_rep(state, resource, index)
        dropping(resource, rep, lambda: canon_resource_drop(state, resource, index))

    return call


_RESOURCES: dict[str, Callable[[ComponentInstance, Resource], HostCode]] = {
    "resource.new": _resource_new,
    "resource.rep": _resource_rep,
    "resource.drop": _resource_drop,
}


def _context_get(state: ComponentInstance, step: BuiltIn) -> HostCode:
    place = step.immediate
    return lambda _: state.context[place]


def _context_set(state: ComponentInstance, step: BuiltIn) -> HostCode:
    place = step.immediate

    def call(_: object, value: int) -> None:
        first, second = state.context
        state.context = (first, value) if place else (value, second)

    return call


def _backpressure_inc(state: ComponentInstance, _: BuiltIn) -> HostCode:
    def call(_: object) -> None:
        trap_if(state.backpressure == MAX_BACKPRESSURE, "backpressure counter overflow")
        state.backpressure += 1

    return call


def _backpressure_dec(state: ComponentInstance, _: BuiltIn) -> HostCode:
    def call(_: object) -> None:
        trap_if(state.backpressure == 0, "backpressure counter underflow")
        state.backpressure -= 1

    return call


def _unsupported(state: ComponentInstance, step: BuiltIn) -> HostCode:
    """Refused when it is called: toolchains import more than programs use."""

    def call(*_: object) -> Any:
        trap_if(not state.may_leave, "cannot leave component instance")
        raise UnsupportedBuiltIn(f"the built-in {step.name} is not supported")

    return call


_OTHERS: dict[str, Callable[[ComponentInstance, BuiltIn], HostCode]] = {
    "context.get": _context_get,
    "context.set": _context_set,
    "backpressure.inc": _backpressure_inc,
    "backpressure.dec": _backpressure_dec,
}
