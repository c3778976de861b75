"""What a component imports: the caller's own functions and classes, checked when it is linked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import remit
from runtime.components import examples
from runtime.components.examples import ALLOCATOR, WITH
from wat import wat

NAME = "docs:oracle/answers@0.3.1"


class Oracle:
    def get(self, question: str) -> str:
        return f"{question}? Yes."


def load(data: bytes = examples.ASKS, /, **imports: Any) -> remit.Component:
    component: remit.Component = remit.load(data, imports=imports or None, cache=False)
    return component


@pytest.mark.parametrize("key", [NAME, "docs:oracle/answers"])
@pytest.mark.parametrize("given", [Oracle(), {"get": Oracle().get}], ids=["object", "mapping"])
@pytest.mark.parametrize("data", [examples.ASKS, examples.NESTED], ids=["one", "nested"])
def test_an_interface_of_the_callers_own(key: str, given: Any, data: bytes) -> None:
    with load(data, **{key: given}).instantiate() as instance:
        assert instance.exports.ask("Rain") == "Rain? Yes."
        assert instance.exports.ask(question="Sun") == "Sun? Yes."


@pytest.mark.parametrize("data", [examples.ASKS, examples.NESTED], ids=["fibers", "a thread"])
def test_async_functions_are_awaited_and_others_run_meanwhile(data: bytes) -> None:
    waiting = 0
    most = 0

    async def get(question: str) -> str:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0.01)
        waiting -= 1
        return question.upper()

    component = load(data, **{NAME: {"get": get}})

    async def ask(number: int) -> str:
        async with await component.instantiate_async() as instance:
            first = await instance.exports.ask(f"a{number}")
            second = await instance.exports.ask(f"b{number}")
            return f"{first}{second}"

    async def main() -> None:
        answers = await asyncio.gather(*[ask(number) for number in range(10)])
        assert answers == [f"A{number}B{number}" for number in range(10)]

    asyncio.run(main())
    assert most > 1


@pytest.mark.parametrize("data", [examples.ASKS, examples.NESTED], ids=["fibers", "a thread"])
def test_a_call_that_waits_is_stopped_or_cancelled(data: bytes) -> None:
    async def get(question: str) -> str:
        await asyncio.sleep(60)
        return question

    component = load(data, **{NAME: {"get": get}})

    async def main() -> None:
        async with await component.instantiate_async(timeout=0.05) as instance:
            with pytest.raises(TimeoutError, match="ask was stopped"):
                await instance.exports.ask("x")
            with pytest.raises(RuntimeError, match="make another"):
                await instance.exports.ask("x")
        async with await component.instantiate_async() as instance:
            task = asyncio.ensure_future(instance.exports.ask("x"))
            await asyncio.sleep(0.02)
            with pytest.raises(RuntimeError, match="under way"):
                await instance.exports.ask("x")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(RuntimeError, match="make another"):
                await instance.exports.ask("x")

    asyncio.run(main())


@pytest.mark.parametrize("data", [examples.ASKS, examples.NESTED], ids=["one", "nested"])
def test_what_a_function_raises_comes_out_unchanged(data: bytes) -> None:
    def get(question: str) -> str:
        raise LookupError(question)

    with load(data, **{NAME: {"get": get}}).instantiate() as instance:
        with pytest.raises(LookupError, match="x"):
            instance.exports.ask("x")
        with pytest.raises(RuntimeError, match="ended by an exception"):
            instance.exports.ask("x")


def test_a_function_may_not_return_what_the_type_does_not_say() -> None:
    wrong = load(**{NAME: {"get": lambda question: 5}})
    with wrong.instantiate() as instance, pytest.raises(TypeError, match="the result: a str is wanted, not 5"):
        instance.exports.ask("x")


def test_a_function_may_not_enter_the_instance_that_called_it() -> None:
    def get(question: str) -> str:
        return str(instance.exports.ask(question))

    component = load(**{NAME: {"get": get}})
    with component.instantiate() as instance, pytest.raises(remit.Trap, match="cannot enter component instance"):
        instance.exports.ask("x")


def test_a_function_marked_with_instance_gets_the_instance() -> None:
    seen: list[Any] = []

    @remit.with_instance
    def get(instance: remit.ComponentInstance, question: str) -> str:
        seen.append(instance)
        return question

    with load(**{NAME: {"get": get}}).instantiate() as instance:
        assert instance.exports.ask("x") == "x"
    assert seen == [instance]


@pytest.mark.parametrize(
    ("imports", "message"),
    [
        ({}, r"'docs:oracle/answers@0\.3\.1': an interface that nobody provides: provide it by remit\.load"),
        ({NAME: {}}, r"imports\['docs:oracle/answers@0\.3\.1'\] has no 'get'"),
        ({NAME: {"get": 5}}, "get: 5 is no function"),
        ({NAME: {"get": lambda: ""}}, "get: too many positional arguments; the component calls it with question"),
        ({NAME: {"get": lambda a, b: ""}}, "get: missing a required argument: 'b'; the component calls it"),
        ({NAME: Oracle(), "docs:other/thing": {}}, "names that program.wasm does not import: docs:other/thing"),
        ({"docs:oracle/answers@0.3.0": Oracle()}, "nobody provides"),
    ],
)
def test_imports_that_do_not_fit(imports: Any, message: str) -> None:
    with pytest.raises(remit.LinkError, match=message):
        load(**imports)


def test_imports_that_are_no_mapping() -> None:
    with pytest.raises(TypeError, match="imports is a list"):
        remit.load(examples.ASKS, imports=["x"], cache=False)  # type: ignore[arg-type]  # that is the test


# Resources of the caller's, in an interface, and functions by plain names.

FILES = wat(f"""(component {ALLOCATOR}
  (import "docs:archive/files@1.0.0" (instance $files
    (export "file" (type $file (sub resource)))
    (export "[constructor]file" (func (param "name" string) (result (own $file))))
    (export "[method]file.size" (func (param "self" (borrow $file)) (result u32)))
    (export "[static]file.count" (func (result u32)))
    (export "open" (func (param "name" string) (result (result (own $file) (error string)))))))
  (import "twice" (func $twice (param "n" u32) (result u32)))
  (alias export $files "file" (type $file))
  (core func $new (canon lower (func $files "[constructor]file") {WITH}))
  (core func $size (canon lower (func $files "[method]file.size")))
  (core func $count (canon lower (func $files "[static]file.count")))
  (core func $open (canon lower (func $files "open") {WITH}))
  (core func $drop (canon resource.drop $file))
  (core func $twice' (canon lower (func $twice)))
  (core module $Code (import "m" "memory" (memory 1))
    (import "h" "new" (func $new (param i32 i32) (result i32)))
    (import "h" "size" (func $size (param i32) (result i32)))
    (import "h" "count" (func $count (result i32))) (import "h" "open" (func $open (param i32 i32 i32)))
    (import "h" "drop" (func $drop (param i32))) (import "h" "twice" (func $twice (param i32) (result i32)))
    (func (export "size-of") (param i32 i32) (result i32) (local $file i32)
      (local.set $file (call $new (local.get 0) (local.get 1)))
      (call $twice (call $size (local.get $file)))
      (call $drop (local.get $file)))
    (func (export "keep") (param i32 i32) (result i32)
      (call $open (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16))
    (func (export "count") (result i32) (call $count)))
  (core instance $code (instantiate $Code (with "m" (instance $m)) (with "h" (instance
    (export "new" (func $new)) (export "size" (func $size)) (export "count" (func $count)) (export "open" (func $open))
    (export "drop" (func $drop)) (export "twice" (func $twice'))))))
  (func (export "size-of") (param "name" string) (result u32) (canon lift (core func $code "size-of") {WITH}))
  (func (export "keep") (param "name" string) (result (result (own $file) (error string)))
    (canon lift (core func $code "keep") {WITH}))
  (func (export "count") (result u32) (canon lift (core func $code "count"))))""")


class File:
    closed: list[str] = []  # noqa: RUF012 - the test clears it

    def __init__(self, name: str) -> None:
        self.name = name

    def size(self) -> int:
        return len(self.name)

    @staticmethod
    def count() -> int:
        return len(File.closed)

    def close(self) -> None:
        self.closed.append(self.name)


def open_file(name: str) -> File:
    if not name:
        raise remit.Err("a name is wanted")
    return File(name)


ARCHIVE = {"docs:archive/files": {"file": File, "open": open_file}, "twice": lambda n: 2 * n}


def test_resources_are_objects_of_the_callers_class() -> None:
    File.closed.clear()
    with load(FILES, **ARCHIVE).instantiate() as instance:
        assert instance.exports.size_of("abc") == 6
        assert File.closed == ["abc"]
        assert instance.exports.count() == 1
        kept = instance.exports.keep("kept")
        assert isinstance(kept, File)
        assert kept.name == "kept"
        with pytest.raises(remit.Err, match="a name is wanted"):
            instance.exports.keep("")
    assert File.closed == ["abc"], "what the caller has is the caller's"


def test_a_resource_must_be_of_its_class() -> None:
    wrong = {**ARCHIVE, "docs:archive/files": {"file": File, "open": lambda name: object()}}
    component = load(FILES, **wrong)
    with (
        component.instantiate() as instance,
        pytest.raises(TypeError, match=r"the result.*: a File is wanted, not <ob"),
    ):
        instance.exports.keep("x")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"file": File("x"), "open": open_file}, "a class is wanted for this resource, called File, not"),
        ({"open": open_file}, r"no '\[constructor\]file'"),
        ({"File": File, "open": open_file}, None),
        ({"file": type("Bare", (), {"__init__": File.__init__}), "open": open_file}, r"no '\[method\]file\.size'"),
    ],
)
def test_classes_that_do_not_fit(files: Any, message: str | None) -> None:
    given = {**ARCHIVE, "docs:archive/files": files}
    if message is None:
        load(FILES, **given)
    else:
        with pytest.raises(remit.LinkError, match=message):
            load(FILES, **given)


def test_a_plain_function_that_nobody_provides() -> None:
    with pytest.raises(remit.LinkError, match=r"'twice': a function, provide it by remit\.load"):
        load(FILES, **{"docs:archive/files": ARCHIVE["docs:archive/files"]})


def test_a_resource_that_an_interface_only_uses_is_not_its_own() -> None:
    component = wat(
        """(component (import "wasi:cli/stdout@0.2.0" (instance
             (export "output-stream" (type $own (sub resource)))
             (export "get-stdout" (func (result (own $own)))))))"""
    )
    with pytest.raises(remit.LinkError, match=r'"?output-stream.* is a resource of another interface'):
        remit.load(component, cache=False)


def test_core_modules_cannot_be_given() -> None:
    with pytest.raises(remit.LinkError, match="which only another component can give"):
        load(wat('(component (import "m" (core module)))'))
