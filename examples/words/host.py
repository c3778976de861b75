"""A component: its functions take and return Python values, and it is handed an interface of ours.

The component is words.wasm, made from words.c and words.wit beside this file. No memory and no addresses here: the
component's own types say how each value crosses over.
"""

from __future__ import annotations

from pathlib import Path

import remit

COMPONENT = Path(__file__).parent / "words.wasm"


class Journal:
    """``examples:words/journal``, as the component asks for it."""

    def __init__(self) -> None:
        self.remarks: list[str] = []

    def note(self, remark: str) -> None:
        self.remarks.append(remark)


def main() -> None:
    journal = Journal()
    component: remit.Component = remit.load(COMPONENT, imports={"examples:words/journal": journal})

    with component.instantiate(timeout=5) as instance:
        text = instance.exports.text

        summary = text.summarize("components speak in types and not in addresses")
        print(f"{summary.words} words, the longest is {summary.longest!r}")
        print("it noted:", journal.remarks)

        try:
            text.summarize("   ")
        except remit.Err as refused:
            print("no summary:", refused.value)

        with text.Counter(40) as counter:
            print("counted:", counter.add("two more"))


if __name__ == "__main__":
    main()
