"""What kernel objects answer with, as plain values, and back."""

from __future__ import annotations

from remit.kernel.errors import KernelError
from remit.kernel.files import DirectoryEntry, FileType, Stat
from remit.kernel.network import SocketAddress
from remit.kernel.poll import ALWAYS, NEVER
from remit.recording.tape import CODES, attributes_of
from remit.recording.values import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.recording.tape import Tape, Taped


class Result:
    """One kind of answer. This one: nothing."""

    __slots__ = ()

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        """How a real answer is written down, and what the program gets."""
        return None, None

    def make(self, tape: Tape, told: Any) -> Any:
        """What the program gets for what was written down. Damaged, or any error of a value of another type."""
        return None

    def filled(self, told: Any) -> int:
        """How many bytes of the caller's buffers it has filled."""
        return 0


class Plain(Result):
    """None, bool, int, str, bytes, and tuples of them."""

    __slots__ = ()

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        return value, value

    def make(self, tape: Tape, told: Any) -> Any:
        return told


class Checked(Plain):
    """A value of one type."""

    __slots__ = ("_type",)

    def __init__(self, type: type[Any]) -> None:
        self._type = type

    def make(self, tape: Tape, told: Any) -> Any:
        if told.__class__ is not self._type:
            raise Damaged(f"{told!r:.50} where there should be a value of type {self._type.__name__}")
        return told


class Count(Plain):
    """Bytes that were moved; or, first of several values, how many were."""

    __slots__ = ()

    def filled(self, told: Any) -> int:
        count: int = told[0] if isinstance(told, tuple) else told
        return count


class Translated(Result):
    """By two functions."""

    __slots__ = ("_make", "_tell")

    def __init__(self, tell: Callable[[Any], Any], make: Callable[[Any], Any]) -> None:
        self._tell = tell
        self._make = make

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        told = self._tell(value)
        # The program gets what it will get again: an iterator is used up by telling it.
        return told, self._make(told)

    def make(self, tape: Tape, told: Any) -> Any:
        return self._make(told)


class Objects(Result):
    """An object of one of some kinds, the first that the real one is of; or, if it can be left out, None."""

    __slots__ = ("_kinds",)

    def __init__(self, *kinds: tuple[type[Any], type[Taped]]) -> None:
        """Pairs of a class of the kernel's, and what stands for its objects."""
        self._kinds = kinds

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        if value is None:
            return None, None
        for place, (base, kind) in enumerate(self._kinds):
            if isinstance(value, base):
                attributes = attributes_of(kind, value)
                return (place, *attributes), tape.adopt(kind, value, attributes)
        raise TypeError(f"{value!r} is of no kind that can be recorded here")

    def make(self, tape: Tape, told: Any) -> Any:
        if told is None:
            return None
        place, *attributes = told
        return tape.adopt(self._kinds[place][1], None, tuple(attributes))


class PollableResult(Objects):
    """What can be waited for; what is always or never ready needs no entries."""

    __slots__ = ()

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        if value is ALWAYS or value is NEVER:
            return value is ALWAYS, value
        return super().tell(tape, value)

    def make(self, tape: Tape, told: Any) -> Any:
        if told is True or told is False:
            return ALWAYS if told else NEVER
        return super().make(tape, told)


_TYPES = tuple(FileType)
_PLACES = {type: place for place, type in enumerate(_TYPES)}


def _stat_told(stat: Stat) -> tuple[int, ...]:
    return (
        *(_PLACES[stat.type], stat.device, stat.inode, stat.links, stat.size),
        *(stat.accessed, stat.modified, stat.changed),
    )


def _stat_of(told: Any) -> Stat:
    type, device, inode, links, size, accessed, modified, changed = told
    return Stat(
        _TYPES[type],
        device=device,
        inode=inode,
        links=links,
        size=size,
        accessed=accessed,
        modified=modified,
        changed=changed,
    )


def _entries_told(entries: Any) -> tuple[Any, ...]:
    return tuple([(each.name, each.inode, _PLACES[each.type]) for each in entries])


def _entries_of(told: Any) -> list[DirectoryEntry]:
    return [DirectoryEntry(name, inode, _TYPES[type]) for name, inode, type in told]


def address_told(address: SocketAddress) -> tuple[Any, ...]:
    return address.ip, address.port, address.flow_info, address.scope_id


def _address_of(told: Any) -> SocketAddress:
    ip, port, flow_info, scope_id = told
    return SocketAddress(ip, port, flow_info=flow_info, scope_id=scope_id)


def _datagram_told(datagram: Any) -> tuple[Any, ...]:
    data, address = datagram
    return bytes(data), address_told(address)


def _datagram_of(told: Any) -> tuple[bytes, SocketAddress]:
    data, address = told
    return data, _address_of(address)


def fields_told(fields: Any) -> tuple[Any, ...] | None:
    return None if fields is None else tuple([(name, bytes(value)) for name, value in fields])


def _fields_of(told: Any) -> Any:
    return None if told is None else list(told)


def _refusal_of(told: Any) -> KernelError:
    code, detail = told
    return KernelError(CODES[code], detail)


class RefusalResult(Result):
    """A refusal is told to people, too: while it is recorded, they get the real one."""

    __slots__ = ()

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        return (value.code.name, value.detail), value

    def make(self, tape: Tape, told: Any) -> Any:
        return _refusal_of(told)


NOTHING = Result()
INT, BOOL, TEXT, BYTES = Checked(int), Checked(bool), Checked(str), Checked(bytes)
COUNT = Count()
STAT = Translated(_stat_told, _stat_of)
ENTRIES = Translated(_entries_told, _entries_of)
ADDRESS = Translated(address_told, _address_of)
ADDRESSES = Translated(lambda found: tuple([bytes(each) for each in found]), list)
DATAGRAM = Translated(_datagram_told, _datagram_of)
FIELDS = Translated(fields_told, _fields_of)
REFUSAL = RefusalResult()
