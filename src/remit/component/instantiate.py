"""Instantiation: the steps of a validated component, done one after the other.

Each instance of a component gets a store of its own, so that suspended calls of two never meet in one. The core
modules inside share it, and call each other without Python in between.

Source: component-model ``Explainer.md``, "Component Invariants", and ``CanonicalABI.md``, "Canonical Definitions".
"""

from __future__ import annotations

from remit.component.abi.compiler import Compiler
from remit.component.abi.context import LiftLowerContext
from remit.component.abi.layout import UnsupportedType
from remit.component.abi.source import Codes
from remit.component.built_ins import built_in
from remit.component.handles import Resource
from remit.component.instance_state import ComponentInstance
from remit.component.instances import Component, GuestFunction, HostFunction, Instance
from remit.component.validated import (
    AliasExport,
    BindResource,
    BuiltIn,
    BundleExports,
    Capture,
    DefineComponent,
    DefineModule,
    DefineResource,
    Import,
    InstantiateComponent,
    InstantiateModule,
    Lift,
    Lower,
    Start,
)
from remit.component.wiring import Wiring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.binary.types import FuncType as CoreFuncType
    from remit.component.embedding import Embedding
    from remit.component.instances import Extern
    from remit.component.types import ResourceType
    from remit.component.validated import Bindings, CanonicalOptions, Item, Step, ValidatedComponent
    from remit.engine.api import Module, Store


class Loaded:
    """A component of a file, with what all its instances share: compiled modules and the code of its calls."""

    __slots__ = ("_compile", "_compilers", "_modules", "codes", "component")

    def __init__(
        self,
        component: ValidatedComponent,
        compile: Callable[[int, int], Module],
        codes: Codes | None = None,
    ) -> None:
        """`compile` gives the core module that lies in the file from a place to another."""
        self.component = component
        self.codes = Codes() if codes is None else codes
        """Of its calls."""
        self._compile = compile
        self._modules: dict[tuple[int, int], Any] = {}
        self._compilers: dict[int, Compiler] = {}

    def module(self, step: DefineModule) -> Any:
        """The core module, compiled when it is first wanted. InvalidModule."""
        place = (step.start, step.end)
        module = self._modules.get(place)
        if module is None:
            module = self._modules[place] = self._compile(step.start, step.end)
        return module

    def compiler(self, component: ValidatedComponent) -> Compiler:
        """Of the component or one inside it: each has types of its own."""
        compiler = self._compilers.get(id(component))
        if compiler is None:
            compiler = self._compilers[id(component)] = Compiler(codes=self.codes)
        return compiler

    def wiring(self, component: ValidatedComponent) -> Wiring:
        """Of the component or one inside it."""
        if component.wiring is None:
            component.wiring = Wiring(component)
        return component.wiring

    def instantiate(self, arguments: Mapping[str, Extern], embedding: Embedding) -> Instance:
        """An instance of the component, and those inside it. `arguments`: what it imports, by name, of the right types.

        Trap, or whatever a function of the host raises. UnsupportedType if it needs what Remit does not have.
        """
        return instantiate(self, Component(self.component), arguments, embedding, None)


def instantiate(
    loaded: Loaded,
    component: Component,
    arguments: Mapping[str, Extern],
    embedding: Embedding,
    parent: ComponentInstance | None,
) -> Instance:
    """An instance of a component of the file, inside `parent`."""
    return _Instantiation(loaded, component, arguments, embedding, parent).run()


class _HostCode:
    """A core function that is written in Python: it takes the engine's caller, then signed core values."""

    __slots__ = ("_item", "_of", "blocks", "function", "type")

    def __init__(
        self, of: _Instantiation, type: CoreFuncType, function: Callable[..., Any], *, blocks: bool = False
    ) -> None:
        self._of = of
        self._item: bytes | None = None
        self.type = type
        self.function = function
        self.blocks = blocks
        """It may return Pending."""

    @property
    def item(self) -> bytes:
        """For core instances. Many are never handed to one."""
        if self._item is None:
            self._item = self._made(self._of.embedding, self._of.store)
        return self._item

    def _made(self, embedding: Embedding, store: Store) -> bytes:
        return embedding.core_function(store, self.type, self.function, blocks=self.blocks)

    def __call__(self, *flat: Any) -> Any:
        return self.function(None, *flat)


