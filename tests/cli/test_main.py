from __future__ import annotations

import pytest

from remit._version import __version__
from remit.cli.main import main


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("remit: ")
    assert err.count("\n") == 1
    return err.removeprefix("remit: ").rstrip("\n")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"remit {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["help", "nonsense"]])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in ("run", "inspect", "compile", "cache"))


@pytest.mark.parametrize("name", ["run", "trace", "inspect", "compile", "cache"])
def test_help_of_each_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: remit {name} ")
    assert max(map(len, text.splitlines())) <= 120
    assert main(["help", name]) == 0
    assert capsys.readouterr().out == text


def test_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(capsys) == "no command: remit run PROGRAM, or remit --help"
    assert complaint(capsys, "inspct") == (
        "unknown command 'inspct'; did you mean inspect? "
        "(commands: run, serve, trace, replay, learn, check, bindings, inspect, compile, cache)"
    )
    assert complaint(capsys, "tool.wasm") == "unknown command 'tool.wasm'; to run that program: remit run tool.wasm"
    assert complaint(capsys, "--dir=.", "run") == (
        "unknown option --dir=.; options come after the command: remit run --dir=. …"
    )
    assert complaint(capsys, "run") == "PROGRAM is missing: remit run [options] PROGRAM [ARGS…]"


@pytest.mark.parametrize("command", ["run", "inspect", "compile"])
def test_an_empty_name_is_no_program(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(capsys, command, "").startswith("PROGRAM is empty: remit ")
    assert complaint(capsys, "compile", "-o", "", "x") == "-o: the name of the file is empty"


def test_a_message_that_the_terminal_cannot_show(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["\udcff"]) == 2
    assert rb"\udcff" in capsysbinary.readouterr().err
