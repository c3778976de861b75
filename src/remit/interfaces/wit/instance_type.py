"""The type of a declared interface, as components know types."""

from __future__ import annotations

from remit.component.types import Borrow, FuncType, InstanceType, Own, ResourceType, Result, TypeBound, ValType
from remit.interfaces.wit.declaration import functions_of
from remit.interfaces.wit.type_text import parse_function, parse_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.component.types import ExternType
    from remit.interfaces.wit.declaration import Declared, Interface


class InstanceTypes:
    """Makes the types of interfaces, each once, so that a resource type is one and the same wherever it is used."""

    __slots__ = ("_find", "_made")

    def __init__(self, find: Callable[[str], type[Interface]]) -> None:
        """`find` gives the class of an interface by its name. KeyError if there is none."""
        self._find = find
        self._made: dict[type[Interface], tuple[InstanceType, dict[str, ValType | ResourceType]]] = {}

    def of(self, interface: type[Interface]) -> InstanceType:
        """TypeTextError or KeyError for a declaration that is wrong."""
        return self._of(interface)[0]

    def _of(self, interface: type[Interface]) -> tuple[InstanceType, dict[str, ValType | ResourceType]]:
        known = self._made.get(interface)
        if known is not None:
            return known
        named: dict[str, ValType | ResourceType] = {each.name: ResourceType(each.name) for each in interface.resources}
        for name, origin in interface.uses.items():
            where, _, their_name = origin.partition(".")
            named[name] = self._of(self._find(where))[1][their_name or name]
        exports: dict[str, ExternType] = {}
        for name, text in interface.types.items():
            # A name alone is another name for the same, which for a resource is no type of values.
            named[name] = named[text] if text in named else parse_type(text, named.__getitem__)
        fresh = {each.name for each in interface.resources}
        for name, each in named.items():
            exports[name] = TypeBound(each, fresh=name in fresh)
        for name, (_, resource, declared) in functions_of(interface).items():
            exports[name] = _function(declared, resource.name if resource else "", named)
        made = self._made[interface] = (InstanceType(exports), named)
        return made


def _function(declared: Declared, resource: str, named: dict[str, ValType | ResourceType]) -> FuncType:
    self_type = None
    if declared.kind == "method":
        found = named[resource]
        assert isinstance(found, ResourceType)
        self_type = Borrow(found)
    type = parse_function(declared.text, named.__getitem__, self_type)
    if declared.kind != "constructor":
        return type
    made = named[declared.resource]
    assert isinstance(made, ResourceType)
    result = type.result
    if result is None:
        result = Own(made)
    elif isinstance(result, Result) and result.ok is None:
        result = Result(Own(made), result.error)
    return FuncType(type.params, result)
