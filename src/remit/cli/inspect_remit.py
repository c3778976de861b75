"""What ``remit inspect`` tells of a program under a remit: what it asks for that it does not get, and what it gets that
it can never ask for. Both follow from the names of its imports; nothing is run, opened, or imported.
"""

from __future__ import annotations

from remit.cli.report import CommandError, shown
from remit.policy.outlook import Asks, Gets, never_asked
from remit.policy.remit_values import RemitError
from remit.runtime.under_remit import allows, check_names, covers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from remit.policy.outlook import Imported
    from remit.policy.remit import Remit

MOST_NAMES = 6
"""Functions that are named in a line. The others count."""

REFUSED, ANSWERED, IN_VAIN = "refused", "Python", "in vain"
"""How functions are marked."""


def under(imports: Sequence[Imported], remit: Remit, digest: str) -> dict[str, Any]:
    """In JSON's types, of a program that has these `imports` and this `digest`. CommandError for what cannot be."""
    try:
        check_names(remit, imports)
    except RemitError as error:
        raise CommandError(str(error)) from None
    gets = Gets(remit)
    facts: dict[str, Any] = {
        "other_program": remit.sha256 not in (None, digest),
        "refused": [],
        "answered": [],
        "in_vain": [],
    }
    asked = []
    for interface, function in imports:
        entry = {"interface": interface, "function": function}
        name = _answer(remit, interface, function)
        why = gets.why_in_vain(interface, function)
        if not allows(remit, interface, function):
            facts["refused"].append(entry)
            continue
        if name is None or "#" not in name:
            # An object may have less than all of an interface: the rest is asked of Remit.
            asked.append((interface, function))
        if name is not None:
            facts["answered"].append({**entry, "by": remit.replaced_interfaces[name]})
        elif why is not None:
            facts["in_vain"].append({**entry, "why": why})
    never = [*never_asked(remit, gets, Asks(asked)), *_never_imported(remit, imports)]
    facts["never_asked"] = [{"grant": grant, "why": why} for grant, why in never]
    return facts


def marks(facts: dict[str, Any]) -> dict[Imported, str]:
    """By interface and function."""
    found = {}
    for kind, mark in (("refused", REFUSED), ("answered", ANSWERED), ("in_vain", IN_VAIN)):
        found.update({(each["interface"], each["function"]): mark for each in facts[kind]})
    return found


def in_words(facts: dict[str, Any], name: str) -> list[str]:
    """`facts` in lines for people; `name`: of the file."""
    lines = ["", f"under {shown(name)}:"]
    if facts["other_program"]:
        lines.append("  it is not run: this is another program than the file is for (sha256)")
    if facts["refused"]:
        lines.append(f"  it is not run: {_grouped(facts['refused'])} is not allowed ([interfaces])")
    lines += [f"  {shown(each)}" for each in _answered(facts["answered"])]
    by_reason: dict[str, list[dict[str, str]]] = {}
    for each in facts["in_vain"]:
        by_reason.setdefault(each["why"], []).append(each)
    lines += [f"  asks in vain to {why} ({_functions(each)})" for why, each in by_reason.items()]
    lines += [f"  granted, and never asked for: {shown(each['grant'])}: {each['why']}" for each in facts["never_asked"]]
    if len(lines) == 2:
        lines.append("  all that it asks for is granted to some extent, and nothing else is")
    return lines


def _answered(entries: Iterable[dict[str, str]]) -> list[str]:
    by: dict[str, list[dict[str, str]]] = {}
    for each in entries:
        by.setdefault(each["by"], []).append(each)
    return [
        f"answered by {name}, Python code outside of the sandbox, as far as that goes: {_grouped(each)}"
        for name, each in by.items()
    ]


def _grouped(entries: Iterable[dict[str, str]]) -> str:
    by: dict[str, list[dict[str, str]]] = {}
    for each in entries:
        by.setdefault(each["interface"], []).append(each)
    return ", ".join(
        [f"{shown(name)} ({_functions(each)})" if each[0]["function"] else shown(name) for name, each in by.items()]
    )


def _functions(entries: Sequence[dict[str, str]]) -> str:
    names = [shown(each["function"] or each["interface"]) for each in entries]
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _answer(remit: Remit, interface: str, function: str) -> str | None:
    """By what name a Python object is said that answers it."""
    return next((name for name in remit.replaced_interfaces if covers(name, interface, function)), None)


def _never_imported(remit: Remit, imports: Sequence[Imported]) -> list[tuple[str, str]]:
    """Interfaces that are named and not imported."""
    found = []
    for kind, names in (("allow", remit.allow_interfaces or ()), ("replaced", tuple(remit.replaced_interfaces))):
        for name in names:
            if not any(covers(name, interface, function) for interface, function in imports):
                where = f"interfaces.{kind}: {name}" if kind == "allow" else f"interfaces: {name}"
                found.append((where, "it does not import it"))
    return found
