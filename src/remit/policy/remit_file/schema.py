"""The JSON Schema of remit files, for editors: made from the table of keys. ``docs/remit.schema.json`` is it."""

from __future__ import annotations

import json

from remit.policy.remit_file.keys import TABLES, TOP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.policy.remit_file.keys import Table

_NEEDED = {"dir": ["guest"], "file": ["guest", "path"]}


def schema() -> dict[str, Any]:
    """The schema, draft 7, which editors for TOML know."""
    top = _table(TOP)
    for table in TABLES:
        inner = _table(table)
        if table.name in _NEEDED:
            inner["required"] = _NEEDED[table.name]
        if table.many:
            description = inner.pop("description")
            inner = {"type": "array", "items": inner, "description": description}
        top["properties"][table.name] = inner
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "remit.toml", **top}


def schema_text() -> str:
    return json.dumps(schema(), indent=2) + "\n"


def _table(table: Table) -> dict[str, Any]:
    if table.any_key is not None and not table.keys:
        return {"type": "object", "description": table.help, "additionalProperties": table.any_key.schema}
    properties = {key.name: {**key.kind.schema, "description": key.help} for key in table.keys.values()}
    return {
        "type": "object",
        "description": table.help,
        "properties": properties,
        "additionalProperties": False if table.any_key is None else table.any_key.schema,
    }


if __name__ == "__main__":
    print(schema_text(), end="")
