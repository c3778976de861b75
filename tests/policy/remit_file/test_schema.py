"""The JSON Schema in the documentation is that of the reader's table of keys."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from remit.policy.remit_file.keys import TABLES, TOP
from remit.policy.remit_file.schema import schema, schema_text

SCHEMA = Path(__file__).parents[3] / "docs/remit.schema.json"


def test_the_published_schema_is_up_to_date() -> None:
    """``python -m remit.policy.remit_file.schema > docs/remit.schema.json`` makes it so."""
    assert SCHEMA.read_text() == schema_text()


def test_it_knows_the_keys_that_the_reader_knows() -> None:
    properties = schema()["properties"]
    assert [*properties] == [*TOP.keys, *[table.name for table in TABLES]]
    for table in TABLES:
        described: dict[str, Any] = properties[table.name]
        described = described["items"] if table.many else described
        assert [*described.get("properties", ())] == [*table.keys]


@pytest.mark.parametrize("table", [TOP, *TABLES], ids=lambda table: table.name or "top")
def test_the_examples_of_keys_are_read(table: Any) -> None:
    for key in table.keys.values():
        value = tomllib.loads(f"x = {key.example}")["x"]
        parsed = key.kind.parse(value)
        if key.kind.items is not None and isinstance(parsed, list):
            assert [key.kind.items.parse(each) for each in parsed]
