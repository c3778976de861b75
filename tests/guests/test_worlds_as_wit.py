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


def skip_without_tools() -> None:
    reason = js_components.available()  # the same tools
    if reason is not None:
        if os.environ.get("CI") == "true" and "npm" not in reason:
            pytest.fail(reason)
        pytest.skip(reason)


OTHER_NAMES = """package t:w@1.0.0;
interface types {
  enum error-code { a, b }
  record point { x: u32, code: error-code }
  flags rights { r, w }
  resource thing { get: func() -> u32; }
  variant shape { dot(point), held(thing), none }
  f: func(c: error-code, s: shape, r: rights) -> point;
}
interface user {
  use types.{error-code as code, point as place, rights as permits, thing as item, shape as form};
  g: func(c: code, p: place, r: permits, i: borrow<item>, f: form) -> result<place, code>;
}
interface third {
  use user.{code as last-code, form};
  enum error-code { a, b }
  h: func(c: last-code, f: form, e: error-code) -> list<last-code>;
}
world imports { import user; import third; use types.{error-code as mine}; import q: func(c: mine) -> list<mine>; }
world exports { export third; export user; export types; }
world mixed { import types; export user; export third; }
world twice { import user; export types; export user; export third; }
"""


@pytest.mark.parametrize("world", ["imports", "exports", "mixed", "twice"])
def test_types_by_other_names(world: str, tmp_path: Path) -> None:
    skip_without_tools()
    wit, component, made = tmp_path / "world.wit", tmp_path / "component.wasm", tmp_path / "made.wasm"
    wit.write_text(OTHER_NAMES)
    jco.dummy(wit, world, component)
    text = world_text(validate_component(component.read_bytes()).type)
    used = "use types.{error-code as code, point as place, rights as permits, thing as item, shape as form};"
    assert used in text
    assert "use types.{error-code as last-code, shape as form};" in text
    assert text.count("enum error-code {") == 2
    wit.write_text(text)
    jco.dummy(wit, "root", made)
    again = world_text(validate_component(made.read_bytes()).type)
    # Types come in another order, and a world that is written out imports what its interfaces use.
    assert sorted(again.splitlines()) == sorted(text.splitlines())


@pytest.mark.parametrize("name", ["words", "hello", "script", "http"])
def test_there_and_back(name: str, tmp_path: Path) -> None:
    skip_without_tools()
    paths = {"words": EXAMPLES / "words" / "words.wasm", "hello": EXAMPLES / "hello_http" / "hello.wasm"}
    path = paths.get(name) or component_file(name)
    wit, made = tmp_path / "world.wit", tmp_path / "made.wasm"
    wit.write_text(world_text(validate_component(path.read_bytes()).type))
    jco.dummy(wit, "root", made)
    one, other = type_of(path), type_of(made)
    Matcher().match(one, other)
    Matcher().match(other, one)
