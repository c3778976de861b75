"""The contract of a validated component: what an instantiator may rely on, checked on every example."""

from __future__ import annotations

import pickle
from collections.abc import Iterable

import pytest

from component.validation import examples
from component.validation.judge import valid
from remit.component import types, validated
from remit.component.validated import Item, Step, ValidatedComponent
from remit.component.validation.component import validate_component
from remit.component.validation.visibility import parts_of
from wat import wat


class Walk:
    """Goes through the steps as an instantiator would, and asserts that all that they use is there."""

    def __init__(self, component: ValidatedComponent, captures: tuple[tuple[str, int], ...] = ()) -> None:
        self.component = component
        self.captures = captures
        self.filled: dict[str, int] = {}
        self.bound: set[types.ResourceType] = set()
        for step in component.steps:
            self.step(step)
        assert self.filled == component.slots
        self.items(component.items)
        assert [item.name for item in component.items] == list(component.exports)

    def fill(self, sort: str, slot: int) -> None:
        assert slot == self.filled.get(sort, 0), f"{sort} {slot} out of order"
        self.filled[sort] = slot + 1

    def use(self, sort: str, slot: int | None) -> None:
        assert slot is None or 0 <= slot < self.filled.get(sort, 0), f"{sort} {slot} used before it is there"

    def items(self, items: Iterable[Item]) -> None:
        for item in items:
            if item.sort == "type":
                assert item.slot == -1
                assert item.resource is None or item.resource in self.bound
            else:
                self.use(item.sort, item.slot)

    def bind(self, resources: validated.Bindings) -> None:
        for _, resource in resources:
            assert resource not in self.bound
            self.bound.add(resource)

    def value(self, type: types.ValType) -> None:
        if isinstance(type, types.Own | types.Borrow):
            assert type.resource in self.bound
        for part in parts_of(type):
            self.value(part)

    def func(self, type: types.FuncType) -> None:
        for _, param in type.params:
            self.value(param)
        if type.result is not None:
            self.value(type.result)

    def options(self, options: validated.CanonicalOptions | None) -> None:
        if options is not None:
            self.use("core memory", options.memory)
            for slot in (options.realloc, options.post_return, options.callback):
                self.use("core func", slot)

    def step(self, step: Step) -> None:
        assert step.offset > 0
        if isinstance(step, validated.DefineModule):
            self.fill("core module", step.slot)
        elif isinstance(step, validated.DefineComponent):
            for sort, slot in step.captures:
                self.use(sort, slot)
            Walk(step.component, step.captures)
            self.fill("component", step.slot)
        elif isinstance(step, validated.Capture):
            assert self.captures[step.number][0] == step.sort
            self.fill(step.sort, step.slot)
        elif isinstance(step, validated.InstantiateModule):
            self.use("core module", step.module)
            for slot in step.arguments.values():
                self.use("core instance", slot)
            self.fill("core instance", step.slot)
        elif isinstance(step, validated.BundleCoreExports):
            self.items(step.exports)
            self.fill("core instance", step.slot)
        elif isinstance(step, validated.AliasCoreExport):
            self.use("core instance", step.instance)
            self.fill(step.sort, step.slot)
        elif isinstance(step, validated.AliasExport):
            self.use("instance", step.instance)
            self.fill(step.sort, step.slot)
        elif isinstance(step, validated.DefineResource):
            self.use("core func", step.destructor)
            self.bind((((), step.resource),))
        elif isinstance(step, validated.BindResource):
            assert step.source in self.bound
            self.bind((((), step.resource),))
        elif isinstance(step, validated.Import):
            assert step.name in self.component.imports
            if step.sort != "type":
                self.fill(step.sort, step.slot)
            self.bind(step.resources)
        elif isinstance(step, validated.InstantiateComponent):
            self.use("component", step.component)
            self.items(step.arguments.values())
            self.fill("instance", step.slot)
            self.bind(step.resources)
        elif isinstance(step, validated.BundleExports):
            self.items(step.exports)
            self.fill("instance", step.slot)
        else:
            self.canonical(step)

    def canonical(self, step: Step) -> None:
        if isinstance(step, validated.Lift):
            self.use("core func", step.function)
            self.func(step.type)
            self.options(step.options)
            self.fill("func", step.slot)
        elif isinstance(step, validated.Lower):
            self.use("func", step.function)
            self.func(step.type)
            self.options(step.options)
            self.fill("core func", step.slot)
        elif isinstance(step, validated.BuiltIn):
            assert step.resource is None or step.resource in self.bound
            if step.type is not None:
                self.value(step.type)
            self.options(step.options)
            self.use("core memory", step.memory)
            self.use("core table", step.table)
            self.fill("core func", step.slot)
        else:
            assert isinstance(step, validated.Start)
            self.use("func", step.function)


@pytest.mark.parametrize("name", examples.ALL)
def test_what_steps_use_is_there(name: str) -> None:
    Walk(validate_component(wat(examples.ALL[name])))


@pytest.mark.parametrize("name", examples.ALL)
def test_names_of_resource_types_do_not_leave_validation(name: str) -> None:
    data = wat(examples.ALL[name])
    assert b"ResourceAlias" not in pickle.dumps(validate_component(data))


def test_a_memoryview_will_do() -> None:
    data = wat(examples.STRINGS)
    component = validate_component(memoryview(data))
    assert list(component.exports) == ["greet"]
    [module, _] = [step for step in component.steps if isinstance(step, validated.DefineModule)]
    assert data[module.start : module.start + 4] == b"\0asm"
    assert module.info is not None
    assert module.info.size == module.end - module.start


def test_custom_sections_are_known() -> None:
    component = validate_component(wat("(component $named)"))
    assert [name for name, _, _ in component.custom_sections] == ["component-name"]


def test_types_of_imports_and_exports_are_shared_by_identity() -> None:
    """A value type's name is found by the identity of the type that the instance exports."""
    component = valid(
        """(import "i" (instance $i (type $t (record (field "x" u8))) (export "t" (type $u (eq $t)))
             (export "f" (func (result (list $u))))))
           (export "j" (instance $i))"""
    )
    for side in (component.imports["i"], component.exports["j"]):
        assert isinstance(side, types.InstanceType)
        bound, function = side.exports["t"], side.exports["f"]
        assert isinstance(bound, types.TypeBound)
        assert isinstance(function, types.FuncType)
        assert isinstance(function.result, types.List)
        assert function.result.element is bound.type
