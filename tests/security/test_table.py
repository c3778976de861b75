"""docs/security-cases.md names tests: they exist, and every test here of what guests do is named."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "security-cases.md"

# What tests the tests.
OWN = {"test_table.py", "test_worlds.py"}


def names_in(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_table_and_the_tests_name_each_other() -> None:
    text = TABLE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:security/test_\w+\.py::)?(test_\w+)`", text))
    defined: set[str] = set()
    for path in [path for path in HERE.glob("test_*.py") if path.name not in OWN]:
        defined |= names_in(path)
    assert named == defined


def test_what_is_named_elsewhere_exists() -> None:
    places = re.findall(r"`([\w/]+\.py)(?:::(test_\w+))?`", TABLE.read_text(encoding="utf-8"))
    assert len(places) > 40
    missing = [(path, name) for path, name in places if not names_in(HERE.parent / path) >= ({name} if name else set())]
    assert not missing