class _NativeCode(_HostCode):
    """One that native code serves, where it can."""

    __slots__ = ("_context", "_name")

    def __init__(
        self,
        of: _Instantiation,
        type: CoreFuncType,
        function: Callable[..., Any],
        name: tuple[str, str],
        context: LiftLowerContext,
    ) -> None:
        super().__init__(of, type, function)
        self._name = name
        self._context = context

    def _made(self, embedding: Embedding, store: Store) -> bytes:
        return embedding.native_function(store, self.type, self.function, self._name, self._context)


class _Instantiation:
    def __init__(
        self,
        loaded: Loaded,
        component: Component,
        arguments: Mapping[str, Extern],
        embedding: Embedding,
        parent: ComponentInstance | None,
    ) -> None:
        self.loaded = loaded
        self.component = component.component
        self.captures = component.captures
        self.arguments = arguments
        self.embedding = embedding
        self.state = ComponentInstance(parent)
        self.compiler = loaded.compiler(self.component)
        self.wiring = loaded.wiring(self.component)
        self.slots: dict[str, list[Any]] = {sort: [None] * count for sort, count in self.component.slots.items()}
        self.resources: dict[ResourceType, Resource] = {}
        self._store: Store | None = None
        self._contexts: dict[tuple[object, ...], LiftLowerContext] = {}

    def run(self) -> Instance:
        for step in self.wiring.steps:
            _DO[type(step)](self, step)
        self.complete()
        made = Instance({item.name: self.item(item) for item in self.component.items})
        # Functions know this, and this knows them: thousands of objects that only a collector would find.
        self.slots.clear()
        return made

    def complete(self) -> None:
        """All core instances are made that the functions so far need."""
        if self._store is not None:
            self.embedding.complete(self._store)

    @property
    def store(self) -> Store:
        """Made when it is first wanted: many components hold nothing but other components."""
        if self._store is None:
            self._store = self.embedding.new_store()
        return self._store

    def item(self, item: Item) -> Any:
        if item.sort == "type":
            return None if item.resource is None else self.resources[item.resource]
        return self.slots[item.sort][item.slot]

    def bind(self, source: Any, bindings: Bindings) -> None:
        for path, resource in bindings:
            found = source
            for name in path:
                found = found.exports[name]
            self.resources[resource] = found

    def core(self, sort: str, slot: int | None) -> Any:
        """A Func, Memory, Table or Global, or a function that is written in Python."""
        if slot is None:
            return None
        found = self.slots[sort][slot]
        if found is None:
            origin = self.wiring.origin(sort, slot)
            if isinstance(origin, int):
                found = self.slots[sort][origin]
            else:
                found = self.slots["core instance"][origin[0]].export(origin[1])
            self.slots[sort][slot] = found
        return found

    def context(self, options: CanonicalOptions) -> LiftLowerContext:
        """Functions with the same options share it."""
        if options.is_async:
            raise UnsupportedType("async functions are not supported")
        key = (options.memory, options.realloc, options.string_encoding)
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = self._new_context(options)
        return context

    def _new_context(self, options: CanonicalOptions) -> LiftLowerContext:
        return LiftLowerContext(
            self.state,
            memory=self.core("core memory", options.memory),
            realloc=self.core("core func", options.realloc),
            string_encoding=options.string_encoding,
            resources=self.resources,
            conversion=self.embedding.conversion,
            wait=self.embedding.wait,
        )

    # Steps.

    def define_module(self, step: DefineModule) -> None:
        self.slots["core module"][step.slot] = self.loaded.module(step)

    def define_component(self, step: DefineComponent) -> None:
        captures = tuple([self.slots[sort][slot] for sort, slot in step.captures])
        self.slots["component"][step.slot] = Component(step.component, captures)

    def capture(self, step: Capture) -> None:
        self.slots[step.sort][step.slot] = self.captures[step.number]

    def instantiate_module(self, step: InstantiateModule) -> None:
        module = self.slots["core module"][step.module]
        plan = self.wiring.plan(step, module)
        instances = self.slots["core instance"]
        items: list[tuple[int, bytes]] = []
        if plan.codes:
            codes = self.slots["core func"]
            items = [(place, codes[slot].item) for place, slot in plan.codes]
        exports = [(instances[slot], names) for slot, names in plan.exports]
        instances[step.slot] = self.embedding.instantiate(self.store, module, items, exports)

    def define_resource(self, step: DefineResource) -> None:
        resource = Resource(self.state, name=step.resource.name)
        if step.destructor is not None:
            resource.dtor = self.core("core func", step.destructor)
        self.resources[step.resource] = resource

    def bind_resource(self, step: BindResource) -> None:
        self.resources[step.resource] = self.resources[step.source]

    def lift(self, step: Lift) -> None:
        options = step.options
        core = self.core("core func", step.function)
        post_return = self.core("core func", options.post_return)
        function = GuestFunction(step.type, self.compiler, self.context(options), core, post_return)
        self.slots["func"][step.slot] = function

    def lower(self, step: Lower) -> None:
        function = self.slots["func"][step.function]
        # Asking makes the function, which a synchronous run does when it is called.
        embedding = self.embedding
        blocks = embedding.suspends and (
            function.blocks or (embedding.all_alike and isinstance(function, HostFunction))
        )
        if blocks:
            function = embedding.called(function)
        context = self.context(step.options)
        lowered = function.lowered(step.type, self.compiler, context)
        name = function.native
        if name in embedding.native_functions and not blocks:
            code: _HostCode = _NativeCode(self, step.core_type, lowered, name, context)
        else:
            code = _HostCode(self, step.core_type, lowered, blocks=blocks)
        self.slots["core func"][step.slot] = code

    def built_in(self, step: BuiltIn) -> None:
        self.slots["core func"][step.slot] = _HostCode(
            self, step.core_type, built_in(self.state, step, self.resources, self.embedding.dropping)
        )

    def take_import(self, step: Import) -> None:
        given = self.arguments[step.name]
        if step.slot >= 0:
            self.slots[step.sort][step.slot] = given
        self.bind(given, step.resources)

    def instantiate_component(self, step: InstantiateComponent) -> None:
        component = self.slots["component"][step.component]
        arguments = {name: self.item(item) for name, item in step.arguments.items()}
        instance = instantiate(self.loaded, component, arguments, self.embedding, self.state)
        self.slots["instance"][step.slot] = instance
        self.bind(instance, step.resources)

    def bundle_exports(self, step: BundleExports) -> None:
        self.slots["instance"][step.slot] = Instance({item.name: self.item(item) for item in step.exports})

    def alias_export(self, step: AliasExport) -> None:
        self.slots[step.sort][step.slot] = self.slots["instance"][step.instance].exports[step.name]

    def start(self, step: Start) -> None:
        self.complete()
        self.slots["func"][step.function]()


_DO: dict[type[Step], Callable[[_Instantiation, Any], None]] = {
    DefineModule: _Instantiation.define_module,
    DefineComponent: _Instantiation.define_component,
    Capture: _Instantiation.capture,
    InstantiateModule: _Instantiation.instantiate_module,
    DefineResource: _Instantiation.define_resource,
    BindResource: _Instantiation.bind_resource,
    Lift: _Instantiation.lift,
    Lower: _Instantiation.lower,
    BuiltIn: _Instantiation.built_in,
    Import: _Instantiation.take_import,
    InstantiateComponent: _Instantiation.instantiate_component,
    BundleExports: _Instantiation.bundle_exports,
    AliasExport: _Instantiation.alias_export,
    Start: _Instantiation.start,
}
