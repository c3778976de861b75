"""What a component imports, and who answers: the caller's own functions first, then the interfaces of WASI and others.

It is checked here, once for each program, that each import is there and of the right type. A component may import any
name with any type, so nothing is taken for granted.
"""

from __future__ import annotations

from functools import cache  # ctypes has imported it already

from remit.binary.reader import quoted
from remit.binary.wording import MOST, listed
from remit.component.instances import Instance
from remit.component.types import FuncType, InstanceType, ResourceType, TypeBound
from remit.engine.api import LinkError
from remit.interfaces.wit.calling import LazyExports
from remit.interfaces.wit.registry import InterfaceName, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.component.instances import Extern
    from remit.component.subtyping import Matcher
    from remit.component.types import ExternType
    from remit.component.validated import ValidatedComponent
    from remit.component.values.classes import Classes
    from remit.interfaces.wit.calling import Offered
    from remit.interfaces.wit.declaration import Host
    from remit.runtime.components.own_imports import OwnImport
    from remit.runtime.tracing import Tracer

    Provider = Callable[[Host, bool], Extern]
    """Gives what is imported, for one running program; whether that is asynchronous."""


class Links:
    """The answer to each import of a component."""

    __slots__ = ("_providers", "_types")

    def __init__(self, providers: Mapping[str, Provider], types: Mapping[str, ExternType]) -> None:
        self._providers = providers
        self._types = types

    def arguments(self, host: Host, *, asynchronous: bool, trace: Tracer | None = None) -> dict[str, Extern]:
        """What to instantiate it with. `trace`: its calls are watched."""
        found = {name: provide(host, asynchronous) for name, provide in self._providers.items()}
        return found if trace is None else trace.imports(found, self._types)


def link(
    component: ValidatedComponent,
    imports: Mapping[str, Any] | None,
    name: str,
    classes: Classes,
    *,
    known: bool = False,
) -> Links:
    """Find an answer to each import of `component`, which is called `name`.

    `imports` are the caller's own: see :func:`remit.load`; the values that they get are of `classes`. `known`: these
    very imports were found right before, by this version of Remit, with no `imports`.
    LinkError names all that are missing or of a wrong type; TypeError for `imports` that are no functions.
    """
    linking = _Linking(imports, name, classes, known=known)
    for wanted, type in component.imports.items():
        linking.add(wanted, type)
    linking.end()
    return Links(linking.providers, component.imports)


