"""Calls from component to component."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from component.abi.guest import Guest
from remit.component.abi.compiler import Compiler
from remit.component.abi.context import LiftLowerContext
from remit.component.abi.transfer import transfer
from remit.component.handles import Resource, ResourceHandle, canon_resource_drop
from remit.component.instance_state import ComponentInstance
from remit.component.types import (
    STRING,
    U8,
    U32,
    Borrow,
    FuncType,
    List,
    Own,
    ResourceType,
    Result,
    Tuple,
)
from remit.engine.api import Trap


def test_values_go_from_memory_to_memory() -> None:
    caller, callee = Guest(encoding="utf8"), Guest(encoding="utf16")
    log: list[Any] = []
    type = FuncType((("text", STRING), ("data", List(U8))), Tuple((STRING, List(U32))))

    def core(text: int, units: int, data: int, size: int) -> int:
        log.append(bytes(callee.heap.data[text : text + 2 * units]).decode("utf-16-le"))
        log.append(bytes(callee.heap.data[data : data + size]))
        struct.pack_into("<4I3I", callee.heap.data, 0, text, units, 16, 3, 7, 8, 9)
        return 0

    def post_return(address: int) -> None:
        log.append(f"post-return {address}")

    code = Compiler().transit(type)
    adapter = transfer(code, caller.cx, code, callee.cx, core, post_return)
    caller.heap.data[0:12] = "grüße!".encode() + b"\1\2\3\4"
    assert adapter(None, 0, 8, 8, 4, 32) is None
    assert log == ["grüße!", b"\1\2\3\4", "post-return 0"]
    text, length, numbers, count = struct.unpack_from("<4I", caller.heap.data, 32)
    assert caller.heap.data[text : text + length] == "grüße!".encode()
    assert struct.unpack_from(f"<{count}I", caller.heap.data, numbers) == (7, 8, 9)
    assert callee.instance.may_enter
    assert callee.instance.may_leave


def test_each_side_knows_a_resource_by_its_own_type() -> None:
    one, other = ResourceType("here"), ResourceType("there")
    resource = Resource(None, name="file")
    caller, callee = Guest(resources={one: resource}), Guest(resources={other: resource})
    compiler = Compiler()
    lower = compiler.transit(FuncType((("a", Own(one)), ("b", Borrow(one))), Result(Own(one), None)))
    lift = compiler.transit(FuncType((("a", Own(other)), ("b", Borrow(other))), Result(Own(other), None)))
    own, lent = (caller.instance.handles.add(ResourceHandle(resource, rep, own=True)) for rep in (5, 6))

    def core(a: int, b: int) -> int:
        assert caller.instance.handles.get(lent).num_lends == 1
        assert [handle.rep for handle in callee.instance.handles] == [5, 6]
        canon_resource_drop(callee.instance, resource, b)
        struct.pack_into("<II", callee.heap.data, 0, 0, a)
        return 0

    adapter = transfer(lower, caller.cx, lift, callee.cx, core)
    adapter(None, own, lent, 32)
    assert struct.unpack_from("<II", caller.heap.data, 32) == (0, own)
    assert [(handle.rep, handle.num_lends) for handle in caller.instance.handles] == [(5, 0), (6, 0)]
    assert not list(callee.instance.handles)
    keep = transfer(lower, caller.cx, lift, callee.cx, lambda a, b: 0)
    with pytest.raises(Trap, match="borrow handles still remain"):
        keep(None, own, lent, 32)


def test_calls_back_trap() -> None:
    parent = ComponentInstance()
    one, other = (LiftLowerContext(ComponentInstance(parent)) for _ in range(2))
    code = Compiler().transit(FuncType(()))
    back = transfer(code, other, code, one, lambda: None)
    there = transfer(code, one, code, other, lambda: back(None))
    one.instance.enter_from(None)
    with pytest.raises(Trap, match="cannot enter component instance"):
        there(None)


def test_invalid_values_trap_on_their_way() -> None:
    code = Compiler().transit(FuncType((("text", STRING),)))
    caller, callee = Guest(), Guest()
    caller.heap.data[0] = 0xFF
    adapter = transfer(code, caller.cx, code, callee.cx, lambda *_: None)
    with pytest.raises(Trap, match="invalid utf-8"):
        adapter(None, 0, 1)
    assert not callee.heap.calls
