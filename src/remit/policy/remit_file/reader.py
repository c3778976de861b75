"""Reading a remit file: every mistake is told with its line, and what to write in its place."""

from __future__ import annotations

import os
import tomllib

from remit.policy.remit import Remit
from remit.policy.remit_file.keys import TABLES, TOP, sort_of
from remit.policy.remit_file.lines import MAX_DEPTH, Lines, TooDeep
from remit.policy.remit_grants import DirectoryGrant, FileGrant, StreamFile
from remit.policy.remit_values import MAX_ENTRIES, RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from remit.policy.remit_file.keys import Key, Table
    from remit.policy.remit_file.lines import Place

    Made = TypeVar("Made")

MAX_BYTES = 1 << 20
"""Of a file."""


def load(path: str) -> Remit:
    """The remit that the file at `path` says. RemitError, with file and line; OSError."""
    return parse(read(path), name=path, base=os.path.dirname(path))


def read(path: str) -> str:
    """The text of the file. RemitError if it is none, or too large; OSError."""
    # Not blocking: a pipe may have no other end, and is not waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MAX_BYTES + 1) or b""
    if len(data) > MAX_BYTES:
        raise RemitError(f"{path}: it is larger than 1 MiB, which no remit file is")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RemitError(f"{path}:{line}: it is no text in UTF-8: a remit file is TOML") from None


def parse(text: str, *, name: str, base: str) -> Remit:
    """The remit that `text` says. `name`: of the file, for messages. `base`: what its relative paths begin at."""
    if len(text) > MAX_BYTES:
        raise RemitError(f"{name}: it is larger than 1 MiB, which no remit file is")
    try:
        lines = Lines(text)
        data = tomllib.loads(text)
    except TooDeep as error:
        raise RemitError(f"{name}:{error.line}: more than {MAX_DEPTH} things within each other") from None
    except tomllib.TOMLDecodeError as error:
        raise RemitError(_no_toml(name, text, str(error))) from None
    except (ValueError, RecursionError) as error:  # of numbers with thousands of digits, for one
        raise RemitError(f"{name}: it is no TOML that can be read: {error}") from None
    return _Reader(data, lines, name, base).remit()


def _no_toml(name: str, text: str, message: str) -> str:
    what, _, where = message.rpartition(" (at ")
    words = where.rstrip(")").replace(",", "").split()
    if words[:1] == ["line"] and words[1].isdigit():
        return f"{name}:{words[1]}: it is no TOML: {what}, at column {words[-1]}"
    last = max(1, len(text.rstrip().splitlines()))
    return f"{name}:{last}: it is no TOML: {what or message}, at the end of the file"


