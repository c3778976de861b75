"""What the modules that ``remit bindings`` writes are made of; see :mod:`remit.component.bindings.text`.

Such a module has a class for each record, variant, enum and flags type of a component, and :class:`Bindings` has the
component use them.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeAlias, TypedDict

from remit.component.bindings.digest import digest
from remit.component.guest_resources import AsyncGuestResource, GuestResource
from remit.component.types import InstanceType, ResourceType, TypeBound
from remit.component.values.flags import Flags as _Flags
from remit.component.values.flags import set_constants
from remit.component.values.names import class_name
from remit.component.values.naming import NAMED
from remit.component.values.records import Record
from remit.component.values.variants import EmptyCase, PayloadCase, index_cases
from remit.component.values.variants import Variant as _Variant
from remit.engine.api import LinkError
from remit.runtime.components.instance import AsyncComponentInstance, ComponentInstance
from remit.runtime.components.program import Component
from remit.runtime.program import is_component, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.types import ExternType

__all__ = [
    "AsyncResource",
    "Bindings",
    "EmptyCase",
    "Enum",
    "Flags",
    "LoadOptions",
    "PayloadCase",
    "Record",
    "Resource",
    "Source",
    "Variant",
]

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview


class LoadOptions(TypedDict, total=False):
    """The options of :func:`remit.load`. `imports` are those that the module's ``load`` has no parameter for."""

    imports: Mapping[str, Any] | None
    fuel: bool
    gc: bool
    cache: bool
    name: str | None


class Enum(enum.Enum):
    """The base of enums. A member's value is its label in the component."""

    members: ClassVar[tuple[Any, ...]]
    index: int

    @property
    def label(self) -> str:
        return str(self.value)

    def __str__(self) -> str:
        return self.label

    @classmethod
    def ready(cls) -> None:
        """Let values be converted by it."""
        cls.members = tuple(cls)
        for index, member in enumerate(cls.members):
            member.index = index


class Flags(_Flags):
    """The base of flags: ``Mode.READ | Mode.WRITE``, ``Mode.READ in mode``."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        set_constants(cls)


class Variant(_Variant):
    """The base of variants: a class for each case is in it. A value is of one of those."""

    __slots__ = ()
    cases: ClassVar[tuple[type[_Variant], ...]] = ()

    def __init_subclass__(cls) -> None:
        index_cases(cls, cls.cases)


if TYPE_CHECKING:
    # A component may have a method called ``close``, with any parameters: then `with` is the way to drop the resource.

    class Resource:
        """The base of resources; an instance's own class, of which they are made, is a subclass."""

        def close(self, *arguments: Any, **named: Any) -> Any: ...
        def __enter__(self) -> Self: ...
        def __exit__(self, *error: object) -> None: ...

    class AsyncResource:
        """As :class:`Resource`, of an instance whose functions are awaited."""

        def close(self, *arguments: Any, **named: Any) -> Any: ...
        async def __aenter__(self) -> Self: ...
        async def __aexit__(self, *error: object) -> None: ...

else:

    class Resource(GuestResource):
        """The base of resources; an instance's own class, of which they are made, is a subclass."""

        __slots__ = ()

        def __new__(cls, *arguments, **named):
            raise TypeError(f"a {cls.__name__} is made by an instance: exports(instance)….{cls.__name__}(…)")

    class AsyncResource(AsyncGuestResource):
        """As :class:`Resource`, of an instance whose functions are awaited."""

        __slots__ = ()

        def __new__(cls, *arguments, **named):
            raise TypeError(f"a {cls.__name__} is made by an instance: await exports(instance)….{cls.__name__}.new(…)")


class Bindings:
    """The classes of a module, for the components that it was made for."""

    def __init__(
        self,
        module: str,
        *,
        digest: str,
        imports: Mapping[str, type],
        exports: Mapping[str, type],
        provided: Sequence[str],
    ) -> None:
        """`imports` and `exports` are the classes of interfaces, by name; "" is for what has a plain name.

        `digest` is of all but the imports in `provided`.
        """
        self._module = module
        self._digest = digest
        self._imports = imports
        self._exports = exports
        self._provided = frozenset(provided)

    def load(self, program: Source, given: Mapping[str, Any], options: LoadOptions) -> Component:
        """As :func:`remit.load`. LinkError if it is not a component of the kind."""
        if not is_component(program):
            raise LinkError(f"this program is no component, and {self._module} is of one")
        rest: dict[str, Any] = {**options}
        imports = {**given, **(rest.pop("imports", None) or {})}
        component: Component = load(program, imports=imports or None, **rest)
        whole = component.loaded.component.type
        imported = {name: each for name, each in whole.imports.items() if name not in self._provided}
        if digest(imported, whole.exports) != self._digest:
            raise LinkError(
                f"{component.name} does not import and export what {self._module} was made for: make that again, with "
                "`remit bindings`"
            )
        for externs, classes in ((whole.imports, self._imports), (whole.exports, self._exports)):
            for name, made in classes.items():
                extern = externs.get(name)
                if not name:
                    self._adopt(component, "", externs, made)
                elif isinstance(extern, InstanceType):
                    self._adopt(component, name, extern.exports, made)
        component.bound_by = self
        return component

    def exports(self, of: Component | ComponentInstance | AsyncComponentInstance) -> Any:
        """What `of` exports. TypeError if it was not loaded by :meth:`load`."""
        component = of if isinstance(of, Component) else getattr(of, "component", None)
        if not isinstance(component, Component) or component.bound_by is not self:
            raise TypeError(f"{of!r} was not loaded by {self._module}.load")
        return of.exports

    def _adopt(self, component: Component, interface: str, externs: Mapping[str, ExternType], made: type) -> None:
        for label, bound in externs.items():
            if not isinstance(bound, TypeBound):
                continue
            found: Any = getattr(made, class_name(label), None)
            if isinstance(bound.type, NAMED):
                if issubclass(found, Enum):
                    found.ready()
                component.classes.adopt(bound.type, found)
            elif isinstance(bound.type, ResourceType) and isinstance(found, type) and issubclass(found, GuestResource):
                component.resource_bases[interface, label] = found
