"""esbuild, a Go program: bundles a small project of TypeScript, JSON and CSS."""

from __future__ import annotations

from pathlib import Path

import pytest

from guests.side_by_side import Work, both
from tools.guests.catalogue import GUESTS

ESBUILD = GUESTS["esbuild"]
FILES = {
    "main.ts": 'import { greet } from "./lib/greet";\nimport data from "./data.json";\nconsole.log(greet(data.name))\n',
    "lib/greet.ts": "export const greet = (name: string): string => `hello ${name}`;\nexport const unused = 1;\n",
    "data.json": '{"name": "world"}\n',
    "style.css": '@import "./lib/base.css";\nbody { color: rgb(255, 0, 0); }\n',
    "lib/base.css": "html { margin: 0px }\n",
    "broken.ts": 'import { missing } from "./nowhere";\nlet x: = 1;\n',
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def bundle(project: Path, *arguments: str) -> Work:
    # It takes its working directory from PWD, and its log tells how long it took.
    return Work(ESBUILD.path("esbuild.wasm"), [*arguments, "--log-level=warning"], {"PWD": "/"}, directory=project)


@pytest.mark.guest("esbuild")
@pytest.mark.slow
def test_a_bundle_with_source_map(project: Path) -> None:
    options = ["--bundle", "--minify", "--sourcemap", "--outdir=out"]
    outcome = both(bundle(project, "main.ts", "style.css", *options))
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert {"out/main.js", "out/main.js.map", "out/style.css"} < set(outcome.files)


@pytest.mark.guest("esbuild")
@pytest.mark.slow
def test_a_mistake_is_shown_in_its_place(project: Path) -> None:
    outcome = both(bundle(project, "broken.ts", "--bundle"))
    assert outcome.status == 1
    assert b"broken.ts:2:7" in outcome.stderr
