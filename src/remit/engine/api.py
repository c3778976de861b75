"""What Remit asks of a WebAssembly engine: core modules, and nothing else.

There is one engine today (:mod:`remit.engine.wasmtime`); the browser's own comes later. So nothing above
this package holds a raw pointer or knows a C type.

A host function is called as ``function(caller, *arguments)``: `caller` is the :class:`Store` that the
guest runs in, and arguments are Python ints and floats (i32 and i64 unsigned or signed, as it was
defined). It returns None, one value, or a tuple. What it raises becomes a trap in the guest, and the
outermost call raises that same exception to its caller, with the WebAssembly backtrace as a note: unless its
class says ``ends_guest = True``, which is for exceptions that are an end and not a failure.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Protocol

    from remit.binary.module import ModuleInfo
    from remit.binary.types import FuncType

    class Memory(Protocol):
        """A linear memory. Every access is checked against its size at that moment."""

        @property
        def size(self) -> int:
            """The size now, in bytes."""

        def view(self) -> memoryview:
            """All of it, writable, format ``B``, without a copy. Valid until the guest runs again."""

        def read(self, address: int, length: int) -> bytes:
            """A copy. OutOfBounds outside of the memory."""

        def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
            """Copy in. OutOfBounds outside of the memory, and then nothing is written."""

        def u32(self, address: int) -> int:
            """The little-endian number at `address`. OutOfBounds."""

        def grow(self, pages: int) -> int:
            """Grow by `pages` of 64 KiB; the old size in pages. ValueError beyond a limit."""

    class Func(Protocol):
        """A function of an instance."""

        @property
        def type(self) -> FuncType: ...

        def __call__(self, *arguments: Any) -> Any:
            """Call it and wait: None, the result, or a tuple of them.

            TypeError or OverflowError name a bad argument; Trap, or whatever a host function raised.
            """

        def start(self, *arguments: Any) -> FiberCall:
            """Begin a call on a fiber of its own (asynchronous runs)."""

    class FiberCall(Protocol):
        """A call that can be suspended. Drive it: ``while not call.poll(): wait for call.pending``."""

        pending: Pending | None
        """After a poll that was False: what the guest waits for, or None if it only gave others a turn."""

        def poll(self) -> bool:
            """Run the guest until it ends (True) or is suspended (False)."""

        def result(self) -> Any:
            """What the finished call returned; raises what it raised."""

        def close(self) -> None:
            """Drop it. A suspended guest is unwound, and its store may not be entered again."""

    class Store(Protocol):
        """One instance's world; entered by one thread at a time, in LIFO order."""

        data: Any
        """The embedder's own: host functions find their state here."""

        deadline: float | None
        """When a running guest is stopped (``time.monotonic()`` seconds), or None."""

        @property
        def memory(self) -> Memory:
            """The memory exported as "memory". LookupError if there is none."""

        @property
        def fuel(self) -> int:
            """What is left. Settable. RuntimeError if the engine was made without fuel."""

        def host_function(self, type: FuncType, function: Callable[..., Any]) -> bytes:
            """A host function as an item: what :meth:`Instance.item` gives, for instances of this store."""

        def instantiate(self, module: Module, items: Items, exports: Exports) -> Instance:
            """An instance whose imports are `items`, and what other instances of the store export."""

        def interrupt(self, reason: BaseException) -> None:
            """Stop the guest soon: its outermost call raises `reason`. From any thread.

            Whatever stops a guest while it runs, this, the deadline or a signal handler, leaves it in an unknown
            state: its store may not be entered again.
            """

        def stopped(self) -> None:
            """Its guest is stopped in the middle of a host call that waits: as with `interrupt`."""

        def close(self) -> None:
            """Give back everything. Closing twice does nothing."""

    class Instance(Protocol):
        """An instantiated module."""

        def export(self, name: str) -> Any:
            """A Func, Memory, Global or Table; KeyError names what there is."""

        def item(self, name: str) -> bytes:
            """The same as an *item*, which can only be handed to other instances of the same store. KeyError."""

        def give(self, names: Iterable[tuple[int, bytes]], address: int) -> None:
            """Put exports, by their names in UTF-8, at their places of an array of items. For the engine itself."""

    Items = Iterable[tuple[int, bytes]]
    """Imports of a module by their places: what :meth:`Instance.item` gives."""

    Exports = Iterable[tuple[Instance, Iterable[tuple[int, bytes]]]]
    """The same by the instances that export them: places, and names in UTF-8."""

    class Prepared(Protocol):
        """A module with all its imports found: instantiated cheaply, many times, on any thread."""

        def instantiate(self, store: Store) -> Instance:
            """Runs the start function, if there is one."""

    class Linker(Protocol):
        """Finds imports. Filled once, then used by any number of threads."""

        def define(
            self, module: str, name: str, type: FuncType, function: Callable[..., Any], *, unsigned: bool = False
        ) -> object: ...

        def define_item(self, module: str, name: str, item: Any, store: Any) -> None:
            """What an instance in `store` exports, for other instances in it."""

        def define_suspending(
            self, module: str, name: str, type: FuncType, function: Callable[..., Any], *, unsigned: bool = False
        ) -> None:
            """A host function that may return a :class:`Pending`: for instances entered by ``Func.start`` only."""

        def prepare(self, module: Module) -> Prepared:
            """LinkError names every missing import, and every one of a wrong type, at once."""

    class Module(Protocol):
        """A compiled module: shared by threads and stores."""

        @property
        def info(self) -> ModuleInfo: ...

        @property
        def facts(self) -> tuple[Any, ...]:
            """What :meth:`ModuleInfo.to_tuple` would give."""

    class Engine(Protocol):
        """Compiles. One per configuration; shared by threads."""

        def compile(self, wasm: bytes, *, name: str = "") -> Module:
            """InvalidModule says what is wrong and where."""

        def linker(self) -> Linker: ...

        def store(self, data: Any = None) -> Store: ...


