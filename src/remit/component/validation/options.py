"""Canonical options (``CanonicalABI.md``, "canonopt Validation")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.types import PAGE
from remit.component.validated import CanonicalOptions
from remit.component.validation.errors import UnsupportedFeature, ValidationError, shown
from remit.component.validation.scope import Scope, look_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.types import FuncType

REALLOC = (("i32", "i32", "i32", "i32"), ("i32",))
CALLBACK = (("i32", "i32", "i32"), ("i32",))


def read_options(scope: Scope, nodes: list[syntax.Option], allowed: tuple[str, ...], what: str) -> CanonicalOptions:
    """The options, of which `what` takes those that are allowed; each at most once, and none without what it needs."""
    options = CanonicalOptions()
    seen: dict[str, str] = {}
    for node in nodes:
        keyword, _, value = node.keyword.partition("=")
        if keyword not in allowed:
            raise ValidationError(f"canonical option `{keyword}` cannot be specified for {what}", node.offset)
        if keyword in seen:
            if value:
                problem = f"canonical encoding option `{seen[keyword]}` conflicts with option `{value}`"
                raise ValidationError(problem, node.offset)
            raise ValidationError(f"canonical option `{keyword}` is specified more than once", node.offset)
        seen[keyword] = value
        _set_option(scope, options, node, keyword, value)
    offset = nodes[0].offset if nodes else 0
    if options.realloc is not None and options.memory is None:
        raise ValidationError("canonical option `realloc` requires `memory` to also be specified", offset)
    if options.callback is not None and not options.is_async:
        raise ValidationError("canonical option `callback` requires the `async` option", offset)
    if options.post_return is not None and options.is_async:
        raise ValidationError("canonical option `post-return` cannot be specified together with `async`", offset)
    return options


def _set_option(scope: Scope, options: CanonicalOptions, node: syntax.Option, keyword: str, value: str) -> None:
    if keyword == "string-encoding":
        options.string_encoding = value
    elif keyword == "async":
        options.is_async = True
    elif keyword == "memory":
        options.memory = memory_slot(scope, node.index or 0, node.offset)
    else:
        type, slot = look_up(scope.core_funcs, node.index or 0, "core function", node.offset)
        if keyword == "realloc":
            _check_signature(type, REALLOC, keyword, node.offset)
            options.realloc = slot
        elif keyword == "callback":
            _check_signature(type, CALLBACK, keyword, node.offset)
            options.callback = slot
        else:
            options.post_return = slot


def memory_slot(scope: Scope, index: int, offset: int) -> int:
    type, slot = look_up(scope.core_memories, index, "memory", offset)
    if type.is_64:
        raise UnsupportedFeature("a memory of 64 bits as canonical option (memory64)", offset)
    if type.shared or type.page_size != PAGE:
        raise ValidationError(f"canonical option `memory` cannot be a memory of {type}", offset)
    return slot


def _check_signature(
    type: FuncType, expected: tuple[tuple[str, ...], tuple[str, ...]], keyword: str, offset: int
) -> None:
    if (type.params, type.results) != expected:
        problem = f"canonical option `{keyword}` uses a core function with an incorrect signature: {shown(type)}"
        raise ValidationError(problem, offset)
