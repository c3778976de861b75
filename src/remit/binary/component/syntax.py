"""What a component consists of, as its bytes say it: definitions in order, with indices and nothing resolved.

`offset` is where a node starts, in bytes from the start of the file. Names are those of component-model
``Explainer.md``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.types import ExternType as CoreExternType
    from remit.binary.types import FuncType as CoreFuncType

    ValTypeRef = int | str
    """A type index, or the keyword of a primitive type."""


class Node:
    """A part of a component."""

    __slots__ = ("offset",)

    def __init__(self, offset: int) -> None:
        self.offset = offset


class Component:
    """Definitions in the order in which they stand, which is the order in which they may refer to each other."""

    __slots__ = ("custom_sections", "definitions", "end", "offset")

    def __init__(
        self, definitions: list[Node], custom_sections: list[tuple[str, int, int]], offset: int, end: int
    ) -> None:
        self.definitions = definitions
        self.custom_sections = custom_sections
        """Name, offset of the content, its size."""
        self.offset = offset
        self.end = end


class CoreModule(Node):
    """A core module's bytes: from `offset` to `end`."""

    __slots__ = ("end",)

    def __init__(self, offset: int, end: int) -> None:
        super().__init__(offset)
        self.end = end


class NestedComponent(Node):
    """A component's bytes, from `offset` to `end`: not yet decoded."""

    __slots__ = ("end",)

    def __init__(self, offset: int, end: int) -> None:
        super().__init__(offset)
        self.end = end


