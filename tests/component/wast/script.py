"""Test scripts (.wast) as lists of forms: just enough of S-expressions to tell directives, and components, apart."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ | ;;[^\n]* )
    | (?P<comment> \(; )
    | (?P<open> \( )
    | (?P<close> \) )
    | (?P<string> " (?: [^"\\] | \\. )* " )
    | (?P<atom> [^\s()";]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"\(;|;\)")
_ESCAPES = {"t": 9, "n": 10, "r": 13, '"': 34, "'": 39, "\\": 92}


class Form:
    """A parenthesized form, and where it stands. Its items are forms, and tokens as they are written."""

    def __init__(self, start: int, line: int) -> None:
        self.start = start
        self.end = start
        self.line = line
        self.items: list[Form | str] = []

    @property
    def head(self) -> str:
        first = self.items[0] if self.items else ""
        return first if isinstance(first, str) else ""

    def text(self, script: str) -> str:
        return script[self.start : self.end]


def parse_script(script: str) -> list[Form]:
    """The forms at the top level. ValueError if parentheses do not match."""
    top = Form(0, 1)
    stack = [top]
    position = 0
    line = 1
    while position < len(script):
        match = _TOKEN.match(script, position)
        if match is None:
            raise ValueError(f"line {line}: {script[position : position + 20]!r}")
        end = match.end()
        if match.lastgroup == "comment":
            end = _end_of_comment(script, position)
        elif match.lastgroup == "open":
            form = Form(position, line)
            stack[-1].items.append(form)
            stack.append(form)
        elif match.lastgroup == "close":
            if len(stack) == 1:
                raise ValueError(f"line {line}: a parenthesis too many")
            stack.pop().end = end
        elif match.lastgroup != "space":
            stack[-1].items.append(match[0])
        line += script.count("\n", position, end)
        position = end
    if len(stack) > 1:
        raise ValueError(f"line {stack[-1].line}: never closed")
    return [item for item in top.items if isinstance(item, Form)]


def _end_of_comment(script: str, position: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(script, position):
        depth += 1 if edge[0] == "(;" else -1
        if depth == 0:
            return edge.end()
    raise ValueError("a comment without an end")


def string_bytes(token: str) -> bytes:
    """What a string in quotes stands for."""
    out = bytearray()
    text = token[1:-1]
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character != "\\":
            out += character.encode()
            continue
        escape = text[position]
        if escape == "u":
            end = text.index("}", position)
            out += chr(int(text[position + 2 : end], 16)).encode()
            position = end + 1
        elif escape in _ESCAPES:
            out.append(_ESCAPES[escape])
            position += 1
        else:
            out.append(int(text[position : position + 2], 16))
            position += 2
    return bytes(out)
