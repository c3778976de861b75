"""Components as text, for tests of what is valid."""

from __future__ import annotations

import pytest

from remit.component.validated import Step, ValidatedComponent
from remit.component.validation.component import validate_component
from remit.component.validation.errors import ValidationError
from wat import wat


def valid(text: str) -> ValidatedComponent:
    """The component with this inside."""
    return validate_component(wat(f"(component {text})"))


def invalid(text: str, problem: str) -> ValidationError:
    """Why the component with this inside is refused; `problem` is part of it."""
    data = wat(f"(component {text})")
    with pytest.raises(ValidationError) as caught:
        validate_component(data)
    assert problem in caught.value.problem
    assert 8 <= caught.value.offset < len(data)
    return caught.value


def steps_of(component: ValidatedComponent, kind: type[Step]) -> list[Step]:
    return [step for step in component.steps if type(step) is kind]
