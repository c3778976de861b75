"""The wasmtime engine, by its C API and ctypes. Pointers and C types stay in this package.

:func:`engine` is the way in; the protocols in :mod:`remit.engine.api` say what the objects do.
"""

from __future__ import annotations

from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import Engine, engine
from remit.engine.wasmtime.store import Store, StoreLimits

__all__ = ["Config", "Engine", "Store", "StoreLimits", "engine"]
