"""Functions of the host's that a component exports again, called as if the component's own."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import Any

import pytest

import remit
from remit import bindings
from remit.component import types
from remit.component.values.classes import Classes
from remit.component.values.normal import normal
from wat import wat

WASI = remit.load(
    wat("""(component
      (import "wasi:io/poll@0.2.0" (instance $poll
        (export "pollable" (type $p (sub resource)))
        (export "[method]pollable.block" (func (param "self" (borrow $p))))
        (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))))
      (alias export $poll "pollable" (type $pollable))
      (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
        (alias outer 1 $pollable (type $p'))
        (export "pollable" (type $p (eq $p')))
        (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
      (import "wasi:clocks/wall-clock@0.2.0" (instance $wall
        (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
        (export "datetime" (type $dt (eq $d)))
        (export "now" (func (result $dt)))))
      (alias export $wall "now" (func $now))
      (export "now" (func $now))
      (export "wasi:io/poll@0.2.0" (instance $poll))
      (export "wasi:clocks/monotonic-clock@0.2.0" (instance $clock))
      (export "wasi:clocks/wall-clock@0.2.0" (instance $wall)))"""),
    cache=False,
)
"""No code at all: what is called is Remit's own."""

LONG = 20 * 10**9

TEXT = """(component
  (import "docs:shop/orders" (instance $orders
    (type $s' (enum "small" "very-large"))
    (export "size" (type $s (eq $s')))
    (type $o' (record (field "the-size" $s) (field "weight" f32) (field "notes" (list string))))
    (export "order" (type $o (eq $o')))
    (type $e' (variant (case "sold-out") (case "at-most" u8)))
    (export "problem" (type $e (eq $e')))
    (type $w' (flags "gift" "express"))
    (export "wishes" (type $w (eq $w')))
    (export "basket" (type $b (sub resource)))
    (export "same" (func (param "order" $o) (result $o)))
    (export "buy" (func (param "order" $o) (param "wishes" $w) (result (result u32 (error $e)))))
    (export "deep" (func (param "it" (option (option (tuple char (list u8) (result string))))) (result (list u16))))
    (export "into" (func (param "basket" (borrow $b)) (param "size" $s) (result u32)))
    (export "new" (func (result (own $b))))
    (export "nothing" (func))))
  (export "docs:shop/orders" (instance $orders)))"""


class Basket:
    def __init__(self) -> None:
        self.sizes: list[Any] = []


class Orders:
    """Notes what it is called with, and answers with `answer` if that is set."""

    Basket = Basket

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.answer: Any = None

    def same(self, order: Any) -> Any:
        self.got.append(order)
        return order if self.answer is None else self.answer

    def buy(self, order: Any, wishes: Any) -> Any:
        self.got += [order, wishes]
        if self.answer is not None:
            raise remit.Err(self.answer)
        return len(order.notes)

    def deep(self, it: Any) -> Any:
        self.got.append(it)
        return self.answer or ()

    def into(self, basket: Any, size: Any) -> int:
        basket.sizes.append(size)
        return len(basket.sizes)

    def new(self) -> Any:
        return Basket() if self.answer is None else self.answer

    def nothing(self) -> Any:
        return self.answer


def shop(given: Orders) -> remit.Component:
    loaded: remit.Component = remit.load(wat(TEXT), cache=False, imports={"docs:shop/orders": given})
    return loaded


def test_arguments_and_results_are_of_the_classes_of_their_types() -> None:
    given = Orders()
    with shop(given).instantiate() as instance:
        orders = instance.exports.orders
        order = orders.same({"the-size": "very-large", "weight": 0.1, "notes": ("a",)})
        for each in (order, given.got[0]):
            assert type(each) is orders.Order
            assert each.the_size is orders.Size.VERY_LARGE
            assert each.weight == pytest.approx(0.1)
            assert each.weight != 0.1, "it has the precision of its type"
            assert each.notes == ["a"]
        given.answer = {"the_size": "small", "weight": math.inf, "notes": []}
        assert orders.same(order) == orders.Order(orders.Size.SMALL, math.inf, [])


def test_results_are_returned_or_raised() -> None:
    given = Orders()
    with shop(given).instantiate() as instance:
        orders = instance.exports.orders
        order = orders.Order(orders.Size.SMALL, 1, ["x", "y"])
        assert orders.buy(order, wishes={"express"}) == 2
        assert given.got[-1] == orders.Wishes.EXPRESS
        assert type(given.got[-1]) is orders.Wishes
        given.answer = "sold-out"
        with pytest.raises(remit.Err) as raised:
            orders.buy(order, 0)
        assert raised.value.value == orders.Problem.SoldOut()
        given.answer = orders.Problem.AtMost(300)
        with pytest.raises(OverflowError, match=r"the result.*300 is out of range for u8"):
            orders.buy(order, 0)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, None),
        (remit.Some(None), remit.Some(None)),
        (remit.Some(("é", [1, 255], remit.Ok("z"))), remit.Some(("é", b"\1\xff", remit.Ok("z")))),
        (remit.Some(["é", memoryview(b"ab"), remit.Err()]), remit.Some(("é", b"ab", remit.Err()))),
    ],
)
def test_values_in_values(given: Any, wanted: Any) -> None:
    orders = Orders()
    orders.answer = (1, 2)
    with shop(orders).instantiate() as instance:
        assert instance.exports.orders.deep(given) == [1, 2]
    assert orders.got == [wanted]
    assert type(orders.got[0]) is type(wanted)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda orders: orders.same({"the-size": "huge", "weight": 1, "notes": []}),
            r'argument "order"\.the_size: a S',
        ),
        (lambda orders: orders.same(order="x"), r'argument "order": a Order \(the_size, weight, notes\) is wanted'),
        (lambda orders: orders.buy(1), r"2 arguments are wanted \(order, wishes\), not 1"),
        (lambda orders: orders.deep(remit.Some(5)), r'argument "it"\.value: a list is wanted, not 5'),
        (lambda orders: orders.into(object(), "small"), "a Basket is wanted, not <object"),
    ],
)
def test_wrong_arguments_do_not_reach_the_function(call: Any, message: str) -> None:
    given = Orders()
    with shop(given).instantiate() as instance, pytest.raises(TypeError, match=message):
        call(instance.exports.orders)
    assert given.got == []


def test_a_function_may_not_return_what_its_type_does_not_say() -> None:
    given = Orders()
    with shop(given).instantiate() as instance:
        orders = instance.exports.orders
        given.answer = 7
        with pytest.raises(TypeError, match="a Basket is wanted, not 7"):
            orders.new()
        with pytest.raises(TypeError, match="the result: a Order"):
            orders.same(orders.Order("small", 1, []))
        assert orders.nothing() is None


def test_resources_are_the_hosts_objects() -> None:
    with shop(Orders()).instantiate() as instance:
        orders = instance.exports.orders
        assert orders.Basket is Basket
        basket = orders.new()
        assert type(basket) is Basket
        assert [orders.into(basket, "small"), orders.into(basket, size="very-large")] == [1, 2]
        assert basket.sizes == [orders.Size.SMALL, orders.Size.VERY_LARGE]


def test_a_resource_that_an_interface_uses_has_the_class_of_the_other() -> None:
    with WASI.instantiate() as instance:
        exports = instance.exports
        assert exports.monotonic_clock.Pollable is exports.poll.Pollable
        pollable = exports.monotonic_clock.subscribe_duration(0)
        assert isinstance(pollable, exports.poll.Pollable)
        assert exports.poll["[method]pollable.ready"](pollable) is True
        with pytest.raises(TypeError, match=r"a Pollable is wanted, not 'x'"):
            exports.poll["[method]pollable.ready"]("x")


def test_values_of_the_hosts_own_interfaces() -> None:
    with WASI.instantiate() as instance:
        now = instance.exports.now()
        assert abs(now.seconds - time.time()) < 10
        assert now.nanoseconds < 10**9
        interface = instance.exports.wall_clock
        assert type(interface.now()) is interface.Datetime


def test_a_function_that_waits_is_stopped_by_the_time_limit() -> None:
    begun = time.monotonic()
    with WASI.instantiate(timeout=0.1) as instance:
        clock, poll = instance.exports.monotonic_clock, instance.exports.poll
        with pytest.raises(TimeoutError, match=r"\[method\]pollable.block was stopped after 0.1 s"):
            poll["[method]pollable.block"](clock.subscribe_duration(LONG))
        # The next call has its own time.
        poll["[method]pollable.block"](clock.subscribe_duration(0))
    assert time.monotonic() - begun < LONG / 10**9


def test_a_function_that_waits_is_interrupted() -> None:
    class Enough(Exception):
        pass

    with WASI.instantiate() as instance:
        clock, poll = instance.exports.monotonic_clock, instance.exports.poll
        timer = threading.Timer(0.1, instance.interrupt, [Enough()])
        timer.start()
        with pytest.raises(Enough):
            poll["[method]pollable.block"](clock.subscribe_duration(LONG))
        timer.join()
        instance.interrupt(Enough())
        with pytest.raises(Enough):
            instance.exports.now()
        instance.exports.now()


def test_nobody_closes_what_is_waited_in() -> None:
    class Enough(Exception):
        pass

    failures: list[BaseException] = []

    def close() -> None:
        try:
            instance.close()
        except RuntimeError as error:
            failures.append(error)
        instance.interrupt(Enough())

    instance = WASI.instantiate()
    clock, poll = instance.exports.monotonic_clock, instance.exports.poll
    timer = threading.Timer(0.1, close)
    timer.start()
    with pytest.raises(Enough):
        poll["[method]pollable.block"](clock.subscribe_duration(LONG))
    timer.join()
    assert "a call is under way" in str(failures[0])
    now = instance.exports.now
    instance.close()
    with pytest.raises(RuntimeError, match="the instance is closed"):
        now()


def test_where_calls_are_awaited() -> None:
    async def main() -> None:
        async with await WASI.instantiate_async(timeout=0.2) as instance:
            clock, poll = instance.exports.monotonic_clock, instance.exports.poll
            block = poll["[method]pollable.block"]
            assert (await instance.exports.now()).seconds
            await block(await clock.subscribe_duration(10**6))
            late = await clock.subscribe_duration(LONG)
            with pytest.raises(TimeoutError, match=r"was stopped after 0\.2 s"):
                await block(late)
            waiting = asyncio.ensure_future(block(late))
            await asyncio.sleep(0)  # it begins
            with pytest.raises(RuntimeError, match="a call is under way"):
                await instance.exports.now()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            now = instance.exports.now
            await now()
        with pytest.raises(RuntimeError, match="the instance is closed"):
            await now()

    asyncio.run(main())


def test_an_async_function_of_the_callers_is_awaited_and_stopped() -> None:
    class Slow(Orders):
        async def same(self, order: Any) -> Any:
            await asyncio.sleep(self.answer)
            return {"the_size": "small", "weight": 0, "notes": []}

    async def main() -> None:
        given = Slow()
        given.answer = 0
        async with await shop(given).instantiate_async(timeout=0.2) as instance:
            orders = instance.exports.orders
            assert type(await orders.same(orders.Order("small", 1, []))) is orders.Order
            given.answer = 20
            with pytest.raises(TimeoutError):
                await orders.same(orders.Order("small", 1, []))

    asyncio.run(main())


def test_calls_are_traced_as_any() -> None:
    calls: list[str] = []
    with WASI.instantiate(trace=lambda call: calls.append(f"{call.function} {call.outcome}")) as instance:
        assert instance.exports.now().seconds
    assert calls == ["now ok"]
    given = Orders()
    with shop(given).instantiate(trace=lambda call: calls.append(call.function)) as instance:
        orders = instance.exports.orders
        assert type(orders.same({"the-size": "small", "weight": 1, "notes": []})) is orders.Order
    assert calls[1:] == ["same"]


def test_enums_of_bindings() -> None:
    """Their members are of Python's own `enum`."""

    class Size(bindings.Enum):
        SMALL = "small"
        VERY_LARGE = "very-large"

    Size.ready()
    given = Orders()
    with shop(given).instantiate() as instance:
        orders = instance.exports.orders
        order = orders.same({"the-size": Size.VERY_LARGE, "weight": 1, "notes": []})
        assert order.the_size is orders.Size.VERY_LARGE
        given.answer = {"the-size": Size.SMALL, "weight": 1, "notes": []}
        assert orders.same(order).the_size is orders.Size.SMALL
    classes = Classes()
    classes.adopt(ENUM, Size)
    assert normal(classes, "it", ENUM, "very-large", no_handle) is Size.VERY_LARGE
    assert normal(classes, "it", ENUM, Size.SMALL, no_handle) is Size.SMALL


ENUM = types.Enum(("small", "very-large"))


def no_handle(type: object, value: object) -> object:
    raise AssertionError


RUN = wat("""(component (import "x" (func $x (result (result)))) (instance $i (export "run" (func $x)))
  (export "wasi:cli/run@0.2.0" (instance $i)))""")


@pytest.mark.parametrize(("answer", "status"), [(None, 0), (remit.Ok(), 0), (remit.Err(), 1)])
def test_a_command_whose_entry_is_the_hosts(answer: Any, status: int) -> None:
    async def later() -> Any:
        await asyncio.sleep(0)
        return answer

    program = remit.load(RUN, cache=False, imports={"x": lambda: answer})
    assert remit.run(program).returncode == status
    waits = remit.load(RUN, cache=False, imports={"x": later})
    assert asyncio.run(remit.run_async(waits)).returncode == status


def test_another_thread_is_refused_meanwhile() -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Orders):
        def nothing(self) -> None:
            entered.set()
            assert go_on.wait(20)

    instance = shop(Slow()).instantiate()
    nothing = instance.exports.orders.nothing
    thread = threading.Thread(target=nothing)
    thread.start()
    assert entered.wait(20)
    with pytest.raises(RuntimeError, match="in another thread"):
        nothing()
    go_on.set()
    thread.join()
    nothing()
    instance.close()


