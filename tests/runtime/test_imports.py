"""Functions of the host's own that programs call."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

import remit
from cli import guests
from runtime import programs
from runtime.ways import Way
from wat import wat


def test_a_function(way: Way) -> None:
    calls: list[int] = []

    def f(number: int) -> int:
        calls.append(number)
        return 42

    assert way.run(programs.ASK, imports={"env": {"f": f}}).returncode == 42
    assert calls == [-7]


def test_imports_of_a_loaded_program(way: Way) -> None:
    program = remit.load(programs.ASK, imports={"env": {"f": abs}}, cache=False)
    assert way.run(program).returncode == 7
    assert way.run(program).returncode == 7
    with pytest.raises(ValueError, match="loaded already"):
        way.run(program, imports={"env": {"f": abs}})


def test_a_function_gets_the_guest(way: Way) -> None:
    seen: list[bytes] = []

    @remit.with_instance
    def f(guest: remit.Guest, number: int) -> int:
        seen.append(guest.memory.read(16, 9))
        assert guest.program.name == "program.wasm"
        assert guest.export("memory") is guest.memory
        return len(seen)

    assert way.run(programs.ASK, imports={"env": {"f": f}}).returncode == 1
    assert seen == [b"a message"]


def test_a_function_calls_the_guest_back(way: Way) -> None:
    @remit.with_instance
    def f(guest: remit.Guest, number: int) -> int:
        result: int = guest.export("double")(21)
        return result

    if way.name == "threads":
        with pytest.raises(RuntimeError, match="another thread"):
            way.run(programs.ASK, imports={"env": {"f": f}})
    else:
        assert way.run(programs.ASK, imports={"env": {"f": f}}).returncode == 42


class Host:
    def plain(self, guest: remit.Guest, number: int) -> int:
        return guest.memory.read(16, 1)[0]

    @remit.with_instance
    def marked(self, guest: remit.Guest, number: int) -> int:
        return self.plain(guest, number)

    async def waiting(self, guest: remit.Guest, number: int) -> int:
        await asyncio.sleep(0)
        return self.plain(guest, number)


def test_methods_and_other_callables_get_the_guest(way: Way) -> None:
    host = Host()
    functions = [remit.with_instance(host.plain), host.marked, remit.with_instance(partial(host.plain))]
    if way.loop is not None:
        functions.append(remit.with_instance(host.waiting))
    for function in functions:
        assert way.run(programs.ASK, imports={"env": {"f": function}}).returncode == ord("a")


def test_only_functions_are_marked() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="with_instance marks a function, not 5"):
        remit.with_instance(wrong)


def test_an_instance_hands_itself(way: Way) -> None:
    seen: list[object] = []

    @remit.with_instance
    def f(instance: Any, number: int) -> int:
        seen.append(instance)
        return 0

    program = remit.load(programs.asking("(drop (call $f (i32.const 1)))"), imports={"env": {"f": f}}, cache=False)
    with way.instance(program) as instance:
        instance.call("run")
        assert seen == [instance.guest]


class Mine(Exception):
    pass


class Base(BaseException):
    pass


@pytest.mark.parametrize("error", [Mine, Base, KeyError, remit.Trap, TimeoutError])
def test_what_a_function_raises_comes_out_unchanged(way: Way, error: type[BaseException]) -> None:
    raised = error("why")

    def f(number: int) -> int:
        raise raised

    with pytest.raises(error) as caught:
        way.run(programs.ASK, imports={"env": {"f": f}})
    assert caught.value is raised


def test_a_function_may_end_the_program(way: Way) -> None:
    def f(number: int) -> int:
        raise remit.Exit(5)

    assert way.run(programs.ASK, imports={"env": {"f": f}}).returncode == 5


@pytest.mark.parametrize(("value", "error"), [("text", TypeError), (None, TypeError), (1 << 40, OverflowError)])
def test_a_result_of_a_wrong_type(way: Way, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        way.run(programs.ASK, imports={"env": {"f": lambda number: value}})


def test_a_function_of_wasi_can_be_replaced(way: Way) -> None:
    def random_get(address: int, length: int) -> int:
        return 0

    done = way.run(guests.RANDOM, imports={"wasi_snapshot_preview1": {"random_get": random_get}}, capture_output=True)
    assert done.stdout == bytes(16)


def test_an_object_has_the_functions(way: Way) -> None:
    class Host:
        other = 5

        def f(self, number: int) -> int:
            return 40 - number

    assert way.run(programs.ASK, imports={"env": Host()}).returncode == 47

    class Random:
        @remit.with_instance
        def random_get(self, guest: remit.Guest, address: int, length: int) -> int:
            guest.memory.write(address, b"r" * length)
            return 0

    # What it does not have stays Remit's: the output is written.
    done = way.run(guests.RANDOM, imports={"wasi_snapshot_preview1": Random()}, stdout=remit.PIPE)
    assert done.stdout == b"r" * 16


@pytest.mark.parametrize(
    ("imports", "error", "message"),
    [
        ({"env": object()}, TypeError, r"imports\['env'\] is a object: module names map"),
        ({"env": print}, TypeError, r"imports\['env'\] is a builtin_function_or_method"),
        ({"env": Mine("x")}, remit.LinkError, "has none of the functions that program.wasm imports of it: f$"),
        ({"other": Mine("x")}, remit.LinkError, "has none of the functions that program.wasm imports of it: none"),
        (
            {"env": {"f": lambda: 1}},
            remit.LinkError,
            r"imports\['env'\]\['f'\]: too many positional arguments; program",
        ),
        ({"env": {"f": lambda a, b: 1}}, remit.LinkError, "missing a required argument: 'b'; .* imports it as "),
        ({"env": {"f": remit.with_instance(lambda a: 1)}}, remit.LinkError, "too many positional arguments"),
    ],
)
def test_what_is_given_does_not_fit(imports: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        remit.load(programs.ASK, imports=imports, cache=False)


def test_missing_functions_are_named_at_once_with_the_remedy(way: Way) -> None:
    program = wat(
        '(module (import "env" "f" (func)) (import "env" "g" (func (param i32))) (import "js" "m" (memory 1))'
        '(import "wasi_snapshot_preview1" "no_such" (func)) (func (export "_start")))'
    )
    with pytest.raises(remit.LinkError) as caught:
        way.run(program)
    for name in ("env.f", "env.g", "js.m", "wasi_snapshot_preview1.no_such"):
        assert name in str(caught.value)
    remedy, others = caught.value.__notes__
    assert "imports={'env': {'f': …, 'g': …}, 'wasi_snapshot_preview1': {'no_such': …}}" in remedy
    assert "js.m" in others


def test_a_function_that_the_program_does_not_ask_for() -> None:
    with pytest.raises(remit.LinkError, match=r"env\.g; besides WASI's, it asks for env\.f"):
        remit.load(programs.ASK, imports={"env": {"g": abs}}, cache=False)
    with pytest.raises(remit.LinkError, match="it asks for none"):
        remit.load(guests.HELLO, imports={"env": {"g": abs}}, cache=False)


def test_an_async_function_needs_a_loop() -> None:
    async def f(number: int) -> int:
        return 1

    with pytest.raises(TypeError, match="async function: use run_async"):
        remit.run(programs.ASK, imports={"env": {"f": f}}, cache=False)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        ("a", TypeError, "is 'a': an int is wanted for i32"),
        (None, TypeError, "is None: an int is wanted for i32"),
        (1.5, TypeError, r"is 1\.5: an int is wanted for i32"),
        (2**32, OverflowError, "is 4294967296: out of range for i32"),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_what_a_function_may_not_return(
    way: Way, returned: Any, error: type[Exception], message: str, waits: bool
) -> None:
    def f(number: int) -> Any:
        return returned

    async def g(number: int) -> Any:
        await asyncio.sleep(0)
        return returned

    with pytest.raises(error, match=rf"result 1 of imports\['env'\]\['f'\] {message}"):
        way.run(programs.ASK, imports={"env": {"f": g if waits and way.loop else f}})


def test_a_function_of_no_result_returns_none(way: Way) -> None:
    program = programs.asking("(call $f)", '(import "env" "f" (func $f))')
    with pytest.raises(TypeError, match=r"imports\['env'\]\['f'\], of type \(\) -> \(\), returned 5"):
        way.run(program, imports={"env": {"f": lambda: 5}})