class Pending:
    """What a suspended host function waits for.

    `wait_for` is opaque to the engine. Whoever drives the fiber waits for it, then polls; the engine then calls
    `resume`, which returns the host function's result, another Pending, or raises.
    """

    __slots__ = ("resume", "wait_for")

    def __init__(self, wait_for: object, resume: Callable[[], Any]) -> None:
        self.wait_for = wait_for
        self.resume = resume


class EngineError(Exception):
    """Anything the engine refuses."""


class InvalidModule(EngineError, ValueError):
    """Not WebAssembly, damaged, or using a feature that is not enabled; the message says where."""


class LinkError(EngineError):
    """Imports that nobody provides, or of a wrong type; all are named.

    `missing` and `mismatched` list them, as ``(module, name, explanation)``.
    """

    def __init__(
        self,
        message: str,
        missing: Sequence[tuple[str, str, str]] = (),
        mismatched: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.mismatched = tuple(mismatched)


class OutOfBounds(EngineError, IndexError):
    """An address range that is not inside the memory."""


def printable(name: str) -> str:
    """A name that a module chose, for a message: what could drive a terminal is escaped."""
    return name if name.isprintable() else repr(name)[1:-1]


class Frame:
    """One WebAssembly frame of a backtrace, innermost first."""

    __slots__ = ("function", "function_index", "module", "module_offset")

    def __init__(self, function: str | None, function_index: int, module: str | None, module_offset: int) -> None:
        self.function = function
        self.function_index = function_index
        self.module = module
        self.module_offset = module_offset

    def __repr__(self) -> str:
        return f"Frame({self.function!r}, {self.function_index}, {self.module!r}, {self.module_offset:#x})"

    def __str__(self) -> str:
        module, function = printable(self.module or "?"), printable(self.function or f"<func {self.function_index}>")
        return f"{self.module_offset:#8x}  {module}!{function}"


class Trap(EngineError):
    """The guest broke a rule of WebAssembly, or of its remit, and is dead.

    `code` is a short name (``unreachable``, ``memory_out_of_bounds``, ``stack_overflow``, ``out_of_fuel``,
    …), `frames` the WebAssembly backtrace.
    """

    def __init__(self, message: str, code: str = "host", frames: Sequence[Frame] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.frames = tuple(frames)
        self.stdout: str | bytes | None = None
        self.stderr: str | bytes | None = None
        """What the program had written, where that was captured."""
        self.stdout_truncated = False
        self.stderr_truncated = False
        """It had written more than was captured."""
        self.refusals: tuple[Any, ...] = ()
        """What it had asked for and was not granted."""

    def __str__(self) -> str:
        if not self.frames:
            return self.message
        return "\n".join([self.message, "wasm backtrace:", *(f"  {frame}" for frame in self.frames)])


class Timeout(EngineError):
    """The store's deadline passed while its guest was running."""