LISTS = """(component (import "docs:many/lists" (instance $i
    (export "basket" (type $b (sub resource)))
    (export "same" (func (param "it" (list u32)) (result (list u32))))
    (export "all" (func (param "baskets" (list (borrow $b)))))
    (export "make" (func (result (list (own $b)))))
    (export "big" (func (result u64)))))
  (export "docs:many/lists" (instance $i)))"""


class Lists:
    Basket = Basket

    def same(self, it: Any) -> Any:
        return it

    def all(self, baskets: Any) -> None:
        pass

    def make(self) -> Any:
        return [Basket(), 5]

    def big(self) -> int:
        return 1 << 100_000


def test_wrong_parts_of_lists_are_named() -> None:
    with remit.load(wat(LISTS), cache=False, imports={"docs:many/lists": Lists()}).instantiate() as instance:
        lists = instance.exports.lists
        assert lists.same((1, 2**32 - 1)) == [1, 2**32 - 1]
        with pytest.raises(OverflowError, match=r'argument "it"\[1\]: 4294967296 is out of range'):
            lists.same([1, 2**32])
        with pytest.raises(TypeError, match=r'argument "baskets"\[1\]: a Basket is wanted, not 5'):
            lists.all([Basket(), 5])
        with pytest.raises(TypeError, match=r"the result\[1\]: a Basket is wanted, not 5"):
            lists.make()
        with pytest.raises(OverflowError, match=r"the result: a number that is too long to be shown is out of range"):
            lists.big()


