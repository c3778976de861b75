"""How engines are configured. One configuration is one engine, and one part of the cache's keys."""

from __future__ import annotations

from remit.engine.wasmtime import library

MAX_WASM_STACK = 512 * 1024
"""Bytes of stack for the guest. It is the thread's own, and macOS gives threads little more than this."""

HOST_SHARE = 512 * 1024
"""Bytes of stack for the host functions that a guest calls, when it has used all of its own."""

FIBER_STACK = 4 << 20
"""Bytes of a fiber's stack: for a guest, and those that run in it. Address space, and memory only where it is used."""

# What real guests are compiled with today; the rest needs threads, or is not standard yet. All are spelled out, so
# that a new version of the library changes nothing by its defaults.
FEATURES = {
    "wasm_reference_types": True,
    "wasm_function_references": True,
    "wasm_bulk_memory": True,
    "wasm_multi_value": True,
    "wasm_multi_memory": True,
    "wasm_memory64": True,
    "wasm_simd": True,
    "wasm_relaxed_simd": True,
    "wasm_tail_call": True,
    "wasm_exceptions": True,
    # Atomic instructions are used in programs without threads too; memories cannot be shared all the same.
    "wasm_threads": True,
    "shared_memory": False,
    "wasm_wide_arithmetic": False,
    "wasm_custom_page_sizes": False,
    "wasm_stack_switching": False,
    "wasm_component_model": False,
}


class Config:
    """`fuel`: count instructions. `deterministic`: the same bits of NaN and relaxed SIMD on every machine.

    `gc`: objects (structures and arrays) that the engine collects. `max_wasm_stack`: bytes of stack that a guest may
    use. `parallel`: compile on all processors.
    """

    __slots__ = ("deterministic", "fuel", "gc", "max_wasm_stack", "parallel")

    def __init__(
        self,
        *,
        fuel: bool = False,
        deterministic: bool = False,
        gc: bool = False,
        max_wasm_stack: int = MAX_WASM_STACK,
        parallel: bool = True,
    ) -> None:
        self.fuel = fuel
        self.deterministic = deterministic
        self.gc = gc
        self.max_wasm_stack = max_wasm_stack
        self.parallel = parallel

    @property
    def key(self) -> str:
        """Equal for configurations whose compiled code is the same. `parallel` changes the way, not the code."""
        return f"fuel={self.fuel:d},deterministic={self.deterministic:d},gc={self.gc:d},stack={self.max_wasm_stack}"

    def new_engine(self) -> int:
        """A ``wasm_engine_t``."""
        config = library.config_new()
        settings: dict[str, bool | int] = {
            **FEATURES,
            "wasm_gc": self.gc,
            "consume_fuel": self.fuel,
            "epoch_interruption": True,
            "cranelift_nan_canonicalization": self.deterministic,
            "wasm_relaxed_simd_deterministic": self.deterministic,
            "max_wasm_stack": self.max_wasm_stack,
            "async_stack_size": FIBER_STACK,
            "parallel_compilation": self.parallel,
            "memory_init_cow": True,
            # Views of memories are handed out (see memory.py).
            "memory_may_move": False,
            # For native debuggers and profilers only; registering it costs at each load.
            "native_unwind_info": False,
        }
        for name, value in settings.items():
            library.config_set(config, name, value)
        pointer: int = library.engine_new(config)
        return pointer
