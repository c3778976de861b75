"""Calls between a guest and Python, without an engine."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from component.abi.guest import Guest
from remit.component.abi.compiler import Compiler
from remit.component.abi.layout import UnsupportedType
from remit.component.types import (
    BOOL,
    CHAR,
    ERROR_CONTEXT,
    F32,
    F64,
    S32,
    STRING,
    U8,
    U32,
    U64,
    Enum,
    Flags,
    FuncType,
    Future,
    List,
    Option,
    Record,
    Result,
    Stream,
    Tuple,
    ValType,
    Variant,
)
from remit.component.values.results import Err, Ok, Some, resulting, returned
from remit.engine.api import Pending, Trap


def lowered(type: FuncType, function: Callable[..., Any], guest: Guest) -> Callable[..., Any]:
    return Compiler().entries(type).lower(guest.cx, function)


def test_a_guest_calls_python() -> None:
    guest = Guest()
    guest.heap.data[100:105] = b"hello"
    seen: list[Any] = []
    type = FuncType((("a", S32), ("b", U32), ("text", STRING)), U32)

    def python(*values: Any) -> int:
        seen.append(values)
        return 0xFFFFFFFF

    core = lowered(type, python, guest)
    assert core("the engine's caller", -1, -1, 100, 5) == -1
    assert core("the engine's caller", 7, 7, 100, 0) == -1
    assert seen == [(-1, 0xFFFFFFFF, "hello"), (7, 7, "")]


def test_a_result_of_several_core_values_is_stored_where_the_guest_says() -> None:
    guest = Guest()
    core = lowered(FuncType((), STRING), lambda: "grüße", guest)
    assert core(None, 8) is None
    address, length = struct.unpack_from("<II", guest.heap.data, 8)
    assert guest.heap.data[address : address + length] == "grüße".encode()
    assert guest.heap.calls == [(0, 0, 1, 7)]


@pytest.mark.parametrize("address", [9, -2, (1 << 14) - 4])
def test_a_result_cannot_be_stored_outside(address: int) -> None:
    core = lowered(FuncType((), Tuple((U32, U32))), lambda: (1, 2), Guest())
    with pytest.raises(Trap, match=r"pointer (not aligned|out of bounds)"):
        core(None, address)


def test_many_parameters_lie_in_memory() -> None:
    guest = Guest()
    struct.pack_into("<17I", guest.heap.data, 16, *range(17))
    type = FuncType(tuple((f"p{index}", U32) for index in range(17)))
    seen: list[Any] = []
    core = lowered(type, lambda *values: seen.append(values), guest)
    assert core(None, 16) is None
    assert seen == [tuple(range(17))]
    with pytest.raises(Trap, match="pointer not aligned: 0x11 is not a multiple of 4"):
        core(None, 17)

    call = Compiler().entries(type).lift(guest.cx, seen.append)
    call(*range(17))
    assert struct.unpack_from("<17I", guest.heap.data, seen[-1]) == tuple(range(17))
    assert guest.heap.calls == [(0, 0, 4, 68)]


def test_python_calls_a_guest() -> None:
    guest = Guest()
    log: list[Any] = []
    type = FuncType((("file-name", STRING), ("class", U64)), List(U8))

    def core(*flat: int) -> int:
        log.append(flat)
        struct.pack_into("<II", guest.heap.data, 32, flat[0], flat[1])
        return 32

    def post_return(*flat: int) -> None:
        assert not guest.instance.may_leave
        log.append(("post-return", *flat))

    call = Compiler().entries(type).lift(guest.cx, core, post_return)
    assert call("name", (1 << 64) - 1) == b"name"
    address = guest.heap.calls[0][3] and log[0][0]
    assert log == [(address, 4, -1), ("post-return", 32)]
    assert call(class_=1, file_name="x") == b"x"
    assert guest.instance.may_enter
    assert guest.instance.may_leave
    with pytest.raises(TypeError, match="file_name"):
        call(class_=1)


def test_an_instance_in_a_call_cannot_be_entered() -> None:
    guest = Guest()
    entries = Compiler().entries(FuncType(()))
    inner = entries.lift(guest.cx, lambda: None)
    outer = entries.lift(guest.cx, inner)
    with pytest.raises(Trap, match="cannot enter component instance"):
        outer()


def test_a_trapped_instance_cannot_be_entered_again() -> None:
    guest = Guest()

    def core() -> None:
        raise Trap("unreachable", "unreachable")

    call = Compiler().entries(FuncType(())).lift(guest.cx, core)
    with pytest.raises(Trap, match="unreachable"):
        call()
    with pytest.raises(Trap, match="cannot enter"):
        call()


def test_imports_cannot_be_called_by_realloc_and_post_return() -> None:
    guest = Guest()
    leave = lowered(FuncType(()), lambda: None, guest)
    guest.cx.realloc = lambda *_: leave(None)
    call = Compiler().entries(FuncType((("text", STRING),))).lift(guest.cx, lambda *_: None)
    with pytest.raises(Trap, match="cannot leave component instance"):
        call("text")

    other = Guest()
    leave_other = lowered(FuncType(()), lambda: None, other)
    call = Compiler().entries(FuncType(())).lift(other.cx, lambda: None, lambda: leave_other(None))
    with pytest.raises(Trap, match="cannot leave component instance"):
        call()


HEADER = Record((("name", STRING), ("type", Option(U8))))
LONG = "x" * 100
WRONG: list[tuple[ValType, Any, type[Exception], str]] = [
    (STRING, 7, TypeError, 'argument "it": a str is wanted, not 7'),
    (STRING, "a\ud800", ValueError, r'argument "it": a str without lone surrogates is wanted; there is .* at 1'),
    (U8, 256, OverflowError, 'argument "it": 256 is out of range for u8, which takes 0 to 255'),
    (U32, 1.5, TypeError, 'argument "it": an int is wanted, not 1.5'),
    (U64, -1, OverflowError, 'argument "it": -1 is out of range for u64'),
    (BOOL, 1, TypeError, 'argument "it": a bool is wanted, not 1'),
    (F32, "1", TypeError, "argument \"it\": a float is wanted, not '1'"),
    (CHAR, "ab", TypeError, "argument \"it\": a str of one character is wanted, not 'ab'"),
    (CHAR, "\udfff", ValueError, 'argument "it": a character is wanted, not the surrogate'),
    (List(HEADER), [{"name": "a", "type": None}, {"name": 7, "type": None}], TypeError, r'"it"\[1\].name: a str is'),
    (List(HEADER), [{"name": "a", "type": 300}], OverflowError, r'"it"\[0\].type: 300 is out of range for u8'),
    (
        List(HEADER),
        [{"name": "a"}],
        TypeError,
        r'"it"\[0\]: a Record \(name, type\) is wanted, not a mapping without type',
    ),
    (List(HEADER), [{"name": "a", "type": 1, "x": 1}], TypeError, r'"it"\[0\]: .* with a field too much: \'x\''),
    (HEADER, object(), TypeError, '"it": a Record .* is wanted, not .*, which has no name'),
    (List(U8), "text", TypeError, "\"it\": bytes is wanted, not 'text'"),
    (List(U8), [1, 256], OverflowError, '"it": 256 is out of range for u8'),
    (List(U8, 3), b"ab", ValueError, '"it": 3 bytes are wanted, not 2'),
    (List(U32), b"ab", TypeError, r'"it": a list is wanted, not b\'ab\''),
    (List(U32), [1, -1], OverflowError, r'"it"\[1\]: -1 is out of range for u32'),
    (List(F64), [1.0, None], TypeError, r'"it"\[1\]: a float is wanted, not None'),
    (List(BOOL), [True, 0], TypeError, r'"it"\[1\]: a bool is wanted, not 0'),
    (List(STRING, 2), ["a"], ValueError, '"it": a list of 2 items is wanted, not of 1'),
    (Tuple((U8, STRING)), (1, 2), TypeError, r'"it"\[1\]: a str is wanted, not 2'),
    (Tuple((U8, U8)), (1, 2, 3), ValueError, '"it": a tuple of 2 items is wanted, not of 3'),
    (Enum(("a", "b")), "c", TypeError, "\"it\": a Enum \\(a, b\\) is wanted, not 'c'"),
    (Flags(("a", "b")), 4, OverflowError, '"it": 0x4 has bits that no flag of Flags stands for'),
    (Flags(("a", "b")), {"c"}, TypeError, "\"it\": a flag of Flags \\(a, b\\) is wanted, not 'c'"),
    (Flags(("a", "b")), None, TypeError, '"it": a Flags or a set of a, b is wanted, not None'),
    (Option(U8), "x", TypeError, "\"it\": an int is wanted, not 'x'"),
    (Option(Option(U8)), 3, TypeError, r'"it": None or Some\(…\) is wanted, not 3'),
    (Option(Option(U8)), Some("x"), TypeError, "\"it\".value: an int is wanted, not 'x'"),
    (Result(U8, None), 3, TypeError, r'"it": Ok\(…\) or Err\(…\) is wanted, not 3'),
    (Result(U8, None), Err(3), TypeError, '"it": None is wanted, not 3'),
    (Result(U8, STRING), Err(3), TypeError, '"it".value: a str is wanted, not 3'),
    (Variant((("a", U8), ("b", None))), "a", TypeError, "\"it\": a Variant.A with a value is wanted, not 'a'"),
    (Variant((("a", U8), ("b", None))), 3, TypeError, r'"it": a Variant \(A, B\) is wanted, not 3'),
    (STRING, bytes(100), TypeError, "a str is wanted, not .{59}…$"),
]


@pytest.mark.parametrize(("type", "value", "error", "message"), WRONG)
def test_wrong_arguments_are_named(type: ValType, value: Any, error: type[Exception], message: str) -> None:
    guest = Guest()

    def core(*_: object) -> None:
        raise AssertionError("called with a wrong argument")

    call = Compiler().entries(FuncType((("first", STRING), ("it", type)))).lift(guest.cx, core)
    with pytest.raises(error, match=message) as caught:
        call("right", value)
    assert caught.value.__cause__ is None
    assert guest.instance.may_enter, "nothing happened that would harm the guest"


@pytest.mark.parametrize(("type", "value", "error", "message"), WRONG)
def test_wrong_results_are_named(type: ValType, value: Any, error: type[Exception], message: str) -> None:
    core = lowered(FuncType((), type), lambda: value, Guest())
    with pytest.raises(error, match=message.replace('argument "it"', "the result").replace('"it"', "the result")):
        core(None, *([64] if Compiler().python(FuncType((), type)).result_is_spilled else []))


def test_what_python_code_itself_raises_is_left_alone() -> None:
    class Strange:
        def __index__(self) -> int:
            raise KeyError("mine")

    core = lowered(FuncType((), U32), Strange, Guest())
    with pytest.raises(KeyError, match="mine"):
        core(None)


@pytest.mark.parametrize("type", [Stream(U8), Future(None), ERROR_CONTEXT, List(Stream(None)), Option(Future(U8))])
def test_what_is_not_carried_is_refused_by_name(type: ValType) -> None:
    entries = Compiler().entries(FuncType((("it", type),)))
    kind = getattr(type, "element", getattr(type, "type", type)) if type.kind in ("list", "option") else type
    with pytest.raises(UnsupportedType, match=f"values of type {kind.kind} are not supported"):
        entries.lower(Guest().cx, lambda it: None)


def test_async_functions_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match="async functions"):
        Compiler().entries(FuncType((), is_async=True))


def test_results_are_returned_and_raised() -> None:
    guest = Guest()
    type = FuncType((("n", U32),), Result(U32, Enum(("too-large", "odd"))))
    compiler = Compiler()
    result = type.result
    assert isinstance(result, Result)
    assert result.error is not None
    code: Any = compiler.classes.of(result.error)

    def half(n: int) -> int:
        if n % 2:
            raise Err(code.ODD)
        return n // 2

    core = compiler.entries(type).lower(guest.cx, resulting(half))
    core(None, 10, 64)
    core(None, 11, 72)
    assert struct.unpack_from("<BxxxI", guest.heap.data, 64) == (0, 5)
    assert struct.unpack_from("<BxxxBxxx", guest.heap.data, 72) == (1, 1)

    call = compiler.entries(type).lift(guest.cx, lambda n: n)
    assert call(64) == Ok(5)
    assert returned(call(64)) == 5
    with pytest.raises(Err) as caught:
        returned(call(72))
    assert caught.value.value is code.ODD


def test_parameters_may_have_any_name() -> None:
    names = ("type", "len", "class", "self", "int", "list", "cx", "value", "function", "core", "scope", "result")
    type = FuncType(tuple((name, U32) for name in names), U32)
    call = Compiler().entries(type).lift(Guest().cx, lambda *flat: sum(flat))
    assert call(*range(len(names))) == sum(range(len(names)))


def test_a_label_cannot_be_code() -> None:
    for label in ("a=print()", "a b", "", "_cx", "a\nb", "1"):
        with pytest.raises(ValueError, match="not a kebab-case name"):
            Compiler().entries(FuncType(((label, U32),))).lift(Guest().cx, lambda *_: None)
        with pytest.raises(ValueError, match="not a kebab-case name"):
            Compiler().classes.of(Record(((label, U32),)))


def test_a_host_function_may_answer_later() -> None:
    guest = Guest()
    type = FuncType((("n", U32),), Result(STRING, U32))

    def wait(n: int) -> Pending:
        return Pending("first", lambda: Pending("second", lambda: finish(n)))

    def finish(n: int) -> str:
        if n:
            raise Err(n)
        return "done"

    core = Compiler().entries(type).lower(guest.cx, resulting(wait))
    for n in (0, 7):
        pending = core(None, n, 16)
        assert pending.wait_for == "first"
        pending = pending.resume()
        assert pending.wait_for == "second"
        assert pending.resume() is None
        index, one, other = struct.unpack_from("<BxxxII", guest.heap.data, 16)
        assert (index, one) == (1, 7) if n else guest.heap.data[one : one + other] == b"done"

    wrong = Compiler().entries(FuncType((), U8)).lower(guest.cx, lambda: Pending("it", lambda: 300))
    with pytest.raises(OverflowError, match="the result: 300 is out of range for u8"):
        wrong(None).resume()


def test_code_is_made_on_many_threads() -> None:
    type = FuncType(tuple((f"p{index}", List(Record((("a", U8), ("b", STRING))))) for index in range(8)))
    for _ in range(20):
        entries = Compiler().entries(type)
        barrier = threading.Barrier(4)
        failures: list[BaseException] = []

        def call(entries: Any = entries, barrier: threading.Barrier = barrier, failures: Any = failures) -> None:
            guest = Guest()
            barrier.wait()
            try:
                entries.lower(guest.cx, lambda *values: None)(None, *([0] * 16))
                entries.lift(guest.cx, lambda *flat: None)(*([[]] * 8))
            except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
