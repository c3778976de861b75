"""What a running guest does at a tick: see whether it must stop, and give way if it is on a fiber."""

from __future__ import annotations

import ctypes
import struct
import time

from remit.engine.wasmtime import library
from remit.engine.wasmtime.layout import ADDRESS_SPACE, write_byte, write_pointer
from remit.engine.wasmtime.threads import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.wasmtime.threads import ThreadState

_YIELD = 1  # WASMTIME_UPDATE_DEADLINE_YIELD


def _stop_reason(state: ThreadState) -> BaseException | None:
    pending, state.pending = state.pending, None
    if pending is not None:
        return pending
    now = time.monotonic()
    store = state.store
    while store is not None:
        reason = store.stop_reason(now)
        if reason is not None:
            store.stopped()
            return reason
        store = store.outer
    return None


def _on_epoch(_context: int, _data: int, delta: int, kind: int) -> int:
    state = local.state
    try:
        reason = _stop_reason(state)
        if reason is None:
            write_pointer(ADDRESS_SPACE, delta, 1)
            if state.fiber is not None:
                write_byte(ADDRESS_SPACE, kind, _YIELD)
            return 0
        assert state.store is not None
        state.store.stopped()
        state.parked = reason
    except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
        state.parked = error
    stop: int = library.error_new(b"stopped")
    return stop


_size = ctypes.c_size_t
_callback = ctypes.CFUNCTYPE(_size, _size, _size, _size, _size)(_on_epoch)

EPOCH_CALLBACK: int = struct.unpack("@P", _callback)[0]
"""The address of the function for ``wasmtime_store_epoch_deadline_callback``; the same for all stores."""
