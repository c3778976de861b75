"""Stopping guests: deadlines, other threads, signals. Nothing here measures time; a guest that is not stopped hangs."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from engine.make import instantiate, prepare
from remit.engine.api import Timeout, Trap
from remit.engine.wasmtime import engine, signals
from remit.engine.wasmtime.fibers import fibers_supported
from remit.engine.wasmtime.ticker import Ticker, ticker
from wat import wat

if TYPE_CHECKING:
    from _thread import LockType
    from types import FrameType

    from remit.engine.wasmtime import Store
    from remit.engine.wasmtime.prepared import Instance

posix = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")

PATIENCE = 30
"""Seconds to wait for what happens at once, unless it never does."""

FOREVER = '(module (func $spin (export "spin") (loop $l (br $l))) (func (export "fine") (result i32) i32.const 1))'
CALLS = '(module (import "env" "f" (func $f)) (func (export "spin") (loop $l (call $f) (br $l))))'


def assert_dead(*instances: Instance) -> None:
    for each in instances:
        with pytest.raises(RuntimeError, match="unknown state and may not be entered again"):
            each.export("spin")()


def test_a_deadline_stops_a_busy_guest() -> None:
    instance = instantiate(FOREVER)
    instance.store.deadline = time.monotonic()
    with pytest.raises(Timeout) as caught:
        instance.export("spin")()
    assert "guest!spin" in caught.value.__notes__[0]
    instance.store.deadline = None
    assert_dead(instance)


def test_a_deadline_stops_a_guest_that_only_calls_the_host() -> None:
    instance = instantiate(CALLS, f=("->", lambda _: None))
    instance.store.deadline = time.monotonic()
    with pytest.raises(Timeout):
        instance.export("spin")()


def test_a_deadline_of_an_outer_store_stops_the_inner_guest() -> None:
    inner = instantiate(FOREVER)
    outer = instantiate(CALLS, f=("->", lambda _: inner.export("spin")()))
    outer.store.deadline = time.monotonic()
    with pytest.raises(Timeout):
        outer.export("spin")()
    assert_dead(inner, outer)


def test_another_thread_interrupts() -> None:
    instance = instantiate(CALLS, f=("->", lambda _: running.set()))
    running = threading.Event()
    woken: list[str] = []
    instance.store.on_interrupt = lambda: woken.append(threading.current_thread().name)

    def interrupt() -> None:
        running.wait()
        instance.store.interrupt(KeyError("enough"))

    thread = threading.Thread(target=interrupt, name="other")
    thread.start()
    with pytest.raises(KeyError, match="enough"):
        instance.export("spin")()
    thread.join()
    assert woken == ["other"]
    assert_dead(instance)


def test_an_interruption_before_a_call_does_no_harm() -> None:
    instance = instantiate(FOREVER)
    instance.store.interrupt(KeyError("enough"))
    with pytest.raises(KeyError, match="enough"):
        instance.export("fine")()
    assert instance.export("fine")() == 1


def test_a_guest_in_another_thread_is_interrupted() -> None:
    instance = instantiate(CALLS, f=("->", lambda _: running.set()))
    running = threading.Event()
    ended: list[BaseException] = []

    def run() -> None:
        try:
            instance.export("spin")()
        except KeyError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    running.wait()
    reason = KeyError("enough")
    instance.store.interrupt(reason)
    thread.join()
    assert ended == [reason]


def test_an_interruption_while_nothing_runs_is_for_the_next_call() -> None:
    instance = instantiate(FOREVER)
    instance.store.interrupt(KeyError("early"))
    with pytest.raises(KeyError, match="early"):
        instance.export("fine")()
    assert instance.export("fine")() == 1


class Alarm(Exception):
    pass


def _raise(number: int, frame: FrameType | None) -> None:
    raise Alarm


@posix
@pytest.mark.parametrize("number", ["SIGINT", "SIGUSR1", "SIGALRM"])
def test_a_signal_handler_that_raises_stops_a_busy_guest(number: str) -> None:
    instance = instantiate(CALLS, f=("->", lambda _: ready.set()))
    ready = threading.Event()
    kind = getattr(signal, number)

    def kill_when_ready() -> None:
        ready.wait()
        os.kill(os.getpid(), kind)

    before = signal.signal(kind, _raise)
    try:
        thread = threading.Thread(target=kill_when_ready)
        thread.start()
        with pytest.raises(Alarm):
            instance.export("spin")()
        thread.join()
        assert signal.getsignal(kind) is _raise
    finally:
        signal.signal(kind, before)


@posix
def test_control_c_stops_a_guest_without_host_calls() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        instance = instantiate(FOREVER)
        thread = threading.Timer(0.01, lambda: os.kill(os.getpid(), signal.SIGINT))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            instance.export("spin")()
        thread.join()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert_dead(instance)
    finally:
        signal.signal(signal.SIGINT, before)


@posix
def test_control_c_raises_at_once_in_the_code_of_a_host_function() -> None:
    reached: list[str] = []

    def f(caller: Store) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
        reached.append("the end")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            instantiate(CALLS, f=("->", f)).export("spin")()
    finally:
        signal.signal(signal.SIGINT, before)
    assert reached == []


@posix
def test_several_calls_under_one_guard() -> None:
    """Between the calls a handler raises at once; in the guest it stops it; afterwards it is there again."""
    before = signal.signal(signal.SIGUSR1, _raise)
    reached: list[str] = []

    def between() -> None:
        instantiate('(module (func (export "f")))').export("f")()
        reached.append("after a call")
        os.kill(os.getpid(), signal.SIGUSR1)
        for _ in range(1000):
            pass
        reached.append("the end")

    def busy() -> None:
        instance = instantiate(CALLS, f=("->", lambda _: ready.set()))
        instance.export("spin")()

    def kill_when_ready() -> None:
        ready.wait()
        os.kill(os.getpid(), signal.SIGUSR1)

    ready = threading.Event()
    try:
        with pytest.raises(Alarm):
            signals.guarded(between)
        assert reached == ["after a call"]
        assert signal.getsignal(signal.SIGUSR1) is _raise
        thread = threading.Thread(target=kill_when_ready)
        thread.start()
        with pytest.raises(Alarm):
            signals.guarded(signals.guarded, busy)
        thread.join()
        assert signal.getsignal(signal.SIGUSR1) is _raise
        with pytest.raises(ZeroDivisionError):
            signals.guarded(lambda: 1 // 0)
        assert signal.getsignal(signal.SIGUSR1) is _raise
        assert signals.guarded(lambda *given: given, 1, 2) == (1, 2)
    finally:
        signal.signal(signal.SIGUSR1, before)


@posix
def test_a_storm_of_signals_does_no_harm() -> None:
    """Handlers that raise wherever Python lets them, thousands of times; the guest's sum must stay right."""
    counted = 0

    def f(caller: Store) -> None:
        nonlocal counted
        counted += 1

    def make() -> Instance:
        return instantiate(
            """(module (import "env" "f" (func $f)) (func (export "run") (param i32) (result i32)
              (loop $l (call $f) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 77)))""",
            f=("->", f),
        )

    instance = make()
    storming = False

    def handler(number: int, frame: FrameType | None) -> None:
        if storming:
            raise Alarm

    # Python itself drops what a signal handler raises in a finalizer.
    gc.collect()
    gc.disable()
    before = signal.signal(signal.SIGALRM, handler)
    caught = 0
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0003)
        for _ in range(400):
            try:
                storming = True
                run = instance.export("run")
                for _ in range(20):
                    assert run(30) == 77
                storming = False
            except Alarm:
                storming = False
                caught += 1
                if instance.store.refusal is not None:
                    instance.store.close()
                    instance = make()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    assert caught > 0
    assert instance.export("run")(30) == 77


