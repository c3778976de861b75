"""What Python objects are taken for values of component types. The made code handles the usual ones itself.

Each function returns what the code goes on with, or raises TypeError, OverflowError or ValueError with a message to
which `explain` adds where the value was.
"""

from __future__ import annotations

from remit.binary.wording import listed
from remit.component.values.enums import Enum
from remit.component.values.names import python_name
from remit.component.values.results import Err, Ok, Some
from remit.component.values.variants import Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RANGES = {
    "u8": (0, (1 << 8) - 1),
    "s8": (-(1 << 7), (1 << 7) - 1),
    "u16": (0, (1 << 16) - 1),
    "s16": (-(1 << 15), (1 << 15) - 1),
    "u32": (0, (1 << 32) - 1),
    "s32": (-(1 << 31), (1 << 31) - 1),
    "u64": (0, (1 << 64) - 1),
    "s64": (-(1 << 63), (1 << 63) - 1),
}

MAX_SHOWN = 60
"""Characters of a wrong value's repr in a message."""


def shown(value: object) -> str:
    """`value` for a message."""
    try:
        text = repr(value)
    except ValueError:  # Python does not write numbers of more than some thousand digits
        text = "a number that is too long to be shown"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def wrong(wanted: str, value: object) -> TypeError:
    return TypeError(f"{wanted} is wanted, not {shown(value)}")


def integer(value: Any, kind: str) -> int:
    """Anything that is an int by ``__index__``."""
    if not hasattr(value, "__index__"):
        raise wrong("an int", value)
    number: int = value.__index__()
    low, high = RANGES[kind]
    if not low <= number <= high:
        raise OverflowError(f"{shown(number)} is out of range for {kind}, which takes {low} to {high}")
    return number


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong("a bool", value)
    return value


def booleans(values: Any) -> Any:
    """All of a list."""
    for value in values:
        boolean(value)
    return values


def character(value: Any) -> int:
    """A str of one character: its code point."""
    if not isinstance(value, str) or len(value) != 1:
        raise wrong("a str of one character", value)
    code_point = ord(value)
    if 0xD800 <= code_point <= 0xDFFF:
        raise ValueError(f"a character is wanted, not the surrogate {value!r}")
    return code_point


def record(value: Any, made: Any) -> Any:
    """Any object with the attributes of class `made`, or a mapping with its fields or the labels of the type."""
    names = made.__match_args__
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        given = {python_name(key) if isinstance(key, str) else key: value[key] for key in value.keys()}  # noqa: SIM118 - a mapping
        if given.keys() != set(names):
            missing = [name for name in names if name not in given] or sorted(map(repr, given.keys() - set(names)))
            what = "without" if len(given.keys() & set(names)) < len(names) else "with a field too much:"
            raise TypeError(f"a {made.__name__} ({listed(names)}) is wanted, not a mapping {what} {listed(missing)}")
        return made(**given)
    for name in names:
        if not hasattr(value, name):
            raise TypeError(f"a {made.__name__} ({listed(names)}) is wanted, not {shown(value)}, which has no {name}")
    return value


def sequence(value: Any) -> Any:
    """A list, a tuple, or anything else with a length and items by number that is no text."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, (str, bytes, bytearray, dict)) or not (
        hasattr(value, "__len__") and hasattr(value, "__getitem__")
    ):
        raise wrong("a list", value)
    return list(value)


def sequence_of(value: Any, length: int, what: str) -> Any:
    """A sequence of exactly `length` items. `what` it is for: ``tuple`` or ``list``."""
    if isinstance(value, (bytes, bytearray)):
        value = list(value)
    items = sequence(value)
    if len(items) != length:
        raise ValueError(f"a {what} of {length} items is wanted, not of {len(items)}")
    return items


def octets(value: Any) -> bytes | bytearray | memoryview:
    """Bytes of any kind, or a sequence of ints from 0 to 255."""
    if isinstance(value, (bytes, bytearray)):
        return value
    if isinstance(value, (list, tuple)):
        for item in value:
            integer(item, "u8")
        return bytes(value)
    try:
        view = memoryview(value)
    except TypeError:
        raise wrong("bytes", value) from None
    if not view.contiguous:
        view = memoryview(view.tobytes())
    return view.cast("B")


def octets_of(value: Any, length: int) -> bytes | bytearray | memoryview:
    data = octets(value)
    if len(data) != length:
        raise ValueError(f"{length} bytes are wanted, not {len(data)}")
    return data


def case(value: Any, made: type[Variant]) -> tuple[int, Any]:
    """A case of class `made`, or of another variant by the same label, or the label of a case without payload."""
    if isinstance(value, str):
        label, payload, has_payload = value, None, False
    elif isinstance(value, Variant) and value.label:
        label, payload, has_payload = value.label, getattr(value, "value", None), hasattr(value, "value")
    else:
        raise wrong(f"a {made.__name__} ({listed([each.__name__ for each in made.case_classes])})", value)
    for index, each in enumerate(made.case_classes):
        if each.label == label:
            if has_payload != hasattr(each, "value"):
                raise wrong(f"a {made.__name__}.{each.__name__} {'without' if has_payload else 'with'} a value", value)
            return index, payload
    raise wrong(f"a {made.__name__} ({listed([each.__name__ for each in made.case_classes])})", value)


def as_case(value: Any, made: type[Variant]) -> Variant:
    """The case of class `made` that stands for `value`."""
    index, payload = case(value, made)
    chosen: Any = made.case_classes[index]
    found: Variant = chosen(payload) if hasattr(chosen, "value") else chosen()
    return found


def member(value: Any, made: type[Enum]) -> int:
    """A member of class `made`, or of another enum with the same label, or the label: its index."""
    label = value if isinstance(value, str) or not hasattr(type(value), "members") else value.label
    if isinstance(label, str):
        for each in made.members:
            if each.label == label:
                index: int = each.index
                return index
    raise wrong(f"a {made.__name__} ({listed([each.label for each in made.members])})", value)


def bits(value: Any, made: Any) -> int:
    """An int, such as flags of class `made`, or a collection of labels."""
    labels: tuple[str, ...] = made.labels
    if isinstance(value, int):
        number = int(value)
        if not 0 <= number < 1 << len(labels):
            raise OverflowError(f"{number:#x} has bits that no flag of {made.__name__} stands for")
        return number
    if isinstance(value, (set, frozenset, list, tuple)):
        number = 0
        for label in value:
            if label not in labels:
                raise wrong(f"a flag of {made.__name__} ({listed(labels)})", label)
            number |= 1 << labels.index(label)
        return number
    raise wrong(f"a {made.__name__} or a set of {listed(labels)}", value)


def some(value: Any) -> Any:
    """The payload of an option of an option."""
    if type(value) is not Some:
        raise wrong("None or Some(…)", value)
    return value.value


def ok_or_err(value: Any) -> int:
    """0 for Ok, 1 for Err."""
    if type(value) is Ok:
        return 0
    if isinstance(value, Err):
        return 1
    raise wrong("Ok(…) or Err(…)", value)


def nothing(value: Any) -> None:
    """What a case without payload has."""
    if value is not None:
        raise wrong("None", value)
