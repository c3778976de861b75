"""What Remit declares of WASI 0.2 is what the specification's own files say, name by name and type by type."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from remit.interfaces.wasi_0_2.catalogue import INTERFACES, VERSION
from remit.interfaces.wit.declaration import functions_of
from remit.interfaces.wit.registry import InterfaceName, registry
from tools.guests.catalogue import GUESTS

pytestmark = pytest.mark.guest("wit")

NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|@[a-z]+\([^)]*\)|%", re.DOTALL)
USE = re.compile(r"use (?P<path>[^;]*?)\.\{(?P<names>[^}]*)\}")
TYPE = re.compile(
    r"(?P<kind>record|variant|enum|flags) (?P<name>[\w-]+) (?P<body>\{[^}]*\})|type (?P<alias>[\w-]+) = (?P<of>.*)"
)
FUNCTION = re.compile(r"(?:(?P<name>[\w-]+): (?P<static>static )?func|(?P<constructor>constructor))(?P<type>\(.*)")


class Written:
    """One interface, as the file has it."""

    def __init__(self, package: str, body: str) -> None:
        self.functions: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.uses: dict[str, str] = {}
        self.resources: set[str] = set()
        for item in items(body):
            if used := USE.match(item):
                path = used["path"].partition("@")[0]
                where = path if ":" in path else f"{package}/{path}"
                for name in filter(None, map(str.strip, used["names"].split(","))):
                    theirs, _, mine = name.partition(" as ")
                    self.uses[mine or theirs] = f"{where}.{theirs}"
            elif item.startswith("resource "):
                head, _, methods = item.partition(" {")
                self.resources.add(head.split()[1])
                for method in items(methods.rpartition("}")[0]):
                    self._add(method, head.split()[1])
            elif type := TYPE.match(item):
                name = type["name"] or type["alias"]
                self.types[name] = bare(f"{type['kind']} {type['body']}" if type["kind"] else type["of"])
            else:
                self._add(item, None)

    def _add(self, item: str, resource: str | None) -> None:
        found = FUNCTION.match(item)
        assert found, item
        if resource is None:
            name = found["name"]
        elif found["constructor"]:
            name = f"[constructor]{resource}"
        else:
            name = f"[{'static' if found['static'] else 'method'}]{resource}.{found['name']}"
        self.functions[name] = bare(found["type"])


def items(text: str) -> Iterator[str]:
    """What stands one after the other, each with its own braces."""
    depth, item = 0, ""
    for piece in re.split(r"([{};])", text):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if depth == 0 and piece in (";", "}"):
            item += piece if piece == "}" else ""
            # `use a.{b};` ends with a semicolon after its brace.
            if item.strip():
                yield " ".join(item.split())
            item = ""
        else:
            item += piece


def bare(text: str) -> str:
    """A type without what makes no difference."""
    return re.sub(r",(?=[)}>])", "", re.sub(r"\s+", "", text))


def written() -> dict[str, Written]:
    """All interfaces, by name."""
    found = {}
    for path in sorted(GUESTS["wit"].directory.glob("*/package.wit")):
        package, _, rest = NOISE.sub("", path.read_text(encoding="utf-8")).partition(";")
        name, _, version = package.split()[1].partition("@")
        assert version == VERSION
        for item in items(rest):
            head, _, body = item.partition(" {")
            if head.startswith("interface "):
                found[f"{name}/{head.split()[1]}"] = Written(name, body.rpartition("}")[0])
    return found


EXPORTED = {"wasi:cli/run", "wasi:http/incoming-handler"}
"""What programs offer, and not their host."""


def test_every_interface_is_there() -> None:
    assert {*written()} - EXPORTED == {*INTERFACES}


@pytest.mark.parametrize("name", INTERFACES)
def test_an_interface_has_what_is_written(name: str) -> None:
    theirs = written()[name]
    mine = registry().offered(InterfaceName(f"{name}@{VERSION}")).interface
    assert {each: bare(declared.text) for each, (_, _, declared) in functions_of(mine).items()} == theirs.functions
    assert {each: bare(text) for each, text in mine.types.items()} == theirs.types
    assert {each.name for each in mine.resources} == theirs.resources
    uses = {}
    for each, origin in mine.uses.items():
        where, _, original = origin.partition(".")
        uses[each] = f"{where}.{original or each}"
    assert theirs.uses.items() <= uses.items()
    # What is used beside that stands in the types of the functions only.
    for extra in uses.keys() - theirs.uses.keys():
        assert any(re.search(rf"\b{extra}\b", text) for text in theirs.functions.values()), extra
