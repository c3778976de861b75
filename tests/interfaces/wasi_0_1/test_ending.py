from __future__ import annotations

import pytest

from interfaces.guest import INVAL, NOTSUP, Guest
from remit.engine.api import Trap
from remit.kernel.errors import Exit
from remit.kernel.poll import ALWAYS


@pytest.mark.parametrize("status", [0, 1, 126, 2**32 - 1])
def test_exit(guest: Guest, status: int) -> None:
    with pytest.raises(Exit) as exited:
        guest.call("proc_exit", status)
    assert exited.value.status == status


@pytest.mark.parametrize(
    ("number", "name"), [(2, "SIGINT"), (6, "SIGABRT"), (11, "SIGSEGV"), (15, "SIGTERM"), (30, "SIGSYS")]
)
def test_a_signal_ends_the_program(guest: Guest, number: int, name: str) -> None:
    with pytest.raises(Trap, match=name) as trap:
        guest.call("proc_raise", number)
    assert trap.value.code == "signal"


@pytest.mark.parametrize("number", [0, 13, 16, 17, 22, 27])
def test_some_signals_are_ignored(guest: Guest, number: int) -> None:
    guest.ok("proc_raise", number)


@pytest.mark.parametrize("number", [18, 19, 20, 21])
def test_a_program_cannot_stop_itself(guest: Guest, number: int) -> None:
    assert guest.call("proc_raise", number) == NOTSUP


@pytest.mark.parametrize("number", [31, 255, 2**32 - 1])
def test_unknown_signals(guest: Guest, number: int) -> None:
    assert guest.call("proc_raise", number) == INVAL


def test_yielding_gives_others_a_turn(guest: Guest) -> None:
    block = guest.blocked("sched_yield")
    assert block.wait_for is ALWAYS
    assert block.resume() == 0
