"""From the bytes of a component to a compiled program: validated, its core modules compiled, or both from the cache.

What validation found is kept as a pickle beside the compiled code, in a directory that only this user can write to.
"""

from __future__ import annotations

from remit._version import __version__
from remit.engine import artifact
from remit.engine.api import InvalidModule
from remit.runtime.components.program import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from remit.component.census import Census
    from remit.component.validated import ValidatedComponent
    from remit.engine.cache import Cache
    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.module import Module

_FORMAT = 1
"""Of what is kept: to be raised when the classes in it change between two releases."""


class _Facts:
    """What validation found, and which core modules there are: by place, the digest of their bytes."""

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
    facts: _Facts | None = None
    digest = None
    if cache is not None:
        digest = cache.known(program)
        if digest is None:
            assert isinstance(program, str)
            digest, content = cache.read(program)
        facts = _kept(cache, digest)
    known = facts is not None
    if facts is None:
        if content is None:
            content = _content(program)
        facts = _found(content)
    try:
        loaded = _loaded(engine, cache, program, content, facts, name)
    except InvalidModule as error:
        raise InvalidModule(f"a core module of the component: {error}") from None
    component = Component(engine, loaded, facts.census, name, imports, known=known and not imports)
    # Not before its imports are known to be right: a start from the cache does not look again.
    if cache is not None and digest is not None and not known and not imports:
        cache.keep_facts(_key(digest), _pickled(facts))
    return component


def _loaded(
    engine: Engine, cache: Cache | None, program: str | bytes, content: bytes | None, facts: _Facts, name: str
) -> Any:
    from remit.component.instantiate import Loaded

    modules: dict[tuple[int, int], Module] = {}
    for (start, end), digest in facts.modules.items():

        def bytes_of_module(start: int = start, end: int = end) -> bytes:
            nonlocal content
            if content is None:
                content = _content(program)
            return content[start:end]

        if cache is None:
            modules[start, end] = engine.compile(bytes_of_module(), name=name)
        else:
            modules[start, end] = cache.module(engine, digest, bytes_of_module, name=name)
    return Loaded(facts.component, lambda start, end: modules[start, end])


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


def _key(digest: bytes) -> bytes:
    return b"\n".join([digest, f"component {_FORMAT}, remit {__version__}, {artifact.FORMAT}".encode()])


def _kept(cache: Cache, digest: bytes) -> _Facts | None:
    kept = cache.facts(_key(digest))
    if kept is None:
        return None
    from _pickle import loads  # what `pickle` has it from, without the half of it that is for other cases

    facts = loads(kept)
    assert isinstance(facts, _Facts)
    return facts


def _pickled(facts: _Facts) -> bytes:
    from _pickle import dumps

    return bytes(dumps(facts, 5))
