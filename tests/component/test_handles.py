from __future__ import annotations

from typing import Any

import pytest

from component.abi.guest import Guest
from remit.component.abi.compiler import Compiler
from remit.component.abi.context import HandleConversion, LiftLowerContext, WrongHandle
from remit.component.handles import (
    MAX_TABLE_LENGTH,
    BorrowScope,
    LendScope,
    Resource,
    ResourceHandle,
    Table,
    canon_resource_drop,
    canon_resource_new,
    canon_resource_rep,
    lift_borrow,
    lift_own,
    lower_borrow,
    lower_own,
)
from remit.component.instance_state import ComponentInstance
from remit.component.types import STRING, Borrow, FuncType, List, Option, Own, ResourceType, Tuple
from remit.engine.api import Trap

FILE = ResourceType("file")


def test_a_table_begins_at_1_and_uses_first_what_was_freed_last() -> None:
    table = Table()
    assert [table.add(each) for each in "abc"] == [1, 2, 3]
    assert (table.remove(1), table.remove(3)) == ("a", "c")
    assert list(table) == ["b"]
    assert [table.add(each) for each in "xyz"] == [3, 1, 4]


@pytest.mark.parametrize("index", [0, 2, 3, 0xFFFFFFFF])
def test_a_forged_or_dropped_handle_traps(index: int) -> None:
    table = Table()
    table.add("a")
    table.add("b")
    table.remove(2)
    for use in (table.get, table.remove):
        with pytest.raises(Trap, match=f"unknown handle index {index}"):
            use(index)


def test_a_full_table_traps() -> None:
    table = Table(max_length=2)
    table.add("a")
    table.add("b")
    with pytest.raises(Trap, match="too many handles: 2 in one instance"):
        table.add("c")
    table.remove(1)
    assert table.add("c") == 1


def test_handles_without_end() -> None:
    table = Table()
    for number in range(1 << 20):
        assert table.add("a timer") == number + 1
    with pytest.raises(Trap, match=f"too many handles: {MAX_TABLE_LENGTH} in one instance"):
        table.add("one that would take gigabytes")


def test_new_rep_drop() -> None:
    instance = ComponentInstance()
    dropped: list[Any] = []
    file = Resource(instance, dropped.append, name="file")
    index = canon_resource_new(instance, file, 77)
    assert canon_resource_rep(instance, file, index) == 77
    canon_resource_drop(instance, file, index)
    assert dropped == [77]
    with pytest.raises(Trap, match="unknown handle"):
        canon_resource_drop(instance, file, index)
    assert dropped == [77]


def test_the_handle_is_gone_when_the_destructor_runs() -> None:
    instance = ComponentInstance()

    def dtor(rep: int) -> None:
        assert not list(instance.handles)

    file = Resource(instance, dtor)
    canon_resource_drop(instance, file, canon_resource_new(instance, file, 1))


def test_another_type_of_resource_traps() -> None:
    instance = ComponentInstance()
    file, socket = Resource(instance, name="file"), Resource(instance, name="socket")
    index = canon_resource_new(instance, file, 1)
    message = "handle index used with the wrong type: expected <resource socket>, found <resource file>"
    for use in (canon_resource_rep, canon_resource_drop):
        with pytest.raises(Trap, match=message):
            use(instance, socket, index)
    other = instance.handles.add(object())
    with pytest.raises(Trap, match="not a resource"):
        canon_resource_rep(instance, socket, other)


def test_an_instance_that_may_not_leave_makes_and_drops_nothing() -> None:
    instance = ComponentInstance()
    file = Resource(instance)
    index = canon_resource_new(instance, file, 1)
    instance.may_leave = False
    with pytest.raises(Trap, match="cannot leave"):
        canon_resource_new(instance, file, 2)
    with pytest.raises(Trap, match="cannot leave"):
        canon_resource_drop(instance, file, index)
    assert canon_resource_rep(instance, file, index) == 1


def test_what_is_lent_cannot_be_given_away_or_dropped() -> None:
    instance = ComponentInstance()
    file = Resource(None, name="file")
    scope = LendScope()
    index = lower_own(instance, "rep", file)
    assert lift_borrow(instance, scope, index, file) == "rep"
    assert lift_borrow(instance, scope, index, file) == "rep"
    for use in (lambda other: lift_own(other, 1, file), lambda other: canon_resource_drop(other, file, 1)):
        other = ComponentInstance()
        other.handles.add(instance.handles.get(index))
        with pytest.raises(Trap, match="while borrowed"):
            use(other)
    scope.end()
    assert lift_own(instance, index, file) == "rep"


