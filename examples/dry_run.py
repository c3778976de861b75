"""Let a program work on real files without changing one: look at what it would do, then decide.

An overlay lies over the directory. The program sees its own changes; the files below stay as they are
until somebody applies them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import remit
import remit.fs

PROGRAM = Path(__file__).parent / "demo" / "notes.wasm"


def main() -> None:
    with tempfile.TemporaryDirectory() as top:
        notes = Path(top)
        (notes / "monday.txt").write_text("buy bread and milk\n")

        overlay = remit.fs.Overlay(remit.fs.Host(notes))
        remit.run([PROGRAM], dirs={"/notes": overlay}, capture_output=True)

        print("it would change:", [f"{change.kind} {change.path}" for change in overlay.changes()])
        print("on disk:", sorted(path.name for path in notes.iterdir()))
        overlay.apply()
        print("and now:", sorted(path.name for path in notes.iterdir()))


if __name__ == "__main__":
    main()
