from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from binary import build
from remit.cli.main import main
from wat import wat

PROGRAM = """(module $tool
    (import "wasi_snapshot_preview1" "path_open"
        (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (import "env" "log" (func (param i32)))
    (memory (export "memory") 2 3)
    (global (export "limit") (mut i64) (i64.const 1))
    (func (export "_start")))"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "tool.wasm"
    made_by = build.vector([build.name("language") + build.vector([build.name("C11") + build.name("")])])
    path.write_bytes(wat(PROGRAM) + build.custom("producers", made_by))
    return path


def facts(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["inspect", str(path), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refusal(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["inspect", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix(f"remit: {path}: ").rstrip("\n")


def test_in_words(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(program)]) == 0
    assert (
        capsys.readouterr().out
        == f"""{program}: WebAssembly core module, {program.stat().st_size} bytes
a command: it runs once and exits
name: tool
memory: at least 128 KiB, at most 192 KiB

could use at most:
  standard streams (fd_write)
  files (path_open)
  functions of its own (env.log)

imports: 4
  wasi_snapshot_preview1: 3
    path_open (i32, i32, i32, i32, i32, i64, i64, i32, i32) -> (i32)
    fd_write (i32, i32, i32, i32) -> (i32)
    proc_exit (i32) -> ()
  env: 1
    func log (i32) -> ()

exports: 3
  memory memory 2..3 pages
  global limit (mut i64)
  func _start () -> ()

made by:
  language: C11