class _Reader:
    def __init__(self, data: dict[str, Any], lines: Lines, name: str, base: str) -> None:
        self._data = data
        self._lines = lines
        self._name = name
        self._base = base

    def remit(self) -> Remit:
        fields = self._table(TOP, self._data, (), others=[table.name for table in TABLES])
        given: dict[str, Any] = {}
        for table in TABLES:
            given[table.name] = self._tables(table) if table.many else self._table_of(table)
        streams, network, interfaces = given["streams"], given["network"], given["interfaces"]
        fields |= {name: self._stream(name, streams[name]) for name in streams}
        fields |= {name: network[key] for key, name in _NETWORK.items() if key in network}
        fields |= {f"{key}_interfaces": interfaces.pop(key) for key in ("allow", "deny") if key in interfaces}
        fields["replaced_interfaces"] = interfaces
        fields |= {**given["clocks"], **given["random"]}
        dirs = [self._made(("dir", number), DirectoryGrant, each) for number, each in enumerate(given["dir"])]
        files = [self._made(("file", number), FileGrant, each) for number, each in enumerate(given["file"])]
        return self._located(
            (),
            lambda: Remit(
                **fields,
                env=given["env"],
                dirs=dirs,
                files=files,
                limits=given["limits"],
                base=self._base,
                sources={".".join(map(str, path)): self._place(path) for path in self._single()},
            ),
        )

    def _single(self) -> Iterable[Place]:
        """The paths of the single values."""
        for key, value in self._data.items():
            if isinstance(value, dict):
                yield from [(key, each) for each in value]
                if key == "network" and isinstance(value.get("listen"), list):
                    yield from [(key, "listen", number) for number in range(len(value["listen"]))]
            elif not isinstance(value, list):
                yield (key,)

    def _place(self, path: Place) -> str:
        return f"{self._name}:{self._lines.of(path)}"

    def _error(self, path: Place, message: str) -> RemitError:
        return RemitError(f"{self._place(path)}: {_dotted(path)}{message}")

    def _located(self, path: Place, make: Callable[[], Made]) -> Made:
        try:
            return make()
        except RemitError as error:
            if str(error).startswith(f"{self._name}:"):
                raise
            raise self._error(self._blamed(path, str(error)), str(error)) from None
        except (ValueError, TypeError) as error:
            raise self._error(path, str(error)) from None

    def _blamed(self, path: Place, message: str) -> Place:
        """The key that a message about the whole begins with, if there is one."""
        key = message.partition(" ")[0]
        for each in ((*path, key), ("streams", key), ("env", key), ("interfaces", key)):
            if each in self._lines:
                return each
        return path

    def _table_of(self, table: Table) -> dict[str, Any]:
        value = self._data.get(table.name, {})
        if not isinstance(value, dict):
            wrong = f"{sort_of(value)} cannot be it: a table is wanted, which begins with the line [{table.name}]"
            raise self._error((table.name,), wrong)
        return self._table(table, value, (table.name,))

    def _tables(self, table: Table) -> list[dict[str, Any]]:
        values = self._data.get(table.name, [])
        if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
            wrong = f"each is a table, which begins with the line [[{table.name}]]"
            raise self._error((table.name,), wrong)
        if len(values) > MAX_ENTRIES:
            raise self._error((table.name,), f"{len(values):,} entries: {MAX_ENTRIES:,} are possible")
        return [self._table(table, each, (table.name, number)) for number, each in enumerate(values)]

    def _table(self, table: Table, data: dict[str, Any], path: Place, *, others: Iterable[str] = ()) -> dict[str, Any]:
        kind = table.any_key
        if kind is not None and len(data) > MAX_ENTRIES:
            raise self._error(path, f"{len(data):,} entries: {MAX_ENTRIES:,} are possible")
        found = {}
        known = [*table.keys, *others]
        for name, value in data.items():
            if name in table.keys:
                found[name] = self._value(table.keys[name], value, (*path, name))
            elif kind is not None and (isinstance(value, str) or not _resembles(name, known)):
                found[name] = self._located((*path, name), lambda: kind.parse(value))  # noqa: B023 - called now
            elif name not in others:
                raise self._error((*path, name), _unknown(name, known, path))
        return found

    def _value(self, key: Key, value: Any, path: Place) -> Any:
        try:
            parsed = key.kind.parse(value)
        except ValueError as error:
            hint = "" if isinstance(value, str) else f", as in {key.name} = {key.example}"
            raise self._error(path, f"{error}{hint}") from None
        items = key.kind.items
        if items is not None and isinstance(parsed, list):
            return [
                self._located((*path, number), lambda: items.parse(each))  # noqa: B023 - called now
                for number, each in enumerate(parsed)
            ]
        return parsed

    def _stream(self, name: str, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        [(key, path)] = value.items()
        return self._located(("streams", name), lambda: StreamFile(path, append=key == "append"))

    def _made(self, path: Place, kind: Callable[..., Made], given: dict[str, Any]) -> Made:
        needed = ("guest", "path") if kind is FileGrant else ("guest",)
        for name in needed:
            if name not in given:
                raise self._error(
                    path,
                    f"{name} is missing: it is what the program knows it by"
                    if name == "guest"
                    else f"{name} is missing: which file of this machine it is",
                )
        return self._located(path, lambda: kind(**given, source=self._place(path)))


_NETWORK = {"allow": "network", "http": "http", "listen": "listen"}


def _dotted(path: Place) -> str:
    names = [each if isinstance(each, str) else f"#{each + 1}" for each in path]
    return f"{'.'.join(names)}: " if names else ""


def _resembles(name: str, known: list[str]) -> bool:
    from difflib import get_close_matches

    return bool(get_close_matches(name, known, n=1))


def _unknown(name: str, known: list[str], path: Place) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return f"there is no such key{' at the top' if not path else ''}; {remedy}"
