"""``remit bindings`` as a command. What it writes is tested in ``tests/test_bindings.py``."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from remit.cli.main import main
from wat import wat

WORDS = Path(__file__).parents[2] / "examples" / "words" / "words.wasm"


def refusal(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["bindings", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("remit: ").rstrip("\n")


def test_on_standard_output_and_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bindings", str(WORDS)]) == 0
    text = capsys.readouterr().out
    ast.parse(text)
    assert "class Summary(bindings.Record):" in text
    output = tmp_path / "words.py"
    assert main(["bindings", str(WORDS), "-o", str(output)]) == 0
    assert capsys.readouterr().out == f"{WORDS}: bindings in {output}\n"
    assert output.read_text() == text


def test_for_instances_that_are_awaited(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bindings", str(WORDS), "--async"]) == 0
    assert "async def summarize(self, text: str) -> Text.Summary:" in capsys.readouterr().out


def test_interfaces_that_remit_has_need_not_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "it.wasm"
    path.write_bytes(
        wat("""(component
          (import "wasi:clocks/wall-clock@0.2.3" (instance))
          (import "wasi:clocks/none-such@0.2.3" (instance (export "f" (func)))))""")
    )
    assert main(["bindings", str(path)]) == 0
    text = capsys.readouterr().out
    assert '"wasi:clocks/wall-clock@0.2.3",' in text
    assert "class WallClock" not in text
    assert "none_such: NoneSuchImport," in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (wat("(module)"), "WebAssembly module; only a component has types to be bound"),
        (b"hello", "a text file; only a component has types to be bound"),
        (wat("(component)")[:8] + b"\x07\x01", "damaged component, or one that Remit does not run: "),
        (
            wat("""(component (import "i" (instance (type $e (enum "x")) (export "a-b" (type (eq $e)))
              (type $f (flags "x")) (export "AB" (type (eq $f))))))"""),
            "no bindings can be written: i has a-b and AB, which are both called AB in Python",
        ),
    ],
)
def test_what_cannot_be_bound(data: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "it.wasm"
    path.write_bytes(data)
    assert message in refusal(path, capsys=capsys).removeprefix(f"{path}: ")


def test_where_it_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "it.wasm"
    program.write_bytes(WORDS.read_bytes())
    assert refusal(program, "-o", program, capsys=capsys) == (
        f"{program}: this is the program itself; name another file for its bindings"
    )
    assert program.read_bytes() == WORDS.read_bytes()
    missing = tmp_path / "no" / "it.py"
    assert refusal(program, "-o", missing, capsys=capsys) == f"{missing}: No such file or directory"
    assert refusal(program, "-o", tmp_path, capsys=capsys) == f"{tmp_path}: Is a directory"
    assert refusal(tmp_path / "none.wasm", capsys=capsys).endswith("No such file or directory")
