"""A compiled component: made once, run or instantiated many times, from any thread."""

from __future__ import annotations

from remit.binary.wording import listed
from remit.component.types import FuncType, InstanceType, Result
from remit.component.values.classes import Classes
from remit.runtime.components.linking import link
from remit.runtime.runnable import Runnable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Unpack

    from remit.component.census import Census
    from remit.component.guest_resources import GuestResource
    from remit.component.instantiate import Loaded
    from remit.component.types import ExternType
    from remit.engine.wasmtime.config import Config
    from remit.engine.wasmtime.engine import Engine
    from remit.policy.grants import Grants
    from remit.runtime.components.exports import Exports
    from remit.runtime.components.instance import AsyncComponentInstance, ComponentInstance
    from remit.runtime.options import InstanceOptions
    from remit.runtime.world import World

HANDLER = "wasi:http/incoming-handler@0.2."
"""What a server exports: the interface with a function ``handle``."""

RUN = "wasi:cli/run@0.2."
"""What a command exports: the interface with a function ``run``, of any version of WASI that Remit has."""


class Component(Runnable):
    """A WebAssembly component, compiled. Make one with :func:`remit.load`."""

    __slots__ = (
        "_default",
        "bound_by",
        "census",
        "classes",
        "engine",
        "entry",
        "handler",
        "keep_codes",
        "links",
        "loaded",
        "resource_bases",
    )

    def __init__(
        self,
        engine: Engine,
        loaded: Loaded,
        census: Census,
        name: str,
        imports: Mapping[str, Any] | None,
        *,
        known: bool = False,
    ) -> None:
        """`known`: see :func:`.linking.link`."""
        super().__init__(name, metered=engine.config.fuel)
        self.engine = engine
        self.loaded = loaded
        self.census = census
        self.classes = Classes()
        """The Python classes of the types that it imports and exports by name: the same for all instances."""
        self.resource_bases: dict[tuple[str, str], type[GuestResource]] = {}
        """Of the classes of its resources: by the interface that exports one, "" for none, and its label there."""
        self.bound_by: object = None
        """The bindings whose classes these are."""
        self.links = link(loaded.component, imports, name, self.classes, known=known)
        self.answered = frozenset(imports or ())
        self.entry = _entry(loaded.component.exports)
        """The export that :func:`remit.run` runs; None for a library."""
        self.handler = _handler(loaded.component.exports)
        """The export that answers HTTP requests; None if there is none."""
        self.keep_codes: Callable[[], None] | None = None
        """Has the code of its calls kept for a later process."""
        self._default: ComponentInstance | None = None

    @property
    def imports(self) -> Mapping[str, ExternType]:
        """What it imports, by name, and the types."""
        return self.loaded.component.imports

    @property
    def engine_config(self) -> Config:
        return self.engine.config

    @property
    def is_command(self) -> bool:
        return self.entry is not None

    @property
    def why_no_command(self) -> str:
        there = listed(self.loaded.component.exports)
        return (
            f"{self.name} exports no wasi:cli/run of a version that Remit runs; it exports {there}: "
            "call that with remit.load(...).instantiate().exports"
        )

    @property
    def exports(self) -> Exports:
        """What it exports, to be called at once: of one instance that is granted nothing, made when this is first used.

        As :attr:`ComponentInstance.exports`; see :meth:`instantiate` for what else an instance can be given.
        """
        if self._default is None:
            self._default = self.instantiate()
            # It lives as long as this object; nobody else can close it.
            self._default.keep_open()
        return self._default.exports

    def instantiate(self, **options: Unpack[InstanceOptions]) -> ComponentInstance:
        """A new instance, to call functions of. The options are those of :meth:`remit.Program.instantiate`."""
        from remit.runtime.components.instance import ComponentInstance

        return ComponentInstance(self, **options)

    async def instantiate_async(self, **options: Unpack[InstanceOptions]) -> AsyncComponentInstance:
        """As :meth:`instantiate`; its functions are awaited, and others run while the guest waits."""
        from remit.runtime.components.instance import AsyncComponentInstance

        return await AsyncComponentInstance.create(self, **options)

    def new_world(self, grants: Grants, *, fuel: int | None, max_memory: int | None, asynchronous: bool) -> World:
        from remit.runtime.components.world import ComponentWorld

        return ComponentWorld(self, grants, fuel=fuel, max_memory=max_memory, asynchronous=asynchronous)

    def __repr__(self) -> str:
        component = self.loaded.component
        return f"<Component {self.name!r}: {len(component.imports)} imports, {len(component.exports)} exports>"


def _handler(exports: Mapping[str, ExternType]) -> str | None:
    for name, type in exports.items():
        if name.startswith(HANDLER) and isinstance(type, InstanceType):
            handle = type.exports.get("handle")
            if isinstance(handle, FuncType) and len(handle.params) == 2 and handle.result is None:
                return name
    return None


def _entry(exports: Mapping[str, ExternType]) -> str | None:
    for name, type in exports.items():
        if name.startswith(RUN) and isinstance(type, InstanceType):
            run = type.exports.get("run")
            if isinstance(run, FuncType) and not run.params and run.result == Result(None, None):
                return name
    return None
