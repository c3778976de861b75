"""Engines: they compile, and everything else belongs to one of them."""

from __future__ import annotations

import _thread
import ctypes
import os

from remit.engine.api import InvalidModule
from remit.engine.wasmtime import library
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.errors import take_error_message
from remit.engine.wasmtime.layout import Slot
from remit.engine.wasmtime.linker import Linker
from remit.engine.wasmtime.module import Module
from remit.engine.wasmtime.store import Store, StoreLimits
from remit.engine.wasmtime.ticker import ticker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.module import ModuleInfo


class Engine:
    """See :class:`remit.engine.api.Engine`. Get one from :func:`engine`; it lives as long as the process."""

    __slots__ = ("_process", "config", "host_types", "pointer")

    def __init__(self, config: Config) -> None:
        self.config = config
        self.host_types: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[int, Any, Any]] = {}
        """Of functions in Python, by parameters and results: the ``wasm_functype_t``, and how values are packed.
        They live as long as the engine: there are few. The library binds each ``wasm_functype_t`` to the engine
        that it is first used with, and aborts the process where it meets another."""
        self.pointer = config.new_engine()
        self._process = os.getpid()
        ticker.add(self.pointer)

    @property
    def cache_key(self) -> str:
        """What compiled code depends on besides the module: the library and its configuration. The CPU comes on top."""
        return f"wasmtime={library.VERSION},{self.config.key}"

    def compile(self, wasm: bytes, *, name: str = "") -> Module:
        """Check and compile. InvalidModule says what is wrong and where."""
        from remit.binary.module import decode_module

        pointer = self._compile(wasm)
        info = decode_module(wasm)
        module = Module(self, pointer, info, name)
        # The library lets it pass, for programs that use atomics alone, and would refuse each instance.
        if any(memory.shared for memory in info.memories):
            raise InvalidModule("it has a shared memory: threads are not supported")
        return module

    def validate(self, wasm: bytes) -> None:
        """Check, without compiling, what the library can check so. InvalidModule."""
        error = library.module_validate(self.pointer, _address(wasm), len(wasm))
        if error:
            raise InvalidModule(take_error_message(error))

    def load_compiled_unchecked(self, compiled: bytes, info: ModuleInfo, *, name: str = "") -> Module:
        """A module from what :meth:`.module.Module.serialize` gave.

        This is native code, and nothing checks it: whoever made `compiled` can do anything in this process.
        InvalidModule if it is of another version or configuration.
        """
        out = Slot()
        error = library.module_deserialize(self.pointer, _address(compiled), len(compiled), out.address)
        if error:
            raise InvalidModule(take_error_message(error))
        return Module(self, out.value, info, name)

    def load_compiled_file_unchecked(self, path: str, info: ModuleInfo | tuple[Any, ...], *, name: str = "") -> Module:
        """The same from a file, which is mapped and must never be changed while it is: replace it instead.

        `info` may be what :meth:`ModuleInfo.to_tuple` gave.
        """
        out = Slot()
        error = library.module_deserialize_file(self.pointer, os.fsencode(path), out.address)
        if error:
            raise InvalidModule(take_error_message(error))
        return Module(self, out.value, info, name)

    def linker(self) -> Linker:
        return Linker(self)

    def store(self, data: Any = None, *, limits: StoreLimits | None = None) -> Store:
        return Store(self, data, limits)

    def _compile(self, wasm: bytes) -> int:
        if self.config.parallel and os.getpid() != self._process:
            return self._compile_after_fork(wasm)
        out = Slot()
        error = library.module_new(self.pointer, _address(wasm), len(wasm), out.address)
        if error:
            raise InvalidModule(take_error_message(error))
        return out.value

    def _compile_after_fork(self, wasm: bytes) -> int:
        """The library's compiling threads are not in a forked child: waiting for them would last forever."""
        alone = engine(
            Config(
                fuel=self.config.fuel,
                deterministic=self.config.deterministic,
                gc=self.config.gc,
                max_wasm_stack=self.config.max_wasm_stack,
                parallel=False,
            )
        )
        compiled = alone.compile(wasm).serialize()
        out = Slot()
        error = library.module_deserialize(self.pointer, _address(compiled), len(compiled), out.address)
        if error:
            raise InvalidModule(take_error_message(error))
        return out.value


def _address(data: bytes) -> int:
    """Where `data` lies; it must be kept meanwhile."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


_engines: dict[tuple[str, bool], Engine] = {}
_guard = _thread.allocate_lock()


def engine(config: Config | None = None) -> Engine:
    """The engine of this process for `config`; made once."""
    config = config or Config()
    key = (config.key, config.parallel)
    with _guard:
        if key not in _engines:
            _engines[key] = Engine(config)
        return _engines[key]