"""
    )


def test_as_json(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(program, capsys)
    assert (found["path"], found["kind"], found["shape"], found["name"]) == (str(program), "module", "command", "tool")
    assert found["needs"] == {"streams": ["fd_write"], "files": ["path_open"], "functions": ["env.log"]}
    assert found["imports"][2] == {
        "module": "wasi_snapshot_preview1",
        "name": "proc_exit",
        "kind": "func",
        "type": {"params": ["i32"], "results": []},
        "text": "(i32) -> ()",
    }
    assert found["exports"][1]["type"] == {"value": "i64", "mutable": True}
    assert found["memories"] == [
        {"minimum": 2, "maximum": 3, "shared": False, "is_64": False, "page_size": 65536},
    ]
    assert found["start"] is None
    assert found["producers"] == {"language": [["C11", ""]]}
    assert [each["name"] for each in found["custom_sections"]] == ["name", "producers"]


def test_a_long_type_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.wasm"
    path.write_bytes(wat(f'(module (import "a" "b" (func (param {"i32 " * 1000}) (result {"f64 " * 33}))))'))
    [found] = facts(path, capsys)["imports"]
    assert found["type"] == {
        "params": ["i32"] * 32,
        "params_in_all": 1000,
        "results": ["f64"] * 32,
        "results_in_all": 33,
    }
    text = f"({'i32, ' * 32}… 1000 in all) -> ({'f64, ' * 32}… 33 in all)"
    assert found["text"] == text
    assert main(["inspect", str(path)]) == 0
    assert f"func b {text}\n" in capsys.readouterr().out
    path.write_bytes(wat(f'(module (import "a" "b" (func (param {"i32 " * 32}))))'))
    [found] = facts(path, capsys)["imports"]
    assert found["type"] == {"params": ["i32"] * 32, "results": []}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_small_program_cannot_say_much(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.wasm"
    imports = [build.name("a") + build.name("b") + b"\0\0"] * 2_000
    types = build.vector([b"\x60" + build.vector([b"\x7f"] * 1000) + build.vector([])])
    path.write_bytes(build.HEADER + build.section(1, types) + build.section(2, build.vector(imports)))
    tracemalloc.start()
    try:
        assert main(["inspect", str(path), *options]) == 0
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = len(capsys.readouterr().out)
    assert said < 2_000 * 1_200
    assert most < 2_000 * 4_000


def test_other_shapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.wasm"
    path.write_bytes(wat('(module (func (export "_initialize")) (func $go) (start $go))'))
    found = facts(path, capsys)
    assert (found["shape"], found["start"]) == ("reactor", 1)
    path.write_bytes(wat('(module (func (export "add")) (memory i64 1) (memory 1 2 shared))'))
    assert facts(path, capsys)["shape"] == "library"
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "could use: nothing, it can only compute" in out
    assert "memory: at least 64 KiB, no maximum, 64-bit addresses\n" in out
    assert "memory: at least 64 KiB, at most 128 KiB, shared\n" in out


def test_names_cannot_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.wasm"
    path.write_bytes(wat(r'(module (import "\1b[2J" "a\0ab" (func)) (export "\1b[H" (func 0)))'))
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2J" in out
    assert "a\\nb" in out


def test_damaged_extras_do_not_hide_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.wasm"
    path.write_bytes(build.HEADER + build.custom("name", b"\0\xff") + build.custom("producers", b"\x09"))
    found = facts(path, capsys)
    assert (found["name"], found["producers"]) == (None, {})


def test_a_component_that_has_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "component.wasm"
    path.write_bytes(wat("(component)"))
    assert facts(path, capsys) == {
        "path": str(path),
        "kind": "component",
        "size": 8,
        "shape": "library",
        "imports": [],
        "exports": [],
    }
    assert main(["inspect", str(path)]) == 0
    assert "WebAssembly component, 8 bytes\na library" in capsys.readouterr().out


def test_what_a_component_imports_and_exports(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).parents[2] / "examples" / "words" / "words.wasm"
    told = facts(path, capsys)
    assert told["shape"] == "library"
    assert told["imports"] == [
        {"name": "examples:words/journal@1.0.0", "kind": "interface", "members": [{"name": "note", "kind": "func"}]}
    ]
    kinds = {each["name"]: each["kind"] for each in told["exports"][0]["members"]}
    assert kinds["summary"] == "type"
    assert kinds["counter"] == "resource"
    assert kinds["[method]counter.add"] == kinds["summarize"] == "func"
    server = path.parents[1] / "hello_http" / "hello.wasm"
    assert facts(server, capsys)["shape"] == "server"
    assert main(["inspect", str(server)]) == 0
    said = capsys.readouterr().out
    assert "a server: it answers HTTP requests" in said
    assert "    func [static]response-outparam.set\n" in said


def test_of_a_large_interface_the_first_names_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = " ".join(f'(export "f{number}" (func))' for number in range(300))
    path = tmp_path / "component.wasm"
    path.write_bytes(wat(f'(component (import "big" (instance {names})))'))
    (told,) = facts(path, capsys)["imports"]
    assert (len(told["members"]), told["members_in_all"]) == (256, 300)
    assert main(["inspect", str(path)]) == 0
    assert "… 300 in all" in capsys.readouterr().out


def test_a_damaged_component(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "component.wasm"
    path.write_bytes(wat("(component)") + b"\x07\x05\x01")
    assert main(["inspect", str(path)]) == 2
    said = capsys.readouterr().err
    assert "damaged component" in said
    assert "Traceback" not in said


def test_refusals(tmp_path: Path, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x"
    assert refusal(path, capsys) == "No such file or directory"
    path.write_bytes(b"")
    assert refusal(path, capsys) == "an empty file; a WebAssembly binary is needed"
    path.write_bytes(b"(module)")
    assert refusal(path, capsys) == "WebAssembly in the text format; a WebAssembly binary is needed"
    path.write_bytes(program.read_bytes()[:20])
    assert refusal(path, capsys).startswith("damaged module: the type section of ")
    assert refusal(tmp_path, capsys) == "Is a directory"
    assert main(["inspect", "a\0b"]) == 2
    assert capsys.readouterr().err == "remit: 'a\\x00b': embedded null byte\n"


def test_the_world_of_a_component(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).parents[2] / "examples" / "words" / "words.wasm"
    assert main(["inspect", "--wit", str(path)]) == 0
    assert "    summarize: func(text: string) -> result<summary, problem>;\n" in capsys.readouterr().out
    module = tmp_path / "module.wasm"
    module.write_bytes(wat("(module)"))
    assert main(["inspect", "--wit", str(module)]) == 2
    assert "only a component has a world" in capsys.readouterr().err
    assert main(["inspect", "--wit", "--json", str(path)]) == 2
    assert "give one of them" in capsys.readouterr().err
