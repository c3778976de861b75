"""docs/security-cases.md names tests: they exist, and every test here of what guests do is named."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "security-cases.md"

# What tests the tests.
OWN = {"test_table.py", "test_worlds.py"}


def test_the_table_and_the_tests_name_each_other() -> None:
    named = set(re.findall(r"`(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    defined = set()
    for path in [path for path in HERE.glob("test_*.py") if path.name not in OWN]:
        defined |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == defined
