"""What a running program shows of itself to the host."""

from __future__ import annotations

from remit.kernel.limits import whole_number
from remit.runtime.named_options import MOST_FUEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.engine.api import Memory
    from remit.runtime.execute import ModuleWorld
    from remit.runtime.program import Program


class Guest:
    """A program while it runs: its memory and what it exports.

    A function given as an import gets one, if :func:`remit.with_instance` marks it. An instance is one, too.
    """

    __slots__ = ("__weakref__", "_world")

    def __init__(self, world: ModuleWorld) -> None:
        self._world = world
        world.process.owner = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._world.program.name!r}>"

    @property
    def program(self) -> Program:
        """What it was made of."""
        return self._world.program

    @property
    def memory(self) -> Memory:
        """The memory that it exports as "memory". LookupError if there is none."""
        return self._world.store.memory

    @property
    def fuel(self) -> int:
        """What is left of its fuel; settable. RuntimeError unless the program was loaded with ``fuel=True``."""
        self._require_metered()
        return self._world.store.fuel

    @fuel.setter
    def fuel(self, amount: int) -> None:
        self._require_metered()
        self._world.store.fuel = whole_number("fuel", amount, "instructions", most=MOST_FUEL)

    def _require_metered(self) -> None:
        if not self._world.program.metered:
            raise RuntimeError("the program does not count fuel: load it with remit.load(..., fuel=True)")

    def export(self, name: str) -> Any:
        """What it exports under `name`: a function, memory, global or table.

        :raises KeyError: there is none; the message names what there is.
        :raises RuntimeError: it is closed, or its start function still runs.
        """
        core = self._world.instance
        if core is None:
            raise RuntimeError("the instance is not made yet: its start function runs")
        self._world.store.context_address  # noqa: B018 - RuntimeError if it is closed, also for what was found before
        return core.export(name)
