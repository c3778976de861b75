"""The types of the component model, resolved: no indices, no names of other types.

A type is made once for each definition in a component and compared by structure, except for resource types, which are
what they are by identity. Source: component-model ``Explainer.md``, "Type Definitions".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.binary.types import ExternType as CoreExternType


class ValType:
    """The type of a value. Equal ones are structurally equal; resource types inside are compared by identity."""

    __slots__ = ()
    kind: str
    """The keyword of the text format: ``u32``, ``record``, ``own`` and so on."""

    def _key(self) -> tuple[object, ...]:
        return ()

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self._key() == other._key())

    def __hash__(self) -> int:
        return hash((self.kind, self._key()))

    def __repr__(self) -> str:
        return f"<{self}>"


class Primitive(ValType):
    """``bool``, a number, ``char``, ``string`` or ``error-context``. There is one object of each."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def _key(self) -> tuple[object, ...]:
        return (self.kind,)

    def __str__(self) -> str:
        return self.kind


BOOL = Primitive("bool")
S8, U8 = Primitive("s8"), Primitive("u8")
S16, U16 = Primitive("s16"), Primitive("u16")
S32, U32 = Primitive("s32"), Primitive("u32")
S64, U64 = Primitive("s64"), Primitive("u64")
F32, F64 = Primitive("f32"), Primitive("f64")
CHAR = Primitive("char")
STRING = Primitive("string")
ERROR_CONTEXT = Primitive("error-context")
PRIMITIVES = (BOOL, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, CHAR, STRING, ERROR_CONTEXT)


class Record(ValType):
    __slots__ = ("fields",)
    kind = "record"

    def __init__(self, fields: tuple[tuple[str, ValType], ...]) -> None:
        self.fields = fields
        """Labels and types, in order; at least one."""

    def _key(self) -> tuple[object, ...]:
        return self.fields

    def __str__(self) -> str:
        return f"record {{ {', '.join(f'{label}: {type}' for label, type in self.fields)} }}"


class Tuple(ValType):
    __slots__ = ("types",)
    kind = "tuple"

    def __init__(self, types: tuple[ValType, ...]) -> None:
        self.types = types

    def _key(self) -> tuple[object, ...]:
        return self.types

    def __str__(self) -> str:
        return f"tuple<{', '.join(map(str, self.types))}>"


class Variant(ValType):
    __slots__ = ("cases",)
    kind = "variant"

    def __init__(self, cases: tuple[tuple[str, ValType | None], ...]) -> None:
        self.cases = cases
        """Labels and payloads, in order; at least one."""

    def _key(self) -> tuple[object, ...]:
        return self.cases

    def __str__(self) -> str:
        return f"variant {{ {', '.join(label if type is None else f'{label}({type})' for label, type in self.cases)} }}"


class Enum(ValType):
    __slots__ = ("labels",)
    kind = "enum"

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels

    def _key(self) -> tuple[object, ...]:
        return self.labels

    def __str__(self) -> str:
        return f"enum {{ {', '.join(self.labels)} }}"


class Flags(ValType):
    __slots__ = ("labels",)
    kind = "flags"

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels
        """At most 32."""

    def _key(self) -> tuple[object, ...]:
        return self.labels

    def __str__(self) -> str:
        return f"flags {{ {', '.join(self.labels)} }}"


class Option(ValType):
    __slots__ = ("type",)
    kind = "option"

    def __init__(self, type: ValType) -> None:
        self.type = type

    def _key(self) -> tuple[object, ...]:
        return (self.type,)

    def __str__(self) -> str:
        return f"option<{self.type}>"


class Result(ValType):
    __slots__ = ("error", "ok")
    kind = "result"

    def __init__(self, ok: ValType | None, error: ValType | None) -> None:
        self.ok = ok
        self.error = error

    def _key(self) -> tuple[object, ...]:
        return (self.ok, self.error)

    def __str__(self) -> str:
        if self.error is not None:
            return f"result<{self.ok or '_'}, {self.error}>"
        return "result" if self.ok is None else f"result<{self.ok}>"


