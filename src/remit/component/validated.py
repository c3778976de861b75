"""A component that is known to be valid, as the steps that make an instance of it. Nothing is left to check.

**Slots.** What a running instance holds is numbered from 0 up, separately for each sort: ``core module``, ``core
instance``, ``core func``, ``core table``, ``core memory``, ``core global``, ``core tag``, ``func``, ``instance`` and
``component``. Each slot is filled by exactly one step, before any step uses it; steps that fill the slots of a sort
come in the order of the slots. :attr:`ValidatedComponent.slots` says how many there are.

**Resource types.** The types in steps contain :class:`~remit.component.types.ResourceType` objects. These are static:
an instance has an *environment* that says which run-time resource type each stands for, and the steps that fill it say
so: :class:`DefineResource`, :class:`Import` and :class:`InstantiateComponent` (`resources`), :class:`BindResource`.
An instance of a component, at run time, is its exports by name; a type among them that is a resource type is given as
the run-time resource type, so that `resources` can be looked up by a path of export names.

**Order.** Steps run one after the other; any of them may fail, and then there is no instance.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.binary.module import ModuleInfo
    from remit.binary.types import FuncType as CoreFuncType
    from remit.component.substitution import Path
    from remit.component.types import ComponentType, ExternType, FuncType, ResourceType, ValType
    from remit.component.wiring import Wiring

    Bindings = tuple[tuple[Path, ResourceType], ...]
    """Paths of export names, and the static resource types that stand for what is found there."""


class Item:
    """Something by name: an argument or an export. A slot of its sort; or, of sort ``type``, perhaps a resource."""

    __slots__ = ("name", "resource", "slot", "sort")

    def __init__(self, name: str, sort: str, slot: int = -1, resource: ResourceType | None = None) -> None:
        self.name = name
        self.sort = sort
        self.slot = slot
        """-1 for a type."""
        self.resource = resource
        """Of sort ``type``: the resource type, in this component's terms. None for any other type, which is nothing
        at run time."""


class CanonicalOptions:
    """The options of ``canon lift``, ``canon lower`` and some built-ins. Slots are None where an option is left out."""

    __slots__ = ("callback", "is_async", "memory", "post_return", "realloc", "string_encoding")

    def __init__(self) -> None:
        self.string_encoding = "utf8"
        """``utf8``, ``utf16`` or ``latin1+utf16``."""
        self.memory: int | None = None
        """A ``core memory``: of 32 bits, not shared, of ordinary pages."""
        self.realloc: int | None = None
        """A ``core func``: (i32, i32, i32, i32) -> i32."""
        self.post_return: int | None = None
        """A ``core func`` that takes what the lifted one returns."""
        self.is_async = False
        self.callback: int | None = None
        """A ``core func``: (i32, i32, i32) -> i32."""


class Step:
    """Something to do when an instance is made. `offset` is where the file asks for it, for messages."""

    __slots__ = ("offset",)
    offset: int


class DefineModule(Step):
    """Fill a ``core module`` slot: the bytes of the file from `start` to `end`."""

    __slots__ = ("end", "info", "slot", "start")

    def __init__(self, slot: int, start: int, end: int, info: ModuleInfo | None) -> None:
        self.slot = slot
        self.start = start
        self.end = end
        self.info = info
        """None in a component that comes from a cache: the compiled module has it."""


class DefineComponent(Step):
    """Fill a ``component`` slot: this component, with what it takes from this instance."""

    __slots__ = ("captures", "component", "slot")

    def __init__(self, slot: int, component: ValidatedComponent, captures: tuple[tuple[str, int], ...]) -> None:
        self.slot = slot
        self.component = component
        self.captures = captures
        """``core module`` or ``component``, and the slot, of each thing that its own :class:`Capture` steps want."""


class Capture(Step):
    """Fill a ``core module`` or ``component`` slot with number `number` of what was captured when this component was
    defined: an outer alias."""

    __slots__ = ("number", "slot", "sort")

    def __init__(self, sort: str, slot: int, number: int) -> None:
        self.sort = sort
        self.slot = slot
        self.number = number


class InstantiateModule(Step):
    """Fill a ``core instance`` slot: an instance of a ``core module``."""

    __slots__ = ("arguments", "module", "slot")

    def __init__(self, slot: int, module: int, arguments: Mapping[str, int]) -> None:
        self.slot = slot
        self.module = module
        self.arguments = arguments
        """By the module name of imports: the ``core instance`` whose exports satisfy them. It has them all, of the
        right types."""


class BundleCoreExports(Step):
    """Fill a ``core instance`` slot: no instance of a module, but these definitions by name."""

    __slots__ = ("exports", "slot")

    def __init__(self, slot: int, exports: tuple[Item, ...]) -> None:
        self.slot = slot
        self.exports = exports


class AliasCoreExport(Step):
    """Fill a slot of `sort` with an export of a ``core instance``."""

    __slots__ = ("instance", "name", "slot", "sort")

    def __init__(self, sort: str, slot: int, instance: int, name: str) -> None:
        self.sort = sort
        self.slot = slot
        self.instance = instance
        self.name = name


class DefineResource(Step):
    """Bind `resource` to a new resource type, whose representation is an i32."""

    __slots__ = ("destructor", "resource")

    def __init__(self, resource: ResourceType, destructor: int | None) -> None:
        self.resource = resource
        self.destructor = destructor
        """A ``core func``: (i32) -> ()."""


class BindResource(Step):
    """Bind `resource` to what `source` is bound to: a second name, which hides that they are the same."""

    __slots__ = ("resource", "source")

    def __init__(self, resource: ResourceType, source: ResourceType) -> None:
        self.resource = resource
        self.source = source


class Lift(Step):
    """Fill a ``func`` slot: ``canon lift`` of a ``core func``."""

    __slots__ = ("core_type", "function", "options", "slot", "type")

    def __init__(
        self, slot: int, function: int, type: FuncType, options: CanonicalOptions, core_type: CoreFuncType
    ) -> None:
        self.slot = slot
        self.function = function
        self.type = type
        self.options = options
        self.core_type = core_type
        """Of the core function: `type`, flattened."""


class Lower(Step):
    """Fill a ``core func`` slot: ``canon lower`` of a ``func``."""

    __slots__ = ("core_type", "function", "options", "slot", "type")

    def __init__(
        self, slot: int, function: int, type: FuncType, options: CanonicalOptions, core_type: CoreFuncType
    ) -> None:
        self.slot = slot
        self.function = function
        self.type = type
        """In this component's terms; whoever defined the function has its own, and both flatten alike."""
        self.options = options
        self.core_type = core_type


