"""Functions of the host's that a component imports, and exports again: no guest is entered by a call."""

from __future__ import annotations

from remit.binary.wording import arguments_wanted
from remit.component.abi.layout import Layouts
from remit.component.guest_resources import host_object
from remit.component.values.normal import normal
from remit.runtime.components.exports import ExportedFunction, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.instances import HostFunction
    from remit.component.types import Borrow, FuncType, Own
    from remit.runtime.components.exports import Caller


class HandedOn(ExportedFunction):
    """Called, and answered, with values as a guest would hand them on."""

    __slots__ = ("_handed", "_type")

    def __init__(self, caller: Caller, name: str, function: HostFunction, type: FuncType) -> None:
        """UnsupportedType if it has values that Remit does not carry."""
        Layouts().flatten_functype(type, "lift")
        function.pair(caller.classes, type)
        self._caller = caller
        self._name = name
        self._handed = function
        self._type = type

    @property
    def type(self) -> FuncType:
        return self._type

    def __call__(self, /, *arguments: Any, **named: Any) -> Any:
        """As :meth:`ExportedFunction.__call__`. The host's function may give no other values than its type says,
        either: they are errors of the same kinds."""
        if named:
            arguments = self._by_position(arguments, named)
        params, classes = self._type.params, self._caller.classes
        if len(arguments) != len(params):
            raise TypeError(arguments_wanted([label for label, _ in params], len(arguments)))
        given = [
            normal(classes, f'argument "{label}"', type, value, self._handle)
            for (label, type), value in zip(params, arguments, strict=True)
        ]
        return self._caller.invoke_host(self._name, self._handed.function, tuple(given), self._finish)

    def _finish(self, value: Any) -> Any:
        result = self._type.result
        if result is None:
            return None
        return unwrapped(self._type, normal(self._caller.classes, "the result", result, value, self._handle))

    def _handle(self, type: Own | Borrow, value: Any) -> Any:
        """The host's own object is what stands for a resource of the host's on either side."""
        resource = self._caller.resource_of(type.resource)
        return value if resource is None else host_object(resource, value)
