"""Records: small classes with a slot for each field."""

from __future__ import annotations

from remit.component.values.names import python_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component import types


class Record:
    """The base of the classes that are made for record types."""

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            getattr(self, name) == getattr(other, name) for name in self.__match_args__
        )

    __hash__ = None  # type: ignore[assignment]  # fields can be set

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join([f'{name}={getattr(self, name)!r}' for name in self.__match_args__])})"
        )


def record_class(record: types.Record, name: str) -> type[Record]:
    """A class for `record`, whose fields are arguments by position or name. ValueError for labels that are no names."""
    names = tuple([python_name(label) for label, _ in record.fields])
    if len(set(names)) != len(names):
        raise ValueError(f"{record}: two fields have one name in Python")
    # No label can begin with an underscore, so `_self` is free.
    lines = [f"def __init__(_self, {', '.join(names)}):", *[f"    _self.{each} = {each}" for each in names]]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(lines), f"<record {name}>", "exec"), namespace)
    init = namespace["__init__"]
    init.__qualname__ = f"{name}.__init__"
    body = {"__slots__": names, "__match_args__": names, "__init__": init, "__module__": __name__}
    return type(name, (Record,), body)
