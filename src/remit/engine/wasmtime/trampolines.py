"""Host functions that may suspend, for instances that are made without a fiber.

The library wants a fiber for whatever is instantiated after such a function has come into a store, and making one costs
more than a small instance. So modules get a *trampoline* in its place: a function of a tiny module, which calls what
stands in a table of one element. When all instances are made, the real functions are put into the tables, on one fiber.
"""

from __future__ import annotations

from remit.engine.wasmtime.items import instantiate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.types import FuncType
    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.module import Module
    from remit.engine.wasmtime.prepared import Instance
    from remit.engine.wasmtime.store import Store

    Shape = tuple[tuple[str, ...], tuple[str, ...]]
    """Of a function: parameters and results."""

_KINDS = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C}
_FUNCREF = 0x70
_HEADER = b"\0asm\x01\0\0\0"

_trampolines: dict[tuple[Engine, Shape], Module] = {}
_fillers: dict[tuple[Engine, tuple[Shape, ...]], Module] = {}
"""By the engine, and the types of their functions."""


class Trampolines:
    """Of one store."""

    __slots__ = ("_made", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: list[tuple[Instance, FuncType, Callable[..., Any]]] = []

    def add(self, type: FuncType, function: Callable[..., Any]) -> bytes:
        """`function`, which may return Pending, as an item."""
        key = (self._store.engine, (type.params, type.results))
        module = _trampolines.get(key)
        if module is None:
            module = _trampolines[key] = _compiled(self._store.engine, _trampoline(type))
        instance = instantiate(self._store, module)
        self._made.append((instance, type, function))
        return instance.item("f")

    def fill(self) -> None:
        """From now on they can be called."""
        if not self._made:
            return
        made, self._made = self._made, []
        engine = self._store.engine
        key = (engine, tuple([(type.params, type.results) for _, type, _ in made]))
        module = _fillers.get(key)
        if module is None:
            module = _fillers[key] = _compiled(engine, _filler([type for _, type, _ in made]))
        linker = engine.linker()
        for number, (instance, type, function) in enumerate(made):
            linker.define_suspending("f", str(number), type, function)
            linker.define_item("t", str(number), instance.export("t"), self._store)
        linker.prepare(module).instantiate(self._store)


def _compiled(engine: Engine, wasm: bytes) -> Module:
    return engine.compile(wasm, name="trampolines")


def _trampoline(type: FuncType) -> bytes:
    """A module with a table "t" of one function of `type`, and a function "f" that calls it."""
    gets = b"".join([b"\x20" + _number(index) for index in range(len(type.params))])
    body = b"\0" + gets + b"\x41\0" + b"\x11\0\0" + b"\x0b"
    return b"".join(
        [
            _HEADER,
            _section(1, [_functype(type)]),
            _section(3, [b"\0"]),
            _section(4, [bytes([_FUNCREF, 1, 1, 1])]),
            _section(7, [_name("t") + b"\x01\0", _name("f") + b"\0\0"]),
            _section(10, [_number(len(body)) + body]),
        ]
    )


def _filler(types: list[FuncType]) -> bytes:
    """A module that imports a function of each type, and a table for each, and puts the one into the other."""
    imports = [_name("f") + _name(str(n)) + b"\0" + _number(n) for n in range(len(types))]
    imports += [_name("t") + _name(str(n)) + bytes([1, _FUNCREF, 1, 1, 1]) for n in range(len(types))]
    elements = [b"\x02" + _number(n) + b"\x41\0\x0b" + b"\0" + _number(1) + _number(n) for n in range(len(types))]
    return b"".join(
        [_HEADER, _section(1, [_functype(type) for type in types]), _section(2, imports), _section(9, elements)]
    )


def _functype(type: FuncType) -> bytes:
    return b"\x60" + b"".join(
        [_number(len(kinds)) + bytes([_KINDS[kind] for kind in kinds]) for kinds in (type.params, type.results)]
    )


def _section(number: int, entries: list[bytes]) -> bytes:
    content = _number(len(entries)) + b"".join(entries)
    return bytes([number]) + _number(len(content)) + content


def _name(text: str) -> bytes:
    return _number(len(text)) + text.encode()


def _number(value: int) -> bytes:
    """In LEB128."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)
