"""What becomes of the directives of a test script: is a component accepted or refused, and what do its functions do?"""

from __future__ import annotations

from enum import Enum
from typing import Any

from component.wast.constants import constant, same
from component.wast.script import Form, parse_script, string_bytes
from remit.binary.component.reading import UnsupportedFeature as UnsupportedSyntax
from remit.binary.reader import BinaryError
from remit.component.abi.layout import UnsupportedType
from remit.component.embedding import Embedding
from remit.component.instances import GuestFunction, Instance
from remit.component.instantiate import Loaded
from remit.component.types import ValType
from remit.component.validated import DefineComponent, DefineModule, ValidatedComponent
from remit.component.validation.component import validate_component
from remit.component.validation.errors import UnsupportedFeature, ValidationError
from remit.component.values.classes import Classes
from remit.engine.api import InvalidModule, LinkError, Trap
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import Engine
from wat import wat


class Verdict(Enum):
    PASSED = "as the script says"
    FAILED = "not as the script says"
    UNSUPPORTED = "refused by name: a feature that Remit does not have"
    TEXT = "refused by the text parser, before Remit sees it"
    SKIPPED = "needs an instance"


class Outcome:
    """Of one directive."""

    def __init__(self, form: Form, verdict: Verdict, detail: str = "") -> None:
        self.line = form.line
        self.directive = form.head
        self.verdict = verdict
        self.detail = detail

    def __repr__(self) -> str:
        return f"line {self.line}: {self.directive}: {self.verdict.value}: {self.detail}"


def run_script(script: str) -> list[Outcome]:
    run = _Run(script)
    return [run.directive(form) for form in parse_script(script)]


class _NotMadeError(Exception):
    """What a directive is about was refused before."""


class _Run:
    """One script: the definitions and instances that it has made so far."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.definitions: dict[str, Loaded] = {}
        self.instances: dict[str, Instance] = {}
        self.last_definition: Loaded | None = None
        self.last_instance: Instance | None = None

    def directive(self, form: Form) -> Outcome:
        if form.head in ("assert_invalid", "assert_malformed"):
            return _expect_refusal(self.script, form)
        try:
            if form.head == "component":
                return self._component(form)
            return self._assertion(form)
        except TextError as error:
            return Outcome(form, Verdict.TEXT, str(error))
        except (UnsupportedFeature, UnsupportedSyntax) as error:
            return Outcome(form, Verdict.UNSUPPORTED, error.feature)
        except (UnsupportedType, _NotMadeError) as error:
            return Outcome(form, Verdict.UNSUPPORTED, str(error))
        except (BinaryError, ValidationError, InvalidModule, LinkError, Trap) as error:
            return Outcome(form, Verdict.FAILED, str(error))

    def _component(self, form: Form) -> Outcome:
        self.last_instance = None
        names = [item for item in form.items[1:] if isinstance(item, str) and item.startswith("$")]
        if form.items[1:2] == ["instance"]:
            loaded = self.definitions.get(names[1]) if len(names) > 1 else self.last_definition
            if loaded is None:
                raise _NotMadeError("its definition was refused")
            self._instantiate(loaded, names[0] if names else None)
            return Outcome(form, Verdict.PASSED)
        loaded = self._load(form)
        if form.items[1:2] == ["definition"]:
            self.last_definition = loaded
            if names:
                self.definitions[names[0]] = loaded
        elif loaded.component.imports.keys() <= self.instances.keys():
            self._instantiate(loaded, names[0] if names else None)
        return Outcome(form, Verdict.PASSED)

    def _load(self, form: Form) -> Loaded:
        data = binary(self.script, form)
        component = validate_component(data)
        _compile(data, component)
        return Loaded(component, lambda start, end: _engine.compile(data[start:end]))

    def _instantiate(self, loaded: Loaded, name: str | None) -> Instance:
        arguments: dict[str, Any] = {each: self.instances[each] for each in loaded.component.imports}
        instance = loaded.instantiate(arguments, Embedding(_engine.store))
        self.last_instance = instance
        if name is not None:
            self.instances[name] = instance
        return instance

    def _assertion(self, form: Form) -> Outcome:
        action = form.items[1] if form.head != "invoke" else form
        assert isinstance(action, Form)
        if form.head == "assert_trap":
            message = string_bytes(str(form.items[2])).decode()
            try:
                if action.head == "component":
                    self._instantiate(self._load(action), None)
                else:
                    self._invoke(action)
            except Trap as trap:
                return Outcome(form, Verdict.PASSED, f"{message}: {trap.message}")
            return Outcome(form, Verdict.FAILED, f"no trap, expected {message}")
        found, result, classes = self._invoke(action)
        if form.head == "invoke":
            return Outcome(form, Verdict.PASSED)
        wanted = constant(classes, form.items[2], result) if form.items[2:] else None  # type: ignore[arg-type]  # a form
        verdict = Verdict.PASSED if same(found, wanted) else Verdict.FAILED
        return Outcome(form, verdict, f"{found!r}, expected {wanted!r}")

    def _invoke(self, form: Form) -> tuple[Any, ValType | None, Classes]:
        items = form.items[1:]
        instance = self.last_instance
        if isinstance(items[0], str) and items[0].startswith("$"):
            instance = self.instances[str(items.pop(0))]
        if instance is None:
            raise _NotMadeError("there is no instance, as a component before was refused")
        function = instance.exports[string_bytes(str(items[0])).decode()]
        assert isinstance(function, GuestFunction)
        params = function.type.params
        arguments = [constant(function.classes, each, type) for each, (_, type) in zip(items[1:], params, strict=True)]  # type: ignore[arg-type]  # forms
        return function(*arguments), function.type.result, function.classes


def _expect_refusal(script: str, form: Form) -> Outcome:
    component, message = form.items[1:3]
    assert isinstance(component, Form)
    try:
        check(binary(script, component))
    except TextError as error:
        return Outcome(form, Verdict.TEXT, str(error))
    except (UnsupportedFeature, UnsupportedSyntax) as error:
        return Outcome(form, Verdict.UNSUPPORTED, error.feature)
    except (BinaryError, ValidationError, InvalidModule) as error:
        return Outcome(form, Verdict.PASSED, str(error))
    return Outcome(form, Verdict.FAILED, f"accepted, expected {message}")


class TextError(ValueError):
    """The text parser refuses."""


def binary(script: str, form: Form) -> bytes:
    """A ``component`` or ``component definition`` form, as bytes."""
    items = form.items[1:]
    if items[:1] == ["definition"]:
        items = items[1:]
    if items and isinstance(items[0], str) and items[0].startswith("$"):
        items = items[1:]
    strings = b"".join([string_bytes(item) for item in items[1:] if isinstance(item, str)])
    if items[:1] == ["binary"]:
        return strings
    text = f"(component {strings.decode()})" if items[:1] == ["quote"] else form.text(script)
    try:
        return wat(text.replace("component definition", "component", 1))
    except ValueError as error:
        raise TextError(str(error).splitlines()[0]) from None


_engine = Engine(Config())
ENGINE: Any = _engine
"""Protocols do not say that each engine's own classes go together."""


def check(data: bytes) -> None:
    """As loading does: Remit judges the component, and the engine the code of its modules."""
    _compile(data, validate_component(data))


def _compile(data: bytes, component: ValidatedComponent) -> None:
    for step in component.steps:
        if isinstance(step, DefineModule):
            _engine.compile(data[step.start : step.end])
        elif isinstance(step, DefineComponent):
            _compile(data, step.component)
