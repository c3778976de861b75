"""Core modules, their types, and core instances (``Binary.md``, "Instance Definitions", "Type Definitions")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.module import decode_module
from remit.binary.reader import BinaryError, quoted
from remit.binary.types import PAGE, FuncType, MemoryType, TableType, TagType
from remit.component.core_subtyping import core_mismatch
from remit.component.types import ModuleType
from remit.component.validated import BundleCoreExports, DefineModule, InstantiateModule, Item
from remit.component.validation.aliases import outer_core_type
from remit.component.validation.errors import UnsupportedFeature, ValidationError
from remit.component.validation.scope import Scope, append, look_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.types import ExternType
    from remit.component.validation.scope import CoreInstance, CoreType


def add_module(scope: Scope, node: syntax.CoreModule) -> None:
    """Its outside is decoded; its code is the engine's to judge, when it compiles it."""
    try:
        info = decode_module(memoryview(scope.shared.data)[node.offset : node.end])
    except BinaryError as error:
        raise BinaryError(f"core module: {error.problem}", node.offset + error.offset) from None
    imports: dict[tuple[str, str], ExternType] = {}
    for each in info.imports:
        _add_core_import(imports, each.module, each.name, each.type, node.offset)
    type = ModuleType(imports, {export.name: export.type for export in info.exports})
    slot = scope.slot("core module")
    scope.step(DefineModule(slot, node.offset, node.end, info), node.offset)
    append(scope.modules, (type, slot), "core module", node.offset)


def _add_core_import(
    imports: dict[tuple[str, str], ExternType], module: str, name: str, type: ExternType, offset: int
) -> None:
    if (module, name) in imports:
        raise ValidationError(f"duplicate import name {quoted(f'{module}:{name}')} of a core module", offset)
    imports[module, name] = type


def add_core_types(scope: Scope, node: syntax.CoreTypeDefinition | syntax.CoreModuleType) -> None:
    if isinstance(node, syntax.CoreTypeDefinition):
        for type in node.types:
            append(scope.core_types, type, "type", node.offset)
    else:
        append(scope.core_types, _module_type(scope, node), "type", node.offset)


def _module_type(scope: Scope, node: syntax.CoreModuleType) -> ModuleType:
    types: list[CoreType] = []
    imports: dict[tuple[str, str], ExternType] = {}
    exports: dict[str, ExternType] = {}
    for each in node.declarations:
        if isinstance(each, syntax.CoreTypeDefinition):
            types += each.types
        elif isinstance(each, syntax.AliasOuter):
            inside = each.count == 0
            types.append(
                look_up(types, each.index, "core type", each.offset) if inside else outer_core_type(scope, each)
            )
        elif isinstance(each, syntax.CoreImport):
            _add_core_import(imports, each.module, each.name, _extern_type(types, each.type), each.offset)
        elif isinstance(each, syntax.CoreExport):
            if each.name in exports:
                raise ValidationError(f"export name {quoted(each.name)} already defined", each.offset)
            exports[each.name] = _extern_type(types, each.type)
    return ModuleType(imports, exports)


def _extern_type(types: list[CoreType], ref: syntax.CoreExternRef) -> ExternType:
    if ref.type is not None:
        _check_limits(ref.type, ref.offset)
        return ref.type
    type = look_up(types, ref.index, "type", ref.offset)
    if not isinstance(type, FuncType):
        raise ValidationError(f"core type index {ref.index} is not a function type", ref.offset)
    if ref.kind == "func":
        return type
    if type.results:
        raise ValidationError("a tag's type must have no results", ref.offset)
    return TagType(type.params, type.results)


def _check_limits(type: ExternType, offset: int) -> None:
    if not isinstance(type, (MemoryType, TableType)):
        return
    if type.maximum is not None and type.minimum > type.maximum:
        raise ValidationError(f"a {type.kind}'s minimum size must not be greater than its maximum", offset)
    if isinstance(type, MemoryType):
        most = (1 << (64 if type.is_64 else 32)) // type.page_size
        if max(type.minimum, type.maximum or 0) > most:
            raise ValidationError(f"memory size must be at most {most} pages", offset)
        if type.shared and type.maximum is None:
            raise ValidationError("a shared memory must have a maximum size", offset)
        if type.page_size not in (1, PAGE):
            raise UnsupportedFeature(f"a memory with pages of {type.page_size} bytes", offset)


def instantiate_module(scope: Scope, node: syntax.CoreInstantiate) -> None:
    module, module_slot = look_up(scope.modules, node.module, "module", node.offset)
    arguments: dict[str, CoreInstance] = {}
    slots: dict[str, int] = {}
    for each in node.arguments:
        if each.name in arguments:
            problem = f"duplicate module instantiation argument named {quoted(each.name)}"
            raise ValidationError(problem, each.offset)
        arguments[each.name], slots[each.name] = look_up(scope.core_instances, each.index, "core instance", each.offset)
    scope.shared.effort.spend(len(module.imports))
    for (name, field), type in module.imports.items():
        instance = arguments.get(name)
        if instance is None:
            problem = f"missing module instantiation argument named {quoted(name)}"
            raise ValidationError(problem, node.offset)
        export = instance.get(field)
        if export is None:
            problem = f"module instantiation argument {quoted(name)} does not export an item named {quoted(field)}"
            raise ValidationError(problem, node.offset)
        mismatch = core_mismatch(export, type)
        if mismatch:
            problem = f"type mismatch for export {quoted(field)} of module instantiation argument {quoted(name)}"
            raise ValidationError(f"{problem}: {mismatch}", node.offset)
    slot = scope.slot("core instance")
    scope.step(InstantiateModule(slot, module_slot, slots), node.offset)
    append(scope.core_instances, (module.exports, slot), "core instance", node.offset)


def bundle_core_exports(scope: Scope, node: syntax.CoreInlineExports) -> None:
    exports: dict[str, ExternType] = {}
    items = []
    for each in node.exports:
        if each.name in exports:
            raise ValidationError(f"export name {quoted(each.name)} already defined", each.offset)
        exports[each.name], slot = _core_definition(scope, each)
        items.append(Item(each.name, each.sort, slot))
    slot = scope.slot("core instance")
    scope.step(BundleCoreExports(slot, tuple(items)), node.offset)
    append(scope.core_instances, (exports, slot), "core instance", node.offset)


def _core_definition(scope: Scope, node: syntax.Named) -> tuple[ExternType, int]:
    if node.sort == "core func":
        return look_up(scope.core_funcs, node.index, "core function", node.offset)
    if node.sort == "core table":
        return look_up(scope.core_tables, node.index, "core table", node.offset)
    if node.sort == "core memory":
        return look_up(scope.core_memories, node.index, "core memory", node.offset)
    if node.sort == "core global":
        return look_up(scope.core_globals, node.index, "core global", node.offset)
    if node.sort == "core tag":
        return look_up(scope.core_tags, node.index, "core tag", node.offset)
    raise ValidationError(f"a core instance cannot export a {node.sort}", node.offset)
