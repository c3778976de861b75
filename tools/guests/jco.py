"""Components, by the npm package jco, which has wasm-tools in it: of core modules that were made for a world of WIT,
and of commands of WASI 0.1, for which it has the adapter."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

from tools import cache, zig
from tools.guests.bring import CannotBringError, npm_installed
from tools.guests.catalogue import GUESTS

PACKAGE = GUESTS["wit"].package
VERSION = GUESTS["wit"].version


def installed() -> Path:
    """Where the package is, with what it depends on; installed now if it is not there."""
    return npm_installed(f"jco-{VERSION}", f"{PACKAGE}@{VERSION}")


_ENCODE = """
import { pathToFileURL } from "node:url";
import { readFileSync, writeFileSync } from "node:fs";
const [api, core, wit, world, output] = process.argv.slice(1);
const { componentEmbed, componentNew } = await import(pathToFileURL(api));
const witSource = readFileSync(wit, "utf8");
const binary = await componentEmbed({ binary: readFileSync(core), witSource, world, stringEncoding: "utf8" });
writeFileSync(output, await componentNew(binary, []));
"""


def encode(core: Path, wit: Path, world: str, output: Path) -> None:
    """Make a component of the module `core`, which was written for a world of the WIT file `wit`, WASI 0.2 included."""
    api = installed() / "node_modules" / PACKAGE / "dist" / "api.js"
    everything = output.with_suffix(".all.wit")
    everything.write_text("\n".join([wit.read_text(), *_nested_wasi()]))
    command = ["node", "--input-type=module", "--eval", _ENCODE]
    arguments = [str(api), str(core), str(everything), world, str(output)]
    try:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    finally:
        everything.unlink()
    if done.returncode != 0:
        raise CannotBringError(f"jco cannot make a component of {core.name}:\n{done.stderr}")


_DUMMY = """
import { pathToFileURL } from "node:url";
import { readFileSync, writeFileSync } from "node:fs";
const [api, wit, world, output] = process.argv.slice(1);
const { componentEmbed, componentNew } = await import(pathToFileURL(api));
const core = await componentEmbed({ dummy: true, witSource: readFileSync(wit, "utf8"), world, stringEncoding: "utf8" });
writeFileSync(output, await componentNew(core, []));
"""


def dummy(wit: Path, world: str, output: Path) -> None:
    """A component for a world of the WIT file, whose functions do nothing. CannotBringError if it is no WIT."""
    api = installed() / "node_modules" / PACKAGE / "dist" / "api.js"
    command = ["node", "--input-type=module", "--eval", _DUMMY, str(api), str(wit), world, str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotBringError(f"jco makes no component for the world {world} of {wit.name}:\n{done.stderr}")


def _nested_wasi() -> list[str]:
    """The packages of WASI 0.2, in the form in which one file can hold several."""
    files = sorted(GUESTS["wit"].directory.rglob("*.wit"))
    return [
        re.sub(r"^package (\S+);", r"package \1 {", file.read_text(), count=1, flags=re.M) + "\n}" for file in files
    ]


def as_component(program: Path) -> Path:
    """The command `program` as a component. Takes 2 s the first time."""
    key = hashlib.sha256(VERSION.encode() + program.read_bytes()).hexdigest()[:16]
    target = cache.directory("built") / f"{program.stem}-component-{key}"
    if not target.is_dir():
        with cache.filled(target) as scratch:
            command = [
                "node",
                str(script()),
                "new",
                str(program),
                "--wasi-command",
                "-o",
                str(scratch / "command.wasm"),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")
    return target / "command.wasm"


def script() -> Path:
    """The command ``jco``, for node."""
    return installed() / "node_modules" / PACKAGE / "dist" / "jco.js"


def transpiled(program: Path) -> Path:
    """The component `program` as a JavaScript module for node, which finds jco's WASI beside it. Takes 3 s."""
    key = hashlib.sha256(VERSION.encode() + program.read_bytes()).hexdigest()[:16]
    target = cache.directory("built") / f"{program.stem}-transpiled-{key}"
    if not target.is_dir():
        with cache.filled(target) as scratch:
            command = ["node", str(script()), "transpile", str(program), "--quiet", "-o", str(scratch)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")
            (scratch / "package.json").write_text('{"type": "module"}\n')
            (scratch / "node_modules").symlink_to(installed() / "node_modules")
    return target / f"{program.stem}.js"


def component(source: Path) -> Path:
    """The C file `source`, built for the world of its own name in the WIT file beside it, as a component."""
    core = zig.built([source], "-mexec-model=reactor")
    wit = source.with_suffix(".wit")
    key = hashlib.sha256(VERSION.encode() + core.read_bytes() + wit.read_bytes()).hexdigest()[:16]
    target = cache.directory("built") / f"{source.stem}-component-{key}"
    if not target.is_dir():
        with cache.filled(target) as scratch:
            encode(core, wit, source.stem, scratch / "component.wasm")
    return target / "component.wasm"
