"""Canonical built-ins: what they may be asked to work on, and their core types (``CanonicalABI.md``, "Canonical
Definitions")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.types import FuncType
from remit.component.substitution import root_of
from remit.component.types import Future, Stream
from remit.component.validated import BuiltIn, CanonicalOptions
from remit.component.validation.canonical import Needs, lower_params
from remit.component.validation.errors import UnsupportedFeature, ValidationError
from remit.component.validation.options import memory_slot, read_options
from remit.component.validation.scope import Scope, append, look_up
from remit.component.validation.value_types import resolve_optional, resolve_resource

# Core parameters and results of those whose type is always the same: `i` and `I` for i32 and i64.
_SIGNATURES = {
    "resource.new": "i>i",
    "resource.drop": "i>",
    "resource.rep": "i>i",
    "task.cancel": ">",
    "subtask.cancel": "i>i",
    "subtask.drop": "i>",
    "backpressure.inc": ">",
    "backpressure.dec": ">",
    "context.get": ">i",
    "context.set": "i>",
    "stream.new": ">I",
    "stream.read": "iii>i",
    "stream.write": "iii>i",
    "stream.cancel-read": "i>i",
    "stream.cancel-write": "i>i",
    "stream.drop-readable": "i>",
    "stream.drop-writable": "i>",
    "future.new": ">I",
    "future.read": "ii>i",
    "future.write": "ii>i",
    "future.cancel-read": "i>i",
    "future.cancel-write": "i>i",
    "future.drop-readable": "i>",
    "future.drop-writable": "i>",
    "error-context.new": "ii>i",
    "error-context.debug-message": "ii>",
    "error-context.drop": "i>",
    "waitable-set.new": ">i",
    "waitable-set.wait": "ii>i",
    "waitable-set.poll": "ii>i",
    "waitable-set.drop": "i>",
    "waitable.join": "ii>",
    "thread.index": ">i",
    "thread.new-indirect": "ii>i",
    "thread.resume-later": "i>",
    "thread.suspend": ">i",
    "thread.yield": ">i",
    "thread.suspend-then-resume": "i>i",
    "thread.yield-then-resume": "i>i",
    "thread.suspend-then-promote": "i>i",
    "thread.yield-then-promote": "i>i",
}
_LETTERS = {"i": "i32", "I": "i64"}
_CONTEXT_SLOTS = 2
"""Of ``context.get`` and ``context.set``."""


def add_built_in(scope: Scope, node: syntax.BuiltIn) -> None:
    step = BuiltIn(-1, node.name, FuncType((), ()))
    step.flag = node.flag
    family, _, verb = node.name.partition(".")
    if node.name == "task.return":
        step.core_type = _task_return(scope, node, step)
    else:
        params, results = _SIGNATURES[node.name].split(">")
        step.core_type = FuncType(tuple([_LETTERS[it] for it in params]), tuple([_LETTERS[it] for it in results]))
    if family == "resource":
        resource = resolve_resource(scope, node.index, node.offset)
        if verb != "drop" and root_of(resource) not in scope.defined_resources:
            raise ValidationError(f"type index {node.index} is not a local resource", node.offset)
        step.resource = root_of(resource)
    elif family in ("stream", "future"):
        _stream_or_future(scope, node, step, family, verb)
    elif family == "error-context" and verb != "drop":
        step.options = read_options(scope, node.options, ("string-encoding", "memory", "realloc"), node.name)
        needs = Needs()
        needs.memory = True
        needs.realloc = verb == "debug-message"
        needs.check(step.options, node.offset)
    elif family == "context":
        if node.value_type == "i64":
            raise UnsupportedFeature("a context slot of 64 bits (memory64)", node.offset)
        if node.value_type != "i32" or node.immediate >= _CONTEXT_SLOTS:
            problem = f"{node.name} of {node.value_type} {node.immediate}: there are {_CONTEXT_SLOTS} slots of i32"
            raise ValidationError(problem, node.offset)
        step.immediate = node.immediate
    elif node.name in ("waitable-set.wait", "waitable-set.poll"):
        step.memory = memory_slot(scope, node.index, node.offset)
    elif node.name == "thread.new-indirect":
        step.table = _thread_table(scope, node)
    step.slot = scope.slot("core func")
    scope.step(step, node.offset)
    append(scope.core_funcs, (step.core_type, step.slot), "core function", node.offset)


def _task_return(scope: Scope, node: syntax.BuiltIn, step: BuiltIn) -> FuncType:
    result = resolve_optional(scope, node.result, node.offset)
    options = read_options(scope, node.options, ("string-encoding", "memory"), node.name)
    needs = Needs()
    params = lower_params(scope, [] if result is None else [result], CanonicalOptions(), needs)
    needs.check(options, node.offset)
    step.options = options
    step.type = None if result is None else scope.shared.resolution.value(result)
    return FuncType(params, ())


def _stream_or_future(scope: Scope, node: syntax.BuiltIn, step: BuiltIn, family: str, verb: str) -> None:
    type = look_up(scope.types, node.index, "type", node.offset)
    if not isinstance(type, Stream if family == "stream" else Future):
        raise ValidationError(f"type index {node.index} is not a {family} type", node.offset)
    assert isinstance(type, (Stream, Future))
    step.type = scope.shared.resolution.value(type)
    if verb in ("read", "write"):
        step.options = read_options(scope, node.options, ("string-encoding", "memory", "realloc", "async"), node.name)
        needs = Needs()
        if type.element is not None:
            needs.memory = True
            needs.realloc = verb == "read" and scope.shared.facts.of(type.element).has_pointer
        needs.check(step.options, node.offset)


def _thread_table(scope: Scope, node: syntax.BuiltIn) -> int:
    type = look_up(scope.core_types, node.index, "core type", node.offset)
    if not isinstance(type, FuncType) or type.params != ("i32",) or type.results:
        raise ValidationError("the start function of a thread must take an i32 and return nothing", node.offset)
    table, slot = look_up(scope.core_tables, node.immediate, "table", node.offset)
    if table.is_64:
        raise UnsupportedFeature("a table of 64 bits (memory64)", node.offset)
    if table.element != "funcref":
        raise ValidationError(f"a table of {table.element} where one of funcref is needed", node.offset)
    return slot