class Named(Node):
    """A name with the thing that it is for: an argument, or an export of an instance that is put together."""

    __slots__ = ("attributes", "index", "name", "sort")

    def __init__(
        self, offset: int, name: str, sort: str, index: int, attributes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(offset)
        self.name = name
        self.sort = sort
        """As the text format spells it: ``func``, ``core module``, ``type``."""
        self.index = index
        self.attributes = attributes
        """Pairs such as ``("implements", "wasi:keyvalue/store")``; of exports only."""


class CoreInstantiate(Node):
    __slots__ = ("arguments", "module")

    def __init__(self, offset: int, module: int, arguments: list[Named]) -> None:
        super().__init__(offset)
        self.module = module
        self.arguments = arguments


class CoreInlineExports(Node):
    __slots__ = ("exports",)

    def __init__(self, offset: int, exports: list[Named]) -> None:
        super().__init__(offset)
        self.exports = exports


class Instantiate(Node):
    __slots__ = ("arguments", "component")

    def __init__(self, offset: int, component: int, arguments: list[Named]) -> None:
        super().__init__(offset)
        self.component = component
        self.arguments = arguments


class InlineExports(Node):
    __slots__ = ("exports",)

    def __init__(self, offset: int, exports: list[Named]) -> None:
        super().__init__(offset)
        self.exports = exports


class AliasExport(Node):
    """Of an instance's export, or, if `core`, of a core instance's."""

    __slots__ = ("core", "instance", "name", "sort")

    def __init__(self, offset: int, sort: str, instance: int, name: str, *, core: bool) -> None:
        super().__init__(offset)
        self.sort = sort
        self.instance = instance
        self.name = name
        self.core = core


class AliasOuter(Node):
    """Of definition `index` in the scope that is `count` further out."""

    __slots__ = ("count", "index", "sort")

    def __init__(self, offset: int, sort: str, count: int, index: int) -> None:
        super().__init__(offset)
        self.sort = sort
        self.count = count
        self.index = index


class CoreTypeDefinition(Node):
    """One recursion group: a function's type each, or None for a structure, an array or a continuation."""

    __slots__ = ("types",)

    def __init__(self, offset: int, types: list[CoreFuncType | None]) -> None:
        super().__init__(offset)
        self.types = types


class CoreExternRef(Node):
    """The type of what a module type imports or exports: `type`, or for ``func`` and ``tag`` a core type's index."""

    __slots__ = ("index", "kind", "type")

    def __init__(self, offset: int, kind: str, index: int, type: CoreExternType | None) -> None:
        super().__init__(offset)
        self.kind = kind
        self.index = index
        self.type = type


class CoreImport(Node):
    __slots__ = ("module", "name", "type")

    def __init__(self, offset: int, module: str, name: str, type: CoreExternRef) -> None:
        super().__init__(offset)
        self.module = module
        self.name = name
        self.type = type


class CoreExport(Node):
    __slots__ = ("name", "type")

    def __init__(self, offset: int, name: str, type: CoreExternRef) -> None:
        super().__init__(offset)
        self.name = name
        self.type = type


class CoreModuleType(Node):
    """Of :class:`CoreTypeDefinition`, :class:`AliasOuter`, :class:`CoreImport` and :class:`CoreExport`, in order."""

    __slots__ = ("declarations",)

    def __init__(self, offset: int, declarations: list[Node]) -> None:
        super().__init__(offset)
        self.declarations = declarations


class Label(Node):
    """A label of a record's field, a variant's case, a flag, an enum's case or a parameter; with a type, if any."""

    __slots__ = ("name", "type")

    def __init__(self, offset: int, name: str, type: ValTypeRef | None = None) -> None:
        super().__init__(offset)
        self.name = name
        self.type = type


class PrimitiveType(Node):
    __slots__ = ("keyword",)

    def __init__(self, offset: int, keyword: str) -> None:
        super().__init__(offset)
        self.keyword = keyword


class LabelledType(Node):
    """``record``, ``variant``, ``flags`` or ``enum``."""

    __slots__ = ("keyword", "labels")

    def __init__(self, offset: int, keyword: str, labels: list[Label]) -> None:
        super().__init__(offset)
        self.keyword = keyword
        self.labels = labels


class CompoundType(Node):
    """``tuple``, ``list``, ``option``, ``result`` (two types), ``stream`` or ``future``."""

    __slots__ = ("keyword", "length", "types")

    def __init__(self, offset: int, keyword: str, types: list[ValTypeRef | None], length: int | None = None) -> None:
        super().__init__(offset)
        self.keyword = keyword
        self.types = types
        """None where a type is left out."""
        self.length = length
        """Of a fixed-length list."""


class HandleType(Node):
    """``own`` or ``borrow``."""

    __slots__ = ("keyword", "resource")

    def __init__(self, offset: int, keyword: str, resource: int) -> None:
        super().__init__(offset)
        self.keyword = keyword
        self.resource = resource


class FuncType(Node):
    __slots__ = ("is_async", "params", "result")

    def __init__(self, offset: int, params: list[Label], result: ValTypeRef | None, *, is_async: bool) -> None:
        super().__init__(offset)
        self.params = params
        self.result = result
        self.is_async = is_async


class ResourceType(Node):
    __slots__ = ("destructor", "representation")

    def __init__(self, offset: int, representation: str, destructor: int | None) -> None:
        super().__init__(offset)
        self.representation = representation
        self.destructor = destructor


class DeclaredType(Node):
    """``component`` or ``instance``: declarations in order. These are nodes of the kinds that components have."""

    __slots__ = ("declarations", "keyword")

    def __init__(self, offset: int, keyword: str, declarations: list[Node]) -> None:
        super().__init__(offset)
        self.keyword = keyword
        self.declarations = declarations


class TypeDefinition(Node):
    __slots__ = ("type",)

    def __init__(self, offset: int, type: Node) -> None:
        super().__init__(offset)
        self.type = type


class ExternTypeRef(Node):
    """What is imported or exported: ``core module``, ``func``, ``component`` or ``instance`` with a type's index;
    or a ``type`` that equals the one with this index, or, if there is none, any resource type."""

    __slots__ = ("index", "sort")

    def __init__(self, offset: int, sort: str, index: int | None) -> None:
        super().__init__(offset)
        self.sort = sort
        self.index = index


class Import(Node):
    __slots__ = ("attributes", "name", "type")

    def __init__(self, offset: int, name: str, attributes: tuple[tuple[str, str], ...], type: ExternTypeRef) -> None:
        super().__init__(offset)
        self.name = name
        self.attributes = attributes
        self.type = type


class Export(Node):
    """Of definition `index`, or, in the type of a component or an instance, of something of this type."""

    __slots__ = ("attributes", "index", "name", "sort", "type")

    def __init__(
        self,
        offset: int,
        name: str,
        attributes: tuple[tuple[str, str], ...],
        sort: str,
        index: int | None,
        type: ExternTypeRef | None,
    ) -> None:
        super().__init__(offset)
        self.name = name
        self.attributes = attributes
        self.sort = sort
        self.index = index
        self.type = type


class Option(Node):
    """An option of a canonical definition: its keyword (``memory``, ``string-encoding=utf8``) and index, if any."""

    __slots__ = ("index", "keyword")

    def __init__(self, offset: int, keyword: str, index: int | None) -> None:
        super().__init__(offset)
        self.keyword = keyword
        self.index = index


class Lift(Node):
    __slots__ = ("function", "options", "type")

    def __init__(self, offset: int, function: int, options: list[Option], type: int) -> None:
        super().__init__(offset)
        self.function = function
        self.options = options
        self.type = type


class Lower(Node):
    __slots__ = ("function", "options")

    def __init__(self, offset: int, function: int, options: list[Option]) -> None:
        super().__init__(offset)
        self.function = function
        self.options = options


class BuiltIn(Node):
    """Another canonical definition, by its name (``resource.drop``); what it does not take is left out."""

    __slots__ = ("flag", "immediate", "index", "name", "options", "result", "value_type")

    def __init__(
        self,
        offset: int,
        name: str,
        *,
        index: int = 0,
        flag: bool = False,
        immediate: int = 0,
        value_type: str = "",
        result: ValTypeRef | None = None,
        options: list[Option] | None = None,
    ) -> None:
        super().__init__(offset)
        self.name = name
        self.index = index
        """Of a type, a core type or a memory."""
        self.flag = flag
        """``async`` or ``cancellable``."""
        self.immediate = immediate
        """The number of a context's slot, or of a table."""
        self.value_type = value_type
        """A core value type."""
        self.result = result
        self.options = options or []


class Start(Node):
    __slots__ = ("arguments", "function", "results")

    def __init__(self, offset: int, function: int, arguments: list[int], results: int) -> None:
        super().__init__(offset)
        self.function = function
        self.arguments = arguments
        self.results = results
