"""What `remit bindings` writes: type checkers take right uses and refuse wrong ones, and it runs as it says."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import remit
from python_guests import component_file
from remit.cli.bindings import module_of
from remit.cli.program_file import ProgramFile
from runtime.components import examples
from wat import wat

ROOT = Path(__file__).parents[1]
WORDS = ROOT / "examples" / "words" / "words.wasm"

GAME = wat("""(component
  (core module $Memory (memory (export "memory") 1))
  (core instance $m (instantiate $Memory))
  (alias core export $m "memory" (core memory $memory))
  (import "docs:game/rules@1.0.0" (instance $rules
    (type $score' (record (field "points" u32) (field "bonus" (option u32))))
    (export "score" (type $score (eq $score')))
    (type $move' (variant (case "roll" u32) (case "pass")))
    (export "move" (type $move (eq $move')))
    (type $verdict' (enum "fair" "foul"))
    (export "verdict" (type $verdict (eq $verdict')))
    (type $marks' (flags "first" "last"))
    (export "marks" (type $marks (eq $marks')))
    (export "dice" (type $dice (sub resource)))
    (export "[constructor]dice" (func (param "sides" u32) (result (own $dice))))
    (export "[method]dice.roll" (func (param "self" (borrow $dice)) (result u32)))
    (export "judge" (func (param "move" $move) (param "marks" $marks) (result $verdict)))
    (export "count" (func (param "score" $score) (result (result u32 (error $verdict)))))))
  (core func $judge (canon lower (func $rules "judge")))
  (core func $count (canon lower (func $rules "count") (memory $memory)))
  (core func $dice (canon lower (func $rules "[constructor]dice")))
  (core func $roll (canon lower (func $rules "[method]dice.roll")))
  (alias export $rules "dice" (type $d))
  (core func $drop (canon resource.drop $d))
  (core module $Code
    (import "m" "memory" (memory 1))
    (import "h" "judge" (func $judge (param i32 i32 i32) (result i32)))
    (import "h" "count" (func $count (param i32 i32 i32 i32)))
    (import "h" "dice" (func $dice (param i32) (result i32)))
    (import "h" "roll" (func $roll (param i32) (result i32)))
    (import "h" "drop" (func $drop (param i32)))
    (func (export "play") (param i32 i32 i32) (result i32)
      (call $judge (local.get 0) (local.get 1) (local.get 2)))
    (func (export "tally") (param i32) (result i32)
      (call $count (local.get 0) (i32.const 1) (i32.const 7) (i32.const 16))
      (i32.or (i32.load8_u (i32.const 16)) (i32.shl (i32.load (i32.const 20)) (i32.const 8))))
    (func (export "throw") (param i32) (result i32) (local $it i32) (local $got i32)
      (local.set $it (call $dice (local.get 0)))
      (local.set $got (call $roll (local.get $it)))
      (call $drop (local.get $it))
      (local.get $got)))
  (core instance $code (instantiate $Code (with "m" (instance $m)) (with "h" (instance
    (export "judge" (func $judge)) (export "count" (func $count)) (export "dice" (func $dice))
    (export "roll" (func $roll)) (export "drop" (func $drop))))))
  (alias export $rules "move" (type $move))
  (alias export $rules "marks" (type $marks))
  (alias export $rules "verdict" (type $verdict))
  (func (export "play") (param "move" $move) (param "marks" $marks) (result $verdict)
    (canon lift (core func $code "play")))
  (func (export "tally") (param "points" u32) (result u32) (canon lift (core func $code "tally")))
  (func (export "throw") (param "sides" u32) (result u32) (canon lift (core func $code "throw"))))""")
"""It asks the host for everything: with values of all kinds that have classes, and a resource."""

ODD = wat("""(component
  (import "docs:odd/class@1.0.0" (instance
    (type $r' (record (field "class" u8) (field "none" (option (option string))) (field "int" (list f32))
      (field "list" (list (list string)))))
    (export "def" (type $r (eq $r')))
    (type $v' (variant (case "none") (case "true" $r) (case "class" (result (result u8 (error string)) (error $r)))))
    (export "lambda" (type $v (eq $v')))
    (type $e' (enum "none" "true" "mro" "name" "value")) (export "enum" (type $e (eq $e')))
    (type $f' (flags "none" "labels" "a-b" "A")) (export "flags" (type $f (eq $f')))
    (export "import" (func (param "from" $v) (param "self" $r) (param "none" $e) (result (tuple $f (option $e)))))
    (export "str" (func (param "str" string) (result (list string))))
    (export "bytes" (func (param "bytes" (list u8)) (result (list u8))))
    (export "remit" (func (result (result (option (option u8))))))))
  (import "docs:odd/any@1.0.0" (instance
    (export "protocol" (type (sub resource)))
    (export "class-var" (type (sub resource)))
    (export "any" (func (param "callable" (own 0)) (result (list (own 0)))))))
  (import "world" (func (param "exports" u8) (result u8)))
  (import "remit" (func)) (import "bindings" (func)) (import "options" (func)) (import "program" (func))
  (import "builtins" (instance (export "print" (func)))))""")
"""Names that mean something in Python, or in the module itself."""

OTHER_NAMES = wat("""(component
  (import "docs:game/types@1.0.0" (instance $types
    (type $code' (enum "fine" "bad"))
    (export "error-code" (type $code (eq $code')))
    (type $point' (record (field "x" u32)))
    (export "point" (type $point (eq $point')))
    (type $shape' (variant (case "dot" $point) (case "none")))
    (export "shape" (type (eq $shape')))
    (type $rights' (flags "r" "w"))
    (export "rights" (type (eq $rights')))))
  (alias export $types "error-code" (type $code))
  (alias export $types "point" (type $point))
  (alias export $types "shape" (type $shape))
  (alias export $types "rights" (type $rights))
  (import "docs:game/user@1.0.0" (instance $user
    (alias outer 1 $code (type $code')) (export "code" (type $c (eq $code')))
    (alias outer 1 $point (type $point')) (export "place" (type (eq $point')))
    (alias outer 1 $shape (type $shape')) (export "form" (type $f (eq $shape')))
    (alias outer 1 $rights (type $rights')) (export "permits" (type $p (eq $rights')))
    (export "flip" (func (param "c" $c) (param "f" $f) (param "p" $p) (result $c)))))
  (core func $flip (canon lower (func $user "flip")))
  (core module $Code
    (import "h" "flip" (func $flip (param i32 i32 i32 i32) (result i32)))
    (func (export "run") (param i32) (result i32)
      (call $flip (local.get 0) (i32.const 0) (i32.const 7) (i32.const 2))))
  (core instance $core (instantiate $Code (with "h" (instance (export "flip" (func $flip))))))
  (func $run (param "c" $code) (result $code) (canon lift (core func $core "run")))
  (component $Shim
    (type $e (enum "fine" "bad"))
    (import "code" (type $c (eq $e)))
    (import "run" (func $run (param "c" $c) (result $c)))
    (export $v "verdict" (type $c))
    (export "run" (func $run) (func (param "c" $v) (result $v))))
  (instance $out (instantiate $Shim (with "code" (type $code)) (with "run" (func $run))))
  (export "docs:game/out@1.0.0" (instance $out)))""")
"""Interfaces that use the types of another one, by other names."""

CLOSING = wat(examples.COUNTERS_TEXT.replace("counter.add", "counter.close").replace("twice-as-much", "new"))
"""A resource with functions of the names that those of all resources have."""

MORE = {
    "plain_resource": wat("""(component
      (import "r" (type $r (sub resource)))
      (import "[constructor]r" (func $new (param "x" u32) (result (own $r))))
      (import "[method]r.foo" (func $foo (param "self" (borrow $r)) (result u32)))
      (core func $n (canon lower (func $new)))
      (core func $f (canon lower (func $foo)))
      (core func $d (canon resource.drop $r))
      (core module $M
        (import "" "n" (func $n (param i32) (result i32)))
        (import "" "f" (func $f (param i32) (result i32)))
        (import "" "d" (func $d (param i32)))
        (func (export "g") (param i32) (result i32) (local $r i32) (local $got i32)
          (local.set $r (call $n (local.get 0)))
          (local.set $got (call $f (local.get $r)))
          (call $d (local.get $r))
          (local.get $got)))
      (core instance $m (instantiate $M (with "" (instance
        (export "n" (func $n)) (export "f" (func $f)) (export "d" (func $d))))))
      (func (export "g") (param "x" u32) (result u32) (canon lift (core func $m "g"))))"""),
    "decorators": wat("""(component (import "docs:a/x" (instance
      (export "property" (func)) (export "abstractmethod" (func))
      (export "staticmethod" (func)) (export "classmethod" (func))
      (export "res" (type $r (sub resource)))
      (export "[static]res.staticmethod" (func)) (export "[static]res.two" (func))
      (export "[method]res.property" (func (param "self" (borrow $r)))))))"""),
    "unions": wat("""(component (import "docs:a/x" (instance
      (type $v (variant (case "a") (case "b" u8))) (export "shape" (type $s (eq $v)))
      (type $e (enum "a")) (export "shape-value" (type $w (eq $e)))
      (export "f" (func (param "a" $s) (result $w))))))"""),
    "cls": wat("""(component (type $A (resource (rep i32)))
      (core module $M (func (export "make") (param i32) (result i32) unreachable)
        (func (export "new") (result i32) unreachable))
      (core instance $m (instantiate $M))
      (export $a "a" (type $A))
      (func $constructor (param "cls" u32) (result (own $a)) (canon lift (core func $m "make")))
      (export "[constructor]a" (func $constructor))
      (func $new (result u32) (canon lift (core func $m "new")))
      (export "[static]a.new" (func $new)))"""),
    "order": wat("""(component (core module $M (func (export "f")) (func (export "g") (result i32) (i32.const 7)))
      (core instance $m (instantiate $M))
      (func $f (canon lift (core func $m "f")))
      (func $g (result u32) (canon lift (core func $m "g")))
      (instance $i (export "hi" (func $f)))
      (export "docs:x/text" (instance $i)) (export "text" (func $g)))"""),
}
"""Each was once a module that could not be imported, or was refused by type checkers."""

RIGHT: dict[str, tuple[Path | bytes, str]] = {
    "words": (
        WORDS,
        """
        class Journal:
            def __init__(self) -> None:
                self.notes: list[str] = []

            def note(self, remark: str) -> None:
                self.notes.append(remark)

        def main(path: str) -> None:
            journal = Journal()
            component = it.load(path, journal=journal, cache=False)
            with component.instantiate(timeout=60, max_memory=64 << 20) as instance:
                text = it.exports(instance).text
                summary = text.summarize("components speak in types")
                assert type(summary) is it.Text.Summary
                assert summary == it.Text.Summary(4, "components")
                try:
                    text.summarize("   ")
                except remit.Err as error:
                    assert error.value is it.Text.Problem.EMPTY
                with text.Counter(start=40) as counter:
                    words: int = counter.add("two more")
                    assert words == 42
                    assert isinstance(counter, it.Text.Counter)
            assert journal.notes
        """,
    ),
    "shapes": (
        examples.SHAPES,
        """
        from typing import assert_never

        def describe(shape: it.Shapes.ShapeValue) -> str:
            match shape:
                case it.Shapes.Shape.Dot(point):
                    return f"dot at {point.x + 1}"
                case it.Shapes.Shape.Circle((point, radius)):
                    return f"circle of {radius / 2}"
                case it.Shapes.Shape.Empty():
                    return "nothing"
                case other:
                    assert_never(other)

        def opposite(colour: it.Shapes.Colour) -> str:
            if colour is it.Shapes.Colour.RED:
                return "blue"
            if colour is it.Shapes.Colour.LIGHT_BLUE:
                return "red"
            assert_never(colour)

        def main(path: str) -> None:
            component = it.load(path, cache=False)
            with component.instantiate() as instance:
                exports = it.exports(instance)
                shapes = exports.shapes
                point = shapes.mirror(it.Shapes.Point(x=1, y=-2))
                assert point == it.Shapes.Point(-1, 2)
                assert describe(shapes.same(it.Shapes.Shape.Circle((point, 3.0)))) == "circle of 1.5"
                assert describe(shapes.same(it.Shapes.Shape.Dot(point))) == "dot at 0"
                assert describe(shapes.same(shapes.Shape.Empty())) == "nothing"
                colour = shapes.other_colour(it.Shapes.Colour.RED)
                assert opposite(colour) == "red"
                assert str(colour) == "light-blue"
                style = shapes.dash(it.Shapes.Style.FILLED)
                assert style == it.Shapes.Style.FILLED | it.Shapes.Style.DASHED
                assert it.Shapes.Style.DASHED in style
                assert type(style) is it.Shapes.Style
                half: int = exports.half_of(10)
                assert half == 5
            assert it.exports(component).half_of(4) == 2
        """,
    ),
    "counters": (
        examples.COUNTERS,
        """
        def main(path: str) -> None:
            with it.load(path, cache=False).instantiate() as instance:
                exports = it.exports(instance)
                with exports.Counter(5) as counter:
                    other = exports.Counter.twice_as_much(counter)
                    assert isinstance(other, it.Exports.Counter)
                    assert other.add(by=2) == 12
                    assert exports.live() == 2
                    exports.take(other)
                assert exports.live() == 0
                try:
                    it.Exports.Counter(5)
                except TypeError as error:
                    assert "made by an instance" in str(error)
        """,
    ),
    "game": (
        GAME,
        """
        class Dice:
            def __init__(self, sides: int) -> None:
                self.sides = sides

            def roll(self) -> int:
                return self.sides - 1

        class Rules:
            Dice = Dice

            def judge(self, move: it.Rules.MoveValue, marks: it.Rules.Marks) -> it.Rules.Verdict:
                match move:
                    case it.Rules.Move.Roll(number) if number <= 6:
                        return it.Rules.Verdict.FAIR
                    case it.Rules.Move.Pass() if it.Rules.Marks.LAST in marks:
                        return it.Rules.Verdict.FAIR
                return it.Rules.Verdict.FOUL

            def count(self, score: it.Rules.Score) -> int:
                assert type(score) is it.Rules.Score
                if score.bonus is None or score.points > 100:
                    raise remit.Err(it.Rules.Verdict.FOUL)
                return score.points + score.bonus

        def main(path: str) -> None:
            with it.load(path, rules=Rules(), cache=False).instantiate() as instance:
                exports = it.exports(instance)
                fair, foul = it.Rules.Verdict.FAIR, it.Rules.Verdict.FOUL
                assert exports.play(it.Rules.Move.Roll(6), it.Rules.Marks(0)) is fair
                assert exports.play(it.Rules.Move.Roll(7), it.Rules.Marks(0)) is foul
                assert exports.play(it.Rules.Move.Pass(), it.Rules.Marks.FIRST) is foul
                assert exports.play(it.Rules.Move.Pass(), it.Rules.Marks.LAST) is fair
                assert exports.tally(10) == 17 << 8
                assert exports.tally(1000) & 0xFF == 1
                assert exports.throw(6) == 5
        """,
    ),
    "other_names": (
        OTHER_NAMES,
        """
        class User:
            def flip(self, c: it.User.Code, f: it.User.FormValue, p: it.User.Permits) -> it.Types.ErrorCode:
                assert type(f) is it.Types.Shape.Dot
                assert isinstance(f.value, it.User.Place)
                assert f.value == it.Types.Point(7)
                assert type(p) is it.Types.Rights
                assert it.User.Permits.W in p
                return it.Out.Verdict.BAD if c is it.Types.ErrorCode.FINE else it.User.Code.FINE

        def name_of(shape: it.Types.ShapeValue) -> str:
            match shape:
                case it.User.Form.Dot(it.User.Place(x)):
                    return str(x)
                case it.User.Form.None_():
                    return ""

        def main(path: str) -> None:
            with it.load(path, types=object(), user=User(), cache=False).instantiate() as instance:
                out = it.exports(instance).out
                code: it.Types.ErrorCode = out.run(it.User.Code.FINE)
                assert code is it.Types.ErrorCode.BAD
                assert out.run(it.Types.ErrorCode.BAD) is it.Out.Verdict.FINE
                assert type(code) is it.Out.Verdict
                assert name_of(it.User.Form.Dot(it.Types.Point(3))) == "3"
        """,
    ),
}

RIGHT_ASYNC: dict[str, tuple[Path | bytes, str]] = {
    "counters": (
        examples.COUNTERS,
        """
        async def main(path: str) -> None:
            instance = await it.load(path, cache=False).instantiate_async()
            async with instance:
                exports = it.exports(instance)
                async with await exports.Counter.new(5) as counter:
                    other = await exports.Counter.twice_as_much(counter)
                    assert isinstance(other, it.Exports.Counter)
                    total: int = await other.add(by=2)
                    assert total == 12
                    await exports.take(other)
                assert await exports.live() == 0
        """,
    ),
    "asks": (
        examples.ASKS,
        """
        import asyncio

        class Answers:
            async def get(self, question: str) -> str:
                await asyncio.sleep(0)
                return question.upper()

        async def main(path: str) -> None:
            async with await it.load(path, answers=Answers(), cache=False).instantiate_async() as instance:
                answer: str = await it.exports(instance).ask("why?")
                assert answer == "WHY?"
        """,
    ),
}

WRONG = """
class Journal:
    def note(self, remark: int) -> None: ...

class Silent: ...

class Good:
    def note(self, remark: str) -> None: ...

it.load("words.wasm")  # wrong
it.load("words.wasm", journal=Journal())  # wrong
it.load("words.wasm", journal=Silent())  # wrong
it.load(5, journal=Good())  # wrong
it.load("words.wasm", journal=Good(), fule=True)  # wrong
component = it.load("words.wasm", journal=Good())  # right
text = it.exports(component).text
text.summarise("x")  # wrong
text.summarize(5)  # wrong
text.summarize("x", "y")  # wrong
text.summarize("x").lines  # wrong
text.summarize(text="x").words + "y"  # wrong
it.Text.Summary("x", 1)  # wrong
it.Text.Problem.FULL  # wrong
text.Counter("x")  # wrong
text.Counter(1).add(1)  # wrong
text.Counter(1).subtract("x")  # wrong
it.exports(component).texts  # wrong
it.exports("words.wasm")  # wrong
"""


def written(program: Path | bytes, directory: Path, name: str, *, asynchronous: bool = False) -> tuple[Path, Path]:
    """The component's file, and its bindings."""
    path = program
    if isinstance(path, bytes):
        path = directory / f"{name}.wasm"
        path.write_bytes(program)  # type: ignore[arg-type]  # bytes, as was asked right before
    module = directory / f"{name}_bindings.py"
    module.write_text(module_of(ProgramFile(str(path)), asynchronous=asynchronous))
    return path, module


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def program(path: Path, source: str, bindings: Path) -> Path:
    path.write_text(f"import remit\nimport {bindings.stem} as it\n\n{textwrap.dedent(source)}")
    return path


def mypy(*paths: Path) -> subprocess.CompletedProcess[str]:
    config = str(ROOT / "pyproject.toml")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", config, "--no-error-summary"]
    return subprocess.run(
        [*command, *map(str, paths)], cwd=paths[0].parent, capture_output=True, text=True, check=False
    )


@pytest.fixture
def bound(tmp_path: Path) -> Any:
    """The bindings of `words`."""
    return imported(written(WORDS, tmp_path, "fixture_words")[1])


class Journal:
    def note(self, remark: str) -> None: ...


@pytest.mark.parametrize("name", RIGHT)
def test_it_runs_as_it_says(name: str, tmp_path: Path) -> None:
    guest, source = RIGHT[name]
    path, module = written(guest, tmp_path, name)
    imported(module)
    imported(program(tmp_path / f"use_{name}.py", source, module)).main(str(path))


@pytest.mark.parametrize("name", RIGHT_ASYNC)
def test_it_runs_as_it_says_and_is_awaited(name: str, tmp_path: Path) -> None:
    guest, source = RIGHT_ASYNC[name]
    path, module = written(guest, tmp_path, f"async_{name}", asynchronous=True)
    imported(module)
    asyncio.run(imported(program(tmp_path / f"use_async_{name}.py", source, module)).main(str(path)))


@pytest.mark.slow
def test_type_checkers_take_what_is_right(tmp_path: Path) -> None:
    paths = []
    for asynchronous, table in ((False, RIGHT), (True, RIGHT_ASYNC)):
        for name, (guest, source) in table.items():
            full = f"async_{name}" if asynchronous else name
            _, module = written(guest, tmp_path, full, asynchronous=asynchronous)
            paths += [module, program(tmp_path / f"use_{full}.py", source, module)]
    for name in ("script", "http"):
        paths.append(written(component_file(name), tmp_path, name)[1])
    for name, guest in {"odd": ODD, "closing": CLOSING, **MORE}.items():
        for asynchronous in (False, True):
            full = f"async_{name}" if asynchronous else name
            paths.append(written(guest, tmp_path, full, asynchronous=asynchronous)[1])
            imported(paths[-1])
    done = mypy(*paths)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.slow
def test_type_checkers_refuse_what_is_wrong(tmp_path: Path) -> None:
    _, module = written(WORDS, tmp_path, "words")
    user = program(tmp_path / "user.py", WRONG, module)
    done = mypy(user)
    refused = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    lines = user.read_text().splitlines()
    assert refused == {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


def test_a_resource_of_the_hosts_by_a_plain_name(tmp_path: Path) -> None:
    class R:
        def __init__(self, x: int) -> None:
            self.x = x

        def foo(self) -> int:
            return self.x + 1

    path, module = written(MORE["plain_resource"], tmp_path, "plain_resource_now")
    made = imported(module)
    assert made.exports(made.load(path, r=R, cache=False)).g(4) == 5


def test_what_comes_first_keeps_its_name(tmp_path: Path) -> None:
    path, module = written(MORE["order"], tmp_path, "order_now")
    made = imported(module)
    exports = made.exports(made.load(path, cache=False))
    assert exports.text.hi() is None
    assert made.Exports.__annotations__["text"] == "Text"
    assert "text" not in vars(made.Exports)


def test_another_component(bound: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.wasm"
    other.write_bytes(
        wat("""(component (import "examples:words/journal@1.0.0" (instance
          (export "note" (func (param "remark" string))))))""")
    )
    with pytest.raises(remit.LinkError, match=r"other\.wasm does not import and export what fixture_words"):
        bound.load(other, journal=Journal())
    with pytest.raises(remit.LinkError, match="no component, and fixture_words_bindings is of one"):
        bound.load(wat("(module)"), journal=Journal())


def test_what_was_loaded_in_another_way(bound: Any) -> None:
    component = remit.load(WORDS, imports={"examples:words/journal": Journal()})
    with pytest.raises(TypeError, match=r"was not loaded by fixture_words_bindings\.load"):
        bound.exports(component)
    with pytest.raises(TypeError, match="was not loaded"):
        bound.exports("words.wasm")


def test_a_missing_import(bound: Any) -> None:
    with pytest.raises(TypeError, match="journal"):
        bound.load(WORDS)
    with pytest.raises(remit.LinkError, match="has no 'note'"):
        bound.load(WORDS, journal=object())


def test_more_imports_can_be_given(bound: Any) -> None:
    """In place of what Remit has, for instance."""
    with pytest.raises(remit.LinkError, match="does not import: docs:other/thing"):
        bound.load(WORDS, journal=Journal(), imports={"docs:other/thing": Journal()})
