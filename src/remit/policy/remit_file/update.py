"""Changing a remit file that a person has edited: what differs is changed, comments and order stay.

This needs ``tomlkit``, which keeps the text around values. ``pip install 'remit[edit]'`` brings it.
"""

from __future__ import annotations

import os

from remit.policy.remit_file.keys import TABLES
from remit.policy.remit_file.reader import parse, read
from remit.policy.remit_file.writer import replace, save, to_dict
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from remit.policy.remit import Remit

_TABLES = {table.name for table in TABLES}
_MANY = {table.name for table in TABLES if table.many}


def update_file(path: str | os.PathLike[str], remit: Remit) -> bool:
    """Make the file at `path` say what `remit` does; whether anything was changed. If there is none, it is written.

    Relative paths become relative to its directory.

    Raises:
        RemitError: The file is none, or cannot be changed so that it says that.
        RuntimeError: ``tomlkit`` is not installed.
        OSError: It cannot be read or written.
    """
    path = os.fspath(path)
    if not os.path.exists(path):
        save(remit, path)
        return True
    text = read(path)
    changed = updated(text, remit.based_on(os.path.dirname(path)), name=path)
    if changed == text:
        return False
    replace(path, changed)
    return True


def updated(text: str, remit: Remit, *, name: str = "remit.toml") -> str:
    """`text`, changed so that it says what `remit` does. As :func:`update_file`."""
    tomlkit = _tomlkit()
    there = parse(text, name=name, base=remit.base)
    if there == remit:
        return text
    before, after = to_dict(there), to_dict(remit)
    # Some forms cannot be changed bit by bit. What came of it is read again, so nothing else can be the result.
    for change in (_change_bits, _change_parts):
        document = tomlkit.parse(text)
        try:
            change(tomlkit, document, before, after)
            changed: str = tomlkit.dumps(document)
            if parse(changed, name=name, base=remit.base) == remit:
                return changed
        except Exception:  # noqa: BLE001 - tomlkit has many for what it cannot do
            continue
    raise RemitError(f"{name}: it cannot be changed in place: remove it, and write it anew")


def _tomlkit() -> ModuleType:
    try:
        import tomlkit
    except ImportError:
        raise RuntimeError(
            "changing a remit file and keeping its comments needs tomlkit: pip install 'remit[edit]'"
        ) from None
    return tomlkit


def _change_bits(tomlkit: ModuleType, document: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Change single values, and entries of lists."""
    for key in [*after, *[key for key in before if key not in after]]:
        old, new = before.get(key), after.get(key)
        if old == new and list(old or ()) == list(new or ()):
            continue
        if key in _MANY and old and new:
            _change_many(tomlkit, document[key], old, new)
        elif isinstance(old, dict) and isinstance(new, dict) and (key != "env" or _in_order(old, new)):
            _change_keys(tomlkit, document[key], old, new)
        elif isinstance(old, list) and isinstance(new, list) and key not in _MANY:
            _change_list(tomlkit, document, key, new)
        else:
            _replace(tomlkit, document, key, new)


def _change_parts(tomlkit: ModuleType, document: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Replace whole what differs."""
    for key in [*after, *[key for key in before if key not in after]]:
        if before.get(key) != after.get(key) or key == "env":
            _drop(document, key)
    for key, new in after.items():
        if before.get(key) != new or key == "env":
            _replace(tomlkit, document, key, new)


def _in_order(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether taking away what is gone, and adding the rest at the end, gives the order of the new."""
    kept = [name for name in old if name in new]
    return kept == list(new)[: len(kept)]


def _replace(tomlkit: ModuleType, document: Any, key: str, value: Any) -> None:
    """Give a key at the top its value; None takes it away."""
    if value is None:
        _drop(document, key)
    elif key in document and key not in _TABLES:
        document[key] = tomlkit.item(value)
    else:
        _drop(document, key)
        if key in _TABLES:
            document[key] = _many(tomlkit, value) if key in _MANY else _table(tomlkit, value)
        else:
            _insert(tomlkit, document, key, tomlkit.item(value))


def _insert(tomlkit: ModuleType, document: Any, key: str, item: Any) -> None:
    """Before the first table, whose key it would be otherwise."""
    body = document.body
    for number, (name, value) in enumerate(body):
        if name is not None and isinstance(value, tomlkit.items.Table | tomlkit.items.AoT):
            while number and body[number - 1][0] is None:
                number -= 1
            document._insert_at(number, tomlkit.key(key), item)
            return
    document[key] = item


def _change_keys(tomlkit: ModuleType, table: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Change what differs of one table."""
    for name in before:
        if name not in after:
            _drop(table, name)
    for name, value in after.items():
        if before.get(name) == value:
            continue
        if isinstance(value, list) and name in before:
            _change_list(tomlkit, table, name, value)
        else:
            table[name] = _item(tomlkit, value)


def _change_list(tomlkit: ModuleType, table: Any, name: str, value: list[Any]) -> None:
    """Take out what is gone and add what is new, if the order allows it."""
    array = table[name]
    there = array.unwrap() if hasattr(array, "unwrap") else None
    kept = [each for each in there or () if each in value]
    if not isinstance(there, list) or kept != value[: len(kept)] or len({*there}) < len(there):
        table[name] = tomlkit.item(value)
        return
    for number in reversed(range(len(there))):
        if there[number] not in value:
            del array[number]
    for each in value[len(kept) :]:
        array.append(each)


def _change_many(tomlkit: ModuleType, array: Any, before: list[Any], after: list[Any]) -> None:
    """Of an array of tables: what has the same name stays where it is, if the order of all is kept."""
    wanted = [each["guest"] for each in after]
    remaining = [each for each in before if each["guest"] in wanted]
    if [each["guest"] for each in remaining] != wanted[: len(remaining)]:
        raise ValueError("another order")
    for number in reversed(range(len(before))):
        if before[number]["guest"] not in wanted:
            del array[number]
    for number, each in enumerate(after):
        if number >= len(remaining):
            array.append(_table(tomlkit, each))
        elif remaining[number] != each:
            _change_keys(tomlkit, array[number], remaining[number], each)


def _drop(table: Any, name: str) -> None:
    """What is left at its default may be there all the same."""
    if name in table:
        del table[name]


def _many(tomlkit: ModuleType, content: list[dict[str, Any]]) -> Any:
    array = tomlkit.aot()
    for each in content:
        array.append(_table(tomlkit, each))
    return array


def _table(tomlkit: ModuleType, content: dict[str, Any]) -> Any:
    table = tomlkit.table()
    for name, value in content.items():
        table[name] = _item(tomlkit, value)
    return table


def _item(tomlkit: ModuleType, value: Any) -> Any:
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline
    return tomlkit.item(value)