def test_the_text_of_a_type_is_bounded() -> None:
    """A kilobyte that says what would be a hundred of text, or many more."""
    nested = "(type $t0 (tuple string string string string))" + "".join(
        f"(type $t{n} (tuple $t{n - 1} $t{n - 1} $t{n - 1} $t{n - 1}))" for n in range(1, 7)
    )
    program = remit.load(
        wat(f"""(component {nested}
          (core module $m (memory (export "m") 1) (func (export "f") (param i32 i32) unreachable)
            (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
          (core instance $i (instantiate $m))
          (alias core export $i "m" (core memory $mem)) (alias core export $i "r" (core func $r))
          (func (export "f") (param "it" (list $t6)) (canon lift (core func $i "f") (memory $mem) (realloc $r))))"""),
        cache=False,
    )
    with program.instantiate() as instance:
        assert len(str(instance.exports.f.type)) > 100_000
        assert repr(instance.exports.f) == ("<function f: func(…), whose types are too large to be shown>")


def test_missing_arguments_are_told_in_short() -> None:
    names = [f"p{number}" for number in range(900)]
    params = " ".join(f'(param "{name}" u8)' for name in names)
    text = f'(component (import "f" (func $f {params})) (export "g" (func $f)))'
    with remit.load(wat(text), cache=False, imports={"f": lambda *_: None}).instantiate() as instance:
        with pytest.raises(TypeError, match="and 859 more") as raised:
            instance.exports.g(p0=1)
        assert len(str(raised.value)) < 1000
