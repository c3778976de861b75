"""Stores: one instance's world, and the rules for entering it.

Entering is where it is decided that one thread is inside at a time, that calls nest in LIFO order, that
signals do no harm, that a ticker runs, and which exception a call ends with.
"""

from __future__ import annotations

import _thread
import ctypes

from remit.engine.api import Timeout, Trap
from remit.engine.wasmtime import errors, library
from remit.engine.wasmtime.context import Context, StoreOwner
from remit.engine.wasmtime.epochs import EPOCH_CALLBACK
from remit.engine.wasmtime.layout import EXTERN_MEMORY, EXTERN_SIZE, Slot, addressof
from remit.engine.wasmtime.memory import Memory
from remit.engine.wasmtime.signals import guard, unguard
from remit.engine.wasmtime.stack import FIBER_LEVELS, thread_levels, too_deep
from remit.engine.wasmtime.threads import FIRST_LEVEL, local, thread_state
from remit.engine.wasmtime.ticker import entered, ticker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.types import FuncType, MemoryType
    from remit.engine.api import Exports, Frame, Items
    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.fibers import FiberCall
    from remit.engine.wasmtime.module import Module
    from remit.engine.wasmtime.prepared import Instance
    from remit.engine.wasmtime.threads import ThreadState

Extern = ctypes.c_char * EXTERN_SIZE


class StoreLimits:
    """What the instances of a store may take at most; None is no limit.

    A guest that asks for more memory or table elements is told no (-1); an instance that needs more is not made.
    """

    __slots__ = ("instances", "memories", "memory_bytes", "table_elements", "tables")

    def __init__(
        self,
        *,
        memory_bytes: int | None = None,
        table_elements: int | None = None,
        instances: int | None = None,
        tables: int | None = None,
        memories: int | None = None,
    ) -> None:
        self.memory_bytes = memory_bytes
        self.table_elements = table_elements
        self.instances = instances
        self.tables = tables
        self.memories = memories

    def apply(self, store: int) -> None:
        wanted = (self.memory_bytes, self.table_elements, self.instances, self.tables, self.memories)
        library.store_limiter(store, *[-1 if limit is None else limit for limit in wanted])


class Tank:
    """Fuel of several stores that call each other: it is where the guest is that runs."""

    __slots__ = ("amount",)

    def __init__(self, amount: int) -> None:
        self.amount = amount
        """What is left while none of them runs."""

    def left(self, outer: Store | None) -> int:
        """For a store that is entered from `outer`, or from the host."""
        return outer.fuel if outer is not None and outer.tank is self else self.amount

    def take_back(self, amount: int, outer: Store | None) -> None:
        """That store is left."""
        if outer is not None and outer.tank is self:
            outer.fuel = amount
        else:
            self.amount = amount


