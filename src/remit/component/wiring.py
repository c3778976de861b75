"""Which core definition goes where: found once for a component, so that its instances are wired without looking.

A component of a dynamic language hands thousands of definitions from one core module to another, by aliases and bundles
that exist on paper only. Here each import of a module is followed back to the instance of a module that exports it, or
to the step that makes it.
"""

from __future__ import annotations

from remit.component.compact import AliasCoreExports, BundleCoreSlots
from remit.component.validated import AliasCoreExport, BundleCoreExports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.validated import InstantiateModule, Step, ValidatedComponent
    from remit.engine.api import Module

    Origin = tuple[int, str]
    """The ``core instance`` slot of a module's instance, and the name of what it exports."""


class Plan:
    """Where an instance of a module gets its imports, by their places among them."""

    __slots__ = ("codes", "exports")

    def __init__(
        self, exports: tuple[tuple[int, tuple[tuple[int, bytes], ...]], ...], codes: tuple[tuple[int, int], ...]
    ):
        self.exports = exports
        """``core instance`` slots, and what they export: the place, and the name in UTF-8."""
        self.codes = codes
        """Places, and the ``core func`` slots of functions that are made by steps."""


class Wiring:
    """Of one component."""

    __slots__ = ("_aliases", "_bundles", "_plans", "steps")

    def __init__(self, component: ValidatedComponent) -> None:
        self._aliases: dict[tuple[str, int], tuple[int, str]] = {}
        self._bundles: dict[int, dict[str, tuple[str, int]]] = {}
        self._plans: dict[int, tuple[object, Module, Plan]] = {}
        self.steps = tuple([step for step in component.steps if not self._is_wiring(step)])
        """The others."""

    def _is_wiring(self, step: Step) -> bool:
        if isinstance(step, AliasCoreExports):
            for sort, slot, name in step.exports:
                self._aliases[sort, slot] = (step.instance, name)
        elif isinstance(step, AliasCoreExport):
            self._aliases[step.sort, step.slot] = (step.instance, step.name)
        elif isinstance(step, BundleCoreSlots):
            self._bundles[step.slot] = {name: (sort, slot) for name, sort, slot in step.exports}
        elif isinstance(step, BundleCoreExports):
            self._bundles[step.slot] = {each.name: (each.sort, each.slot) for each in step.exports}
        else:
            return False
        return True

    def origin(self, sort: str, slot: int) -> Origin | int:
        """What fills a core slot: an export of a module's instance, or a step, which fills the slot that is given."""
        alias = self._aliases.get((sort, slot))
        while alias is not None:
            instance, name = alias
            bundle = self._bundles.get(instance)
            if bundle is None:
                return instance, name
            sort, slot = bundle[name]
            alias = self._aliases.get((sort, slot))
        return slot

    def plan(self, step: InstantiateModule, module: Module) -> Plan:
        """For an instance of `module`, which is what the step's slot holds."""
        known = self._plans.get(id(step))
        if known is not None and known[1] is module:
            return known[2]
        exports: dict[int, list[tuple[int, bytes]]] = {}
        codes: list[tuple[int, int]] = []
        for place, (argument, name) in enumerate(_imports(module)):
            instance = step.arguments[argument]
            bundle = self._bundles.get(instance)
            origin: Origin | int = (instance, name) if bundle is None else self.origin(*bundle[name])
            if isinstance(origin, int):
                codes.append((place, origin))
            else:
                exports.setdefault(origin[0], []).append((place, origin[1].encode()))
        plan = Plan(tuple([(slot, tuple(names)) for slot, names in exports.items()]), tuple(codes))
        self._plans[id(step)] = (step, module, plan)
        return plan


def _imports(module: Module) -> list[tuple[str, str]]:
    return [(each[0], each[1]) for each in module.facts[0]]
