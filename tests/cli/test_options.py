from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.cli.options import Command, Option, UsageError, did_you_mean
from remit.cli.values import parse_count

OPTIONS = (
    Option("--fuel", value="N", parse=parse_count, help="Instructions."),
    Option("--env", value="NAME=VALUE", repeated=True, help="A variable."),
    Option("-o", "--output", value="FILE", help="Where to write."),
    Option("--json", help="For machines."),
)
RUN = Command("run", "PROGRAM [ARGS…]", "Run it.", OPTIONS, stop_at_operand=True)
SHOW = Command("show", "PROGRAM [OTHER]", "Show it.", OPTIONS)


def parse(command: Command, line: str) -> tuple[dict[str, object], list[str]]:
    parsed = command.parse(line.split())
    assert parsed is not None
    return parsed.values, parsed.operands


def test_values_come_in_two_forms() -> None:
    assert parse(RUN, "--fuel 3 --env A=1 p") == ({"fuel": 3, "env": ["A=1"]}, ["p"])
    assert parse(RUN, "--fuel=3 --env=A=1 p") == ({"fuel": 3, "env": ["A=1"]}, ["p"])
    assert parse(RUN, "-o out p") == ({"output": "out"}, ["p"])
    assert parse(RUN, "-o=out p") == ({"output": "out"}, ["p"])


def test_a_repeated_option_keeps_its_order() -> None:
    assert parse(RUN, "--env A=1 --env=B=2 --env A=3 p")[0] == {"env": ["A=1", "B=2", "A=3"]}


def test_the_program_has_everything_after_its_name() -> None:
    assert parse(RUN, "p --json --nonsense -- -x") == ({}, ["p", "--json", "--nonsense", "--", "-x"])
    assert parse(RUN, "--json -- --odd-name --json") == ({"json": True}, ["--odd-name", "--json"])
    assert parse(RUN, "- x") == ({}, ["-", "x"])


def test_elsewhere_options_may_follow() -> None:
    assert parse(SHOW, "p --json q --fuel=1") == ({"json": True, "fuel": 1}, ["p", "q"])
    assert parse(SHOW, "p -- --json") == ({}, ["p", "--json"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--feul 3 p", "unknown option --feul; did you mean --fuel?"),
        ("--feul=3 p", "unknown option --feul; did you mean --fuel?"),
        ("--zzz p", "unknown option --zzz"),
        ("--fue 3 p", "unknown option --fue; did you mean --fuel?"),
        ("-x p", "unknown option -x"),
        ("--fuel", "--fuel needs a value: --fuel N"),
        ("--env --json p", "--env needs a value: --env NAME=VALUE (if '--json' is it: --env=--json)"),
        ("--fuel many p", "--fuel: 'many' is not a whole number from 0 to"),
        ("--fuel= p", "--fuel: '' is not a whole number"),
        ("--json=yes p", "--json takes no value, but was given 'yes'"),
        ("--fuel 1 --fuel 1 p", "--fuel is given twice"),
        ("--json --json p", "--json is given twice"),
        ("", "PROGRAM is missing: remit run [options] PROGRAM [ARGS…]"),
        ("--json", "PROGRAM is missing"),
    ],
)
def test_mistakes(line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        RUN.parse(line.split())
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_too_many_operands() -> None:
    assert parse(SHOW, "p q")[1] == ["p", "q"]
    with pytest.raises(UsageError, match=r"unexpected argument 'r': remit show \[options\] PROGRAM \[OTHER\]"):
        SHOW.parse(["p", "q", "r"])
    with pytest.raises(UsageError, match="unexpected argument 'p': "):
        Command("bare", "", "Nothing.", ()).parse(["p"])


def test_help() -> None:
    assert RUN.parse(["--fuel", "1", "--help", "--nonsense"]) is None
    assert RUN.parse(["-h"]) is None
    text = RUN.help()
    assert text.startswith("usage: remit run [options] PROGRAM [ARGS…]\n\nRun it.\n\noptions:\n")
    assert "  -o, --output FILE           Where to write.\n" in text
    assert "  --env NAME=VALUE            A variable.\n" in text
    assert text.endswith("  -h, --help                  Show this.\n")


def test_help_wraps_and_keeps_to_its_column() -> None:
    long = Option("--a-rather-long-name", value="WITH-A-VALUE", help="word " * 60)
    text = Command("run", "", "Run.", [long], notes="Notes.").help()
    lines = text.splitlines()
    start = lines.index("  --a-rather-long-name WITH-A-VALUE") + 1
    assert all(line.startswith(" " * 30 + "word") and len(line) <= 100 for line in lines[start : start + 5])
    assert text.endswith("\n\nNotes.\n")


def test_did_you_mean() -> None:
    assert did_you_mean("inspct", ["run", "inspect"]) == "; did you mean inspect?"
    assert did_you_mean("zzz", ["run", "inspect"]) == ""


values = st.text(st.characters(codec="utf-8"), max_size=6)


@given(st.lists(st.tuples(st.sampled_from(["--env", "-o", "--json"]), values)), st.lists(values), st.booleans())
def test_what_is_written_is_read(given_options: list[tuple[str, str]], operands: list[str], dashes: bool) -> None:
    line: list[str] = []
    expected: dict[str, object] = {}
    environment: list[str] = []
    for name, value in given_options:
        if name == "--json" and "json" not in expected:
            line.append(name)
            expected["json"] = True
        elif name == "--env":
            line.append(f"{name}={value}")
            environment.append(value)
            expected["env"] = environment
        elif name == "-o" and "output" not in expected:
            line.append(f"{name}={value}")
            expected["output"] = value
    parsed = RUN.parse([*line, *(["--"] if dashes else []), "prog", *operands])
    assert parsed is not None
    assert (parsed.values, parsed.operands) == (expected, ["prog", *operands])


@given(st.lists(st.one_of(values, st.sampled_from(["--fuel", "--json", "-o", "--", "--env=", "--fuel=1"]))))
def test_any_line_parses_or_is_a_usage_error(line: list[str]) -> None:
    for command in (RUN, SHOW):
        try:
            parsed = command.parse(line)
        except UsageError:
            continue
        assert parsed is None or parsed.operands
