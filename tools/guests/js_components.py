"""Components written in JavaScript, built by the npm packages componentize-js and componentize-qjs."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools import cache
from tools.guests.bring import CannotBringError, client_present, npm_installed
from tools.guests.catalogue import GUESTS

HOME = cache.REPOSITORY / "tests" / "guests" / "javascript"
"""Of each guest ``NAME.js``, and ``NAME.wit`` with the world that is called ``guest``."""

VERSION = "0.23.0"
PACKAGE = "@bytecodealliance/componentize-js"
# It imports this one, and does not depend on it: without, it ends with ERR_MODULE_NOT_FOUND.
SHIM = "@bytecodealliance/preview2-shim@0.17.9"
# Its own way to serve, the event `fetch`, has its types from here whatever the world says.
FETCH = "0.2.10"

QUICKJS = "componentize-qjs"
QUICKJS_VERSION = "0.4.5"

_COMPONENTIZE = """
import { pathToFileURL } from "node:url";
import { readFileSync, writeFileSync } from "node:fs";
const [api, source, witPath, output, ...disableFeatures] = process.argv.slice(1);
const { componentize } = await import(pathToFileURL(api));
const options = { witPath, worldName: "guest", disableFeatures };
const { component } = await componentize(readFileSync(source, "utf8"), options);
writeFileSync(output, component);
"""


def installed() -> Path:
    """Where the package is, with what it depends on; installed now if it is not there."""
    return npm_installed(f"componentize-js-{VERSION}", f"{PACKAGE}@{VERSION}", SHIM)


def installed_quickjs() -> Path:
    """The same of the other one."""
    return npm_installed(f"{QUICKJS}-{QUICKJS_VERSION}", f"{QUICKJS}@{QUICKJS_VERSION}")


def available() -> str | None:
    """Why they cannot be built here, or None."""
    if not client_present(GUESTS["wit"].registry):
        return "JavaScript components need Node.js and npm: apt-get install npm"
    if not GUESTS["wit"].present:
        return "the WIT files are not there: python -m tools.guests --only wit"
    return None


def built(name: str) -> Path:
    """The component `name`, once for each content of its files. Takes 20 s the first time. CannotBringError."""

    def make(source: Path, wit: Path, output: Path) -> list[str]:
        api = installed() / "node_modules" / PACKAGE / "src" / "componentize.js"
        # Elsewhere it would export a handler of its own beside that of the world.
        without = [] if f"@{FETCH};" in (wit / "world.wit").read_text() else ["fetch-event"]
        arguments = [str(api), str(source), str(wit), str(output), *without]
        return ["node", "--input-type=module", "--eval", _COMPONENTIZE, *arguments]

    return _made(name, (PACKAGE, VERSION, SHIM), make)


def built_with_quickjs(name: str) -> Path:
    """The same by the npm package componentize-qjs: QuickJS in a frame of Rust. Takes 4 s. CannotBringError."""

    def make(source: Path, wit: Path, output: Path) -> list[str]:
        script = installed_quickjs() / "node_modules" / QUICKJS / "bin" / QUICKJS
        # Its other engine is for the async ABI, which 0.2 does not have.
        options = ["--sync", "--world", "guest", "--wit", str(wit), "--js", str(source)]
        return ["node", str(script), *options, "--output", str(output)]

    return _made(name, (QUICKJS, QUICKJS_VERSION), make)


def _made(name: str, made_by: tuple[str, ...], make: Callable[[Path, Path, Path], list[str]]) -> Path:
    """By the command that `make` gives for a source, a folder of WIT files and the file that is to be."""
    reason = available()
    if reason:
        raise CannotBringError(reason)
    source, world = HOME / f"{name}.js", HOME / f"{name}.wit"
    made_of = repr((made_by, GUESTS["wit"].version, source.read_bytes(), world.read_bytes()))
    key = hashlib.sha256(made_of.encode()).hexdigest()[:16]
    target = cache.directory("built") / f"javascript-{name}-{key}"
    if not target.is_dir():
        # The world of a guest names one version, and gets the files of that one.
        version = re.findall(r"@(\S+);", world.read_text())[0]
        with cache.filled(target) as scratch:
            wit = scratch / "wit"
            for package in GUESTS["wit"].directory.iterdir():
                folder = wit / "deps" / package.name
                folder.mkdir(parents=True)
                for file in package.glob("*.wit"):
                    text = re.sub(r"@0\.2\.\d+", f"@{version}", file.read_text())
                    (folder / file.name).write_text(text)
            shutil.copy(world, wit / "world.wit")
            command = make(source, wit, scratch / f"{name}.wasm")
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            shutil.rmtree(wit)
            if done.returncode != 0:
                raise CannotBringError(f"{made_by[0]} cannot make a component of {source.name}:\n{done.stderr}")
    return target / f"{name}.wasm"
