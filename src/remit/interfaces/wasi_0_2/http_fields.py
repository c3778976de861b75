"""The resource ``fields``: headers and trailers, in order, with the names and values that HTTP allows."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.engine.api import Trap
from remit.interfaces.wit.declaration import Resource, method
from remit.kernel.http import FRAMING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_FIELDS = 1024
"""Of one message. Servers take a hundred or so; each costs the host an object or two."""

MAX_BYTES = 128 << 10
"""Of all names and values of one message: twice what servers and clients take."""

INVALID_SYNTAX = "invalid-syntax"
FORBIDDEN = "forbidden"
IMMUTABLE = "immutable"
"""``header-error``."""

_NAME = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NOT_IN_VALUES = frozenset([*range(9), *range(10, 32), 127])


def checked_name(name: str) -> str:
    """In lower case, as comparisons and later versions of HTTP have it. Err."""
    if not name or not _NAME.issuperset(name):
        raise Err(INVALID_SYNTAX)
    lower = name.lower()
    if lower in FRAMING:
        raise Err(FORBIDDEN)
    return lower


def checked_value(value: bytes) -> bytes:
    """Err."""
    if not _NOT_IN_VALUES.isdisjoint(value) or value[:1] in (b" ", b"\t") or value[-1:] in (b" ", b"\t"):
        raise Err(INVALID_SYNTAX)
    return value


class Fields(Resource):
    """Names, in lower case, and values."""

    __slots__ = ("_bytes", "immutable", "items")
    name = "fields"

    def __init__(self, items: Iterable[tuple[str, bytes]] = (), *, immutable: bool = False) -> None:
        """`items` are known to be right. `immutable`: a program cannot change them."""
        self.items = list(items)
        self.immutable = immutable
        self._bytes = sum([len(name) + len(value) for name, value in self.items])

    def _add(self, name: str, value: bytes) -> None:
        """Trap beyond the limits: the interface has no error for that."""
        self._bytes += len(name) + len(value)
        if len(self.items) >= MAX_FIELDS or self._bytes > MAX_BYTES:
            raise Trap(f"header fields of one message: {MAX_FIELDS} of {MAX_BYTES} bytes in all are allowed", "http")
        self.items.append((name, value))

    def _changeable(self) -> None:
        if self.immutable:
            raise Err(IMMUTABLE)

    def _without(self, name: str) -> None:
        self.items = [each for each in self.items if each[0] != name]
        self._bytes = sum([len(name) + len(value) for name, value in self.items])

    @method("(name: field-name) -> list<field-value>")
    def get(self, name: str) -> list[bytes]:
        lower = name.lower()
        return [value for each, value in self.items if each == lower]

    @method("(name: field-name) -> bool")
    def has(self, name: str) -> bool:
        lower = name.lower()
        return any(each == lower for each, _ in self.items)

    @method("(name: field-name, value: list<field-value>) -> result<_, header-error>")
    def set(self, name: str, values: Sequence[bytes]) -> None:
        self._changeable()
        lower = checked_name(name)
        checked = [checked_value(value) for value in values]
        self._without(lower)
        for value in checked:
            self._add(lower, value)

    @method("(name: field-name) -> result<_, header-error>")
    def delete(self, name: str) -> None:
        self._changeable()
        self._without(checked_name(name))

    @method("(name: field-name, value: field-value) -> result<_, header-error>")
    def append(self, name: str, value: bytes) -> None:
        self._changeable()
        self._add(checked_name(name), checked_value(value))

    @method("() -> list<tuple<field-name, field-value>>")
    def entries(self) -> list[tuple[str, bytes]]:
        return self.items

    @method("() -> fields")
    def clone(self) -> Fields:
        return Fields(self.items)


def fields_from(entries: Sequence[tuple[str, bytes]]) -> Fields:
    """Err."""
    made = Fields()
    for name, value in entries:
        made._add(checked_name(name), checked_value(value))
    return made
