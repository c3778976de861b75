"""The published coverage table is what the scenarios call, and says why of whatever they do not."""

from __future__ import annotations

import pytest

from tools.cache import REPOSITORY
from wasi_0_2.coverage import Row, functions, not_met, seen, table
from wasi_0_2.not_covered import CODES, FUNCTIONS

PAGE = REPOSITORY / "docs" / "wasi-0.2-coverage.md"


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return seen()


def test_the_page_is_current(rows: dict[str, Row]) -> None:
    assert PAGE.read_text() == table(rows), "make it anew: python -m tools.coverage_table"


def test_every_function_is_called_or_has_a_reason(rows: dict[str, Row]) -> None:
    every = {f"{interface}: {name}" for interface, names in functions().items() for name in names}
    assert rows.keys() <= every
    assert every - rows.keys() == FUNCTIONS.keys()


def test_every_error_code_is_met_or_has_a_reason(rows: dict[str, Row]) -> None:
    assert {package: set(left) for package, left in not_met(rows).items()} == {
        package: set(reasons) for package, reasons in CODES.items()
    }
