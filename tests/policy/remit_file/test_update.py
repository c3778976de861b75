"""Changing remit files that people have edited."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given

from policy.remit_file.test_reader import WHOLE
from policy.remits import remits
from remit.policy.remit import Remit
from remit.policy.remit_file.update import update_file, updated
from remit.policy.remit_grants import DirectoryGrant

pytest.importorskip("tomlkit", reason="changes files, and comes with remit[test]")

EDITED = """\
# Ours. Ask Ada before you change it.
program = "tool.wasm"   # of the last release

[limits]   # as on the old machine
memory = "64MiB"  # it needs 50
timeout = 30

# Input comes first.
[[dir]]
guest = "/in"  # as the manual says
path = 'in'
rights = "read"

[[dir]]
guest = "/out"
path = 'out'
rules = [
    "read **",       # all
    "all tmp/**",    # and there it may make a mess
]
"""


def test_only_what_differs_is_changed() -> None:
    remit = Remit.from_toml(EDITED)
    assert updated(EDITED, remit) == EDITED
    changed = updated(EDITED, remit.changed(limits={"memory": 128 << 20, "timeout": 30}))
    assert changed == EDITED.replace("64MiB", "128MiB")
    inner = DirectoryGrant("/out", "out", rules=["read **", "all tmp/**", "write log"])
    changed = updated(EDITED, remit.changed(dirs=[remit.dirs[0], inner], name="tool"))
    for kept in (
        "# Ours. Ask Ada",
        "# of the last",
        "# as on the old",
        "# it needs 50",
        "# Input",
        "# as the",
        "a mess",
    ):
        assert kept in changed
    assert changed.index("name = ") < changed.index("[limits]")
    changed = updated(EDITED, remit.changed(dirs=remit.dirs[1:], limits={}))
    assert "/in" not in changed
    assert "# Ours." in changed


@given(remits(), remits())
def test_afterwards_it_says_the_other(before: Remit, after: Remit) -> None:
    assert Remit.from_toml(updated(before.to_toml(), after)) == after


@given(remits())
def test_whatever_the_form_was(after: Remit) -> None:
    for text in (WHOLE, EDITED, "", "limits.memory = 1\nenv.A = 'x'\ndir = [{guest = '/x', kind = 'memory'}]\n"):
        assert Remit.from_toml(updated(text, after)) == after


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "remit.toml"
    assert update_file(path, Remit(seed=1))
    assert not update_file(path, Remit(seed=1))
    path.write_text("# mine\n" + path.read_text())
    assert update_file(path, Remit(seed=2))
    assert path.read_text().startswith("# mine\n")
    assert Remit.load(path).seed == 2


def test_without_tomlkit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    with pytest.raises(RuntimeError, match=r"needs tomlkit: pip install 'remit\[edit\]'"):
        updated("", Remit())
