"""What a component exports, called from Python: values, classes, resources, and what goes wrong."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import remit
from remit.component.values.names import python_name
from runtime.components import examples
from wat import wat

SHAPES: remit.Component = remit.load(examples.SHAPES, cache=False)
COUNTERS: remit.Component = remit.load(examples.COUNTERS, cache=False)


@pytest.fixture
def shapes() -> Iterator[Any]:
    with SHAPES.instantiate() as instance:
        yield instance.exports


@pytest.fixture
def counters() -> Iterator[Any]:
    with COUNTERS.instantiate() as instance:
        yield instance.exports


def test_exports_read_like_a_module(shapes: Any) -> None:
    assert dir(shapes) == ["crash", "half_of", "shapes", "spin"]
    assert [*shapes] == ["docs:drawing/shapes@1.2.0", "half-of", "spin", "crash"]
    assert shapes["docs:drawing/shapes@1.2.0"] is shapes.shapes
    assert "half-of" in shapes
    assert dir(shapes.shapes) == ["Colour", "Point", "Shape", "Style", "dash", "mirror", "other_colour", "same"]
    assert repr(shapes.half_of) == "<function half-of: func(even: u32) -> result<u32, u32>>"
    with pytest.raises(AttributeError, match=r"exports nothing called 'nothing'; there is crash, half_of"):
        shapes.nothing  # noqa: B018
    with pytest.raises(KeyError, match="there is crash, half_of"):
        shapes["nothing"]
    assert not hasattr(shapes, "__wrapped__")


def test_named_types_are_classes_and_the_values_are_of_them(shapes: Any) -> None:
    interface = shapes.shapes
    point = interface.mirror(interface.Point(1, -2))
    assert type(point) is interface.Point
    assert (point.x, point.y) == (-1, 2)
    assert interface.mirror(p={"x": 1, "y": 2}) == interface.Point(-1, -2)
    dot = interface.same(interface.Shape.Dot(point))
    assert isinstance(dot, interface.Shape.Dot)
    assert type(dot.value) is interface.Point
    circle = interface.same(interface.Shape.Circle((point, 0.5)))
    assert circle.value == (point, 0.5)
    assert interface.same(interface.Shape.Empty()) == interface.Shape.Empty()
    assert interface.other_colour(interface.Colour.RED) is interface.Colour.LIGHT_BLUE
    assert interface.dash(interface.Style.FILLED) == interface.Style.FILLED | interface.Style.DASHED


def test_classes_are_those_of_the_program_not_of_the_instance(shapes: Any) -> None:
    with SHAPES.instantiate() as other:
        assert other.exports.shapes.Point is shapes.shapes.Point
        assert type(other.exports.shapes.mirror({"x": 0, "y": 0})) is shapes.shapes.Point


def test_a_result_is_returned_or_raised(shapes: Any) -> None:
    assert shapes.half_of(10) == 5
    with pytest.raises(remit.Err) as caught:
        shapes.half_of(11)
    assert caught.value.value == 5


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((-1,), {}, 'argument "even": -1 is out of range for u32'),
        (("1",), {}, 'argument "even": an int is wanted'),
        ((), {}, "even"),
        ((1, 2), {}, "2"),
        ((), {"odd": 1}, "no parameter 'odd'"),
        ((1,), {"even": 1}, "no parameter 'even' that is left"),
    ],
)
def test_wrong_arguments(shapes: Any, arguments: Any, named: Any, message: str) -> None:
    with pytest.raises((TypeError, OverflowError), match=message):
        shapes.half_of(*arguments, **named)
    assert shapes.half_of(2) == 1, "the guest was not called"


def test_missing_arguments_by_name(shapes: Any) -> None:
    with pytest.raises(TypeError, match="no argument is given for by"):
        COUNTERS.exports["[method]counter.add"](self=None)


def test_a_trap_ends_the_instance(shapes: Any) -> None:
    with pytest.raises(remit.Trap, match="unreachable"):
        shapes.crash()
    with pytest.raises(RuntimeError, match="an earlier call trapped"):
        shapes.half_of(2)


def test_a_busy_guest_is_stopped_by_its_time_limit() -> None:
    with SHAPES.instantiate(timeout=0.05) as instance:
        with pytest.raises(TimeoutError, match=r"spin was stopped after 0\.05 s"):
            instance.exports.spin()
        with pytest.raises(RuntimeError, match="make another"):
            instance.exports.half_of(2)


def test_a_busy_guest_is_interrupted() -> None:
    with SHAPES.instantiate() as instance:
        timer = threading.Timer(0.05, instance.interrupt, [KeyError("enough")])
        timer.start()
        with pytest.raises(KeyError, match="enough"):
            instance.exports.spin()
        timer.join()
        with pytest.raises(TypeError, match="an exception is wanted"):
            instance.interrupt("no exception")  # type: ignore[arg-type]  # that is the test


def test_control_c_stops_a_busy_guest_and_is_heard_while_arguments_are_taken() -> None:
    class Number:
        def __index__(self) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            return 2

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with SHAPES.instantiate() as instance:
            with pytest.raises(KeyboardInterrupt):
                instance.exports.half_of(Number())
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        with SHAPES.instantiate() as instance:
            timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                instance.exports.spin()
            timer.join()
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_fuel() -> None:
    metered: remit.Component = remit.load(examples.SHAPES, fuel=True, cache=False)
    with metered.instantiate(fuel=1000) as instance:
        assert instance.exports.half_of(2) == 1
        left = instance.fuel
        assert 0 < left < 1000
        with pytest.raises(remit.Trap) as caught:
            instance.exports.spin()
        assert caught.value.code == "out_of_fuel"
    with SHAPES.instantiate() as instance, pytest.raises(RuntimeError, match="does not count fuel"):
        instance.fuel  # noqa: B018
    with pytest.raises(ValueError, match="does not count fuel"):
        SHAPES.instantiate(fuel=1)


def test_what_memory_it_starts_with() -> None:
    with pytest.raises(ValueError, match="starts with a memory of 65,536 bytes, and may have 65,535"):
        SHAPES.instantiate(max_memory=65535)


def test_an_instance_that_is_forgotten_warns() -> None:
    assert repr(SHAPES.instantiate()) == "<ComponentInstance of 'program.wasm'>"
    with pytest.warns(ResourceWarning, match="unclosed <ComponentInstance"):
        gc.collect()


@pytest.mark.parametrize("cache", ["True", "False"])
def test_an_instance_at_the_end_of_the_interpreter(tmp_path: Path, cache: str) -> None:
    (tmp_path / "shapes.wasm").write_bytes(examples.SHAPES)
    code = (
        "import remit\n"
        f"kept = remit.load('shapes.wasm', cache={cache}).instantiate()\n"
        "assert kept.exports.half_of(2) == 1\n"
    )
    done = subprocess.run(
        [sys.executable, "-Wdefault::ResourceWarning", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert done.returncode == 0
    assert done.stderr.count("unclosed <ComponentInstance of 'shapes.wasm'>") == 1
    assert "Error" not in done.stderr, done.stderr


def test_a_closed_instance() -> None:
    with SHAPES.instantiate() as instance:
        half_of = instance.exports.half_of
    with pytest.raises(RuntimeError, match="closed"):
        instance.exports  # noqa: B018
    with pytest.raises(RuntimeError, match="closed"):
        half_of(2)
    instance.close()


def test_exports_of_the_program_itself_are_of_an_instance_of_its_own() -> None:
    component: remit.Component = remit.load(examples.COUNTERS, cache=False)
    assert component.exports is component.exports
    counter = component.exports.Counter(3)
    assert component.exports.live() == 1
    counter.close()
    assert component.exports.live() == 0
    del component, counter
    gc.collect()


# Resources.


def test_a_resource_has_a_constructor_methods_and_static_functions(counters: Any) -> None:
    with counters.Counter(5) as counter:
        assert isinstance(counter, counters.Counter)
        assert counter.add(2) == 7
        assert counter.add(by=1) == 8
        with counters.Counter.twice_as_much(counter) as other:
            assert other.add(0) == 16
            assert counters.live() == 2
        assert counters.live() == 1
    assert counters.live() == 0
    assert "u32" in (counters.Counter.add.__doc__ or "")


def test_what_was_closed_or_given_away_is_no_use(counters: Any) -> None:
    closed, given = counters.Counter(1), counters.Counter(2)
    closed.close()
    closed.close()
    counters.take(given)
    assert counters.live() == 0
    for gone in (closed, given):
        assert repr(gone) == "<Counter, closed>"
        with pytest.raises(TypeError, match="cannot be used any more"):
            gone.add(1)
        with pytest.raises(TypeError, match="cannot be used any more"):
            counters.take(gone)
    assert counters.Counter(3).add(0) == 3


def test_only_resources_of_that_instance_are_taken(counters: Any) -> None:
    with COUNTERS.instantiate() as other, other.exports.Counter(1) as foreign:
        with pytest.raises(TypeError, match="of another instance"):
            counters.take(foreign)
        with pytest.raises(TypeError, match='argument "self": a counter of this instance is wanted, not 5'):
            counters["[method]counter.add"](5, 1)
        assert foreign.add(1) == 2


def test_a_forgotten_resource_is_dropped_at_the_next_call(counters: Any) -> None:
    counter = counters.Counter(5)
    assert counters.live() == 1
    del counter
    assert counters.live() == 0


def test_closing_what_has_ended_with_its_instance_does_nothing() -> None:
    """So what ended the instance is what a `with` block raises."""
    with SHAPES.instantiate(), COUNTERS.instantiate() as instance:
        counter = instance.exports.Counter(3)
    counter.close()
    metered: remit.Component = remit.load(examples.COUNTERS, fuel=True, cache=False)

    def until_it_ends(exports: Any) -> None:
        with exports.Counter(3) as counter:
            while True:
                counter.add(1)

    with metered.instantiate(fuel=1000) as instance, pytest.raises(remit.Trap, match="fuel"):
        until_it_ends(instance.exports)


def test_and_neither_where_it_is_awaited() -> None:
    async def until_it_ends(exports: Any) -> None:
        async with await exports.Counter.new(3) as counter:
            while True:
                await counter.add(1)

    async def test() -> None:
        metered: remit.Component = remit.load(examples.COUNTERS, fuel=True, cache=False)
        async with await metered.instantiate_async(fuel=1000) as instance:
            with pytest.raises(remit.Trap, match="fuel"):
                await until_it_ends(instance.exports)
            other = await metered.instantiate_async(fuel=1000)
            kept = await other.exports.Counter.new(3)
            other.close()
            await kept.close()

    asyncio.run(test())


def test_methods_may_be_called_as_those_of_all_resources_are() -> None:
    """`with` drops the resource all the same, and the end of a loan calls nothing of the guest's."""
    source = examples.COUNTERS_TEXT
    for name in ("close", "end-loan", "drop", "forget"):
        component: remit.Component = remit.load(wat(source.replace("counter.add", f"counter.{name}")), cache=False)
        with component.instantiate() as instance:
            exports = instance.exports
            with exports.Counter(5) as counter:
                assert getattr(counter, python_name(name))(2) == 7
                with exports.Counter.twice_as_much(counter) as other:
                    assert getattr(other, python_name(name))(0) == 14
                assert exports.live() == 1
            assert exports.live() == 0


