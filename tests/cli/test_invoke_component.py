"""``remit run --invoke`` for components: values as text, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.cli.main import main
from remit.engine.wasmtime.native import function_addresses
from remit.native import library
from remit.native.library import native_functions
from runtime.components import examples
from wat import wat

Capture = pytest.CaptureFixture[str]

CLOCK = wat("""(component
  (import "wasi:clocks/wall-clock@0.2.0" (instance $wall
    (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $dt (eq $d)))
    (export "resolution" (func (result $dt)))))
  (export "wasi:clocks/wall-clock@0.2.0" (instance $wall)))""")

ASYNC = wat("""(component
  (core module $m (func (export "f") (result i32) i32.const 5)) (core instance $i (instantiate $m))
  (type $t (func async (result u32)))
  (func $f (type $t) (canon lift (core func $i "f")))
  (export "later" (func $f)))""")

MANY = wat(f"""(component
  (core module $m (func (export "f"))) (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  {" ".join(f'(export "f{number}" (func $f))' for number in range(3000))})""")


def invoke(tmp_path: Path, program: bytes, *arguments: str) -> int:
    path = tmp_path / "guest.wasm"
    path.write_bytes(program)
    name, *rest = arguments
    return main(["run", "--no-cache", "--invoke", name, str(path), *rest])


def test_a_function_of_the_hosts_that_is_handed_on(tmp_path: Path, capfd: Capture) -> None:
    assert invoke(tmp_path, CLOCK, "resolution") == 0
    assert capfd.readouterr().out == "{seconds: 0, nanoseconds: 1}\n"


def test_values_as_text(tmp_path: Path, capfd: Capture) -> None:
    assert invoke(tmp_path, examples.SHAPES, "mirror", "{x: 1, y: -2}") == 0
    assert invoke(tmp_path, examples.SHAPES, "same", "circle(({x: 1, y: 2}, 0.5))") == 0
    assert invoke(tmp_path, examples.SHAPES, "half-of", "4") == 0
    assert invoke(tmp_path, examples.SHAPES, "half-of", "5") == 1
    assert capfd.readouterr().out == "{x: -1, y: 2}\ncircle(({x: 1, y: 2}, 0.5))\nok(2)\nerr(2)\n"


@pytest.mark.parametrize(
    ("program", "arguments", "message"),
    [
        (examples.SHAPES, ["half-of"], "--invoke: half-of takes 1 argument (even: u32), not 0"),
        (examples.SHAPES, ["spin", "1"], "--invoke: spin takes no arguments, not 1"),
        (examples.COUNTERS, ["take", "1"], "--invoke: take is func(it: own<counter>): a resource cannot be written as"),
        (ASYNC, ["later"], "'later' is async, and async functions are not supported"),
        (MANY, ["g"], "--invoke: guest.wasm has no function 'g'; it has f0, f1, f2, "),
    ],
)
def test_what_is_refused(tmp_path: Path, capfd: Capture, program: bytes, arguments: list[str], message: str) -> None:
    assert invoke(tmp_path, program, *arguments) == 2
    said = capfd.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert len(said) < 1000


def test_a_function_that_gives_a_resource_is_not_called(tmp_path: Path, capfd: Capture) -> None:
    makes = wat("""(component
      (core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m))
      (type $r (resource (rep i32))) (export $e "thing" (type $r))
      (func (export "make") (result (own $e)) (canon lift (core func $i "f"))))""")
    assert invoke(tmp_path, makes, "make") == 2
    assert "a resource cannot be written as text" in capfd.readouterr().err


@pytest.mark.skipif(not native_functions(function_addresses), reason="the native library was not built")
def test_a_native_library_of_another_version(tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_address_of", None)
    monkeypatch.setattr(library, "_size", lambda sizes, which: 1)
    path = tmp_path / "guest.wasm"
    path.write_bytes(wat('(module (func (export "_start")))'))
    assert main(["run", "--no-cache", f"--dir={tmp_path}::/", str(path)]) == 2
    said = capfd.readouterr().err
    assert said.startswith("remit: ")
    assert "is of another version of Remit" in said
    assert said.endswith("install Remit again\n")
    assert said.count("\n") == 1
