from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from interfaces.fake_memory import FakeMemory
from remit.engine.api import Pending, Trap
from remit.interfaces.wasi_0_1.adapter import with_memory, without_memory
from remit.kernel.errors import Code, Exit, KernelError, WouldBlock
from remit.kernel.limits import Limits
from remit.kernel.poll import ALWAYS, NEVER
from remit.kernel.process import Process
from remit.kernel.random import SeededRandom
from remit.kernel.refusals import Refused, Want

PROCESS: Any = Process(limits=Limits(), random=SeededRandom(0))
CALLER: Any = SimpleNamespace(data=PROCESS, memory=FakeMemory(8))


class NoMemory:
    data = PROCESS

    @property
    def memory(self) -> FakeMemory:
        raise LookupError("memory")


def test_returning_is_success() -> None:
    seen: list[object] = []
    assert with_memory(lambda *arguments: seen.extend(arguments))(CALLER, 1, 2) == 0
    assert seen == [PROCESS, CALLER.memory, 1, 2]
    assert without_memory(lambda *arguments: seen.extend(arguments))(CALLER, 3) == 0
    assert seen[4:] == [PROCESS, 3]


@pytest.mark.parametrize("adapt", [with_memory, without_memory])
def test_a_kernel_error_is_a_number(adapt: Any) -> None:
    def fail(*arguments: object) -> None:
        raise KernelError(Code.NO_ENTRY)

    assert adapt(fail)(CALLER) == 44


@pytest.mark.parametrize("adapt", [with_memory, without_memory])
def test_a_refusal_is_noted_and_told_as_any_failure(adapt: Any) -> None:
    def path_open(*arguments: object) -> None:
        raise Refused(Code.ACCESS, want=Want("file", "read", "secret"))

    process = Process(limits=Limits(), random=SeededRandom(0))
    caller: Any = SimpleNamespace(data=process, memory=FakeMemory(8))
    for _ in range(3):
        assert adapt(path_open)(caller) == 2
    assert [str(each) for each in process.refusals] == ["path_open: read secret: permission denied"]


@pytest.mark.parametrize("adapt", [with_memory, without_memory])
@pytest.mark.parametrize("error", [Exit(3), Trap("dead"), ZeroDivisionError(), LookupError()])
def test_everything_else_passes_through(adapt: Any, error: Exception) -> None:
    def fail(*arguments: object) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        adapt(fail)(CALLER)
    assert caught.value is error


@pytest.mark.parametrize("adapt", [with_memory, without_memory])
def test_what_is_resumed_returns_a_number_too(adapt: Any) -> None:
    outcomes: list[BaseException | None] = [WouldBlock(NEVER), KernelError(Code.PIPE)]

    def step() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    def start(*arguments: object) -> None:
        raise WouldBlock(ALWAYS, step)

    first = adapt(start)(CALLER)
    assert isinstance(first, Pending)
    assert first.wait_for is ALWAYS
    second = first.resume()
    assert isinstance(second, Pending)
    assert second.wait_for is NEVER
    assert second.resume() == 64


def test_without_a_continuation_the_call_starts_over() -> None:
    calls: list[int] = []

    def start(process: object, number: int) -> None:
        calls.append(number)
        if len(calls) < 3:
            raise WouldBlock(NEVER)

    first = without_memory(start)(CALLER, 7)
    assert isinstance(first, Pending)
    second = first.resume()
    assert isinstance(second, Pending)
    assert second.resume() == 0
    assert calls == [7, 7, 7]


def test_a_program_without_a_memory_ends_with_an_explanation() -> None:
    caller: Any = NoMemory()
    with pytest.raises(Trap, match='without exporting a memory named "memory"'):
        with_memory(lambda *arguments: None)(caller, 0)
    assert without_memory(lambda *arguments: None)(caller, 0) == 0
