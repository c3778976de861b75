"""From the bytes of a component to a compiled program: validated, its core modules compiled, or both from the cache.

What validation found is kept as a pickle beside the compiled code, in a directory that only this user can write to.
"""

from __future__ import annotations

import marshal
import sys
from _thread import allocate_lock, start_new_thread
from functools import partial  # ctypes has imported it already

from remit._version import __version__
from remit.engine import artifact
from remit.engine.api import InvalidModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.component.abi.source import Codes
    from remit.component.census import Census
    from remit.component.validated import ValidatedComponent
    from remit.engine.cache import Cache
    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.module import Module
    from remit.runtime.components.program import Component

_FORMAT = 6
"""Of what is kept: to be raised when the classes in it change between two releases."""


class _Facts:
    """What was found out, and which core modules there are: by place, the digest of their bytes."""

    __slots__ = ("census", "component", "modules")

    def __init__(self, component: ValidatedComponent, census: Census, modules: Mapping[tuple[int, int], bytes]) -> None:
        self.component = component
        self.census = census
        self.modules = modules


def load_component(
    engine: Engine, cache: Cache | None, program: str | bytes, *, name: str, imports: Mapping[str, Any] | None
) -> Component:
    """The component that is in the file `program`, or is these bytes.

    InvalidModule if it is none, or one that Remit does not run; LinkError for what it imports; OSError.
    """
    content = program if isinstance(program, bytes) else None
    kept: _Kept | None = None
    digest = None
    if cache is not None:
        digest = cache.known(program)
        if digest is None:
            assert isinstance(program, str)
            digest, content = cache.read(program)
        kept = _kept(cache, digest)

    def bytes_from(start: int, end: int) -> bytes:
        nonlocal content
        if content is None:
            content = _content(program)
        return content[start:end]

    if kept is not None:
        assert cache is not None
        modules = _MappedModules(engine, cache, kept.modules, bytes_from, name)

        facts = kept.facts()
        compiled = modules.all()
    else:
        facts = _found(_content(program) if content is None else content)
        compiled = _compiled(engine, cache, facts.modules, bytes_from, name)
    from remit.component.instantiate import Loaded
    from remit.runtime.components.program import Component

    codes = _kept_codes(cache, digest)
    loaded = Loaded(facts.component, lambda start, end: compiled[start, end], codes)
    known = kept is not None
    component = Component(engine, loaded, facts.census, name, imports, known=known and not imports)
    if cache is not None and digest is not None:
        # Not before its imports are known to be right: a start from the cache does not look again.
        if not known and not imports:
            cache.keep_facts(_key(digest, b"facts"), _packed(facts, compiled))
        component.keep_codes = _code_keeper(cache, digest, codes)
    return component


def _compiled(
    engine: Engine,
    cache: Cache | None,
    modules: Mapping[tuple[int, int], bytes],
    bytes_from: Callable[[int, int], bytes],
    name: str,
) -> dict[tuple[int, int], Module]:
    """Each core module, compiled now or taken from the cache. InvalidModule."""
    found = {}
    for (start, end), digest in modules.items():
        try:
            if cache is None:
                found[start, end] = engine.compile(bytes_from(start, end), name=name)
            else:
                found[start, end] = cache.module(engine, digest, partial(bytes_from, start, end), name=name)
        except InvalidModule as error:
            raise InvalidModule(f"a core module of the component, at offset {start:#x}: {error}") from None
    return found


class _MappedModules:
    """Compiled modules from the cache, mapped on another thread: which is C's work, and this thread has its own."""

    __slots__ = ("_done", "_error", "_found")

    def __init__(
        self,
        engine: Engine,
        cache: Cache,
        modules: Mapping[tuple[int, int], bytes],
        bytes_from: Callable[[int, int], bytes],
        name: str,
    ) -> None:
        self._found: dict[tuple[int, int], Module] = {}
        self._error: BaseException | None = None
        self._done = allocate_lock()
        self._done.acquire()

        def map_all() -> None:
            try:
                self._found = _compiled(engine, cache, modules, bytes_from, name)
            except BaseException as error:  # noqa: BLE001 - raised where they are waited for
                self._error = error
            self._done.release()

        start_new_thread(map_all, ())

    def all(self) -> dict[tuple[int, int], Module]:
        """InvalidModule, OSError."""
        with self._done:
            if self._error is not None:
                raise self._error
            return self._found


def _found(content: bytes) -> _Facts:
    """Decode and validate. InvalidModule."""
    from remit.binary.reader import BinaryError
    from remit.component.census import TooManyInstances, take_census
    from remit.component.validation.component import validate_component
    from remit.component.validation.errors import ValidationError

    try:
        component = validate_component(content)
        census = take_census(component)
    except (BinaryError, ValidationError, TooManyInstances) as error:
        raise InvalidModule(str(error)) from None
    view = memoryview(content)
    modules = {(start, end): artifact.digest(view[start:end]) for start, end in _modules(component)}
    return _Facts(component, census, modules)


def _modules(component: ValidatedComponent) -> list[tuple[int, int]]:
    """Where core modules lie in the file, also those of components inside."""
    from remit.component.validated import DefineComponent, DefineModule

    found = []
    for step in component.steps:
        if isinstance(step, DefineModule):
            found.append((step.start, step.end))
        elif isinstance(step, DefineComponent):
            found += _modules(step.component)
    return found


def _content(program: str | bytes) -> bytes:
    if isinstance(program, bytes):
        return program
    from remit.engine.program_file import read_program

    return read_program(program)[0]


def _key(digest: bytes, what: bytes) -> bytes:
    return b"\n".join([digest, what, f"component {_FORMAT}, remit {__version__}, {artifact.FORMAT}".encode()])


class _Kept:
    """What the cache has: the modules at once, and the rest when it is wanted."""

    __slots__ = ("_pickle", "modules")

    def __init__(self, modules: Mapping[tuple[int, int], bytes], pickle: bytes) -> None:
        self.modules = modules
        self._pickle = pickle

    def facts(self) -> _Facts:
        from _pickle import loads  # what `pickle` has it from, without the half of it that is for other cases

        component, census = loads(self._pickle)
        return _Facts(component, census, self.modules)


def _kept(cache: Cache, digest: bytes) -> _Kept | None:
    kept = cache.facts(_key(digest, b"facts"))
    return None if kept is None else _Kept(*marshal.loads(kept))


def _packed(facts: _Facts, compiled: Mapping[tuple[int, int], Module]) -> bytes:
    from _pickle import dumps

    from remit.component.compact import make_compact

    make_compact(facts.component, lambda start, end: compiled[start, end].facts[0])
    return marshal.dumps((dict(facts.modules), bytes(dumps((facts.component, facts.census), 5))))


def _kept_codes(cache: Cache | None, digest: bytes | None) -> Codes:
    from remit.component.abi.source import Codes

    kept = None if cache is None or digest is None else cache.facts(_key(digest, b"codes"))
    return Codes(None if kept is None else marshal.loads(kept))


def _code_keeper(cache: Cache, digest: bytes, codes: Codes) -> Callable[[], None]:
    def keep(ending: Callable[[], bool] = sys.is_finalizing) -> None:
        # Nothing can be imported, as would be needed, when Python ends.
        if codes.changed and not ending():
            codes.changed = False
            cache.keep_facts(_key(digest, b"codes"), marshal.dumps(codes.known))

    return keep