class BuiltIn(Step):
    """Fill a ``core func`` slot: a canonical built-in, such as ``resource.drop``."""

    __slots__ = ("core_type", "flag", "immediate", "memory", "name", "options", "resource", "slot", "table", "type")

    def __init__(self, slot: int, name: str, core_type: CoreFuncType) -> None:
        self.slot = slot
        self.name = name
        self.core_type = core_type
        self.resource: ResourceType | None = None
        """Of ``resource.new``, ``resource.rep`` (these are of this very component) and ``resource.drop``."""
        self.type: ValType | None = None
        """The stream's or future's type; the result of ``task.return``."""
        self.options: CanonicalOptions | None = None
        """Of reading, writing, ``task.return`` and error contexts."""
        self.flag = False
        """``async`` or ``cancellable``."""
        self.memory: int | None = None
        """Of ``waitable-set.wait`` and ``waitable-set.poll``: a ``core memory``."""
        self.table: int | None = None
        """Of ``thread.new-indirect``: a ``core table``."""
        self.immediate = 0
        """Of ``context.get`` and ``context.set``: which slot."""


class Import(Step):
    """Fill a slot of `sort` (none for a type) with the argument of this name, which is of type `type`."""

    __slots__ = ("attributes", "name", "resources", "slot", "sort", "type")

    def __init__(
        self,
        name: str,
        sort: str,
        slot: int,
        type: ExternType,
        resources: Bindings,
        attributes: tuple[tuple[str, str], ...],
    ) -> None:
        self.name = name
        self.sort = sort
        self.slot = slot
        """-1 for a type."""
        self.type = type
        self.resources = resources
        """To bind, from the argument: an empty path is the argument itself, a resource type."""
        self.attributes = attributes
        """Pairs such as ``("implements", "wasi:keyvalue/store")``."""


class InstantiateComponent(Step):
    """Fill an ``instance`` slot: an instance of a ``component``."""

    __slots__ = ("arguments", "component", "resources", "slot")

    def __init__(self, slot: int, component: int, arguments: Mapping[str, Item], resources: Bindings) -> None:
        self.slot = slot
        self.component = component
        self.arguments = arguments
        """By name: at least what it imports, of the right types."""
        self.resources = resources
        """To bind, from the new instance's exports: resource types that each instance makes anew."""


class BundleExports(Step):
    """Fill an ``instance`` slot: no instance of a component, but these definitions by name."""

    __slots__ = ("exports", "slot")

    def __init__(self, slot: int, exports: tuple[Item, ...]) -> None:
        self.slot = slot
        self.exports = exports


class AliasExport(Step):
    """Fill a slot of `sort` (``func``, ``instance``, ``component``, ``core module``) with an ``instance``'s export."""

    __slots__ = ("instance", "name", "slot", "sort")

    def __init__(self, sort: str, slot: int, instance: int, name: str) -> None:
        self.sort = sort
        self.slot = slot
        self.instance = instance
        self.name = name


class Start(Step):
    """Call a ``func`` that takes and returns nothing."""

    __slots__ = ("function",)

    def __init__(self, function: int) -> None:
        self.function = function


class ValidatedComponent:
    """What it is from outside, and how to make an instance of it."""

    __slots__ = ("custom_sections", "items", "slots", "steps", "type", "wiring")

    def __init__(
        self,
        type: ComponentType,
        steps: tuple[Step, ...],
        items: tuple[Item, ...],
        slots: Mapping[str, int],
        custom_sections: tuple[tuple[str, int, int], ...],
    ) -> None:
        self.type = type
        """`type.imports` and `type.exports`: names and types, in order."""
        self.steps = steps
        self.items = items
        """What an instance exports when all steps are done."""
        self.slots = slots
        """How many slots of each sort the steps fill."""
        self.custom_sections = custom_sections
        """Name, offset of the content in the file, its size."""
        self.wiring: Wiring | None = None
        """How core definitions go from one module to the other, once that is found out."""

    @property
    def imports(self) -> Mapping[str, ExternType]:
        return self.type.imports

    @property
    def exports(self) -> Mapping[str, ExternType]:
        return self.type.exports
