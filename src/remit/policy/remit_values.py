"""What the values of a remit must be: each check takes what was given, and returns it in its one form.

TypeError for what is of another type, RemitError for what cannot be.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_ENTRIES = 10_000
"""Of each list: arguments, variables, directories, rules, addresses."""

LARGEST = (1 << 64) - 1


class RemitError(ValueError):
    """What is wrong with a remit: of a file its name, the line, what it is, and what to do about it."""


def fields_shown(thing: object, names: Iterable[str]) -> str:
    return ", ".join([f"{name}={getattr(thing, name)!r}" for name in names if getattr(thing, name) is not None])


def checked_text(value: Any, name: str, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): a str is wanted")
    if not value and not empty:
        raise RemitError(f"{name} is empty")
    if "\0" in value:
        raise RemitError(f"{name} is {value!r}, with a NUL in it")
    return value


def checked_path(value: Any, name: str) -> str:
    return checked_text(os.fspath(value) if isinstance(value, os.PathLike) else value, name)


def checked_url(value: Any) -> str:
    url = checked_text(value, "url")
    if "://" not in url and "::" not in url:
        raise RemitError(f"url is {url!r}, which is none; write PROTOCOL://…, or path for a directory of this machine")
    return url


def checked_items(name: str, values: Any) -> list[Any]:
    if isinstance(values, (str, bytes)) or hasattr(values, "items") or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} is {values!r} ({type(values).__name__}): a list is wanted")
    items = list(values)
    if len(items) > MAX_ENTRIES:
        raise RemitError(f"{name} has {len(items):,} entries: {MAX_ENTRIES:,} are possible")
    return items


def checked_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): True or False is wanted")
    return value


def checked_count(name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): an int is wanted, 0 to {LARGEST}")
    if not 0 <= value <= LARGEST:
        raise RemitError(f"{name} is {value}: 0 to {LARGEST} is possible")
    return value


def checked_seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"timeout is {value!r} ({type(value).__name__}): seconds are wanted, as an int or a float")
    if not 0 < value * 10**9 <= LARGEST:
        raise RemitError(f"timeout is {value}: seconds are wanted, more than 0; leave it out for no limit")
    return value


def checked_sha256(value: str) -> str:
    digest = checked_text(value, "sha256").lower()
    if len(digest) != 64 or not all(each in "0123456789abcdef" for each in digest):
        raise RemitError(f"sha256 is {value!r}: 64 hexadecimal digits are wanted, as sha256sum(1) tells them")
    return digest


def checked_environment(env: Any) -> dict[str, str | None]:
    if not hasattr(env, "items"):
        raise TypeError(f"env is {env!r} ({type(env).__name__}): names and values are wanted, as in {{'LANG': 'C'}}")
    checked_items("env", list(env))
    found: dict[str, str | None] = {}
    for name, value in env.items():
        if "=" in checked_text(name, "the name of a variable"):
            raise RemitError(f"the variable {name!r} has a '=' in its name")
        found[name] = None if value is None else checked_text(value, f"the variable {name!r}", empty=True)
    return found


def checked_network(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        if value not in ("none", "host"):
            raise RemitError(f"network is {value!r}: 'none', 'host' or a list of rules such as ['example.com:443']")
        return value
    items = checked_items("network", value)
    if items:
        from remit.network.rules import Rule

        for each in items:
            Rule(each)
    return tuple(items) or "none"


def checked_interfaces(values: Any) -> tuple[str, ...]:
    return tuple([checked_interface(each) for each in checked_items("interfaces", values)])


def checked_interface(value: Any) -> str:
    name, hash, function = checked_text(value, "an interface").partition("#")
    if not name or (hash and not function):
        raise RemitError(f"{value!r} is no interface; write its name, or NAME#FUNCTION for one function")
    return str(value)


def checked_replaced(values: Any) -> dict[str, str]:
    if not hasattr(values, "items"):
        raise TypeError(
            f"replaced_interfaces is {values!r} ({type(values).__name__}): names and 'module:object' are wanted"
        )
    checked_items("replaced_interfaces", list(values))
    found = {checked_interface(name): reference(value) for name, value in values.items()}
    for name in found:
        whole = name.partition("#")[0]
        if whole != name and whole in found:
            raise RemitError(f"{name} is replaced by itself, and {whole} whole: let one object have all of it")
    return found


def reference(value: Any) -> str:
    """The text of a module and an object in it, which is imported when it is needed. RemitError; TypeError."""
    module, _, path = checked_text(value, "an object").partition(":")
    if not all(each.isidentifier() for each in [*module.split("."), *path.split(".")]):
        raise RemitError(f"{value!r} is no object of Python's; write 'module:object', as in 'mypkg.clocks:Fixed'")
    return str(value)


def checked_rights(text: str) -> str:
    if text in ("read", "all"):
        return text
    from remit.filesystems.rules import FileRule, rights_text

    return rights_text(FileRule(f"{checked_text(text, 'rights')} **").rights)


def checked_rules(rules: Any) -> tuple[str, ...]:
    from remit.filesystems.rules import FileRule, file_rules

    items = checked_items("rules", rules)
    if not items:
        raise RemitError("there are no rules, so nothing could be done there: leave the directory out")
    return tuple([rule.text for rule in file_rules([FileRule(each) for each in items])])
