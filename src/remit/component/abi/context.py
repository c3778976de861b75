"""What one canonical function lifts and lowers with: a memory, an allocator, an encoding, an instance.

Source: ``CanonicalABI.md``, "Canonical ABI Options" and "Lifting and Lowering Context".
"""

from __future__ import annotations

from remit.component.abi.limits import MAX_LIFTED_BYTES
from remit.component.abi.strings import LOAD, STORE, TRANSFER
from remit.component.abi.traps import outside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.component.handles import BorrowScope, LendScope, Resource
    from remit.component.instance_state import ComponentInstance
    from remit.component.types import ResourceType
    from remit.engine.api import Memory, Pending, Store


class HandleConversion:
    """Between the representation of a resource and its Python object. This one: they are the same."""

    __slots__ = ()

    def own_to_python(self, resource: Resource, rep: Any) -> Any:
        return rep

    def borrow_to_python(self, resource: Resource, rep: Any, scope: LendScope) -> Any:
        """The object is valid until `scope` ends."""
        return rep

    def own_from_python(self, resource: Resource, value: Any) -> Any:
        """The representation, which `value` no longer owns. WrongHandle if `value` is none of this resource type."""
        return value

    def borrow_from_python(self, resource: Resource, value: Any, scope: BorrowScope) -> Any:
        """The representation. WrongHandle if `value` is none of this resource type."""
        return value


class WrongHandle(TypeError):
    """A Python object that stands for no resource of the type that is wanted."""

    def __init__(self, value: object, message: str) -> None:
        super().__init__(message)
        self.value = value


class LiftLowerContext:
    """Made once for each set of canonical options in an instance, and used for all calls with them."""

    __slots__ = (
        "conversion",
        "instance",
        "left",
        "load_string",
        "max_lifted",
        "memory",
        "realloc",
        "resources",
        "store_string",
        "string_encoding",
        "transfer_string",
        "wait",
    )

    def __init__(
        self,
        instance: ComponentInstance,
        *,
        memory: Memory | None = None,
        realloc: Callable[[int, int, int, int], int] | None = None,
        string_encoding: str = "utf8",
        resources: Mapping[ResourceType, Resource] | None = None,
        conversion: HandleConversion | None = None,
        max_lifted: int = MAX_LIFTED_BYTES,
        wait: Callable[[Store, Pending], Any] | None = None,
    ) -> None:
        self.instance = instance
        self.memory: Any = memory
        """None if no type needs one, which validation has made sure of."""
        self.realloc: Any = realloc
        """(old address, old size, alignment, new size) -> address, all as i32 bits."""
        self.string_encoding = string_encoding
        """``utf8``, ``utf16`` or ``latin1+utf16``."""
        self.resources: Mapping[ResourceType, Resource] = {} if resources is None else resources
        """What the resource types of the function's type stand for in this instance."""
        self.conversion = HandleConversion() if conversion is None else conversion
        self.wait = wait
        """How to wait for what a function of the host returns later; None: whoever called it gets the Pending."""
        self.max_lifted = max_lifted
        """In bytes: see MAX_LIFTED_BYTES."""
        self.left = max_lifted
        """What the lift that runs may still take."""
        self.load_string = LOAD[string_encoding]
        self.store_string = STORE[string_encoding]
        self.transfer_string = TRANSFER[string_encoding]

    def reallocate(self, old: int, old_byte_length: int, alignment: int, new_byte_length: int) -> int:
        """Call the guest's allocator; the address, checked. Traps, and whatever the call raises."""
        leave = self.instance.leave
        assert leave[0]
        leave[0] = False
        address: int = self.realloc(old, old_byte_length, alignment, new_byte_length) & 0xFFFFFFFF
        leave[0] = True
        size = self.memory.size
        if address & (alignment - 1) or address + new_byte_length > size:
            outside("realloc return", address, new_byte_length, alignment, size)
        return address

    def allocate(self, alignment: int, byte_length: int) -> int:
        """`byte_length` bytes that the guest's allocator gives."""
        return self.reallocate(0, 0, alignment, byte_length)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Into memory; the range is known to be inside."""
        self.memory.view()[address : address + len(data)] = data
