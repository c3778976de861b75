"""Components written in JavaScript, built by the npm package componentize-js, which jco brings with it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tools import cache
from tools.guests import jco
from tools.guests.bring import CannotBringError, client_present
from tools.guests.catalogue import GUESTS

HOME = cache.REPOSITORY / "tests" / "guests" / "javascript"
"""Of each guest ``NAME.js``, and ``NAME.wit`` with the world that is called ``guest``."""

_COMPONENTIZE = """
import { pathToFileURL } from "node:url";
import { readFileSync, writeFileSync } from "node:fs";
const [api, source, witPath, output] = process.argv.slice(1);
const { componentize } = await import(pathToFileURL(api));
// It would export a handler of its own, of an older version.
const disableFeatures = ["fetch-event"];
const options = { witPath, worldName: "guest", disableFeatures };
const { component } = await componentize(readFileSync(source, "utf8"), options);
writeFileSync(output, component);
"""


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
    key = hashlib.sha256(jco.VERSION.encode() + source.read_bytes() + b"\0" + world.read_bytes()).hexdigest()[:16]
    target = cache.directory("built") / f"javascript-{name}-{key}"
    if not target.is_dir():
        api = jco.installed() / "node_modules" / "@bytecodealliance" / "componentize-js" / "src" / "componentize.js"
        with cache.filled(target) as scratch:
            wit = scratch / "wit"
            (wit / "deps").mkdir(parents=True)
            for package in GUESTS["wit"].directory.iterdir():
                shutil.copytree(package, wit / "deps" / package.name)
            shutil.copy(world, wit / "world.wit")
            command = ["node", "--input-type=module", "--eval", _COMPONENTIZE]
            arguments = [str(api), str(source), str(wit), str(scratch / f"{name}.wasm")]
            done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
            shutil.rmtree(wit)
            if done.returncode != 0:
                raise CannotBringError(f"componentize-js cannot make a component of {source.name}:\n{done.stderr}")
    return target / f"{name}.wasm"
