"""``remit run --invoke`` for components: call one function, with values as text (WAVE)."""

from __future__ import annotations

from remit.binary.wording import listed
from remit.cli.invoke import takes
from remit.cli.report import CommandError, say
from remit.cli.wave_reader import parse
from remit.cli.wave_writer import written
from remit.component.type_text import text_of
from remit.component.types import Borrow, FuncType, Future, InstanceType, Own, Primitive, Result, Stream
from remit.component.values.pairing import parts
from remit.component.values.results import Err

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.component.types import ValType
    from remit.runtime.components.program import Component


def invoke(component: Component, name: str, texts: Sequence[str], options: dict[str, Any]) -> int:
    """Call the function `name` and print its result on a line; 1 if that is an ``err``.

    CommandError if there is no such function or the arguments do not fit it; whatever the call raises.
    """
    interface, label, type = _find(component, name)
    _check_has_text(label, type)
    arguments = _arguments(label, type, texts)
    with component.instantiate(**options) as instance:
        exports: Any = instance.exports[interface] if interface else instance.exports
        try:
            returned = exports[label](*arguments)
        except Err as error:
            if not isinstance(type.result, Result):
                raise
            say(written(error, type.result) + "\n")
            return 1
        if type.result is not None:
            # What a function returns of a `result` is the value in it.
            inner = type.result.ok if isinstance(type.result, Result) else type.result
            text = written(returned, inner)
            if isinstance(type.result, Result):
                text = f"ok({text})" if inner is not None else "ok"
            say(text + "\n")
    return 0


def functions_of(component: Component) -> dict[str, tuple[str, str, FuncType]]:
    """Functions that can be called from text, by full name: the interface and its label there, and the type."""
    found: dict[str, tuple[str, str, FuncType]] = {}
    for name, type in component.loaded.component.exports.items():
        if isinstance(type, FuncType) and not name.startswith("["):
            found[name] = ("", name, type)
        elif isinstance(type, InstanceType):
            for label, inner in type.exports.items():
                if isinstance(inner, FuncType) and not label.startswith("["):
                    found[f"{name}#{label}"] = (name, label, inner)
    return found


def _find(component: Component, name: str) -> tuple[str, str, FuncType]:
    functions = functions_of(component)
    if name in functions:
        return functions[name]
    alike = [full for full, (_, label, _) in functions.items() if label == name]
    if len(alike) == 1:
        return functions[alike[0]]
    if alike:
        raise CommandError(f"--invoke: {component.name} has more than one {name!r}: {listed(alike)}")
    there = f"it has {listed(functions, 'none')}"
    raise CommandError(f"--invoke: {component.name} has no function {name!r}; {there}")


def _check_has_text(name: str, type: FuncType) -> None:
    """CommandError, before anything has happened, for a function whose values cannot all be written."""
    left: list[ValType | None] = [*[each for _, each in type.params], type.result]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, (Own, Borrow, Stream, Future)):
            what = "a resource" if isinstance(each, (Own, Borrow)) else f"a {each.kind}"
            raise CommandError(
                f"--invoke: {name} is {text_of(type)}: {what} cannot be written as text; call it from Python, by "
                "remit.load(...).instantiate().exports"
            )
        left += parts(each)


def _arguments(name: str, type: FuncType, texts: Sequence[str]) -> list[Any]:
    if len(texts) != len(type.params):
        params = [f"{label}: {each.kind}" for label, each in type.params]
        raise CommandError(f"--invoke: {name} {takes(params)}, not {len(texts)}")
    values = []
    for (label, each), text in zip(type.params, texts, strict=True):
        try:
            values.append(_argument(each, text))
        except ValueError as error:
            raise CommandError(f"--invoke: argument {label} of {name}: {error}") from None
    return values


def _argument(type: ValType, text: str) -> Any:
    # A shell has its own quotes: text without quotes of WAVE's is itself.
    if isinstance(type, Primitive) and type.kind == "string" and not text.startswith('"'):
        return text
    return parse(text, type)
