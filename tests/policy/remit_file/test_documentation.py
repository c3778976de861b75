"""docs/remit-file.md: its example runs, and it names every key."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from remit.cli.main import main
from remit.policy.remit import Remit
from remit.policy.remit_file.keys import TABLES, TOP

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/remit-file.md").read_text()
[EXAMPLE] = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for directory in ("notes", "conf", "cache"):
        (tmp_path / directory).mkdir(mode=0o700)
    (tmp_path / "conf/hosts").write_text("127.0.0.1 localhost\n")
    (tmp_path / "notes/monday.txt").write_text("these four words count\n")
    (tmp_path / "notes/secret.key").write_text("not for notes")
    shutil.copy(ROOT / "examples/demo/notes.wasm", tmp_path)
    (tmp_path / "remit.toml").write_text(EXAMPLE)
    assert main(["run", str(tmp_path / "remit.toml")]) == 0
    assert "monday.txt" in capfd.readouterr().out
    assert (tmp_path / "notes/summary.txt").exists()
    assert (tmp_path / "notes.log").read_text() == ""


def test_the_example_is_read_and_written() -> None:
    remit = Remit.from_toml(EXAMPLE)
    assert Remit.from_toml(remit.to_toml()) == remit
    assert {name for name in Remit.__slots__ if getattr(remit, name) != getattr(Remit(), name)} >= {"dirs", "files"}


@pytest.mark.parametrize("table", [TOP, *TABLES], ids=lambda table: table.name or "top")
def test_every_key_is_described(table: object) -> None:
    for key in [*table.keys, table.name]:  # type: ignore[attr-defined]  # pytest's ids take any object
        assert not key or f"`{key}`" in PAGE or f"[{key}]" in PAGE, key
