"""How made code makes values and takes them apart: what differs between Python's values and those that only pass."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from remit.component.abi.source import Block
    from remit.component.types import Borrow, Flags, List, Own, ValType

    class Representation(Protocol):
        """Lifting gives expressions; lowering adds statements to a block, and gives names or expressions.

        An expression for lowering may be used any number of times.
        """

        def lift_char(self, code_point: str) -> str: ...

        def lift_string(self, address: str, length: str) -> str: ...

        def lift_record(self, type: ValType, fields: list[str]) -> str:
            """Of a record or tuple."""

        def lift_items(self, type: List, items: list[str]) -> str:
            """A list of fixed length from its items."""

        def lift_flags(self, type: Flags, bits: str) -> str: ...

        def lift_case(self, type: ValType, index: int, payload: str) -> str: ...

        def lift_empty(self, type: ValType, low: int, high: int, index: str) -> str:
            """One of the cases `low` to `high` (not included), which have no payload."""

        def lift_handle(self, type: Own | Borrow, index: str) -> str: ...

        def lift_bulk(self, type: List, buffer: str, offset: str, length: str) -> str | None:
            """All items of a list at once, from memory; None if they are lifted one by one."""

        def list_cost(self, type: List, item_cost: int, item_size: int) -> int:
            """What an item of a list takes in the host, in bytes."""

        def lower_integer(self, block: Block, kind: str, value: str) -> str:
            """An int in the range of `kind`. Only for flat values: in memory, packing checks it."""

        def lower_bool(self, block: Block, value: str) -> str: ...

        def lower_float(self, block: Block, kind: str, value: str) -> str: ...

        def lower_char(self, block: Block, value: str) -> str: ...

        def lower_string(self, value: str) -> str:
            """An expression for (address, length)."""

        def lower_record(self, block: Block, type: ValType, value: str) -> list[str]: ...

        def lower_items(self, block: Block, type: List, value: str) -> str:
            """A sequence with the right number of items."""

        def lower_flags(self, block: Block, type: Flags, value: str) -> str: ...

        def lower_case(self, block: Block, type: ValType, value: str) -> tuple[str, str]:
            """The index, and what the payload is if that case has one."""

        def lower_handle(self, type: Own | Borrow, value: str) -> str: ...

        def lower_list(self, block: Block, value: str) -> str:
            """A sequence of any length."""

        def lower_bulk(self, block: Block, type: List, value: str) -> tuple[str, str] | None:
            """All items of a list at once: bytes, and how many items they are; None if they are lowered one by one."""
