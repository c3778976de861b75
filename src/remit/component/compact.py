"""The steps of a component in fewer objects: for a cache, where each object takes time to be made again.

A component of many core modules hands thousands of definitions from one to another, each by a step of its own. Here
the steps that look for definitions in one core instance are one step, and so are their bundles. What is left out is
what only messages and compilers want to know.
"""

from __future__ import annotations

from remit.component.validated import AliasCoreExport, BundleCoreExports, DefineComponent, DefineModule, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.validated import ValidatedComponent


class AliasCoreExports(Step):
    """Fill slots with exports of a ``core instance``: of each the sort, the slot, and the name."""

    __slots__ = ("exports", "instance")

    def __init__(self, instance: int) -> None:
        self.instance = instance
        self.exports: tuple[tuple[str, int, str], ...] = ()


class BundleCoreSlots(Step):
    """As :class:`BundleCoreExports`: of each definition the name, the sort, and the slot."""

    __slots__ = ("exports", "slot")

    def __init__(self, slot: int, exports: tuple[tuple[str, str, int], ...]) -> None:
        self.slot = slot
        self.exports = exports


def make_compact(component: ValidatedComponent) -> None:
    """Put compact steps in place of others, also in components inside. An instance of it is made as before."""
    steps: list[Step] = []
    aliases: AliasCoreExports | None = None
    for step in component.steps:
        if isinstance(step, AliasCoreExport):
            if aliases is None or aliases.instance != step.instance:
                aliases = AliasCoreExports(step.instance)
                steps.append(aliases)
            aliases.exports += ((step.sort, step.slot, step.name),)
            continue
        aliases = None
        if isinstance(step, BundleCoreExports):
            step = BundleCoreSlots(step.slot, tuple([(each.name, each.sort, each.slot) for each in step.exports]))
        elif isinstance(step, DefineModule):
            step.info = None
        elif isinstance(step, DefineComponent):
            make_compact(step.component)
        steps.append(step)
    component.steps = tuple(steps)