@posix
def test_what_one_call_left_behind_is_not_raised_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first signal on the way out is kept for the end of the call; a second one raises before that end."""
    unguard = signals.unguard

    def interrupted_unguard() -> None:
        signal.raise_signal(signal.SIGUSR1)
        unguard()
        signal.raise_signal(signal.SIGUSR1)

    instance = instantiate(FOREVER)
    fine = instance.export("fine")
    before = signal.signal(signal.SIGUSR1, _raise)
    try:
        with monkeypatch.context() as patch:
            patch.setattr("remit.engine.wasmtime.store.unguard", interrupted_unguard)
            with pytest.raises(Alarm):
                fine()
        assert fine() == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


@posix
def test_a_trap_is_not_taken_for_what_an_earlier_call_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exception of a host function that a signal handler replaced on its way out."""

    def f(caller: Store) -> None:
        raise KeyError("of the first call")

    unguard = signals.unguard

    def interrupted_unguard() -> None:
        unguard()
        signal.raise_signal(signal.SIGUSR1)

    instance = instantiate(
        '(module (import "env" "f" (func $f)) (export "f" (func $f)) (func (export "trap") unreachable))', f=("->", f)
    )
    before = signal.signal(signal.SIGUSR1, _raise)
    try:
        with monkeypatch.context() as patch:
            patch.setattr("remit.engine.wasmtime.store.unguard", interrupted_unguard)
            with pytest.raises(Alarm):
                instance.export("f")()
        with pytest.raises(Trap, match="unreachable"):
            instance.export("trap")()
    finally:
        signal.signal(signal.SIGUSR1, before)


@posix
@pytest.mark.skipif(not fibers_supported(), reason="this Python cannot suspend calls")
@pytest.mark.parametrize("ends", [True, False])
def test_a_signal_on_the_way_out_of_a_poll_ends_the_call(monkeypatch: pytest.MonkeyPatch, ends: bool) -> None:
    unguard = signals.unguard

    def interrupted_unguard() -> None:
        signal.raise_signal(signal.SIGUSR1)
        unguard()

    instance, other = instantiate(FOREVER), instantiate(FOREVER)
    before = signal.signal(signal.SIGUSR1, _raise)
    try:
        call = instance.export("fine" if ends else "spin").start()
        with monkeypatch.context() as patch:
            patch.setattr("remit.engine.wasmtime.store.unguard", interrupted_unguard)
            assert call.poll()
        with pytest.raises(Alarm):
            call.result()
        assert other.export("fine")() == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


