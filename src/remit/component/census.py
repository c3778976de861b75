"""What one instance of a component consists of, counted before it is made.

A component of some kilobytes can ask for more instances than there are atoms, by definitions that instantiate each
other twice. So the steps are followed without doing them, up to a limit.
"""

from __future__ import annotations

from remit.component.instances import Component
from remit.component.validated import (
    AliasExport,
    BundleExports,
    Capture,
    DefineComponent,
    DefineModule,
    Import,
    InstantiateComponent,
    InstantiateModule,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from remit.binary.module import ModuleInfo
    from remit.component.validated import Item, ValidatedComponent

MAX_INSTANCES = 1000
"""Core and component instances of one component. Real ones have some dozens. Each takes the host some kilobytes."""


MAX_STEPS = 500_000
"""Real ones take some thousands, each about a microsecond."""


class TooManyInstances(ValueError):
    """The component asks for more instances than one program may have."""


class Census:
    """How many of each there are, all together."""

    __slots__ = ("_steps", "has_heap", "instances", "memories", "stores", "tables")

    def __init__(self) -> None:
        self.instances = 0
        """Core and component instances."""
        self.stores = 0
        """Component instances that have a core instance of their own."""
        self.memories: list[int] = []
        """Bytes that each begins with."""
        self.tables: list[int] = []
        """Elements that each begins with."""
        self.has_heap = False
        """A core instance has objects or exceptions."""
        self._steps = 0

    def count(self, steps: int = 1) -> None:
        self.instances += 1
        self._steps += steps
        if self.instances > MAX_INSTANCES:
            raise TooManyInstances(f"it consists of more than {MAX_INSTANCES} instances")
        if self._steps > MAX_STEPS:
            raise TooManyInstances(f"an instance of it takes more than {MAX_STEPS} steps to make")


def take_census(component: ValidatedComponent) -> Census:
    """Of an instance of `component`, with all that is inside. TooManyInstances."""
    census = Census()
    _Count(census, Component(component), {}).run()
    return census


class _Count:
    """Follows components and modules, and nothing else. None stands for what the host would have to give."""

    def __init__(self, census: Census, component: Component, arguments: Mapping[str, Any]) -> None:
        self.census = census
        self.component = component
        self.arguments = arguments
        self.slots: dict[str, dict[int, Any]] = {"core module": {}, "component": {}, "instance": {}}

    def run(self) -> dict[str, Any]:
        """What it exports of those."""
        self.census.count(len(self.component.component.steps))
        has_store = False
        for step in self.component.component.steps:
            if isinstance(step, DefineModule):
                self.slots["core module"][step.slot] = step.info
            elif isinstance(step, DefineComponent):
                captures = tuple([self.slots[sort].get(slot) for sort, slot in step.captures])
                self.slots["component"][step.slot] = Component(step.component, captures)
            elif isinstance(step, Capture):
                self.slots[step.sort][step.slot] = self.component.captures[step.number]
            elif isinstance(step, InstantiateModule):
                has_store = True
                self._module(self.slots["core module"].get(step.module))
            elif isinstance(step, InstantiateComponent):
                inner = self.slots["component"].get(step.component)
                arguments = {name: self._item(item) for name, item in step.arguments.items()}
                self.slots["instance"][step.slot] = inner and _Count(self.census, inner, arguments).run()
            elif isinstance(step, Import) and step.sort in self.slots:
                self.slots[step.sort][step.slot] = self.arguments.get(step.name)
            elif isinstance(step, BundleExports):
                self.slots["instance"][step.slot] = {item.name: self._item(item) for item in step.exports}
            elif isinstance(step, AliasExport) and step.sort in self.slots:
                source = self.slots["instance"].get(step.instance)
                self.slots[step.sort][step.slot] = source and source.get(step.name)
        self.census.stores += has_store
        return {item.name: self._item(item) for item in self.component.component.items}

    def _item(self, item: Item) -> Any:
        return self.slots[item.sort].get(item.slot) if item.sort in self.slots else None

    def _module(self, info: ModuleInfo | None) -> None:
        self.census.count()
        if info is None:
            return
        imported = [each.kind for each in info.imports]
        self.census.memories += [each.minimum * each.page_size for each in info.memories[imported.count("memory") :]]
        self.census.tables += [each.minimum for each in info.tables[imported.count("table") :]]
        self.census.has_heap = self.census.has_heap or info.has_heap
