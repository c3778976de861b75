"""A component in fewer objects: for a cache, where each object takes time to be made again.

What is left out is what only messages and compilers want to know, and what has been found out from it.
"""

from __future__ import annotations

from remit.component.validated import DefineComponent, DefineModule
from remit.component.wiring import Wiring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.component.validated import ValidatedComponent


def make_compact(component: ValidatedComponent, imports: Callable[[int, int], Sequence[Sequence[Any]]]) -> None:
    """Put its wiring in the place of the steps that it is made from, also in components inside.

    An instance of it is made as before. `imports` are those of the core module that lies from a place to another.
    """
    modules = {}
    for step in component.steps:
        if isinstance(step, DefineModule):
            step.info = None
            modules[step.slot] = imports(step.start, step.end)
        elif isinstance(step, DefineComponent):
            make_compact(step.component, imports)
    component.wiring = wiring = Wiring(component)
    wiring.settle(modules)
    component.steps = wiring.steps