@posix
def test_control_c_wins_over_what_a_host_function_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    unguard = signals.unguard

    def interrupted_unguard() -> None:
        signal.raise_signal(signal.SIGINT)
        unguard()

    def f(caller: Store) -> None:
        raise KeyError("something that callers handle")

    instance = instantiate('(module (import "env" "f" (func $f)) (export "f" (func $f)))', f=("->", f))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        monkeypatch.setattr("remit.engine.wasmtime.store.unguard", interrupted_unguard)
        with pytest.raises(KeyboardInterrupt) as caught:
            instance.export("f")()
        assert isinstance(caught.value.__context__, KeyError)
    finally:
        signal.signal(signal.SIGINT, before)


@posix
def test_a_handler_that_the_host_function_sets_stays() -> None:
    def f(caller: Store) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    before = signal.signal(signal.SIGUSR1, _raise)
    try:
        instantiate('(module (import "env" "f" (func $f)) (export "g" (func $f)))', f=("->", f)).export("g")()
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_the_ticker_sleeps_when_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeps = threading.Event()

    class Announcing:
        """The lock it waits for when it sleeps."""

        def __init__(self, lock: LockType) -> None:
            self.release = lock.release
            self._acquire = lock.acquire

        def acquire(self) -> None:
            sleeps.set()
            self._acquire()

    monkeypatch.setattr(ticker, "_wake", Announcing(ticker._wake))
    instantiate(FOREVER).export("fine")()
    assert sleeps.wait(PATIENCE)
    assert ticker.asleep


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_compile_and_be_stopped() -> None:
    program = f"""
import os, sys, time
sys.path.insert(0, {os.path.dirname(os.path.dirname(os.path.dirname(__file__)))!r})
from remit.engine.api import Timeout, Trap
from remit.engine.wasmtime import engine, signals
from remit.engine.wasmtime.fibers import fibers_supported
from wat import wat
def attempt():
    where = engine()
    instance = where.linker().prepare(where.compile(wat({FOREVER!r}))).instantiate(where.store())
    instance.store.deadline = time.monotonic()
    try:
        instance.export("spin")()
    except Timeout:
        return 0
    return 1
attempt()
child = os.fork()
if child == 0:
    os._exit(attempt())
assert os.waitpid(child, 0)[1] == 0
assert attempt() == 0
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_lock_of_the_interpreter_is_free_while_a_guest_computes() -> None:
    instance = instantiate(FOREVER)
    counted = 0

    def count() -> None:
        nonlocal counted
        while counted < 100_000:
            counted += 1
        instance.store.interrupt(KeyError("counted"))

    thread = threading.Thread(target=count)
    thread.start()
    with pytest.raises(KeyError, match="counted"):
        instance.export("spin")()
    thread.join()
    assert counted == 100_000


def test_many_threads_with_a_store_each() -> None:
    prepared = prepare(
        """(module (import "env" "f" (func $f (param i32) (result i32))) (func (export "run") (param i32) (result i32)
          (local i32) (loop $l (local.set 1 (i32.add (local.get 1) (call $f (local.get 0))))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 1)))""",
        f=("i32 -> i32", lambda caller, number: number * caller.data),
    )
    results: dict[int, int] = {}

    def work(factor: int) -> None:
        for _ in range(20):
            store = prepared.module.engine.store(factor)
            results[factor] = prepared.instantiate(store).export("run")(100)

    threads = [threading.Thread(target=work, args=(factor,)) for factor in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {factor: 5050 * factor for factor in range(8)}


def test_a_store_that_runs_in_another_thread_cannot_be_entered() -> None:
    instance = instantiate(CALLS, f=("->", lambda _: running.set()))
    running = threading.Event()

    def run() -> None:
        with pytest.raises(KeyError):
            instance.export("spin")()

    thread = threading.Thread(target=run)
    thread.start()
    running.wait()
    with pytest.raises(RuntimeError, match="running in another thread"):
        instance.export("spin")()
    with pytest.raises(RuntimeError, match="running"):
        instance.store.close()
    instance.store.interrupt(KeyError("enough"))
    thread.join()


def test_an_engine_compiles_in_many_threads_at_once() -> None:
    names: list[str] = []

    def work(number: int) -> None:
        module = engine().compile(wat(f'(module (func (export "f{number}")))'))
        names.extend(module.export_places)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == [f"f{number}" for number in range(8)]


def test_a_ticker_whose_thread_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    fresh = Ticker()
    with monkeypatch.context() as patch:
        patch.setattr(_thread, "start_new_thread", fail)
        with pytest.raises(RuntimeError, match="can't start"):
            fresh.wake()
        assert fresh.asleep
    started: list[object] = []
    monkeypatch.setattr(_thread, "start_new_thread", lambda *run: started.append(run))
    fresh.wake()
    assert (len(started), fresh.asleep) == (1, False)
