"""Interfaces that are declared in Python: their types, their functions, and how these are called."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from remit.component.subtyping import Matcher, Mismatch
from remit.component.types import FuncType, InstanceType, ResourceType, TypeBound
from remit.component.values.results import Err, Ok
from remit.engine.api import Pending
from remit.interfaces.wit.calling import LazyExports, Offered
from remit.interfaces.wit.declaration import Host, Interface, Resource, constructor, func, functions_of, method, static
from remit.interfaces.wit.instance_type import InstanceTypes
from remit.interfaces.wit.registry import InterfaceName, registry, track_of
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.limits import Limits
from remit.kernel.poll import ALWAYS
from remit.kernel.process import Process
from remit.kernel.random import SeededRandom


class Counter(Resource):
    name = "counter"
    dropped: ClassVar[list[int]] = []

    def __init__(self, value: int) -> None:
        self.value = value

    @method("(by: u32) -> result<u64, trouble>")
    def add(self, by: int) -> int:
        if by == 13:
            raise KernelError(Code.BUSY)
        if by == 14:
            raise Err("too-large")
        self.value += by
        return self.value

    @method("() -> u64", blocks=True)
    def wait(self) -> int:
        if self.value:
            return self.value
        self.value = 5
        raise WouldBlock(ALWAYS)

    def drop(self) -> None:
        self.dropped.append(self.value)


class Counters(Interface):
    name = "docs:counting/counters"
    version = "1.2.0"
    resources = (Counter,)
    types: ClassVar = {"trouble": "enum { busy, too-large }", "other-name": "counter"}

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return {Code.BUSY: "busy"}[failure.code]

    @func("() -> u32")
    def how_many(self) -> int:
        return len(Counter.dropped)

    @func("(x: u8) -> u8", name="import")
    def import_(self, x: int) -> int:
        return x

    @constructor("counter", "(start: u64)")
    def new_counter(self, start: int) -> Counter:
        return Counter(start)

    @static("counter", "(a: borrow<counter>, b: borrow<counter>) -> counter", name="sum")
    def sum_of(self, a: Counter, b: Counter) -> Counter:
        return Counter(a.value + b.value)


class User(Interface):
    name = "docs:counting/user"
    version = "1.0.0"
    uses: ClassVar = {"counter": "docs:counting/counters", "problem": "docs:counting/counters.trouble"}

    @func("(of: borrow<counter>) -> result<u64, problem>", blocks=True)
    def look(self, counter: Counter) -> int:
        def later() -> int:
            raise KernelError(Code.BUSY)

        raise WouldBlock(ALWAYS, later)

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return "busy"


CLASSES: dict[str, type[Interface]] = {each.name: each for each in (Counters, User)}


def host() -> Host:
    return Host(Process(limits=Limits(), random=SeededRandom(0)))


def test_the_functions_of_an_interface() -> None:
    assert set(functions_of(Counters)) == {
        *("how-many", "import", "[constructor]counter", "[static]counter.sum"),
        *("[method]counter.add", "[method]counter.wait"),
    }


def test_the_type_of_an_interface() -> None:
    types = InstanceTypes(CLASSES.__getitem__)
    exports = types.of(Counters).exports
    assert str(exports["[method]counter.add"]) == (
        "func(self: borrow<counter>, by: u32) -> result<u64, enum { busy, too-large }>"
    )
    assert str(exports["[constructor]counter"]) == "func(start: u64) -> own<counter>"
    counter, other = exports["counter"], exports["other-name"]
    assert isinstance(counter, TypeBound)
    assert isinstance(other, TypeBound)
    assert (counter.fresh, other.fresh) == (True, False)
    assert counter.type is other.type
    used = types.of(User).exports["counter"]
    assert isinstance(used, TypeBound)
    assert used.type is counter.type, "it is one and the same wherever it is used"
    assert types.of(Counters) is types.of(Counters)


def test_what_a_component_imports_is_compared() -> None:
    types = InstanceTypes(CLASSES.__getitem__)
    mine = ResourceType("counter")
    wanted = InstanceType({"counter": TypeBound(mine, fresh=True), "how-many": FuncType((), None)})
    with pytest.raises(Mismatch, match="export 'how-many': result"):
        Matcher().match(types.of(Counters), wanted)
    with pytest.raises(Mismatch, match="missing expected export 'more'"):
        Matcher().match(types.of(Counters), InstanceType({"more": FuncType((), None)}))
    Matcher().match(types.of(Counters), InstanceType({"counter": TypeBound(mine, fresh=True)}))


def test_results_are_returned_and_failures_are_error_values() -> None:
    offered = Offered(Counters)
    add = offered.function("[method]counter.add", host()).function
    counter = Counter(1)
    assert add(counter, 2) == Ok(3)
    assert add(counter, 13) == Err("busy")
    assert add(counter, 14) == Err("too-large")
    assert add(counter, 14).__traceback__ is None
    assert offered.function("how-many", host()).function() == len(Counter.dropped)


def test_who_would_block_is_asked_again_or_goes_on() -> None:
    wait = Offered(Counters).function("[method]counter.wait", host())
    assert wait.blocks
    assert not Offered(Counters).function("how-many", host()).blocks
    counter = Counter(0)
    pending = wait.function(counter)
    assert isinstance(pending, Pending)
    assert pending.wait_for is ALWAYS
    assert pending.resume() == 5
    later = Offered(User).function("look", host()).function(counter)
    assert later.resume() == Err("busy"), "what comes later is an error value, too"


def test_functions_are_found_when_they_are_called() -> None:
    asked: list[str] = []

    def offered() -> Offered:
        asked.append("here")
        return Offered(Counters)

    exports: Any = LazyExports("test:lazy/counters", offered, host(), {})
    function = exports["import"]
    assert exports["import"] is function
    assert asked == []
    assert function.function(7) == 7
    assert asked == ["here"]


def test_one_object_of_an_interface_for_a_program() -> None:
    one = host()
    assert one.interface(Counters) is one.interface(Counters)
    assert one.interface(Counters) is not host().interface(Counters)


@pytest.mark.parametrize(
    ("version", "track"),
    [("1.2.3", "1"), ("10.0.0", "10"), ("0.2.12", "0.2"), ("0.0.3", "0.0.3"), ("0.2.0-rc-1", "0.2.0-rc-1"), ("", "")],
)
def test_compatible_versions(version: str, track: str) -> None:
    assert track_of(version) == track
    assert InterfaceName(f"a:b/c@{version}").track == track


def test_the_registry_knows_wasi_and_nothing_of_other_versions() -> None:
    found = registry()
    assert found.version(InterfaceName("wasi:io/streams@0.2.0")) == "0.2.12"
    assert found.version(InterfaceName("wasi:io/streams@0.2.99")) == "0.2.12"
    for name in ("wasi:io/streams@0.1.0", "wasi:io/streams@0.2.0-rc-2023-11-10", "wasi:io/streams", "docs:a/b@1.0.0"):
        assert found.version(InterfaceName(name)) is None
    assert found.versions("wasi:io/streams") == ["0.2.12"]
    assert found.versions("docs:a/b") == []


def test_a_resource_type_is_one_for_all_programs() -> None:
    found = registry()
    first = found.resource(InterfaceName("wasi:io/poll@0.2.0"), "pollable")
    assert found.resource(InterfaceName("wasi:io/poll@0.2.12"), "pollable") is first
    from remit.interfaces.wasi_0_2.poll import Pollable

    assert first.python is Pollable
