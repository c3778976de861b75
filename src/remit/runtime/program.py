"""A compiled program: made once, run or instantiated many times, from any thread."""

from __future__ import annotations

import os

from remit.binary.types import FuncType
from remit.engine.api import InvalidModule, LinkError
from remit.engine.cache import Cache
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import engine
from remit.runtime.bind import explain_missing, link, own_functions
from remit.runtime.named_options import check_flag
from remit.runtime.runnable import Runnable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from remit.binary.module import ModuleInfo
    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.module import Module
    from remit.engine.wasmtime.prepared import Prepared
    from remit.policy.grants import Grants
    from remit.runtime.instance import AsyncInstance, Instance
    from remit.runtime.options import Imports, InstanceOptions
    from remit.runtime.tracing import Tracer
    from remit.runtime.world import World


COMPONENT_MAGIC = b"\0asm\x0d\0\x01\0"
"""What files of components begin with; other versions of the format are for the module's decoder to refuse."""

NEEDS_GC = (
    "{name} uses objects that the engine collects (WebAssembly GC), and these are off, because a program could end the "
    "whole process by them: remit.load(..., gc=True), or --allow-gc, if you trust it"
)


class Program(Runnable):
    """A WebAssembly module, compiled. Make one with :func:`remit.load`."""

    __slots__ = ("_imports", "_prepared", "module")

    def __init__(self, module: Module, name: str, imports: Imports | None, *, metered: bool) -> None:
        own = None if imports is None else own_functions(module.info, imports, name)
        super().__init__(name, metered=metered)
        self.module = module
        self._imports = own
        self.answered = frozenset(own or ())
        self._prepared: dict[tuple[bool, bool], Prepared] = {}

    @property
    def info(self) -> ModuleInfo:
        """Imports, exports and sizes, as the file states them."""
        return self.module.info

    @property
    def engine_config(self) -> Config:
        return self.module.engine.config

    @property
    def is_command(self) -> bool:
        """It has a ``_start``: it can be run. Otherwise it is a library, to be instantiated and called."""
        return self.has_entry("_start")

    @property
    def why_no_command(self) -> str:
        return (
            f"{self.name} exports no _start: it is a library; call its functions "
            "with remit.load(...).instantiate().call(name)"
        )

    def new_world(self, grants: Grants, *, fuel: int | None, max_memory: int | None, asynchronous: bool) -> World:
        from remit.runtime.execute import ModuleWorld
        from remit.runtime.guest import Guest

        world = ModuleWorld(self, grants, fuel=fuel, max_memory=max_memory, asynchronous=asynchronous)
        Guest(world)
        return world

    def has_entry(self, name: str) -> bool:
        """It exports a function `name` that takes and returns nothing, as ``_start`` and ``_initialize`` do."""
        return any(export.name == name and export.type == FuncType((), ()) for export in self.info.exports)

    def prepared(self, *, asynchronous: bool = False, native: bool = False, trace: Tracer | None = None) -> Prepared:
        """The module with every import found, for calls that block a thread, or that can be suspended.

        `native`: for stores with a :class:`remit.native.table.NativeDescriptorTable`; in others it only costs more.
        `trace`: for the program that it watches only.
        LinkError if an import is missing or of a wrong type; it names all of them.
        """
        kind = (asynchronous, native)
        prepared = None if trace is not None else self._prepared.get(kind)
        if prepared is None:
            linker = link(self.module, self._imports, asynchronous=asynchronous, native=native, trace=trace)
            try:
                prepared = linker.prepare(self.module)
            except LinkError as error:
                explain_missing(error)
                raise
            if trace is None:
                self._prepared[kind] = prepared
        return prepared

    def instantiate(self, **options: Unpack[InstanceOptions]) -> Instance:
        """A new instance, to call functions of; a reactor is initialised (``_initialize``).

        The options are those of :func:`remit.run` that grant something or limit it, and `args`, its arguments.
        `timeout` limits each call. With ``stdout=PIPE`` or ``stderr=PIPE``, :attr:`Instance.stdout` has the output.
        """
        from remit.runtime.instance import Instance

        return Instance(self, **options)

    async def instantiate_async(self, **options: Unpack[InstanceOptions]) -> AsyncInstance:
        """As :meth:`instantiate`; its functions are awaited, and others run while the guest waits."""
        from remit.runtime.instance import AsyncInstance

        return await AsyncInstance.create(self, **options)

    def __repr__(self) -> str:
        return f"<Program {self.name!r}: {len(self.info.imports)} imports, {len(self.info.exports)} exports>"


