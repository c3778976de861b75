"""Canonical definitions in the component format: lift, lower, and the built-ins."""

from __future__ import annotations

from remit.binary.component import limits, syntax
from remit.binary.component.reading import UnsupportedFeature, read_choice, read_count
from remit.binary.component.types import read_core_number_type, read_result_list
from remit.binary.reader import BinaryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.component.reading import ComponentReader

_LIFT, _LOWER = 0x00, 0x01
# What follows the number of a built-in: `type`, a `flag` (async or cancellable), `options`, and so on, in order.
_BUILT_INS: dict[int, tuple[str, tuple[str, ...]]] = {
    0x02: ("resource.new", ("index",)),
    0x03: ("resource.drop", ("index",)),
    0x04: ("resource.rep", ("index",)),
    0x05: ("task.cancel", ()),
    0x06: ("subtask.cancel", ("flag",)),
    0x09: ("task.return", ("result", "options")),
    0x0A: ("context.get", ("value type", "immediate")),
    0x0B: ("context.set", ("value type", "immediate")),
    0x0C: ("thread.yield", ("flag",)),
    0x0D: ("subtask.drop", ()),
    0x0E: ("stream.new", ("index",)),
    0x0F: ("stream.read", ("index", "options")),
    0x10: ("stream.write", ("index", "options")),
    0x11: ("stream.cancel-read", ("index", "flag")),
    0x12: ("stream.cancel-write", ("index", "flag")),
    0x13: ("stream.drop-readable", ("index",)),
    0x14: ("stream.drop-writable", ("index",)),
    0x15: ("future.new", ("index",)),
    0x16: ("future.read", ("index", "options")),
    0x17: ("future.write", ("index", "options")),
    0x18: ("future.cancel-read", ("index", "flag")),
    0x19: ("future.cancel-write", ("index", "flag")),
    0x1A: ("future.drop-readable", ("index",)),
    0x1B: ("future.drop-writable", ("index",)),
    0x1C: ("error-context.new", ("options",)),
    0x1D: ("error-context.debug-message", ("options",)),
    0x1E: ("error-context.drop", ()),
    0x1F: ("waitable-set.new", ()),
    0x20: ("waitable-set.wait", ("flag", "index")),
    0x21: ("waitable-set.poll", ("flag", "index")),
    0x22: ("waitable-set.drop", ()),
    0x23: ("waitable.join", ()),
    0x24: ("backpressure.inc", ()),
    0x25: ("backpressure.dec", ()),
    0x26: ("thread.index", ()),
    0x27: ("thread.new-indirect", ("index", "immediate")),
    0x28: ("thread.resume-later", ()),
    0x29: ("thread.suspend", ("flag",)),
    0x2A: ("thread.suspend-then-resume", ("flag",)),
    0x2B: ("thread.yield-then-resume", ("flag",)),
    0x2C: ("thread.suspend-then-promote", ("flag",)),
    0x2D: ("thread.yield-then-promote", ("flag",)),
}
_SHARED_THREADS = {0x40: "thread.spawn-ref", 0x41: "thread.spawn-indirect", 0x42: "thread.available-parallelism"}

_OPTIONS = {
    0x00: ("string-encoding=utf8", False),
    0x01: ("string-encoding=utf16", False),
    0x02: ("string-encoding=latin1+utf16", False),
    0x03: ("memory", True),
    0x04: ("realloc", True),
    0x05: ("post-return", True),
    0x06: ("async", False),
    0x07: ("callback", True),
}


def read_canon(reader: ComponentReader) -> syntax.Node:
    start = reader.position
    form = reader.byte("a canonical definition")
    if form == _LIFT:
        read_choice(reader, "sort of a lifted function", (0,))
        function = reader.u32("a core function's index")
        options = _read_options(reader)
        return syntax.Lift(start, function, options, reader.u32("a function's type"))
    if form == _LOWER:
        read_choice(reader, "sort of a lowered function", (0,))
        function = reader.u32("a function's index")
        return syntax.Lower(start, function, _read_options(reader))
    if form in _SHARED_THREADS:
        raise UnsupportedFeature(_SHARED_THREADS[form], start)
    if form not in _BUILT_INS:
        raise BinaryError(f"unknown canonical definition {form:#04x}", start)
    name, parts = _BUILT_INS[form]
    built_in = syntax.BuiltIn(start, name)
    for part in parts:
        if part == "index":
            built_in.index = reader.u32("an index")
        elif part == "flag":
            built_in.flag = bool(read_choice(reader, "flag of a canonical definition"))
        elif part == "options":
            built_in.options = _read_options(reader)
        elif part == "result":
            built_in.result = read_result_list(reader)
        elif part == "value type":
            built_in.value_type = read_core_number_type(reader)
        else:
            built_in.immediate = reader.u32("a number")
    return built_in


def _read_options(reader: ComponentReader) -> list[syntax.Option]:
    options = []
    for _ in range(read_count(reader, "canonical options", limits.OPTIONS)):
        start = reader.position
        form = reader.byte("a canonical option")
        if form not in _OPTIONS:
            raise BinaryError(f"unknown canonical option {form:#04x}", start)
        keyword, indexed = _OPTIONS[form]
        options.append(syntax.Option(start, keyword, reader.u32("an index") if indexed else None))
    return options
