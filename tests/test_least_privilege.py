"""docs/least-privilege.md: each command gives what the page shows, one after the other in one place."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remit.network.rules import Rule
from remit.policy.remit import Remit

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "least-privilege.md"
_BLOCK = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_RULES = re.compile(r"^```toml\n(rules = .*?)\n```$", re.MULTILINE)


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples" / "demo" / "notes.wasm", tmp_path)
    Path("notes").mkdir()
    Path("notes/monday.txt").write_text("three short words\n")
    page = PAGE.read_text(encoding="utf-8")
    commands = 0
    for block in _BLOCK.finditer(page):
        command, shown = block.groups()
        commands += 1
        if command == "remit run remit.toml":
            Path("notes/tuesday.txt").write_text("two words\n")
        if command == "remit check remit.toml":
            [rules] = _RULES.findall(page)
            text, count = re.subn(r"^rules = .*$", rules, Path("remit.toml").read_text(), flags=re.MULTILINE)
            assert count == 1
            Path("remit.toml").write_text(text)
        output = output_of(command)
        assert matches(output, shown), f"$ {command}\n{output}"
        if command.startswith("remit learn"):
            assert not Path("notes/summary.txt").exists()
    assert commands == 5
    assert Remit.load("remit.toml").dirs[0].rules == ("read .", "read *.txt", "write,create summary.txt")


def output_of(command: str) -> str:
    if command.startswith("cat "):
        return Path(command[4:]).read_text(encoding="utf-8")
    arguments = command.split()
    assert arguments[0] == "remit"
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    return done.stdout + done.stderr


def matches(output: str, shown: str) -> bool:
    """Whether `output` is what is `shown`, where a line with three dots stands for any lines."""
    pattern = "".join([r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in shown.splitlines()])
    return re.fullmatch(pattern, output) is not None


def test_dots_stand_for_lines_and_nothing_else() -> None:
    assert matches("a\nb\nc\n", "a\n…\nc\n")
    assert matches("a\nc\n", "a\n…\nc\n")
    assert not matches("a\nb\nc\n", "a\nc\n")
    assert not matches("a\nb\nc\n", "a\n…\nd\n")


def test_the_rules_for_the_network() -> None:
    """They are such as are learned: each is read, and for one thing."""
    [text] = re.findall(
        r"^```toml\n(\[network\]\n.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    rules = [Rule(each) for each in Remit.from_toml(text).network]
    assert len(rules) == 4
    assert all(each.is_for_one_host for each in rules)
