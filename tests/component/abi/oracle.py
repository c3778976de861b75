"""The specification's own ``definitions.py``, imported from a checkout that ``REMIT_COMPONENT_MODEL`` names."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from remit.component.abi.layout import cases
from remit.component.types import (
    Borrow,
    Enum,
    Flags,
    List,
    Option,
    Own,
    Primitive,
    Record,
    Result,
    Tuple,
    ValType,
    Variant,
)

CHECKOUT = os.environ.get("REMIT_COMPONENT_MODEL")
needs_checkout = pytest.mark.skipif(
    not CHECKOUT, reason="set REMIT_COMPONENT_MODEL to a checkout of github.com/WebAssembly/component-model"
)

_UTF16_TAG = 1 << 31
_CODECS = {"utf8": "utf-8", "utf16": "utf-16-le"}


@cache
def definitions() -> Any:
    path = Path(CHECKOUT or "") / "design" / "mvp" / "canonical-abi" / "definitions.py"
    spec = spec_from_file_location("component_model_definitions", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    module.DETERMINISTIC_PROFILE = True  # type: ignore[attr-defined]  # a switch of that module
    return module


class Oracle:
    """One instance with a memory, as the specification has it."""

    def __init__(self, memory: bytearray, realloc: Any, encoding: str) -> None:
        d = self.d = definitions()
        options = d.CanonicalOptions()
        options.memory = d.MemInst(memory, "i32")
        options.string_encoding = encoding
        self.instance = d.ComponentInstance(d.Store())
        self.resource = d.ResourceType(None)

        def reallocate(cx: Any, old: int, old_size: int, alignment: int, size: int) -> int:
            address = realloc(old, old_size, alignment, size)
            if address is None:
                d.trap()
            return int(address)

        # The specification's own starts two threads for each call of the guest's function.
        context = type("Context", (d.LiftLowerContext,), {"reallocate": reallocate})
        self.lending = context(options, self.instance, d.Subtask())
        self.borrowing = context(options, self.instance, d.Task(None, options, self.instance, list, lambda _: None))

    def type(self, type: ValType) -> Any:
        d = self.d
        if isinstance(type, Primitive):
            return getattr(d, f"{type.kind.capitalize()}Type")()
        if isinstance(type, Own):
            return d.OwnType(self.resource)
        if isinstance(type, Borrow):
            return d.BorrowType(self.resource)
        if isinstance(type, List):
            return d.ListType(self.type(type.element), type.length)
        if isinstance(type, Record):
            return d.RecordType([d.FieldType(label, self.type(field)) for label, field in type.fields])
        if isinstance(type, Tuple):
            return d.TupleType([self.type(field) for field in type.types])
        if isinstance(type, Flags):
            return d.FlagsType(list(type.labels))
        if isinstance(type, Enum):
            return d.EnumType(list(type.labels))
        if isinstance(type, Option):
            return d.OptionType(self.type(type.type))
        if isinstance(type, Result):
            return d.ResultType(*[None if each is None else self.type(each) for each in (type.ok, type.error)])
        assert isinstance(type, Variant)
        return d.VariantType(
            [d.CaseType(label, None if case is None else self.type(case)) for label, case in type.cases]
        )

    def flat_types(self, types: tuple[ValType, ...]) -> list[str]:
        flat: list[str] = self.d.flatten_types([self.type(type) for type in types], self.lending.opts)
        return flat

    def lower(self, most: int, types: tuple[ValType, ...], values: tuple[Any, ...], address: int | None = None) -> Any:
        """Flat values; DidTrap."""
        d = self.d
        out = None if address is None else d.CoreValueIter([address])
        spec_values = [self.value(type, value) for type, value in zip(types, values, strict=True)]
        try:
            return d.lower_flat_values(self.borrowing, most, spec_values, list(map(self.type, types)), out)
        except d.Trap:
            raise DidTrap from None

    def lift(self, most: int, types: tuple[ValType, ...], flat: list[Any]) -> list[Any]:
        """What the specification calls values; DidTrap."""
        d = self.d
        try:
            lifted: list[Any] = d.lift_flat_values(
                self.lending, most, d.CoreValueIter(flat), list(map(self.type, types))
            )
        except d.Trap:
            raise DidTrap from None
        return lifted

    def lower_lifted(self, most: int, types: tuple[ValType, ...], lifted: list[Any]) -> Any:
        """What another instance lifted; DidTrap."""
        try:
            return self.d.lower_flat_values(self.borrowing, most, lifted, list(map(self.type, types)))
        except self.d.Trap:
            raise DidTrap from None

    def value(self, type: ValType, value: Any) -> Any:
        """A neutral value as the specification's; strings as if they came from a memory with the same encoding."""
        if isinstance(type, Primitive):
            return self._string(value) if type.kind == "string" else value
        if isinstance(type, List):
            return [self.value(type.element, item) for item in value]
        if isinstance(type, Record):
            return {label: self.value(field, item) for (label, field), item in zip(type.fields, value, strict=True)}
        if isinstance(type, Tuple):
            pairs = enumerate(zip(type.types, value, strict=True))
            return {str(index): self.value(field, item) for index, (field, item) in pairs}
        if isinstance(type, Flags):
            return {label: bool(value >> bit & 1) for bit, label in enumerate(type.labels)}
        if isinstance(type, (Own, Borrow)):
            return value
        label, case = cases(type)[value[0]]
        return {label: None if case is None else self.value(case, value[1])}

    def _string(self, text: str) -> tuple[str, str, int]:
        encoding = self.lending.opts.string_encoding
        if encoding == "latin1+utf16":
            if all(ord(each) < 256 for each in text):
                return text, encoding, len(text)
            return text, encoding, len(text.encode("utf-16-le")) // 2 | _UTF16_TAG
        return text, encoding, len(text.encode(_CODECS[encoding])) // (2 if encoding == "utf16" else 1)

    def neutral(self, type: ValType, value: Any) -> Any:
        """The specification's value as a neutral one."""
        if isinstance(type, Primitive):
            return value[0] if type.kind == "string" else value
        if isinstance(type, List):
            return [self.neutral(type.element, item) for item in value]
        if isinstance(type, Record):
            return [self.neutral(field, value[label]) for label, field in type.fields]
        if isinstance(type, Tuple):
            return [self.neutral(field, value[str(index)]) for index, field in enumerate(type.types)]
        if isinstance(type, Flags):
            return sum(value[label] << bit for bit, label in enumerate(type.labels))
        if isinstance(type, (Own, Borrow)):
            return value
        [(label, payload)] = value.items()
        index = [each for each, _ in cases(type)].index(label)
        case = cases(type)[index][1]
        return index, None if case is None else self.neutral(case, payload)


class DidTrap(Exception):
    """The specification traps."""
