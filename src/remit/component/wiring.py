"""Which core definition goes where: found once for a component, so that its instances are wired without looking.

A component of a dynamic language hands thousands of definitions from one core module to another, by aliases and bundles
that exist on paper only. Here each import of a module is followed back to the instance of a module that exports it, or
to the step that makes it.
"""

from __future__ import annotations

from remit.component.validated import (
    AliasCoreExport,
    BuiltIn,
    BundleCoreExports,
    DefineResource,
    InstantiateModule,
    Lift,
    Lower,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from remit.component.validated import CanonicalOptions, Step, ValidatedComponent

    Origin = tuple[int, str] | int
    """The ``core instance`` slot of a module's instance, and the name of what it exports; or the slot of the same sort
    that a step fills."""


class Plan:
    """Where an instance of a module gets its imports, by their places among them."""

    __slots__ = ("codes", "exports")

    def __init__(
        self, exports: tuple[tuple[int, tuple[tuple[int, bytes], ...]], ...], codes: tuple[tuple[int, int], ...]
    ) -> None:
        self.exports = exports
        """``core instance`` slots, and what they export: the place, and the name in UTF-8."""
        self.codes = codes
        """Places, and the ``core func`` slots of functions that are made by steps."""


class Wiring:
    """Of one component."""

    __slots__ = ("_aliases", "_bundles", "_known", "_plans", "steps")

    def __init__(self, component: ValidatedComponent) -> None:
        self._aliases: dict[tuple[str, int], Origin] = {}
        self._bundles: dict[int, dict[str, tuple[str, int]]] = {}
        self._plans: dict[int, Plan] = {}
        """Of instances whose modules are always the same, by their slots."""
        self._known: dict[int, tuple[object, Plan]] = {}
        """Of the others, with the module that each was made for."""
        self.steps: tuple[Step, ...] = tuple([step for step in component.steps if not self._is_wiring(step)])
        """Those that do something."""

    def _is_wiring(self, step: Step) -> bool:
        if isinstance(step, AliasCoreExport):
            self._aliases[step.sort, step.slot] = (step.instance, step.name)
        elif isinstance(step, BundleCoreExports):
            self._bundles[step.slot] = {each.name: (each.sort, each.slot) for each in step.exports}
        else:
            return False
        return True

    def origin(self, sort: str, slot: int) -> Origin:
        """What fills a core slot."""
        alias = self._aliases.get((sort, slot))
        while alias is not None:
            if isinstance(alias, int):
                return alias
            bundle = self._bundles.get(alias[0])
            if bundle is None:
                return alias
            sort, slot = bundle[alias[1]]
            alias = self._aliases.get((sort, slot))
        return slot

    def plan(self, step: InstantiateModule, module: Any) -> Plan:
        """For an instance of `module`, which is what the step's slot holds."""
        plan = self._plans.get(step.slot)
        if plan is not None:
            return plan
        known = self._known.get(step.slot)
        if known is None or known[0] is not module:
            known = self._known[step.slot] = (module, self._new_plan(step, module.facts[0]))
        return known[1]

    def _new_plan(self, step: InstantiateModule, imports: Sequence[Sequence[Any]]) -> Plan:
        exports: dict[int, list[tuple[int, bytes]]] = {}
        codes: list[tuple[int, int]] = []
        for place, (argument, name, *_) in enumerate(imports):
            instance = step.arguments[argument]
            bundle = self._bundles.get(instance)
            origin: Origin = (instance, name) if bundle is None else self.origin(*bundle[name])
            if isinstance(origin, int):
                codes.append((place, origin))
            else:
                exports.setdefault(origin[0], []).append((place, origin[1].encode()))
        return Plan(tuple([(slot, tuple(names)) for slot, names in exports.items()]), tuple(codes))

    def settle(self, modules: Mapping[int, Sequence[Sequence[Any]]]) -> None:
        """Make all plans now. `modules` are the imports of modules that are always the same, by their slots.

        Where all are, what the plans were made from is given up, so that there is less to keep.
        """
        all_settled = True
        for step in self.steps:
            if not isinstance(step, InstantiateModule):
                continue
            if step.module in modules:
                self._plans[step.slot] = self._new_plan(step, modules[step.module])
            else:
                all_settled = False
        if all_settled:
            self._aliases = {place: self.origin(*place) for place in _looked_for(self.steps)}
            self._bundles = {}


def _looked_for(steps: Sequence[Step]) -> Iterator[tuple[str, int]]:
    """The core slots whose content steps use themselves."""
    for step in steps:
        options: CanonicalOptions | None = None
        if isinstance(step, Lift):
            yield "core func", step.function
            options = step.options
        elif isinstance(step, Lower):
            options = step.options
        elif isinstance(step, DefineResource) and step.destructor is not None:
            yield "core func", step.destructor
        elif isinstance(step, BuiltIn):
            options = step.options
            if step.memory is not None:
                yield "core memory", step.memory
            if step.table is not None:
                yield "core table", step.table
        if options is not None:
            for sort, slot in (
                ("core memory", options.memory),
                ("core func", options.realloc),
                ("core func", options.post_return),
                ("core func", options.callback),
            ):
                if slot is not None:
                    yield sort, slot
