"""``remit inspect``: what a program is, offers and needs, without running or compiling any of it."""

from __future__ import annotations

from remit.binary.kind import COMPONENT, HEAD, MODULE, describe
from remit.binary.module import decode_module
from remit.binary.names import Names
from remit.binary.producers import decode_producers
from remit.binary.reader import BinaryError
from remit.binary.types import PAGE, MemoryType
from remit.cli.needs import WASI_0_1, WORDS, needs_of
from remit.cli.options import Command, Option, UsageError
from remit.cli.program_file import ProgramFile
from remit.cli.report import CommandError, say, shown, size_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.binary.module import Export, Import, ModuleInfo
    from remit.binary.types import ExternType
    from remit.policy.remit import Remit

MOST_VALUES = 32
"""Parameters, or results, of one type that are told; of more, the first and how many. Compilers make fewer, and a small
file can say a thousand for each of ten thousand imports: it has them once, and each would be written out."""

_PIECES = 10_000

COMMAND = Command(
    "inspect",
    "PROGRAM",
    "Say what a program is, what it offers, and what it could need at most. Nothing of it is run. A PROGRAM whose\n"
    "name ends in .toml is a remit file, which names one.",
    (
        Option(
            "--remit",
            value="FILE",
            help="Say, too, what of that the remit file FILE leaves out, and what it grants that the program can never "
            "ask for.",
        ),
        Option("--json", help="All of it, for machines."),
        Option("--wit", help="Of a component: its world as WIT text, with all types, and nothing else."),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    path, remit, file = _operand(parsed.operands[0], parsed.values.get("remit"))
    program = ProgramFile(path)
    if "wit" in parsed.values:
        if "json" in parsed.values:
            raise UsageError("--json and --wit are two forms of what is told: give one of them")
        if "remit" in parsed.values:
            raise UsageError("--wit tells nothing but the world, which is the same under any remit: leave out --remit")
        from remit.cli.inspect_component import wit_of

        say(wit_of(program))
        return 0
    facts = inspect(program, remit)
    if remit is not None:
        facts["remit_file"] = file
    if "json" in parsed.values:
        _say_json(facts)
    else:
        say("".join(line + "\n" for line in in_words(facts)))
    return 0


def _operand(path: str, name: str | None) -> tuple[str, Remit | None, str]:
    """The program's path, and the remit and its file's name. UsageError, CommandError."""
    from remit.cli.remit_file import SUFFIX, load

    if not path.endswith(SUFFIX):
        return path, None if name is None else load(name), name or ""
    if name is not None:
        raise UsageError(f"--remit: {path} is a remit file itself: give one of them")
    remit = load(path)
    if remit.program is None:
        raise CommandError(
            f'{path}: it says no program: write program = "…" there, or remit inspect --remit {path} PROGRAM'
        )
    return remit.path_of(remit.program), remit, path


def _under(info: ModuleInfo, remit: Remit, data: bytes) -> dict[str, Any]:
    from hashlib import sha256

    from remit.cli.inspect_remit import under

    imports = [(each.module, each.name) for each in info.imports if each.kind == "func"]
    return under(imports, remit, sha256(data).hexdigest())


def _say_json(facts: dict[str, Any]) -> None:
    import json

    # Piece by piece: the whole, in Python, is many times the text.
    pieces: list[str] = []
    for piece in json.JSONEncoder(indent=2).iterencode(facts):
        pieces.append(piece)
        if len(pieces) == _PIECES:
            say("".join(pieces))
            pieces.clear()
    say("".join(pieces) + "\n")


def inspect(program: ProgramFile, remit: Remit | None = None) -> dict[str, Any]:
    """What is known, in JSON's types, also under `remit`. CommandError if it is not WebAssembly, or damaged."""
    facts: dict[str, Any] = {"path": program.path, "kind": program.kind, "size": len(program.data)}
    if program.kind == COMPONENT:
        from remit.cli.inspect_component import facts_of

        return facts | facts_of(program.data, program.path, remit)
    if program.kind != MODULE:
        raise CommandError(f"{program.path}: {describe(program.data[:HEAD])}; a WebAssembly binary is needed")
    try:
        info = decode_module(program.data)
    except BinaryError as error:
        raise CommandError(f"{program.path}: damaged module: {error}") from None
    if remit is not None:
        facts["remit"] = _under(info, remit, program.data)
    return facts | {
        "shape": shape_of(info),
        "name": _name(program.data, info),
        "needs": needs_of(info),
        "imports": [_import(each) for each in info.imports],
        "exports": [_export(each) for each in info.exports],
        "memories": [_type(each) for each in info.memories],
        "start": info.start,
        "producers": _producers(program.data, info),
        "custom_sections": [
            {"name": each.name, "offset": each.offset, "size": each.size} for each in info.custom_sections
        ],
    }


def shape_of(info: ModuleInfo) -> str:
    """``command`` (it has a ``_start``), ``reactor`` (it has an ``_initialize``) or ``library``."""
    functions = {each.name for each in info.exports if each.kind == "func"}
    if "_start" in functions:
        return "command"
    return "reactor" if "_initialize" in functions else "library"


def _name(data: bytes, info: ModuleInfo) -> str | None:
    try:
        return Names(data, info).module
    except BinaryError:  # The module may be good all the same; it has just lost its name.
        return None


def _producers(data: bytes, info: ModuleInfo) -> dict[str, list[list[str]]]:
    try:
        return {field: [list(each) for each in values] for field, values in decode_producers(data, info).items()}
    except BinaryError:
        return {}


def _type(type: ExternType) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for field in type.fields:
        value = getattr(type, field)
        if isinstance(value, tuple) and len(value) > MOST_VALUES:
            facts[field], facts[f"{field}_in_all"] = value[:MOST_VALUES], len(value)
        else:
            facts[field] = value
    return facts


def _text(type: ExternType) -> str:
    parts = [getattr(type, field) for field in type.fields]
    for at, part in enumerate(parts):
        if isinstance(part, tuple) and len(part) > MOST_VALUES:
            parts[at] = (*part[:MOST_VALUES], f"… {len(part)} in all")
    return str(type.__class__(*parts))


def _import(each: Import) -> dict[str, Any]:
    return {
        "module": each.module,
        "name": each.name,
        "kind": each.kind,
        "type": _type(each.type),
        "text": _text(each.type),
    }


def _export(each: Export) -> dict[str, Any]:
    return {"name": each.name, "kind": each.kind, "type": _type(each.type), "text": _text(each.type)}


_SHAPES = {
    "command": "a command: it runs once and exits",
    "reactor": "a reactor: initialised once, then its functions are called",
    "library": "a library: its functions are called",
}


def in_words(facts: dict[str, Any]) -> list[str]:
    """`facts` in lines for people."""
    title = f"{shown(facts['path'])}: WebAssembly "
    size = size_in_words(facts["size"])
    if facts["kind"] == COMPONENT:
        from remit.cli import inspect_component

        return [f"{title}component, {size}", *inspect_component.in_words(facts)]
    lines = [f"{title}core module, {size}", _SHAPES[facts["shape"]]]
    if facts["name"]:
        lines.append(f"name: {shown(facts['name'])}")
    for memory in facts["memories"]:
        lines.append(f"memory: {_memory_in_words(MemoryType(**memory))}")
    if facts["start"] is not None:
        lines.append(f"start: function {facts['start']} runs at instantiation")
    lines += ["", "could use at most:" if facts["needs"] else "could use: nothing, it can only compute"]
    for need, imports in facts["needs"].items():
        lines.append(f"  {WORDS[need]} ({_some(imports)})")
    marked: dict[tuple[str, str], str] = {}
    if "remit" in facts:
        from remit.cli import inspect_remit

        lines += inspect_remit.in_words(facts["remit"], facts["remit_file"])
        marked = inspect_remit.marks(facts["remit"])
    lines += ["", f"imports: {len(facts['imports'])}"]
    modules: dict[str, list[dict[str, Any]]] = {}
    for each in facts["imports"]:
        modules.setdefault(each["module"], []).append(each)
    for module, imports in modules.items():
        lines.append(f"  {shown(module)}: {len(imports)}")
        for each in imports:
            kind = "" if module in WASI_0_1 else f"{each['kind']} "
            mark = marked.get((module, each["name"])) if each["kind"] == "func" else None
            lines.append(f"    {kind}{shown(each['name'])} {each['text']}" + (f" [{mark}]" if mark else ""))
    lines += ["", f"exports: {len(facts['exports'])}"]
    lines += [f"  {each['kind']} {shown(each['name'])} {each['text']}" for each in facts["exports"]]
    if facts["producers"]:
        lines += ["", "made by:"]
        for field, producers in facts["producers"].items():
            made = ", ".join(" ".join(filter(None, map(shown, producer))) for producer in producers)
            lines.append(f"  {shown(field)}: {made}")
    return lines


def _memory_in_words(memory: MemoryType) -> str:
    least = size_in_words(memory.minimum * memory.page_size)
    most = "no maximum" if memory.maximum is None else f"at most {size_in_words(memory.maximum * memory.page_size)}"
    extras = [
        word
        for word, given in (
            ("shared", memory.shared),
            ("64-bit addresses", memory.is_64),
            (f"pages of {size_in_words(memory.page_size)}", memory.page_size != PAGE),
        )
        if given
    ]
    return ", ".join([f"at least {least}", most, *extras])


def _some(names: list[str], most: int = 4) -> str:
    listed = ", ".join(map(shown, names[:most]))
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"
