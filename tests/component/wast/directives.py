"""What becomes of the directives of a test script that need no instance: is a component accepted, or refused?"""

from __future__ import annotations

from enum import Enum

from component.wast.script import Form, parse_script, string_bytes
from remit.binary.component.reading import UnsupportedFeature as UnsupportedSyntax
from remit.binary.reader import BinaryError
from remit.component.validated import DefineComponent, DefineModule, ValidatedComponent
from remit.component.validation.component import validate_component
from remit.component.validation.errors import UnsupportedFeature, ValidationError
from remit.engine.api import InvalidModule
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
    return [_run(script, form) for form in parse_script(script)]


def _run(script: str, form: Form) -> Outcome:
    if form.head == "component" and form.items[1:2] != ["instance"]:
        return _expect_valid(script, form)
    if form.head in ("assert_invalid", "assert_malformed"):
        return _expect_refusal(script, form)
    return Outcome(form, Verdict.SKIPPED)


def _expect_valid(script: str, form: Form) -> Outcome:
    try:
        check(binary(script, form))
    except TextError as error:
        return Outcome(form, Verdict.TEXT, str(error))
    except (UnsupportedFeature, UnsupportedSyntax) as error:
        return Outcome(form, Verdict.UNSUPPORTED, error.feature)
    except (BinaryError, ValidationError, InvalidModule) as error:
        return Outcome(form, Verdict.FAILED, str(error))
    return Outcome(form, Verdict.PASSED)


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


def check(data: bytes) -> None:
    """As loading does: Remit judges the component, and the engine the code of its modules."""
    _compile(data, validate_component(data))


def _compile(data: bytes, component: ValidatedComponent) -> None:
    for step in component.steps:
        if isinstance(step, DefineModule):
            _engine.compile(data[step.start : step.end])
        elif isinstance(step, DefineComponent):
            _compile(data, step.component)
