"""The picture in docs/ARCHITECTURE.md, enforced: which package may import which.

Imports under ``if TYPE_CHECKING`` count too: a type that must not be known must not be named either.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src" / "remit"
NAME = re.compile("`([a-z_]+)`")

# Each part, and the parts it may import. `binary` and `kernel` stand on nothing but the standard library.
ALLOWED: dict[str, set[str]] = {
    "binary": set(),
    "kernel": set(),
    "native": {"kernel", "filesystems"},
    "engine": {"binary"},
    "host_errors": {"kernel"},
    "filesystems": {"kernel", "host_errors"},
    "network": {"kernel", "host_errors"},
    "streams": {"kernel", "host_errors"},
    "component": {"engine", "binary"},
    "interfaces": {"kernel", "engine", "binary", "component"},
    "recording": {"kernel", "_version"},
    "policy": {"kernel", "filesystems", "network", "streams", "http", "recording"},
    "testing": {"kernel"},
    "runtime": {
        *("kernel", "engine", "binary", "component", "interfaces", "policy", "filesystems", "network", "streams"),
        *("native", "trace", "recording", "_version"),
    },
    "serve": {"runtime", "policy", "http", "kernel", "streams"},
    "asgi": {"runtime", "serve"},
    "cli": {
        *("runtime", "policy", "serve", "http", "binary", "component", "engine", "kernel", "fs", "network"),
        *("interfaces", "_version", "audit", "trace", "recording"),
    },
    "audit": {"kernel"},
    "trace": {"kernel"},
    "bindings": {"component", "engine", "runtime"},
    "net": {"network", "kernel", "_lazy"},
    "http": {"kernel"},
    "fs": {"filesystems", "kernel", "_lazy"},
    "_version": set(),
    "_lazy": set(),
}
# The public face and the command gather names from everywhere.
FACES = {"__init__", "__main__"}

# Siblings that may share a common part but never import each other.
SIBLINGS = {"preview0", "preview1", "wasi_0_2", "wasi_0_3"}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "remit"}


def part(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_only_what_the_picture_allows(path: Path) -> None:
    here = part(path)
    if here in FACES:
        return
    assert here in ALLOWED, f"{here} is not in the picture: add it to docs/ARCHITECTURE.md and here"
    for name in imported(path):
        pieces = name.split(".")
        if len(pieces) < 2:
            continue
        assert pieces[1] == here or pieces[1] in ALLOWED[here], f"{path.name} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_interface_versions_are_siblings(path: Path) -> None:
    mine = SIBLINGS.intersection(p.removesuffix(".py") for p in path.relative_to(SOURCE).parts)
    if not mine:
        return
    for name in imported(path):
        others = SIBLINGS.intersection(name.split(".")) - mine
        assert not others, f"{path.name} imports its sibling {name}"


# `remit.fs.Host` is the public name of it: a caller who writes that opens the directory by own authority.
OPENS_THE_MACHINE = {"HostFilesystem": {"policy", "fs"}, "HostNetwork": {"policy", "net"}}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_policy_turns_names_into_authority(path: Path) -> None:
    here = part(path)
    for name in imported(path):
        pieces = name.split(".")
        if len(pieces) < 3 or pieces[1] in (here, "policy"):
            continue
        may = {"policy"} if pieces[-1].startswith("open_ambient_") else OPENS_THE_MACHINE.get(pieces[-1], {here})
        assert here in may, f"{path.name} imports {name}: ask policy/build.py for what it may have"


def test_only_the_wasmtime_engine_touches_ctypes_pointers() -> None:
    """Raw addresses stay in engine/wasmtime, the native path, and the Linux host adapter's system calls."""
    allowed = {"engine/wasmtime", "native", "filesystems"}
    for path in modules():
        place = path.relative_to(SOURCE).as_posix()
        if "import ctypes" in path.read_text():
            assert any(place.startswith(prefix) for prefix in allowed), place


def test_the_map_says_the_same() -> None:
    """The table of docs/ARCHITECTURE.md, its first and its last column."""
    lines = (REPOSITORY / "docs/ARCHITECTURE.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    drawn = {}
    for parts, _, may_import in rows:
        for each in NAME.findall(parts):
            drawn[each] = set(NAME.findall(may_import))
    small = {"_version", "_lazy"}
    assert drawn == {each: may - small for each, may in ALLOWED.items() if each not in small}