def test_a_resource_is_not_copied(counters: Any) -> None:
    with counters.Counter(5) as counter:
        with pytest.raises(TypeError, match="cannot be copied"):
            copy.copy(counter)
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(counter)


def test_a_program_is_not_copied() -> None:
    with pytest.raises(TypeError, match="give another process its path"):
        pickle.dumps(SHAPES)


TWO_NAMES = wat("""(component
  (type $A (resource (rep i32)))
  (core func $new (canon resource.new $A))
  (core module $M (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (result i32) (call $new (i32.const 5)))
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
  (export $a "a" (type $A))
  (export $b "b" (type $a))
  (func $make (result (own $a)) (canon lift (core func $m "make")))
  (export "[constructor]a" (func $make))
  (func $get (param "self" (borrow $a)) (result u32) (canon lift (core func $m "get")))
  (export "[method]a.get" (func $get)))""")


@pytest.mark.parametrize("names", ["AB", "BA"])
def test_a_resource_of_two_names_is_one_class_whichever_is_asked_for_first(names: str) -> None:
    component: remit.Component = remit.load(TWO_NAMES, cache=False)
    with component.instantiate() as instance:
        first, second = [getattr(instance.exports, name) for name in names]
        assert first is second
        assert first.__name__ == "A"
        assert first().get() == 5


