"""What ``remit inspect --wit`` prints is WIT for another tool, too, which makes a component of the same types of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from python_guests import component_file
from remit.component.subtyping import Matcher
from remit.component.types import ComponentType, ExternType, InstanceType, TypeBound
from remit.component.validation.component import validate_component
from remit.component.wit_text import world_text
from tools.guests import jco, js_components

EXAMPLES = Path(__file__).parents[2] / "examples"


def type_of(path: Path) -> ComponentType:
    """Its functions and resource types. Of other types, which are what they are, jco drops names that nobody uses."""
    type = validate_component(path.read_bytes()).type
    return ComponentType(*[{name: kept(each) for name, each in side.items()} for side in (type.imports, type.exports)])


def kept(type: ExternType) -> ExternType:
    if not isinstance(type, InstanceType):
        return type
    return InstanceType(
        {name: each for name, each in type.exports.items() if not isinstance(each, TypeBound) or each.fresh}
    )


@pytest.mark.parametrize("name", ["words", "hello", "script", "http"])
def test_there_and_back(name: str, tmp_path: Path) -> None:
    reason = js_components.available()  # the same tools
    if reason is not None:
        if os.environ.get("CI") == "true" and "npm" not in reason:
            pytest.fail(reason)
        pytest.skip(reason)
    paths = {"words": EXAMPLES / "words" / "words.wasm", "hello": EXAMPLES / "hello_http" / "hello.wasm"}
    path = paths.get(name) or component_file(name)
    wit, made = tmp_path / "world.wit", tmp_path / "made.wasm"
    wit.write_text(world_text(validate_component(path.read_bytes()).type))
    jco.dummy(wit, "root", made)
    one, other = type_of(path), type_of(made)
    Matcher().match(one, other)
    Matcher().match(other, one)
