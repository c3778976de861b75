"""Python objects in place of interfaces: what a remit names is imported here, and nowhere else.

That is code of the user's choice, outside of any sandbox. So it comes when a program is about to run, and not when a
remit is read, written, shown or checked.
"""

from __future__ import annotations

from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from remit.policy.remit import Remit


def replacements(remit: Remit) -> dict[str, Any]:
    """What :func:`remit.load` takes as `imports`. RemitError says which line names what is not there."""
    found: dict[str, Any] = {}
    for name, reference in remit.replaced_interfaces.items():
        interface, _, function = name.partition("#")
        try:
            value = imported(reference)
            if not function:
                found[interface] = _instance(reference, value)
            elif callable(value):
                found.setdefault(interface, {})[function] = value
            else:
                raise RemitError(f"{reference} is {value!r}, and no function")
        except RemitError as error:
            raise RemitError(f"{source_of(remit, name)}: {name}: {error}") from error.__cause__
    return found


def source_of(remit: Remit, name: str) -> str:
    """Where it was said that something is replaced."""
    return remit.sources.get(f"interfaces.{name}", "replaced_interfaces")


def imported(reference: str) -> Any:
    """The object that ``module:object`` names; its module is imported. RemitError."""
    from importlib import import_module

    module, _, path = reference.partition(":")
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise RemitError(f"there is no module {error.name}: PYTHONPATH says where to look for it") from None
        raise RemitError(f"importing {module} failed: {error}") from error
    except (Exception, SystemExit) as error:
        raise RemitError(f"importing {module} failed: {type(error).__name__}: {error}") from error
    there = module
    for each in path.split("."):
        try:
            found = getattr(found, each)
        except AttributeError:
            raise RemitError(f"{there} has no {each}{_meant(each, dir(found))}") from None
        there = f"{there}.{each}"
    return found


def _instance(reference: str, value: Any) -> Any:
    """An object; of a class, one that is made now."""
    if not isinstance(value, type):
        return value
    try:
        return value()
    except Exception as error:
        raise RemitError(f"{reference}() failed: {type(error).__name__}: {error}") from error


def _meant(name: str, there: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(there), n=1)
    return f"; did you mean {close[0]}?" if close else ""
