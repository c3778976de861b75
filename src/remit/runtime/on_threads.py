"""Calls that can be suspended, where there are no fibers: the guest runs on a thread of its own, and that waits.

The two threads take turns. The guest's does no more than run the guest and the host functions that never wait. All
others, the caller's own included, are handed over to the thread of the loop, which meanwhile sits in
:meth:`ThreadCall.poll`: so they run in the task that called the program, with its context, as they do with fibers. Only
a guest that computes goes on while the loop has its turn.
"""

from __future__ import annotations

import _thread
import threading
import time
from contextvars import copy_context

from remit.engine.api import Pending
from remit.engine.wasmtime.ticker import INTERVAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.wasmtime.store import Store
    from remit.runtime.world import Stores

PATIENCE = INTERVAL
"""Seconds that the loop waits for a guest that computes, before others have a turn: as long as with fibers."""


class _Here(_thread._local):
    call: ThreadCall


_here = _Here()
"""What a guest's thread knows of itself."""


class _Unwound(BaseException):
    """Raised in a guest that is dropped; nobody sees it."""


class ThreadCall:
    """See :class:`remit.engine.api.FiberCall`. Drive it: ``while not call.poll(): wait for call.pending``."""

    def __init__(self, store: Store | Stores, function: Callable[[], Any], *, starts: bool = False) -> None:
        """`function` enters the guest. `starts`: it makes the instance. RuntimeError if the store is in use."""
        store.suspend()
        self.pending: Pending | None = None
        self._store = store
        self._function = function
        self._starts = starts
        self._thread: threading.Thread | None = None
        self._to_loop = _thread.allocate_lock()
        self._to_guest = _thread.allocate_lock()
        self._to_loop.acquire()
        self._to_guest.acquire()
        self._asked: Callable[[], Any] | None = None
        """What the guest's thread waits for to be done on the loop's."""
        self._answer: Any = None
        self._refused: BaseException | None = None
        """What was raised instead of an answer."""
        self._ended = False
        self._result: Any = None
        self._raised: BaseException | None = None

    def poll(self) -> bool:
        """Run the guest until it ends (True) or is suspended (False)."""
        if self._ended:
            return True
        try:
            reason = self._store.stop_reason(time.monotonic())
            if reason is not None:
                self.close()
                self._raised = reason
                return True
            return self._poll()
        except BaseException:
            # A signal handler raised, such as that of Ctrl-C: the guest must not go on unattended.
            self.close()
            raise

    def result(self) -> Any:
        """What the finished call returned; raises what it raised."""
        if self._raised is not None:
            raise self._raised
        return self._result

    def close(self) -> None:
        """Drop it. A guest that has not ended is unwound, and its store may not be entered again."""
        if not self._ended:
            if self._thread is None:
                self._ended = True
            else:
                self._unwind()
            self.pending = None
            self._store.release(usable=False)
        elif self._raised is None:
            return
        # Not what it raised: the traceback of that has this object, and neither would go without a collection.
        self._raised = RuntimeError("the call was closed")

    # On the loop's thread.

    def _poll(self) -> bool:
        if self._thread is None:
            self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)
            self._store.release(usable=True)
            self._thread.start()
        elif self.pending is not None and not self._do(self.pending.resume):
            return False
        while self._to_loop.acquire(timeout=PATIENCE):
            if self._ended:
                self._thread.join()
                return True
            assert self._asked is not None
            if not self._do(self._asked):
                return False
        return False

    def _do(self, work: Callable[[], Any]) -> bool:
        """Do what the guest's thread asked for. False if that has to wait, for `pending`."""
        self.pending = None
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001 - raised again in the host function that asked
            self._reply(None, error)
            return True
        if isinstance(answer, Pending):
            self.pending = answer
            return False
        self._reply(answer, None)
        return True

    def _reply(self, answer: Any, refused: BaseException | None) -> None:
        self._answer, self._refused = answer, refused
        self._to_guest.release()

    def _unwind(self) -> None:
        assert self._thread is not None
        self._store.interrupt(_Unwound())
        while not self._ended:
            # A signal handler may have raised anywhere: whether it has got its answer, the lock knows.
            if self._asked is not None and self._to_guest.locked():
                self._reply(None, _Unwound())
            else:
                self._to_loop.acquire(timeout=PATIENCE)
        self._thread.join()
        self._store.stop_reason(time.monotonic())  # a guest that waited has not asked for it

    # On the guest's thread.

    def _run(self) -> None:
        _here.call = self
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            self._raised = error
        self._ended = True
        self._to_loop.release()

    def ask(self, work: Callable[[], Any]) -> Any:
        """Have `work` done on the loop's thread; what it returned, or what came of the Pending that it returned."""
        self._asked = work
        self._to_loop.release()
        self._to_guest.acquire()
        self._asked = None
        if self._refused is not None:
            refused, self._refused = self._refused, None
            try:
                raise refused
            finally:
                del refused  # its traceback has this frame
        return self._answer

    def ask_while_starting(self, work: Callable[[], Any]) -> Any:
        """The same in a start function: before there is an instance, only this thread can find its memory."""
        store: Any = self._store  # only modules have one of which this is asked, and these have one store
        try:
            store.memory = store.memory
        except LookupError:
            return self.ask(work)
        try:
            return self.ask(work)
        finally:
            del store.memory

    @property
    def starts(self) -> bool:
        """It makes the instance: there is none yet."""
        return self._starts


def handed_over(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which may return :class:`remit.engine.api.Pending`, for a guest on a thread of its own."""

    def call(caller: Store | None, *arguments: Any) -> Any:
        here = getattr(_here, "call", None)
        if here is None:
            raise RuntimeError("a host function that may wait was called where the guest cannot be suspended")
        ask = here.ask_while_starting if here.starts else here.ask
        return ask(lambda: function(caller, *arguments))

    call.__qualname__ = function.__qualname__
    return call
