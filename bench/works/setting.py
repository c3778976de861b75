"""What every work is given: who takes part, how thoroughly to measure, and where files may be put."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.contenders import Contender
from tools import zig

GUESTS = Path(__file__).parents[1] / "guests"


@dataclass(frozen=True)
class Setting:
    remit: Contender
    wasmtime_py: Contender
    wasmtime_py_epochs: Contender
    node: Contender | None
    rounds: int
    scratch: Path
    """An empty directory, in memory where the system has such a place: disks are not what is compared."""

    @property
    def contenders(self) -> list[Contender]:
        everyone = [self.remit, self.wasmtime_py]
        return everyone if self.node is None else [*everyone, self.node]


def guest(name: str) -> Path:
    """The benchmark's own C program `name`, built."""
    return zig.built([GUESTS / f"{name}.c"])
