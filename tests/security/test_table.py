"""docs/security-cases.md names tests: they exist, and every test here is named."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "security-cases.md"

# What tests the tests.
OWN = {"test_the_world_tells_when_the_outside_was_changed", "test_the_table_and_the_tests_name_each_other"}


def test_the_table_and_the_tests_name_each_other() -> None:
    named = set(re.findall(r"`(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    defined = set()
    for path in HERE.glob("test_*.py"):
        defined |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == defined - OWN
