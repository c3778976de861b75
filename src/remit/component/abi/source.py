"""Python source that is made for types, and the functions it becomes.

Names in made code begin with an underscore, built-in functions too, as parameters carry the names that a component
gives them, and no label can begin so. What a component names never gets into the source but as a checked identifier.
"""

from __future__ import annotations

from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any


class Block:
    """The lines of a function in the making."""

    __slots__ = ("_depth", "_names", "lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._depth = 1
        self._names = 0

    def add(self, line: str) -> None:
        self.lines.append("    " * self._depth + line)

    def name(self) -> str:
        """A new local variable."""
        self._names += 1
        return f"_{self._names}"

    def names(self, count: int) -> list[str]:
        return [self.name() for _ in range(count)]

    def indent(self, header: str) -> None:
        """Begin an inner block: ``if …:``."""
        self.add(header)
        self._depth += 1

    def dedent(self) -> None:
        self._depth -= 1


class Codes:
    """What made source was compiled to: so that it need not be compiled again, by this process or a later one."""

    __slots__ = ("changed", "known")

    def __init__(self, known: dict[str, CodeType] | None = None) -> None:
        self.known = {} if known is None else known
        """By their source."""
        self.changed = False
        """Some were added."""

    def of(self, source: str, name: str) -> CodeType:
        code = self.known.get(source)
        if code is None:
            code = self.known[source] = compile(source, f"<canonical abi {name}>", "exec")
            self.changed = True
        return code


class Namespace:
    """The globals of made code: helpers, constants, and functions that call each other.

    Instances of one component run on any thread, so whoever makes code holds `lock`.
    """

    __slots__ = ("_codes", "_constants", "_count", "lock", "values")

    def __init__(self, helpers: dict[str, Any], codes: Codes | None = None) -> None:
        self.lock = RLock()
        self._codes = Codes() if codes is None else codes
        self.values = dict(helpers)
        self._constants: dict[int, str] = {}
        self._count = 0

    def fresh(self, hint: str) -> str:
        self._count += 1
        return f"_{hint}_{self._count}"

    def constant(self, value: Any, hint: str) -> str:
        """A name for `value`, the same each time."""
        name = self._constants.get(id(value))
        if name is None:
            name = self._constants[id(value)] = self.fresh(hint)
            self.values[name] = value
        return name

    def define(self, name: str, params: Iterable[str], lines: Iterable[str]) -> Callable[..., Any]:
        """Make a function, and make it known to the others."""
        source = "\n".join([f"def {name}({', '.join(params)}):", *lines])
        exec(self._codes.of(source, name), self.values)
        function: Callable[..., Any] = self.values[name]
        return function


def target(names: list[str]) -> str:
    """`names` as the target of an unpacking."""
    return ", ".join(names) + "," * (len(names) == 1)
