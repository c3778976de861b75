"""The coverage table: which functions of WASI 0.2 the scenarios called, and which error codes they got.

It is made from what was really called. The guest's own start calls functions, too: those are counted in a run of
nothing, and a scenario has called what was called more often than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from remit.interfaces.wasi_0_2.catalogue import INTERFACES
from remit.interfaces.wasi_0_2.filesystem_errors import ERROR_CODES as FILESYSTEM_CODES
from remit.interfaces.wasi_0_2.http_errors import ERROR_CODES as HTTP_CODES
from remit.interfaces.wasi_0_2.network_errors import ERROR_CODES as NETWORK_CODES
from remit.interfaces.wit.declaration import functions_of
from remit.interfaces.wit.registry import InterfaceName, registry
from wasi_0_2.not_covered import CODES as NOT_MET
from wasi_0_2.not_covered import FUNCTIONS as NOT_COVERED
from wasi_0_2.runner import Record, Scenario, run
from wasi_0_2.scenarios import ALL, whole

CODES = {
    "wasi:filesystem": tuple(FILESYSTEM_CODES),
    "wasi:sockets": tuple(NETWORK_CODES),
    "wasi:http": tuple(HTTP_CODES),
}
"""The error codes of each package."""

UNSTEADY = "would-block"
"""Whether it is met depends on how fast the machine is, so that the table leaves it out."""

SHOWN = 3
"""So many scenarios of a function are named."""


@dataclass
class Row:
    """A function: the scenarios that called it, and what it answered besides success."""

    scenarios: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)


def functions() -> dict[str, list[str]]:
    """The functions of each interface."""
    return {
        name: list(functions_of(registry().offered(InterfaceName(f"{name}@{version}")).interface))
        for name, (version, _) in sorted(INTERFACES.items())
    }


def seen() -> dict[str, Row]:
    """By full names: runs all scenarios."""
    nothing = Record()
    run(whole(Scenario("nothing", "")), nothing)
    rows: dict[str, Row] = {}
    for group, scenarios in ALL.items():
        for scenario in scenarios:
            record = Record()
            run(whole(scenario), record)
            for name in record.calls:
                if record.calls[name] > nothing.calls[name]:
                    row = rows.setdefault(name, Row())
                    row.scenarios.append(f"{group}: {scenario.name}")
                    row.codes |= record.codes.get(name, set()) - {UNSTEADY}
    return rows


def table(rows: dict[str, Row]) -> str:
    """The page, in Markdown."""
    lines = [
        "# Coverage of WASI 0.2 by its conformance suite",
        "",
        "Made by `python -m tools.coverage_table` from what the scenarios in `tests/wasi_0_2` really call, inside a",
        "component; do not edit it. *Answers* are what a function gave besides success: error codes; `error` where an",
        "error carries nothing; `trap` where the program is ended. `would-block` is left out: whether it is met",
        "depends on the speed of the machine.",
        "",
    ]
    gaps = []
    for interface, names in functions().items():
        if not names:
            continue
        lines += [f"## {interface}", "", "| function | answers | scenarios |", "| --- | --- | --- |"]
        for name in names:
            full = f"{interface}: {name}"
            row = rows.get(full)
            if row is None:
                gaps.append(full)
                lines.append(f"| `{name}` | | *not covered* |")
            else:
                answers = ", ".join([f"`{code}`" for code in sorted(row.codes)])
                lines.append(f"| `{name}` | {answers} | {_some(row.scenarios)} |")
        lines.append("")
    lines += ["## Functions that no scenario calls", ""]
    lines += [f"- `{full}`: {NOT_COVERED.get(full, 'no scenario has been written')}" for full in gaps]
    lines += ["", "## Error codes that no scenario meets", ""]
    for package, left in not_met(rows).items():
        by_reason: dict[str, list[str]] = {}
        for code in left:
            by_reason.setdefault(NOT_MET[package].get(code, "no scenario has been written"), []).append(f"`{code}`")
        lines += [f"- {package}: {', '.join(some)}: {reason}" for reason, some in by_reason.items()]
    return "\n".join(lines) + "\n"


def not_met(rows: dict[str, Row]) -> dict[str, list[str]]:
    """The error codes of each package that no scenario meets."""
    return {
        package: [
            code
            for code in codes
            if code != UNSTEADY and not any(code in row.codes for full, row in rows.items() if full.startswith(package))
        ]
        for package, codes in CODES.items()
    }


def _some(scenarios: list[str]) -> str:
    more = len(scenarios) - SHOWN
    return "; ".join(scenarios[:SHOWN]) + (f"; {more} more" if more > 0 else "")
