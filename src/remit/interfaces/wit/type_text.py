"""The types of an interface, from text in WIT's notation, as they stand beside the Python code that implements it.

    parse_type("list<tuple<string, u8>>", look_up)
    parse_function("(len: u64) -> result<list<u8>, stream-error>", look_up)

Names of other types are looked up; a resource's name alone is an ``own`` handle. Source: component-model ``WIT.md``.
"""

from __future__ import annotations

from remit.component import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, TypeVar

    T = TypeVar("T")

    LookUp = Callable[[str], types.ValType | types.ResourceType]
    """What a name stands for. KeyError if it is none."""

_PRIMITIVES = {each.kind: each for each in types.PRIMITIVES}
_PUNCTUATION = frozenset("<>(){},:=")


class TypeTextError(ValueError):
    """What is wrong with the text of a type, and where."""


def parse_type(text: str, look_up: LookUp) -> types.ValType:
    """The type that `text` denotes. TypeTextError."""
    parser = _Parser(text, look_up)
    found = parser.type()
    parser.end()
    return found


def parse_function(text: str, look_up: LookUp, self_type: types.ValType | None = None) -> types.FuncType:
    """The type of a function: ``(a: u8, b: string) -> bool``. `self_type`: of a first parameter ``self``.

    TypeTextError.
    """
    parser = _Parser(text, look_up)
    found = parser.function(self_type)
    parser.end()
    return found


class _Parser:
    def __init__(self, text: str, look_up: LookUp) -> None:
        self._text = text
        self._look_up = look_up
        self._tokens = _tokens(text)
        self._at = 0

    def function(self, self_type: types.ValType | None) -> types.FuncType:
        self._take("(")
        params = self._labelled(")", self._required)
        result = None
        if self._next_is("->"):
            self._take("->")
            result = self.type()
        if self_type is not None:
            params.insert(0, ("self", self_type))
        return types.FuncType(tuple(params), result)

    def type(self) -> types.ValType:
        word = self._word()
        if word in _PRIMITIVES:
            return _PRIMITIVES[word]
        parse = _PARAMETERIZED.get(word)
        if parse is not None:
            return parse(self)
        try:
            found = self._look_up(word)
        except KeyError:
            self._fail(f"no type is called {word}")
        return types.Own(found) if isinstance(found, types.ResourceType) else found

    def end(self) -> None:
        if self._at != len(self._tokens):
            self._fail(f"{self._tokens[self._at]} is too much")

    # What has parts.

    def parse_list(self) -> types.ValType:
        self._take("<")
        element = self.type()
        length = None
        if self._next_is(","):
            self._take(",")
            word = self._word()
            if not word.isdecimal():
                self._fail(f"{word} is no length")
            length = int(word)
        self._take(">")
        return types.List(element, length)

    def parse_option(self) -> types.ValType:
        self._take("<")
        inner = self.type()
        self._take(">")
        return types.Option(inner)

    def parse_result(self) -> types.ValType:
        ok: types.ValType | None = None
        error: types.ValType | None = None
        if self._next_is("<"):
            self._take("<")
            ok = self._unless_empty()
            if self._next_is(","):
                self._take(",")
                error = self.type()
            self._take(">")
        return types.Result(ok, error)

    def parse_tuple(self) -> types.ValType:
        self._take("<")
        found = [self.type()]
        while not self._next_is(">"):
            self._take(",")
            found.append(self.type())
        self._take(">")
        return types.Tuple(tuple(found))

    def parse_record(self) -> types.ValType:
        self._take("{")
        return types.Record(tuple(self._labelled("}", self._required)))

    def parse_variant(self) -> types.ValType:
        self._take("{")
        return types.Variant(tuple(self._labelled("}", self._payload)))

    def parse_enum(self) -> types.ValType:
        return types.Enum(self._labels())

    def parse_flags(self) -> types.ValType:
        return types.Flags(self._labels())

    def parse_handle(self) -> types.ResourceType:
        self._take("<")
        name = self._word()
        self._take(">")
        found = self._look_up(name)
        if not isinstance(found, types.ResourceType):
            self._fail(f"{name} is no resource")
        return found

    def parse_own(self) -> types.ValType:
        return types.Own(self.parse_handle())

    def parse_borrow(self) -> types.ValType:
        return types.Borrow(self.parse_handle())

    # Pieces.

    def _labels(self) -> tuple[str, ...]:
        self._take("{")
        return tuple([label for label, _ in self._labelled("}", lambda: None)])

    def _labelled(self, close: str, rest: Callable[[], T]) -> list[tuple[str, T]]:
        found: list[tuple[str, T]] = []
        while not self._next_is(close):
            if found:
                self._take(",")
                if self._next_is(close):
                    break
            label = self._word()
            found.append((label, rest()))
        self._take(close)
        return found

    def _required(self) -> types.ValType:
        self._take(":")
        return self.type()

    def _payload(self) -> types.ValType | None:
        if not self._next_is("("):
            return None
        self._take("(")
        found = self.type()
        self._take(")")
        return found

    def _unless_empty(self) -> types.ValType | None:
        if self._next_is("_"):
            self._take("_")
            return None
        return self.type()

    def _next_is(self, token: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == token

    def _take(self, token: str) -> None:
        if not self._next_is(token):
            found = self._tokens[self._at] if self._at < len(self._tokens) else "the end"
            self._fail(f"{token} is wanted, not {found}")
        self._at += 1

    def _word(self) -> str:
        if self._at == len(self._tokens):
            self._fail("a name is wanted, not the end")
        word = self._tokens[self._at]
        if word[0] in _PUNCTUATION or word == "->":
            self._fail(f"a name is wanted, not {word}")
        self._at += 1
        return word

    def _fail(self, why: str) -> NoReturn:
        raise TypeTextError(f"{why}, at token {self._at} of {self._text!r}")


_PARAMETERIZED: dict[str, Callable[[_Parser], types.ValType]] = {
    "borrow": _Parser.parse_borrow,
    "enum": _Parser.parse_enum,
    "flags": _Parser.parse_flags,
    "list": _Parser.parse_list,
    "option": _Parser.parse_option,
    "own": _Parser.parse_own,
    "record": _Parser.parse_record,
    "result": _Parser.parse_result,
    "tuple": _Parser.parse_tuple,
    "variant": _Parser.parse_variant,
}


def _tokens(text: str) -> list[str]:
    spaced = text.replace("->", " \0 ")
    for sign in _PUNCTUATION:
        spaced = spaced.replace(sign, f" {sign} ")
    return spaced.replace("\0", "->").split()
