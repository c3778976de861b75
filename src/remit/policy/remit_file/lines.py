"""In which line of a TOML text each key and each value stands. ``tomllib`` reads the values, but does not say.

This finds nothing but places: what a value is, and whether the text is TOML at all, ``tomllib`` says afterwards. It is
linear in the length of the text, and refuses what is nested so deep that ``tomllib`` would take long over it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Place: TypeAlias = "tuple[str | int, ...]"

MAX_DEPTH = 16
"""Of keys with dots, arrays and tables within each other."""

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class TooDeep(Exception):
    """Something in this line has too many parts, or lies in too many others."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Lines:
    """Places by path: ``("dir", 0, "guest")`` is the key ``guest`` of the first ``[[dir]]``."""

    __slots__ = ("_lines",)

    def __init__(self, text: str) -> None:
        """TooDeep."""
        self._lines = _Scan(text).lines

    def of(self, path: Place) -> int:
        """The line, from 1, of what is at `path`; or of the nearest around it that has one."""
        while path:
            line = self._lines.get(path)
            if line is not None:
                return line
            path = path[:-1]
        return 1

    def __contains__(self, path: Place) -> bool:
        return path in self._lines


class _Confused(Exception):
    """The text is no TOML from here on. What came before has its places."""


class _Scan:
    """One pass over the text."""

    __slots__ = ("_at", "_counts", "_line", "_table", "_text", "lines")

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._line = 1
        self._table: Place = ()
        self._counts: dict[Place, int] = {}
        """Of arrays of tables: how many there are."""
        try:
            while self._skip(newlines=True):
                if self._peek() == "[":
                    self._header()
                else:
                    self._pair(self._table)
                if self._skip(newlines=False) and self._peek() != "\n":
                    raise _Confused
        except _Confused:
            pass

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: str) -> None:
        if not self._text.startswith(wanted, self._at):
            raise _Confused
        self._at += len(wanted)

    def _skip(self, *, newlines: bool) -> bool:
        """Go over what means nothing. Whether there is anything after it."""
        text = self._text
        while self._at < len(text):
            each = text[self._at]
            if each == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            elif each in " \t":
                self._at += 1
            elif each == "\n" and newlines:
                self._at += 1
                self._line += 1
            else:
                return True
        return False

    def _header(self) -> None:
        line = self._line
        many = self._text.startswith("[[", self._at)
        self._take("[[" if many else "[")
        names = self._key()
        self._take("]]" if many else "]")
        path: Place = ()
        for number, name in enumerate(names):
            path = (*path, name)
            if many and number == len(names) - 1:
                count = self._counts[path] = self._counts.get(path, 0) + 1
                self.lines.setdefault(path, line)
                path = (*path, count - 1)
            elif path in self._counts:
                # It stands for the last of them.
                path = (*path, self._counts[path] - 1)
            self.lines.setdefault(path, line)
        if not many:
            self.lines[path] = line  # and not that of a part of it, which may come first
        self._table = path

    def _pair(self, around: Place) -> None:
        line = self._line
        path = around
        for name in self._key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._take("=")
        self._skip(newlines=False)
        self._value(path)

    def _key(self) -> list[str]:
        names = []
        while True:
            self._skip(newlines=False)
            names.append(self._name())
            if len(names) > MAX_DEPTH:
                raise TooDeep(self._line)
            self._skip(newlines=False)
            if self._peek() != ".":
                return names
            self._at += 1

    def _name(self) -> str:
        text, start = self._text, self._at
        if self._peek() in ('"', "'"):
            quote = self._peek()
            self._string()
            inside = text[start + 1 : self._at - 1]
            return inside if quote == "'" or "\\" not in inside else _unescaped(text[start : self._at])
        while self._at < len(text) and text[self._at] in _BARE:
            self._at += 1
        if start == self._at:
            raise _Confused
        return text[start : self._at]

    def _value(self, path: Place) -> None:
        if len(path) > 2 * MAX_DEPTH:
            raise TooDeep(self._line)
        each = self._peek()
        if each in ('"', "'"):
            self._string(lines=True)
        elif each == "[":
            self._array(path)
        elif each == "{":
            self._inline_table(path)
        else:
            text, start = self._text, self._at
            while self._at < len(text) and text[self._at] not in ",]}#\n":
                self._at += 1
            if start == self._at:
                raise _Confused

    def _string(self, *, lines: bool = False) -> None:
        """Go over a string; with `lines`, it may have several of them."""
        text, quote = self._text, self._peek()
        if lines and text.startswith(quote * 3, self._at):
            end = self._end_of_lines(quote * 3)
            self._line += text.count("\n", self._at, end)
            self._at = end
            return
        at = self._at + 1
        while at < len(text) and text[at] not in (quote, "\n"):
            at += 2 if text[at] == "\\" and quote == '"' else 1
        if at >= len(text) or text[at] != quote:
            raise _Confused
        self._at = at + 1

    def _end_of_lines(self, quotes: str) -> int:
        text, at = self._text, self._at + 3
        while True:
            at = text.find(quotes, at)
            if at < 0:
                raise _Confused
            slashes = at
            while quotes == '"""' and text[slashes - 1] == "\\" and slashes - 1 >= self._at + 3:
                slashes -= 1
            if (at - slashes) % 2:
                at += 1  # the first of them is escaped
                continue
            # One or two more at the end belong to what is in it.
            for _ in range(2):
                if text.startswith(quotes[0], at + 3):
                    at += 1
            return at + 3

    def _array(self, path: Place) -> None:
        self._take("[")
        number = 0
        while True:
            if not self._skip(newlines=True):
                raise _Confused
            if self._peek() == "]":
                break
            place = (*path, number)
            self.lines.setdefault(place, self._line)
            self._value(place)
            number += 1
            if not self._skip(newlines=True):
                raise _Confused
            if self._peek() != "]":
                self._take(",")
        self._take("]")

    def _inline_table(self, path: Place) -> None:
        self._take("{")
        # TOML 1.0 wants it in one line, 1.1 does not.
        while True:
            if not self._skip(newlines=True):
                raise _Confused
            if self._peek() == "}":
                break
            self._pair(path)
            if not self._skip(newlines=True):
                raise _Confused
            if self._peek() != "}":
                self._take(",")
        self._take("}")


def _unescaped(quoted: str) -> str:
    import tomllib

    try:
        return str(tomllib.loads(f"key = {quoted}")["key"])
    except ValueError:
        raise _Confused from None
