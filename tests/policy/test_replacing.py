"""Python objects that answer interfaces: named by remits, and imported when they are needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from remit.policy.remit import Remit
from remit.policy.remit_values import RemitError

CODE = """
import sys
sys.modules["was_imported"] = sys

class Fixed:
    def now(self):
        return 5

class Needs:
    def __init__(self, what):
        pass

fixed = Fixed()
function = fixed.now
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "some_objects.py"
    path.write_text(CODE)
    before = {*sys.modules}
    yield path
    for name in {*sys.modules} - before:
        del sys.modules[name]


def remit(reference: str, name: str = "a:b/c") -> Remit:
    return Remit.from_toml(f'\n[interfaces]\n"{name}" = "{reference}"\n', name="x.toml")


@pytest.mark.usefixtures("module")
def test_nothing_is_imported_before_it_is_needed(tmp_path: Path) -> None:
    given = remit("some_objects:Fixed")
    given.save(tmp_path / "remit.toml")
    assert Remit.load(tmp_path / "remit.toml").changed() == given.based_on(str(tmp_path))
    assert "some_objects:Fixed" in repr(given)
    assert "some_objects" not in sys.modules
    assert given.imports()["a:b/c"].now() == 5
    assert "was_imported" in sys.modules


@pytest.mark.usefixtures("module")
def test_objects_classes_and_functions() -> None:
    for reference in ("some_objects:Fixed", "some_objects:fixed"):
        assert remit(reference).imports()["a:b/c"].now() == 5
    two = Remit(replaced_interfaces={"a:b/c#x": "some_objects:function", "a:b/c#y": "some_objects:fixed.now"})
    assert [*two.imports()] == ["a:b/c"]
    assert [each() for each in two.imports()["a:b/c"].values()] == [5, 5]


@pytest.mark.parametrize(
    ("reference", "name", "message"),
    [
        ("no_such_module:x", "a:b/c", "there is no module no_such_module: PYTHONPATH says where to look for it"),
        ("some_objects.below:x", "a:b/c", "there is no module some_objects.below"),
        ("some_objects:Fxed", "a:b/c", "some_objects has no Fxed; did you mean Fixed?"),
        ("some_objects:fixed.then", "a:b/c", "some_objects.fixed has no then"),
        ("some_objects:Needs", "a:b/c", "some_objects:Needs() failed: TypeError: "),
        ("some_objects:fixed", "a:b/c#now", "some_objects:fixed is <some_objects.Fixed object"),
    ],
)
@pytest.mark.usefixtures("module")
def test_what_is_not_there(reference: str, name: str, message: str) -> None:
    with pytest.raises(RemitError) as caught:
        remit(reference, name).imports()
    assert str(caught.value).startswith(f"x.toml:3: {name}: {message}")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import no_such_thing", "importing some_objects failed: No module named 'no_such_thing'"),
        ("1 / 0", "importing some_objects failed: ZeroDivisionError: division by zero"),
        ("(", "importing some_objects failed: SyntaxError: "),
        ("raise SystemExit(0)", "importing some_objects failed: SystemExit: 0"),
    ],
)
def test_modules_that_fail(code: str, message: str, module: Path) -> None:
    module.write_text(code)
    with pytest.raises(RemitError) as caught:
        remit("some_objects:x").imports()
    assert message in str(caught.value)
    assert caught.value.__cause__ is not None, "where in it that was"


@pytest.mark.parametrize(
    "reference", ["", "x", ":x", "x:", "x:y:z", "x y:z", "x/y:z", "x:y()", "..x:y", "1:2", "x:y\\u001b"]
)
def test_texts_that_name_nothing(reference: str) -> None:
    with pytest.raises(RemitError, match=r"x\.toml:3: "):
        remit(reference)


def test_one_function_twice() -> None:
    with pytest.raises(RemitError, match=r"^x.toml:3: .*a:b/c#d is replaced by itself, and a:b/c whole"):
        Remit.from_toml('[interfaces]\n"a:b/c" = "x:y"\n"a:b/c#d" = "x:z"\n', name="x.toml")