class Store:
    """See :class:`remit.engine.api.Store`. Made by :meth:`.engine.Engine.store`."""

    __slots__ = (
        "_busy",
        "_has_memory",
        "_interrupt",
        "_keep",
        "_memories",
        "_outer",
        "_stopped",
        "_thread",
        "context",
        "data",
        "deadline",
        "engine",
        "fibers_only",
        "host_functions",
        "memory",
        "modules",
        "on_interrupt",
        "refusal",
        "tank",
    )
    memory: Memory
    """The memory exported as "memory", of the first instance that has one. LookupError if there is none."""

    def __init__(self, engine: Engine, data: Any = None, limits: StoreLimits | None = None) -> None:
        pointer = library.store_new(engine.pointer, None, None)
        owner = StoreOwner(pointer)
        if limits is not None:
            limits.apply(pointer)
        self.context = Context(owner)
        library.context_set_epoch_deadline(self.context.address, 1)
        library.store_epoch_deadline_callback(pointer, EPOCH_CALLBACK, None, None)
        self._busy = _thread.allocate_lock()
        self._thread: ThreadState | None = None
        self._outer: Store | None = None
        self._stopped = False
        self._interrupt: BaseException | None = None
        self._memories: list[Memory] = []
        self._keep: list[object] = []
        self._has_memory = False
        self.data = data
        self.deadline: float | None = None
        self.engine = engine
        self.fibers_only = False
        """An import may suspend. It aborts the process when it is called outside of any fiber."""
        self.host_functions: list[tuple[Any, ...]] = []
        """By number: see :mod:`.items`."""
        self.modules: list[Module] = []
        self.on_interrupt: Callable[[], None] | None = None
        """Called by `interrupt`, from whatever thread that is: so that a host function that waits can be woken."""
        self.tank: Tank | None = None
        """The fuel that it shares with other stores. None: it has its own."""
        self.refusal: str | None = None
        """Why nobody may enter now: a suspended call, or one that was stopped or cancelled."""

    def __getattr__(self, name: str) -> Any:
        # Only reached while the slot is empty.
        if name == "memory":
            return self._callers_memory()
        raise AttributeError(f"a store has no {name}")

    @property
    def context_address(self) -> int:
        """The ``wasmtime_context_t``. RuntimeError if the store is closed."""
        return self.context.address

    def set_native_data(self, address: int) -> None:
        """What ``wasmtime_context_get_data`` gives to native host functions."""
        library.context_set_data(self.context.address, address)

    @property
    def fuel(self) -> int:
        """What is left. RuntimeError if the engine was made without fuel."""
        left = Slot()
        error = library.context_get_fuel(self.context.address, left.address)
        if error:
            raise RuntimeError(f"{errors.take_error_message(error)}: make the engine with Config(fuel=True)")
        return left.value

    @fuel.setter
    def fuel(self, amount: int) -> None:
        if not 0 <= amount < 1 << 64:
            raise ValueError(f"fuel is {amount}: 0 to 2**64 - 1 is possible")
        error = library.context_set_fuel(self.context.address, amount)
        if error:
            raise RuntimeError(f"{errors.take_error_message(error)}: make the engine with Config(fuel=True)")

    def interrupt(self, reason: BaseException) -> None:
        """Stop the guest soon: its outermost call raises `reason`. From any thread.

        The store may not be entered again then. When nothing runs, the next call raises it, and no more happens.
        """
        self._interrupt = reason
        wake = self.on_interrupt
        if wake is not None:
            wake()

    def close(self) -> None:
        """Give back everything, except what a live view of the memory still needs: that goes with the last view.

        RuntimeError while a guest runs. Closing twice does nothing.
        """
        # The lock, not a look at it: another thread may be about to enter.
        if not self._busy.acquire(False):
            raise RuntimeError("the store is running: it cannot be closed now")
        try:
            if self.refusal == _SUSPENDED:
                raise RuntimeError("a call is suspended in the store: close that first")
            if self.refusal == _CLOSED:
                return
            self.refusal = _CLOSED
        finally:
            self._busy.release()
        for memory in self._memories:
            memory.forget()
        self.context.close()
        # Nobody calls them any more, and they know what knows the store.
        self.host_functions.clear()

    def host_function(self, type: FuncType, function: Callable[..., Any]) -> bytes:
        """See :func:`.items.host_function`."""
        from remit.engine.wasmtime.items import host_function

        return host_function(self, type, function)

    def instantiate(self, module: Module, items: Items, exports: Exports) -> Instance:
        """See :func:`.items.instantiate`."""
        from remit.engine.wasmtime.items import instantiate

        return instantiate(self, module, items, exports)

    # For the other modules of the engine.

    @property
    def running(self) -> bool:
        """Whether a thread is in it."""
        return self._thread is not None

    def keep(self, thing: object) -> None:
        """Let `thing` live for as long as this store: code that its instances may call."""
        self._keep.append(thing)

    def adopt_memory(self, extern: Any, type: MemoryType) -> Memory:
        """A memory whose view is dropped when the store is closed."""
        memory = Memory(self.context, extern, type)
        self._memories.append(memory)
        return memory

    def offer_memory(self, memory: Memory) -> None:
        """An instance exports it as "memory"; the first one is what host functions see."""
        if not self._has_memory:
            self.memory = memory
            self._has_memory = True

    def suspend(self) -> None:
        """A fiber takes the store; only it may enter. RuntimeError if that cannot be."""
        if self.refusal is not None:
            raise RuntimeError(self.refusal)
        if self._thread is not None:
            raise RuntimeError("the store is running already: a fiber needs it for itself")
        self.refusal = _SUSPENDED

    def release(self, *, usable: bool) -> None:
        """The fiber gives the store back. `usable`: its guest came to an end by itself, unless it was stopped."""
        self.refusal = None if usable and not self._stopped else _STOPPED

    def stopped(self) -> None:
        """The guest is stopped from outside, in the middle of anything: nobody may enter it again.

        After a trap, or what a host function raises, one may: that happens where the guest's code says so.
        """
        self._stopped = True
        if self.refusal is None:
            self.refusal = _STOPPED

    def stop_reason(self, now: float) -> BaseException | None:
        """Why the guest must stop, if it must. An interruption is given once."""
        state = thread_state()
        if state.store is self and state.pending is not None:
            # A signal handler raised on the way into the host function that asks.
            return take_pending()
        reason = self._interrupt
        if reason is not None:
            self._interrupt = None
            return reason
        if self.deadline is not None and now >= self.deadline:
            return Timeout("the time limit is over")
        return None

    @property
    def outer(self) -> Store | None:
        """The store whose host function entered this one."""
        return self._outer

    def execute(self, fiber: FiberCall | None, function: Callable[..., Any], *arguments: Any) -> Any:
        """Enter, let C run guest code, and leave. What C returned: see `failure` and `take_pending`."""
        try:
            state = local.state
        except AttributeError:
            state = thread_state()
        outer, host, caller, outer_fiber = state.store, state.host, state.caller, state.fiber
        depth, levels = state.depth, state.levels
        # What an earlier call kept, if a signal handler raised before that call could.
        state.parked = None
        if outer is None:
            state.pending = None
        # From here on signal handlers cannot raise, so that nothing is left half-done.
        state.host = False
        if self._thread is state:
            state.store, state.fiber = self, None
            try:
                return function(*arguments)
            finally:
                state.store, state.caller, state.fiber = outer, caller, outer_fiber
                state.host = host
        guarded = outer is None and state.may_handle_signals and not state.guarded and guard(state)
        if not self._busy.acquire(False):
            if guarded:
                unguard()
            state.host = host
            raise RuntimeError("the store is running in another thread: one thread at a time may enter it")
        try:
            if self.refusal is not None and fiber is None:
                raise RuntimeError(self.refusal)
            if self._interrupt is not None:
                reason, self._interrupt = self._interrupt, None
                raise reason
            if fiber is not None:
                state.depth, state.levels = 1, FIBER_LEVELS
            elif depth < levels:
                state.depth = depth + 1
            else:
                self._enter_deeper(state)
            self._thread = state
            self._outer = outer
            state.store = self
            state.fiber = fiber
            entered.add(self)
            if ticker.asleep:
                ticker.wake()
            if self.tank is not None:
                self.fuel = self.tank.left(outer)
            return function(*arguments)
        finally:
            if self.tank is not None and self._thread is state:
                self.tank.take_back(self.fuel, outer)
            entered.discard(self)
            state.store, state.caller, state.fiber = outer, caller, outer_fiber
            state.depth = depth
            if fiber is not None:
                state.levels = levels
            self._thread = self._outer = None
            self._busy.release()
            if guarded:
                unguard()
            state.host = host

    def _enter_deeper(self, state: ThreadState) -> None:
        if state.levels == FIRST_LEVEL:
            state.levels = thread_levels()
        if state.depth >= state.levels:
            raise too_deep(state.levels)
        state.depth += 1

    def failure(self, error: int | None, trap: int) -> BaseException:
        """The exception for what C reported; both are freed."""
        state = local.state
        parked, raised = state.parked, take_pending()
        state.parked = None
        if raised is None:
            raised = parked
        elif raised.__context__ is None:
            raised.__context__ = parked
        if raised is None:
            reason = errors.take_trap(trap) if trap else errors.take_error(error or 0)
            self._name(reason.frames)
            return reason
        if getattr(raised, "ends_guest", False) or not isinstance(raised, Exception):
            errors.drop(error or 0, trap)
            return raised
        frames = errors.take_frames(error or 0, trap)
        self._name(frames)
        if isinstance(raised, Trap):
            raised.frames = raised.frames or frames
        elif frames:
            raised.add_note("\n".join(["wasm backtrace:", *[f"  {frame}" for frame in frames]]))
        return raised

    def _name(self, frames: tuple[Frame, ...]) -> None:
        """What the binary itself has no names for; frames do not say which module they are of if there are several."""
        if len(self.modules) == 1:
            for frame in frames:
                self.modules[0].name_frame(frame)

    def _callers_memory(self) -> Memory:
        """While the start function runs there is no instance yet, but the caller has its memory."""
        state = thread_state()
        caller = state.caller if state.store is self else 0
        extern = Extern()
        found = caller and library.caller_export_get(caller, b"memory", 6, addressof(extern))
        if found and extern.raw[0] == EXTERN_MEMORY:
            # Not kept: the instance may fail to start.
            return Memory(self.context, extern, None)
        raise LookupError('the guest exports no memory called "memory"')


_SUSPENDED = "a call is suspended in the store: nothing else may enter it before that call ends"
_STOPPED = (
    "a call was stopped or cancelled while the guest ran: the guest is in an unknown state and may not be entered "
    "again; make another instance"
)
_CLOSED = "the store is closed"


def take_pending() -> BaseException | None:
    """What a signal handler raised while the guest ran, if it did. It is given once."""
    state = local.state
    pending, state.pending = state.pending, None
    return pending


def raise_pending() -> None:
    """Raise what a signal handler raised while the guest ran, if it did."""
    state = local.state
    if state.pending is not None:
        pending, state.pending = state.pending, None
        raise pending
