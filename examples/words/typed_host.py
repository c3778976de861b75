"""The same component, with types: editors complete its functions, and mypy and pyright check how they are used.

words_bindings.py beside this file was written by ``remit bindings words.wasm -o words_bindings.py``.
"""

from __future__ import annotations

from pathlib import Path

import remit
from examples.words import words_bindings

COMPONENT = Path(__file__).parent / "words.wasm"


class Journal:
    def note(self, remark: str) -> None:
        print("it noted:", remark)


def main() -> None:
    component = words_bindings.load(COMPONENT, journal=Journal())
    with component.instantiate(timeout=5) as instance:
        text = words_bindings.exports(instance).text
        summary = text.summarize("components speak in types and not in addresses")
        print(f"{summary.words + 1} with a word of mine")
        try:
            text.summarize("   ")
        except remit.Err as refused:
            if refused.value is words_bindings.Text.Problem.EMPTY:
                print("there was nothing to summarize")


if __name__ == "__main__":
    main()