def load(
    program: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    imports: Imports | None = None,
    fuel: bool = False,
    gc: bool = False,
    deterministic: bool = False,
    cache: bool = True,
    name: str | None = None,
    sha256: str | None = None,
) -> Any:
    """Compile a program, or take its compiled code from the cache.

    :param program: the path of a WebAssembly module or component, or its bytes.
    :param imports: functions for imports that are not WASI's, or in place of WASI's: module name -> function name ->
        callable, or an object that has the functions. They get the guest's arguments as ints (signed) and floats;
        :func:`remit.with_instance` marks one that wants the instance.
        For a component: the name of an interface, or of a function -> an object that has its functions and resource
        classes by their Python names, or a mapping of them; their arguments and results are Python values. Of an
        interface that Remit has, those that are not there stay Remit's.
    :param fuel: count what it executes, so that a run can be given an amount of `fuel`.
    :param gc: it may use objects that the engine collects, as programs compiled from Kotlin or Dart do. A program that
        means harm can then end the whole process (``SECURITY.md``).
    :param deterministic: every result that is no number (NaN) has the same bits, and relaxed vector instructions do the
        same, on every machine: what a run with ``deterministic=True`` needs. Floating point is slower.
    :param cache: keep and use compiled code on disk.
    :param name: what the program is told as its own name; by default the file's name.
    :param sha256: the digest of the program, in hexadecimal: any other one is refused.
    :returns: a :class:`Program`, or a :class:`Component`.
    :raises InvalidModule: it is not a WebAssembly program that can be run; the message says why, a note what it is.
    :raises LinkError: it does not import one of the functions in `imports`; or a component imports what nobody
        provides.
    :raises ValueError: it is another one than `sha256` says.
    :raises OSError: it cannot be read, is no regular file (a pipe, a device), or is larger than 1 GiB.
    """
    check_flag("fuel", fuel, ", whether to count it; how much there is, each run or instance is told")
    check_flag("gc", gc)
    check_flag("deterministic", deterministic)
    check_flag("cache", cache)
    compiler = engine(Config(fuel=fuel, gc=gc, deterministic=deterministic))
    return load_with(compiler, Cache() if cache else None, program, imports=imports, name=name, sha256=sha256)


def load_with(
    compiler: Engine,
    cache: Cache | None,
    program: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    imports: Imports | None = None,
    name: str | None = None,
    sha256: str | None = None,
) -> Any:
    """As :func:`load`, with an engine and a cache of the caller's."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name is {name!r} ({type(name).__name__}): a str is wanted")
    if isinstance(program, (bytes, bytearray, memoryview)):
        program = bytes(program)
        name = name or "program.wasm"
    else:
        if isinstance(program, Runnable):
            raise TypeError(f"{program!r} is loaded already")
        if not isinstance(program, (str, os.PathLike)):
            raise TypeError(f"a program must be a path, the bytes of a module, or a remit.Program, not {program!r}")
        program = os.fspath(program)
        name = name or os.path.basename(program)
    if sha256 is not None:
        # What was compared is what is loaded, whatever happens to the file meanwhile.
        content = _compared(program, name, sha256)
        loaded = load_with(compiler, cache, content, imports=imports, name=name)
        loaded.sha256 = sha256.lower()
    else:
        loaded = _loaded(compiler, cache, program, name=name, imports=imports)
    loaded.path = None if isinstance(program, bytes) else os.path.abspath(program)
    return loaded


def _loaded(
    compiler: Engine, cache: Cache | None, program: str | bytes, *, name: str, imports: Imports | None
) -> Runnable:
    if is_component(program):
        from remit.runtime.components.loading import load_component

        return load_component(compiler, cache, program, name=name, imports=imports)
    try:
        if cache is None:
            module = compiler.compile(_content(program), name=name)
        else:
            module = cache.load(compiler, program, name=name)
    except InvalidModule as error:
        if not compiler.config.gc and _needs_gc(_content(program)):
            raise InvalidModule(NEEDS_GC.format(name=name)) from None
        from remit.binary.kind import HEAD, describe

        error.add_note(f"{name} is {describe(_head(program, HEAD))}; Remit runs core WebAssembly modules")
        raise
    return Program(module, name, imports, metered=compiler.config.fuel)


class WrongDigest(ValueError):
    """A program is another one than was meant."""

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(f"{name} is not the program that was meant: its SHA-256 is {found}, and {wanted} was said")


def _compared(program: str | bytes, name: str, sha256: str) -> bytes:
    """The content of a program, which has that digest. WrongDigest, TypeError, OSError."""
    if not isinstance(sha256, str):
        raise TypeError(f"sha256 is {sha256!r} ({type(sha256).__name__}): a str of 64 hexadecimal digits is wanted")
    from hashlib import sha256 as digest

    content = _content(program)
    found = digest(content).hexdigest()
    if found != sha256.lower():
        raise WrongDigest(name, found, sha256)
    return content


def _needs_gc(wasm: bytes) -> bool:
    """Whether that is all that is wrong with a module."""
    try:
        engine(Config(gc=True)).validate(wasm)
    except InvalidModule:
        return False
    return True


def _content(program: str | bytes) -> bytes:
    if isinstance(program, bytes):
        return program
    from remit.engine.program_file import read_program

    return read_program(program)[0]


def is_component(program: str | os.PathLike[str] | bytes | bytearray | memoryview) -> bool:
    """By its first bytes. OSError if it is a file that cannot be read."""
    source = bytes(program[: len(COMPONENT_MAGIC)]) if isinstance(program, (bytearray, memoryview)) else program
    return _head(source if isinstance(source, bytes) else os.fspath(source), len(COMPONENT_MAGIC)) == COMPONENT_MAGIC


def _head(program: str | bytes, length: int) -> bytes:
    if isinstance(program, bytes):
        return program[:length]
    from remit.engine.program_file import read_head

    return read_head(program, length)