def test_a_borrowed_handle_cannot_be_given_away_and_must_be_dropped() -> None:
    instance = ComponentInstance()
    file = Resource(None, name="file")
    scope = BorrowScope()
    index = lower_borrow(instance, scope, "rep", file)
    with pytest.raises(Trap, match="borrow handles still remain"):
        scope.end()
    other = ComponentInstance()
    other.handles.add(instance.handles.get(index))
    with pytest.raises(Trap, match="an own handle is expected"):
        lift_own(other, 1, file)
    canon_resource_drop(instance, file, index)
    scope.end()


def test_who_defines_a_resource_borrows_its_representation() -> None:
    instance = ComponentInstance()
    scope = BorrowScope()
    assert lower_borrow(instance, scope, 77, Resource(instance)) == 77
    assert not list(instance.handles)
    scope.end()


def test_at_the_end_of_a_call_python_is_told_about_its_loans() -> None:
    scope = LendScope()
    ended: list[str] = []
    scope.at_end(lambda: ended.append("loan"))
    scope.end()
    assert ended == ["loan"]


class Guests:
    """A guest that knows one resource, which the host defines."""

    def __init__(self) -> None:
        self.dropped: list[Any] = []
        self.resource = Resource(None, self.dropped.append, name="file")
        self.guest = Guest(resources={FILE: self.resource})
        self.handles = self.guest.instance.handles


def test_the_hosts_objects_pass_through_a_guest() -> None:
    world = Guests()
    first, second = object(), object()
    type = FuncType((("own", Own(FILE)), ("borrow", Borrow(FILE))), Own(FILE))
    seen: list[Any] = []

    def python(*values: Any) -> object:
        seen.append(values)
        assert [handle.num_lends for handle in world.handles] == [1]
        return first

    core = Compiler().entries(type).lower(world.guest.cx, python)
    indices = [world.handles.add(ResourceHandle(world.resource, each, own=True)) for each in (first, second)]
    assert core(None, *indices) == indices[0]
    assert seen == [(first, second)]
    assert [handle.num_lends for handle in world.handles] == [0, 0]
    with pytest.raises(Trap, match="unknown handle index 9"):
        core(None, 9, 1)
    assert not world.dropped


def test_a_guest_must_drop_what_it_was_lent() -> None:
    world = Guests()
    entries = Compiler().entries(FuncType((("file", Borrow(FILE)),)))
    call = entries.lift(world.guest.cx, lambda index: canon_resource_drop(world.guest.instance, world.resource, index))
    call("a file")
    assert not list(world.handles)
    assert not world.dropped, "the guest was not the owner"
    keep = entries.lift(world.guest.cx, lambda index: None)
    with pytest.raises(Trap, match="borrow handles still remain"):
        keep("a file")


class Files(HandleConversion):
    """Python's own objects, checked."""

    __slots__ = ()

    def own_from_python(self, resource: Resource, value: Any) -> Any:
        if not isinstance(value, bytearray):
            raise WrongHandle(value, f"a {resource.name} is wanted, not {value!r}")
        return id(value)

    def own_to_python(self, resource: Resource, rep: Any) -> Any:
        return f"{resource.name} {rep}"


def test_conversions_and_their_complaints() -> None:
    world = Guests()
    cx = LiftLowerContext(
        world.guest.instance,
        memory=world.guest.cx.memory,
        realloc=world.guest.cx.realloc,
        resources={FILE: world.resource},
        conversion=Files(),
    )
    type = FuncType((("files", List(Tuple((STRING, Option(Own(FILE)))))),))
    code = Compiler().entries(type).lift(cx, lambda address, length: None)
    file = bytearray()
    code([("a", file), ("b", None)])
    assert [handle.rep for handle in world.handles] == [id(file)]
    with pytest.raises(TypeError, match=r'argument "files"\[1\]\[1\]: a file is wanted, not 7'):
        code([("a", file), ("b", 7)])
    seen: list[Any] = []
    lower = Compiler().entries(FuncType((("file", Own(FILE)),))).lower(cx, seen.append)
    lower(None, 1)
    assert seen == [f"file {id(file)}"]


def test_nothing_is_given_away_when_a_later_argument_is_wrong() -> None:
    world = Guests()
    type = FuncType((("file", Own(FILE)), ("name", STRING)))
    call = Compiler().entries(type).lift(world.guest.cx, lambda *flat: None)
    with pytest.raises(TypeError, match='argument "name": a str is wanted, not 7'):
        call("a file", 7)
    assert not list(world.handles)
    call("a file", "name")
    assert [handle.rep for handle in world.handles] == ["a file"]
