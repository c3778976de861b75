"""What ``remit inspect`` tells of a component: its shape, and the interfaces that it imports and exports."""

from __future__ import annotations

from remit.binary.kind import COMPONENT, HEAD, describe
from remit.binary.reader import BinaryError
from remit.cli.report import CommandError, shown
from remit.component.subtyping import sort_of
from remit.component.types import InstanceType, ResourceType, TypeBound
from remit.component.validation.component import validate_component
from remit.component.validation.errors import ValidationError
from remit.component.wit_text import WitTextError, world_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from remit.cli.program_file import ProgramFile
    from remit.component.types import ExternType
    from remit.component.validated import ValidatedComponent
    from remit.policy.remit import Remit

MOST_MEMBERS = 256
"""Names of one interface that are told; of more, the first and how many. A small file can say a large interface once,
and import it ten thousand times."""


def facts_of(data: bytes, path: str, remit: Remit | None = None) -> dict[str, Any]:
    """In JSON's types. CommandError if it is damaged, or has what Remit does not run."""
    component = _validated(data, path)
    facts = {} if remit is None else {"remit": _under(component, remit, data)}
    return facts | {
        "shape": _shape(component.exports),
        "imports": [_extern(name, type) for name, type in component.imports.items()],
        "exports": [_extern(name, type) for name, type in component.exports.items()],
    }


def wit_of(program: ProgramFile) -> str:
    """The world as WIT text. CommandError if it is no component, is damaged, or is too large to be written out."""
    if program.kind != COMPONENT:
        what = describe(program.data[:HEAD])
        raise CommandError(f"{program.path}: {what}; only a component has a world (--wit)")
    component = _validated(program.data, program.path)
    try:
        return world_text(component.type)
    except WitTextError as error:
        raise CommandError(f"{program.path}: its world cannot be written as WIT: {error}") from None


def _validated(data: bytes, path: str) -> ValidatedComponent:
    try:
        return validate_component(data)
    except (BinaryError, ValidationError) as error:
        raise CommandError(f"{path}: damaged component, or one that Remit does not run: {error}") from None


def _under(component: ValidatedComponent, remit: Remit, data: bytes) -> dict[str, Any]:
    from hashlib import sha256

    from remit.cli.inspect_remit import under
    from remit.runtime.under_remit import imported_by_component

    return under([*imported_by_component(component)], remit, sha256(data).hexdigest())


def _shape(exports: Mapping[str, ExternType]) -> str:
    """``command``, ``server`` or ``library``."""
    if any(name.startswith("wasi:cli/run@") for name in exports):
        return "command"
    return "server" if any(name.startswith("wasi:http/incoming-handler@") for name in exports) else "library"


def _extern(name: str, type: ExternType) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": name, "kind": _kind(type)}
    if isinstance(type, InstanceType):
        # Methods and the like are told by their names: `[method]input-stream.read`.
        members = list(type.exports.items())
        facts["members"] = [{"name": member, "kind": _kind(what)} for member, what in members[:MOST_MEMBERS]]
        if len(members) > MOST_MEMBERS:
            facts["members_in_all"] = len(members)
    return facts


def _kind(type: ExternType) -> str:
    if isinstance(type, TypeBound) and isinstance(type.type, ResourceType):
        return "resource"
    return "interface" if isinstance(type, InstanceType) else sort_of(type)


_SHAPES = {
    "command": "a command: it runs once and exits (remit run)",
    "server": "a server: it answers HTTP requests (remit serve)",
    "library": "a library: its functions are called (remit.load)",
}


def in_words(facts: dict[str, Any]) -> list[str]:
    """`facts` in lines for people."""
    lines = [_SHAPES[facts["shape"]]]
    marked: dict[tuple[str, str], str] = {}
    if "remit" in facts:
        from remit.cli import inspect_remit

        lines += inspect_remit.in_words(facts["remit"], facts["remit_file"])
        marked = inspect_remit.marks(facts["remit"])
    for title in ("imports", "exports"):
        lines += ["", f"{title}: {len(facts[title])}"]
        for each in facts[title]:
            lines.append(f"  {each['kind']} {shown(each['name'])}")
            members = each.get("members", ())
            for member in members:
                mark = marked.get((each["name"], member["name"])) if title == "imports" else None
                lines.append(f"    {member['kind']} {shown(member['name'])}" + (f" [{mark}]" if mark else ""))
            if "members_in_all" in each:
                lines.append(f"    … {each['members_in_all']} in all")
    return lines
