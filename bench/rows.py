"""The one table: rows of ours, a peer's and their ratio, each with the target it is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Target:
    """Where the ratio to the peer should be, or the figure itself where there is no peer."""

    most: float
    least: float = 0.0

    def met_by(self, value: float) -> bool:
        return self.least <= value <= self.most

    def __str__(self) -> str:
        if self.least:
            return f"{self.least:g} to {self.most:g}"
        return f"at most {self.most:g}"


@dataclass(frozen=True)
class Row:
    """One figure of ours, beside a peer's of the same run if there is one."""

    work: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Our time (or memory) for one of theirs: less is better."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        return self.target.met_by(self.ours if self.ratio is None else self.ratio)

    def as_json(self) -> dict[str, object]:
        target = asdict(self.target) if self.target else None
        return asdict(self) | {"ratio": self.ratio, "target": target, "met": self.met}


HEADINGS = ("work", "unit", "remit", "peer", "peer's", "ratio", "target", "")


def table(rows: Sequence[Row]) -> str:
    """The rows, in columns."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    numeric = {2, 4, 5}
    lines = [
        "  ".join(text.rjust(width) if i in numeric else text.ljust(width) for i, (text, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in cells)
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.work,
        row.unit,
        _short(row.ours),
        row.peer,
        "" if row.theirs is None else _short(row.theirs),
        "" if row.ratio is None else f"{row.ratio:.3f}",
        "" if row.target is None else str(row.target),
        {None: "", True: "met", False: "MISSED"}[row.met],
    )


def _short(number: float) -> str:
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:,.0f}"
