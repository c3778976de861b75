"""Values of components from text: WAVE, the WebAssembly Value Encoding, as other tools for components read it.

``[1, 2]``, ``{name: "x", at: some(3)}``, ``some-case(true)``, ``"text"``. What may be left out may be so here:
a field that is none, ``some(…)`` around an option's value, ``ok(…)`` around a result's.
"""

from __future__ import annotations

import math

from remit.binary.wording import listed
from remit.component.abi.numbers import to_f32
from remit.component.types import Enum, Flags, List, Option, Primitive, Record, Result, Tuple, Variant
from remit.component.values.accept import RANGES
from remit.component.values.results import Err, Ok, Some
from remit.component.values.variants import Case

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.types import ValType

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'", "0": "\0"}
_WORD_ENDS = " \t\n\r,:()[]{}\"'"
_NO_NUMBERS = ("nan", "inf", "-inf")
_NUMBER_SIGNS = frozenset("0123456789.eE+-")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
MAX_DEPTH = 100


def parse(text: str, type: ValType) -> Any:
    """The Python value. ValueError says what was expected, and where."""
    reader = _Reader(text)
    value = reader.value(type, 0)
    reader.skip()
    if reader.at < len(text):
        raise reader.wrong("the end")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def wrong(self, wanted: str) -> ValueError:
        rest = self.text[self.at : self.at + 20]
        if not rest:
            return ValueError(f"{wanted} is missing at the end")
        return ValueError(f"{wanted} is expected at character {self.at + 1}, not {rest!r}")

    def take(self, sign: str) -> bool:
        self.skip()
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def want(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong(f"`{sign}`")

    def peek(self) -> str:
        self.skip()
        return self.text[self.at : self.at + 1]

    def word(self, wanted: str) -> str:
        self.skip()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _WORD_ENDS:
            self.at += 1
        if start == self.at:
            raise self.wrong(wanted)
        return self.text[start : self.at]

    def label(self, wanted: str) -> str:
        return self.word(wanted).removeprefix("%")

    def value(self, type: ValType, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deep")
        if isinstance(type, Primitive):
            return self.primitive(type.kind)
        if isinstance(type, List):
            return self.sequence("[", "]", type, depth)
        if isinstance(type, Tuple):
            return self.tuple(type, depth)
        if isinstance(type, Record):
            return self.record(type, depth)
        if isinstance(type, Flags):
            return self.flags(type)
        if isinstance(type, Enum):
            return self.choice(type.labels)
        if isinstance(type, Variant):
            return self.variant(type, depth)
        if isinstance(type, Option):
            return self.option(type, depth)
        if isinstance(type, Result):
            return self.result(type, depth)
        raise ValueError(f"a {type.kind} cannot be written as text")

    def primitive(self, kind: str) -> Any:
        if kind == "bool":
            return self.choice(("false", "true")) == "true"
        if kind == "string":
            return self.quoted('"', "a string in double quotes")
        if kind == "char":
            found = self.quoted("'", "a character in single quotes")
            if len(found) != 1:
                raise ValueError(f"one character is expected in single quotes, not {found!r}")
            return found
        at = self.at
        if kind in ("f32", "f64"):
            word = self.word("a number")
            try:
                if word not in _NO_NUMBERS and not _NUMBER_SIGNS.issuperset(word):
                    raise ValueError
                number = float(word)
            except ValueError:
                self.at = at
                raise self.wrong("a number") from None
            if word not in _NO_NUMBERS and math.isinf(to_f32(number) if kind == "f32" else number):
                raise ValueError(f"{word} does not fit in an {kind} (inf is infinity)")
            return number
        if kind not in RANGES:
            raise ValueError(f"a value of type {kind} cannot be written as text")
        word = self.word("a whole number")
        digits = word.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 20):
            self.at = at
            raise self.wrong("a whole number")
        low, high = RANGES[kind]
        if not low <= int(word) <= high:
            raise ValueError(f"{word} is out of range for {kind}, which takes {low} to {high}")
        return int(word)

    def choice(self, labels: tuple[str, ...]) -> str:
        self.skip()
        at = self.at
        wanted = f"one of {listed(labels)}"
        found = self.label(wanted)
        if found not in labels:
            self.at = at
            raise self.wrong(wanted)
        return found

    def quoted(self, quote: str, wanted: str) -> str:
        if not self.take(quote):
            raise self.wrong(wanted)
        found: list[str] = []
        while True:
            sign = self.text[self.at : self.at + 1]
            if not sign:
                raise self.wrong(f"`{quote}`")
            self.at += 1
            if sign == quote:
                return "".join(found)
            found.append(self.escape() if sign == "\\" else sign)

    def escape(self) -> str:
        sign = self.text[self.at : self.at + 1]
        if sign in _ESCAPES and sign:
            self.at += 1
            return _ESCAPES[sign]
        if self.text.startswith("u{", self.at):
            end = self.text.find("}", self.at)
            digits = self.text[self.at + 2 : end]
            try:
                number = int(digits, 16) if end > 0 and len(digits) <= 6 and _HEXADECIMAL.issuperset(digits) else -1
            except ValueError:
                number = -1
            if 0 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF:
                self.at = end + 1
                return chr(number)
        raise self.wrong("a character's escape")

    def items(self, end: str) -> bool:
        """After one item of several: whether another comes."""
        if self.take(end):
            return False
        self.want(",")
        return not self.take(end)

    def sequence(self, start: str, end: str, type: List, depth: int) -> Any:
        self.want(start)
        found: list[Any] = []
        more = not self.take(end)
        while more:
            found.append(self.value(type.element, depth + 1))
            more = self.items(end)
        if type.length is not None and len(found) != type.length:
            raise ValueError(f"{type.length} items are expected, not {len(found)}")
        return found

    def tuple(self, type: Tuple, depth: int) -> Any:
        self.want("(")
        found = []
        for index, each in enumerate(type.types):
            if index:
                self.want(",")
            found.append(self.value(each, depth + 1))
        self.take(",")
        self.want(")")
        return tuple(found)

    def record(self, type: Record, depth: int) -> Any:
        types = dict(type.fields)
        self.want("{")
        found: dict[str, Any] = {}
        # A record of which nothing is said is `{:}`, as `{}` are no flags.
        more = not (self.take(":") and self.take("}")) and not self.take("}")
        while more:
            at = self.at
            label = self.label("a field")
            if label not in types or label in found:
                self.at = at
                raise self.wrong(f"one of {listed([each for each in types if each not in found], 'no more fields')}")
            self.want(":")
            found[label] = self.value(types[label], depth + 1)
            more = self.items("}")
        for label, each in type.fields:
            if label not in found:
                if not isinstance(each, Option):
                    raise ValueError(f"the field {label} is missing")
                found[label] = None
        return found

    def flags(self, type: Flags) -> Any:
        self.want("{")
        found: set[str] = set()
        more = not self.take("}")
        while more:
            found.add(self.choice(type.labels))
            more = self.items("}")
        return found

    def payload(self, type: ValType | None, depth: int) -> Any:
        if type is None:
            return None
        self.want("(")
        value = self.value(type, depth + 1)
        self.want(")")
        return value

    def variant(self, type: Variant, depth: int) -> Any:
        payloads = dict(type.cases)
        label = self.choice(tuple(payloads))
        payload = payloads[label]
        return label if payload is None else Case(label, self.payload(payload, depth))

    def option(self, type: Option, depth: int) -> Any:
        nested = isinstance(type.type, Option)
        if self.keyword("none"):
            return None
        if self.keyword("some"):
            value = self.payload(type.type, depth)
            return Some(value) if nested else value
        if nested:
            raise self.wrong("some(…) or none")
        return self.value(type.type, depth + 1)

    def result(self, type: Result, depth: int) -> Any:
        if self.keyword("err"):
            return Err(self.payload(type.error, depth))
        if self.keyword("ok"):
            return Ok(self.payload(type.ok, depth))
        if type.ok is None:
            raise self.wrong("ok or err")
        return Ok(self.value(type.ok, depth + 1))

    def keyword(self, word: str) -> bool:
        """Take it, if it is all of the next word."""
        self.skip()
        end = self.at + len(word)
        if self.text.startswith(word, self.at) and (end == len(self.text) or self.text[end] in _WORD_ENDS):
            self.at = end
            return True
        return False