AGAIN = wat("""(component
  (import "f" (func $f (param "x" u32) (result u32)))
  (import "g" (func $g (param "text" string) (result (result string (error u8)))))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (export "now" (func (result u64)))))
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (export "f2" (func $f))
  (export "g2" (func $g))
  (export "now" (func $clock "now"))
  (export "bytes" (func $random "get-random-bytes")))""")


def test_what_is_imported_and_exported_again() -> None:
    def g(text: str) -> str:
        if not text:
            raise remit.Err(7)
        return text.upper()

    component: remit.Component = remit.load(AGAIN, imports={"f": lambda x: x + 1, "g": g}, cache=False)
    with component.instantiate(random=1) as instance:
        exports = instance.exports
        assert exports.f2(1) == exports.f2(x=1) == 2
        assert exports.g2("a") == "A"
        with pytest.raises(remit.Err) as caught:
            exports.g2("")
        assert caught.value.value == 7
        assert exports.now() <= exports.now()
        assert len(exports.bytes(10)) == 10
        with pytest.raises(OverflowError, match='argument "x": -1 is out of range for u32'):
            exports.f2(-1)
        with pytest.raises(TypeError, match=r"1 argument is wanted \(x\), not 2"):
            exports.f2(1, 2)
        assert "u32" in repr(exports.f2)


def test_and_is_awaited() -> None:
    async def f(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    async def test() -> None:
        component: remit.Component = remit.load(AGAIN, imports={"f": f, "g": str.upper}, cache=False)
        async with await component.instantiate_async() as instance:
            exports: Any = instance.exports
            assert await exports.f2(1) == 2
            assert await exports.g2("a") == "A"
            assert len(await exports.bytes(4)) == 4

    asyncio.run(test())