class _Linking:
    def __init__(self, imports: Mapping[str, Any] | None, program: str, classes: Classes, *, known: bool) -> None:
        self.providers: dict[str, Provider] = {}
        self._program = program
        self._known = known
        self._matcher: Matcher | None = None
        self._missing: list[tuple[str, str, str]] = []
        self._mismatched: list[tuple[str, str, str]] = []
        self._own: OwnImports | None = None
        if imports:
            from remit.runtime.components.own_imports import OwnImports

            self._own = OwnImports(imports, classes)

    def add(self, name: str, type: ExternType) -> None:
        own = None if self._own is None else self._own.take(name)
        if isinstance(type, InstanceType):
            self._add_instance(name, type, own)
        elif own is not None:
            self._add_own(name, type, own)
        elif isinstance(type, TypeBound) and not isinstance(type.type, ResourceType):
            self.providers[name] = _nothing
        else:
            self._missing.append((name, "", f"a {_sort(type)}, {_own_remedy(name, type)}"))

    def end(self) -> None:
        unused = [] if self._own is None else self._own.unused()
        if self._missing or self._mismatched:
            lines = [f"  {quoted(name)}: {why}" for name, _, why in [*self._missing, *self._mismatched]]
            if len(lines) > MOST:
                lines[MOST:] = [f"  and {len(lines) - MOST} more"]
            raise LinkError(
                "\n".join([f"imports of {self._program} that cannot be satisfied:", *lines]),
                self._missing,
                self._mismatched,
            )
        if unused:
            there = listed(self.providers)
            raise LinkError(
                f"imports has names that {self._program} does not import: {listed(unused)}; it imports {there}"
            )

    def _add_instance(self, name: str, type: InstanceType, own: OwnImport | None) -> None:
        functions = [each for each, inner in type.exports.items() if isinstance(inner, FuncType)]
        resources = _resources(type)
        left = functions if own is None else [each for each in functions if not own.has(each)]
        wanted = InterfaceName(name)
        version = registry().version(wanted)
        if own is not None and version is not None and not self._knows_names(name, type, own):
            return None
        if own is not None and not left and (version is None or all(own.has_class(each) for each in resources)):
            # Nothing of it is asked of anybody else; its resources are the caller's classes.
            return self._add_own(name, type, own)
        if version is None:
            if not functions and not resources:
                # Nothing but types.
                self.providers[name] = lambda host, asynchronous: Instance({})
            else:
                self._missing.append((name, "", self._why_missing(wanted, type, own, left)))
            return None
        if not self._known:
            expected = type
            if own is not None:
                mine = own.part_of(type).exports
                expected = InstanceType({each: inner for each, inner in type.exports.items() if each not in mine})
            problem = self._mismatch(wanted, expected) or _foreign(wanted, resources)
            if problem:
                if self._own is not None and "resource types are not the same" in problem:
                    # Of the caller's classes here, or in another interface.
                    problem += "; who gives a class for a resource gives all functions, too, that take or give one"
                self._mismatched.append((name, "", f"{problem}, as far as {wanted.name}@{version} goes"))
                return None
        if own is None:
            self.providers[name] = _of_interface(wanted, type)
        else:
            self._add_partly_own(name, type, own)
        return None

    def _mismatch(self, wanted: InterfaceName, expected: InstanceType) -> str | None:
        """Why the interface is not what is imported by its name."""
        from remit.component.effort import TooComplex
        from remit.component.subtyping import Matcher, Mismatch

        if self._matcher is None:
            self._matcher = Matcher()
        try:
            self._matcher.match(registry().type_of(wanted), expected)
        except (Mismatch, TooComplex) as error:
            return str(error)
        return None

    def _add_own(self, name: str, type: ExternType, own: OwnImport) -> None:
        from remit.component.subtyping import Mismatch

        try:
            self.providers[name] = own.provider(type)
        except Mismatch as error:
            self._mismatched.append((name, "", f"imports[{own.key!r}] {error}"))

    def _add_partly_own(self, name: str, type: InstanceType, own: OwnImport) -> None:
        """What the caller has of an interface; the rest is Remit's."""
        self._add_own(name, own.part_of(type), own)
        if name in self.providers:
            self.providers[name] = _either(self.providers[name], _of_interface(InterfaceName(name), type))

    def _knows_names(self, name: str, type: InstanceType, own: OwnImport) -> bool:
        """Whether an interface that Remit has knows the names that the caller gave something for."""
        from remit.component.subtyping import Mismatch

        try:
            own.check_names({**registry().type_of(InterfaceName(name)).exports, **type.exports})
        except Mismatch as error:
            self._mismatched.append((name, "", f"imports[{own.key!r}] {error}"))
            return False
        return True

    def _why_missing(self, wanted: InterfaceName, type: InstanceType, own: OwnImport | None, left: list[str]) -> str:
        if own is not None:
            return f"imports[{own.key!r}] has no {listed([quoted(each) for each in left])}"
        others = registry().versions(wanted.name)
        if others:
            return f"Remit has version {', '.join(others)} of this interface, which is not compatible with that one"
        if wanted.name.startswith("wasi:"):
            return "an interface of WASI that Remit does not have, and no installed package does"
        return f"an interface that nobody provides: {_own_remedy(str(wanted.name), type)}"


def _foreign(wanted: InterfaceName, resources: list[str]) -> str | None:
    """What is wrong with resource types that a component takes for the interface's own."""
    there = registry().type_of(wanted).exports
    for name in resources:
        bound = there.get(name)
        if not (isinstance(bound, TypeBound) and bound.fresh):
            return f"{quoted(name)} is a resource of another interface, and not one of its own"
    return None


def _nothing(host: Host, asynchronous: bool) -> None:
    """A type that is no resource is nothing at run time."""
    return


def _of_interface(wanted: InterfaceName, type: InstanceType) -> Provider:
    resources = {name: registry().resource(wanted, name) for name in _resources(type)}

    @cache
    def offered() -> Offered:
        return registry().offered(wanted)

    return lambda host, asynchronous: Instance(LazyExports(wanted.name, offered, host, resources))


def _either(first: Provider, second: Provider) -> Provider:
    def provide(host: Host, asynchronous: bool) -> Instance:
        mine: Any = first(host, asynchronous)
        other: Any = second(host, asynchronous)
        return Instance(_Either(mine.exports, other.exports))

    return provide


class _Either:
    """What is in the first, else in the second."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
        self._first = first
        self._second = second

    def __getitem__(self, name: str) -> Any:
        return self._first[name] if name in self._first else self._second[name]


def _resources(type: InstanceType) -> list[str]:
    """The resource types that the interface itself has."""
    return [name for name, inner in type.exports.items() if isinstance(inner, TypeBound) and inner.fresh]


def _sort(type: ExternType) -> str:
    if isinstance(type, FuncType):
        return "function"
    if isinstance(type, TypeBound):
        return "resource type"
    return "core module or component, which only another component can give"


def _own_remedy(name: str, type: ExternType) -> str:
    if isinstance(type, InstanceType):
        functions = [each for each, inner in type.exports.items() if isinstance(inner, FuncType)]
        shown = ", ".join([f"{each!r}: …" for each in functions[:3]]) + (", …" if len(functions) > 3 else "")
        return f"provide it by remit.load(…, imports={{{name!r}: {{{shown}}}}})"
    return f"provide it by remit.load(…, imports={{{name!r}: …}})"
