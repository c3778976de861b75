"""A scope: a component, or the type of a component or of an instance, with its index spaces as they grow."""

from __future__ import annotations

from remit.binary.component import limits
from remit.component.effort import Effort
from remit.component.substitution import OtherNames, Resolution
from remit.component.validation.errors import ValidationError
from remit.component.validation.facts import MAX_EXTERN_DEPTH, TypeFacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from remit.binary.types import ExternType as CoreExternType
    from remit.binary.types import FuncType as CoreFuncType
    from remit.binary.types import GlobalType, MemoryType, TableType, TagType
    from remit.component.types import (
        ComponentType,
        DefinedType,
        ExternType,
        FuncType,
        InstanceType,
        ModuleType,
        ResourceType,
    )
    from remit.component.validated import Item, Step

    Definition = TypeVar("Definition")

    CoreType = CoreFuncType | ModuleType | None
    """None for one that is not a function's or a module's."""
    CoreInstance = Mapping[str, CoreExternType]
    """The types of its exports."""

COMPONENT, COMPONENT_TYPE, INSTANCE_TYPE = "component", "component type", "instance type"


class Validation:
    """What is common to all scopes of one file."""

    __slots__ = ("data", "effort", "facts", "names", "resolution")

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = data
        self.effort = Effort()
        self.facts = TypeFacts()
        self.names = OtherNames()
        self.resolution = Resolution(self.effort, self.names)


class Names:
    """The imports, or the exports, of a scope."""

    __slots__ = ("resource_labels", "resources", "types", "unique", "visible", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        """``import`` or ``export``."""
        self.types: dict[str, ExternType] = {}
        """By name, in order."""
        self.unique: dict[str, str] = {}
        """Names in the form in which they must differ, and as they are."""
        self.visible: dict[int, object] = {}
        """By identity: types that have a name out there."""
        self.resources: dict[int, str] = {}
        """By the identity of the type of resources: its name among these."""
        self.resource_labels: set[str] = set()


class Scope:
    """Index spaces. Entries that are something at run time come with the slot where it will be found."""

    __slots__ = (
        "capture_slots",
        "captures",
        "components",
        "core_funcs",
        "core_globals",
        "core_instances",
        "core_memories",
        "core_tables",
        "core_tags",
        "core_types",
        "defined_resources",
        "depth",
        "exports",
        "funcs",
        "imported_resources",
        "imports",
        "instances",
        "items",
        "kind",
        "modules",
        "outer",
        "own_resources",
        "shared",
        "slots",
        "steps",
        "types",
    )

    def __init__(self, kind: str, outer: Scope | None, shared: Validation) -> None:
        self.kind = kind
        self.outer = outer
        self.shared = shared
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.core_funcs: list[tuple[CoreFuncType, int]] = []
        self.core_tables: list[tuple[TableType, int]] = []
        self.core_memories: list[tuple[MemoryType, int]] = []
        self.core_globals: list[tuple[GlobalType, int]] = []
        self.core_tags: list[tuple[TagType, int]] = []
        self.core_types: list[CoreType] = []
        self.core_instances: list[tuple[CoreInstance, int]] = []
        self.modules: list[tuple[ModuleType, int]] = []
        self.funcs: list[tuple[FuncType, int]] = []
        self.types: list[DefinedType] = []
        self.instances: list[tuple[InstanceType, int]] = []
        self.components: list[tuple[ComponentType, int]] = []
        self.imports = Names("import")
        self.exports = Names("export")
        self.own_resources: set[ResourceType] = set()
        """Roots that came to be in this scope."""
        self.imported_resources: set[ResourceType] = set()
        """Those of them that imports left open."""
        self.defined_resources: set[ResourceType] = set()
        """Those of them that are defined here, so that their representations may be seen."""
        self.captures: list[tuple[str, int]] = []
        """What a component takes from the one around it: sorts, and slots there."""
        self.capture_slots: dict[tuple[str, int], int] = {}
        """The same, and the slots here."""
        self.slots: dict[str, int] = {}
        self.steps: list[Step] = []
        self.items: list[Item] = []

    def slot(self, sort: str) -> int:
        """A new one."""
        slot = self.slots.get(sort, 0)
        self.slots[sort] = slot + 1
        return slot

    def step(self, step: Step, offset: int) -> None:
        step.offset = offset
        self.steps.append(step)


def look_up(space: list[Definition], index: int, what: str, offset: int) -> Definition:
    """The definition with this index; ValidationError if there is none (yet)."""
    if index >= len(space):
        raise ValidationError(f"{what} index out of bounds: there is no {what} {index} yet", offset)
    return space[index]


def append(space: list[Definition], definition: Definition, what: str, offset: int) -> None:
    """The next definition of an index space."""
    if len(space) >= _MOST.get(what, limits.INDEX_SPACE):
        raise ValidationError(f"more {what}s than the {len(space)} that engines accept", offset)
    space.append(definition)


def append_type(scope: Scope, type: DefinedType, offset: int) -> None:
    """The next definition of the type index space, not nested too deeply."""
    check_depth(scope, type, offset)
    append(scope.types, type, "type", offset)


def append_instance(scope: Scope, type: InstanceType, slot: int, offset: int) -> None:
    check_depth(scope, type, offset)
    append(scope.instances, (type, slot), "instance", offset)


def append_component(scope: Scope, type: ComponentType, slot: int, offset: int) -> None:
    check_depth(scope, type, offset)
    append(scope.components, (type, slot), "component", offset)


def check_depth(scope: Scope, type: DefinedType, offset: int) -> None:
    """Whatever is defined is not nested too deeply, so that nothing that walks types needs to count."""
    if scope.shared.facts.extern_depth(type) > MAX_EXTERN_DEPTH:
        raise ValidationError(f"instances and components in others, more than {MAX_EXTERN_DEPTH} deep", offset)


_MOST = {
    "core module": limits.MODULES,
    "component": limits.COMPONENTS,
    "core instance": limits.INSTANCES,
    "instance": limits.INSTANCES,
}
