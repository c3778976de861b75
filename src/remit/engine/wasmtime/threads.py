"""What a thread knows while it is inside guests: the innermost store, and what must not be interrupted how."""

from __future__ import annotations

import _thread
import sys

from remit.engine.wasmtime.stack import thread_levels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.wasmtime.fibers import FiberCall
    from remit.engine.wasmtime.store import Store


FIRST_LEVEL = 1
"""The main thread's stack always takes that; how many more is found out when it matters, as that takes a while."""


class ThreadState:
    """One per thread that ever entered a guest."""

    __slots__ = (
        "caller",
        "depth",
        "fiber",
        "guarded",
        "host",
        "levels",
        "may_handle_signals",
        "parked",
        "pending",
        "store",
    )

    def __init__(self) -> None:
        self.store: Store | None = None
        """The store whose guest runs, innermost if guests nest."""
        self.depth = 0
        """How many stores were entered on this stack, one from within another."""
        self.levels = FIRST_LEVEL if on_main_thread() else thread_levels()
        """How many of them it takes, as far as is known."""
        self.host = False
        """A host function's own code runs, not the guest and not the glue around it."""
        self.caller = 0
        """The ``wasmtime_caller_t`` of the host call that is running."""
        self.fiber: FiberCall | None = None
        """The fiber that the guest runs on, if it may be suspended right here: no Python frame is in between."""
        self.parked: BaseException | None = None
        """What a host function raised, on its way over the guest's frames to the call that entered the guest."""
        self.pending: BaseException | None = None
        """What a signal handler raised while the guest or the glue ran."""
        self.guarded = False
        """Signal handlers stand aside for longer than one call: see :func:`.signals.guarded`."""
        self.may_handle_signals = True
        """False once Python said that this is not the main thread."""


def on_main_thread() -> bool:
    threading = sys.modules.get("threading")  # not imported: then there is no other thread
    return threading is None or threading.main_thread().ident == _thread.get_ident()


class _Local(_thread._local):
    state: ThreadState


local = _Local()


def thread_state() -> ThreadState:
    try:
        return local.state
    except AttributeError:
        local.state = ThreadState()
        return local.state
