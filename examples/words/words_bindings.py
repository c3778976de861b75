"""Bindings of words.wasm, made by `remit bindings`: make them again when it changes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, Unpack

import remit
from remit import bindings


class JournalImport(Protocol):
    """What the component imports as examples:words/journal@1.0.0: to be given to `load`."""

    @abstractmethod
    def note(self, remark: str) -> None: ...


class Text:
    """What examples:words/text@1.0.0 offers."""

    class Summary(bindings.Record):
        __slots__ = __match_args__ = ("words", "longest")

        def __init__(self, words: int, longest: str) -> None:
            self.words: int = words
            self.longest: str = longest

    class Problem(bindings.Enum):
        EMPTY = "empty"
        TOO_LONG = "too-long"

    class Counter(bindings.Resource):
        __slots__ = ()

        def __init__(self, start: int) -> None: ...

        def add(self, text: str) -> int:
            raise NotImplementedError

    def summarize(self, text: str) -> Text.Summary:
        raise NotImplementedError


class Exports:
    """What the component exports."""

    text: Text


def load(
    program: bindings.Source,
    *,
    journal: JournalImport,
    **options: Unpack[bindings.LoadOptions],
) -> remit.Component:
    """As remit.load, for words.wasm and what is like it; remit.LinkError for any other."""
    return _BINDINGS.load(program, {"examples:words/journal@1.0.0": journal}, options)


def exports(of: remit.Component | remit.ComponentInstance) -> Exports:
    """What it exports; it must have been loaded by `load`."""
    found: Exports = _BINDINGS.exports(of)
    return found


_BINDINGS = bindings.Bindings(
    __name__,
    digest="6e44759e58814f4bb103f08f2ffd5661",
    imports={},
    exports={
        "": Exports,
        "examples:words/text@1.0.0": Text,
    },
    provided=[],
)
