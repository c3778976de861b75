"""Components written in JavaScript, built by the npm package componentize-js."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
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


def available() -> str | None:
    """Why they cannot be built here, or None."""
    if not client_present(GUESTS["wit"].registry):
        return "JavaScript components need Node.js and npm: apt-get install npm"
    if not GUESTS["wit"].present:
        return "the WIT files are not there: python -m tools.guests --only wit"
    return None


def built(name: str) -> Path:
    """The component `name`, once for each content of its files. Takes 10 s the first time. CannotBringError."""
    reason = available()
    if reason:
        raise CannotBringError(reason)
    source, world = HOME / f"{name}.js", HOME / f"{name}.wit"
    made_of = repr((VERSION, SHIM, GUESTS["wit"].version, source.read_bytes(), world.read_bytes()))
    key = hashlib.sha256(made_of.encode()).hexdigest()[:16]
    target = cache.directory("built") / f"javascript-{name}-{key}"
    if not target.is_dir():
        api = installed() / "node_modules" / PACKAGE / "src" / "componentize.js"
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
            command = ["node", "--input-type=module", "--eval", _COMPONENTIZE]
            arguments = [str(api), str(source), str(wit), str(scratch / f"{name}.wasm")]
            if version != FETCH:
                # It would export a handler of its own beside that of the world.
                arguments.append("fetch-event")
            done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
            shutil.rmtree(wit)
            if done.returncode != 0:
                raise CannotBringError(f"componentize-js cannot make a component of {source.name}:\n{done.stderr}")
    return target / f"{name}.wasm"