class List(ValType):
    __slots__ = ("element", "length")
    kind = "list"

    def __init__(self, element: ValType, length: int | None = None) -> None:
        self.element = element
        self.length = length
        """Of a fixed-length list; None for one whose length is part of the value."""

    def _key(self) -> tuple[object, ...]:
        return (self.element, self.length)

    def __str__(self) -> str:
        return f"list<{self.element}>" if self.length is None else f"list<{self.element}, {self.length}>"


class ResourceType:
    """A type of resources: what handles stand for. Two are the same only if they are one object.

    In a validated component it is a static thing: an import or a definition. What it stands for is decided when the
    component is instantiated, anew each time.
    """

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name
        """For messages: the name that it is imported, exported or first known by."""

    def __repr__(self) -> str:
        return f"<resource {self.name or 'without a name'}>"


class Own(ValType):
    __slots__ = ("resource",)
    kind = "own"

    def __init__(self, resource: ResourceType) -> None:
        self.resource = resource

    def _key(self) -> tuple[object, ...]:
        return (id(self.resource),)

    def __str__(self) -> str:
        return f"own<{self.resource.name}>"


class Borrow(ValType):
    __slots__ = ("resource",)
    kind = "borrow"

    def __init__(self, resource: ResourceType) -> None:
        self.resource = resource

    def _key(self) -> tuple[object, ...]:
        return (id(self.resource),)

    def __str__(self) -> str:
        return f"borrow<{self.resource.name}>"


class Stream(ValType):
    __slots__ = ("element",)
    kind = "stream"

    def __init__(self, element: ValType | None) -> None:
        self.element = element

    def _key(self) -> tuple[object, ...]:
        return (self.element,)

    def __str__(self) -> str:
        return "stream" if self.element is None else f"stream<{self.element}>"


class Future(ValType):
    __slots__ = ("element",)
    kind = "future"

    def __init__(self, element: ValType | None) -> None:
        self.element = element

    def _key(self) -> tuple[object, ...]:
        return (self.element,)

    def __str__(self) -> str:
        return "future" if self.element is None else f"future<{self.element}>"


class FuncType:
    """A function between components: values in, at most one value out."""

    __slots__ = ("is_async", "params", "result")

    def __init__(
        self, params: tuple[tuple[str, ValType], ...], result: ValType | None = None, *, is_async: bool = False
    ) -> None:
        self.params = params
        """Labels and types, in order."""
        self.result = result
        self.is_async = is_async

    def __str__(self) -> str:
        params = ", ".join(f"{label}: {type}" for label, type in self.params)
        result = "" if self.result is None else f" -> {self.result}"
        return f"{'async ' if self.is_async else ''}func({params}){result}"

    def __repr__(self) -> str:
        return f"<{self}>"


class ModuleType:
    """A core module: what it imports and exports."""

    __slots__ = ("exports", "imports")

    def __init__(
        self, imports: Mapping[tuple[str, str], CoreExternType], exports: Mapping[str, CoreExternType]
    ) -> None:
        self.imports = imports
        """(module, name) -> type."""
        self.exports = exports


class InstanceType:
    """An instance: names and what they stand for, in the order of the exports."""

    __slots__ = ("exports",)

    def __init__(self, exports: Mapping[str, ExternType]) -> None:
        self.exports = exports


class ComponentType:
    """A component: what it needs, and what an instance of it offers.

    Resource types that are imports, or are made anew by each instance, appear as :class:`ResourceType` objects of this
    type; whoever instantiates it puts others in their place.
    """

    __slots__ = ("exports", "imports")

    def __init__(self, imports: Mapping[str, ExternType], exports: Mapping[str, ExternType]) -> None:
        self.imports = imports
        self.exports = exports


class TypeBound:
    """What an exported or imported *type* is: this value type, function type and so on, or this resource type."""

    __slots__ = ("fresh", "type")

    def __init__(self, type: DefinedType, *, fresh: bool = False) -> None:
        self.type = type
        self.fresh = fresh
        """``(sub resource)``: whatever resource type is put in its place. Otherwise ``(eq …)``."""


DefinedType = ValType | FuncType | ModuleType | InstanceType | ComponentType | ResourceType
"""What the type index space holds (module types have their own, the core one)."""

ExternType = FuncType | ModuleType | InstanceType | ComponentType | TypeBound
"""What can be imported and exported. (Values, which are gated in the specification, are refused.)"""
