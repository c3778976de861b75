"""How much memory a program may take: one total, shared among what it has.

The engine bounds each memory and each table by itself, all of a store by the same number. So each gets an equal
share, and together they stay within the total.
"""

from __future__ import annotations

from remit.engine.wasmtime.store import StoreLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.module import ModuleInfo
    from remit.component.census import Census

MEMORY_BYTES = 4 << 30
"""The total unless the caller says less: all that addresses of 32 bits can reach. Memories with addresses of 64 bits
would have no limit at all."""

TABLE_ELEMENTS = 1 << 20
"""Of all tables together. An element is a host's pointer, and growing a table costs the guest nothing. The largest
real programs have some hundred thousand functions in one table."""


def store_limits(info: ModuleInfo, max_memory: int | None, name: str) -> StoreLimits:
    """What a store of the module `name` may take.

    :param max_memory: bytes of all its memories together. The heap of a program with objects or exceptions is one
        more memory. None: :data:`MEMORY_BYTES` for the memories, and as much for that heap.
    :raises ValueError: `max_memory` is no size, or less than the program starts with.
    """
    memories = [memory.minimum * memory.page_size for memory in info.memories]
    tables = [table.minimum for table in info.tables]
    share, elements = _shares(memories, tables, max_memory, name, has_heap=info.has_heap)
    return StoreLimits(
        memory_bytes=share, memories=len(memories), tables=len(tables), table_elements=elements, instances=1
    )


def component_limits(census: Census, max_memory: int | None, name: str) -> StoreLimits:
    """The same for each store of a component: the total is shared among all that its instances have."""
    share, elements = _shares(census.memories, census.tables, max_memory, name, has_heap=census.has_heap)
    # How many there are is known, and a program cannot make more of them.
    return StoreLimits(memory_bytes=share, table_elements=elements)


def _shares(
    memories: list[int], tables: list[int], max_memory: int | None, name: str, *, has_heap: bool
) -> tuple[int, int]:
    """What each memory, in bytes, and each table, in elements, may take, of those that begin so large."""
    if max_memory is not None and max_memory < 0:
        raise ValueError(f"max_memory is {max_memory}: bytes are wanted, 0 or more")
    heaps = int(has_heap and max_memory is not None)
    share = (MEMORY_BYTES if max_memory is None else max_memory) // max(1, len(memories) + heaps)
    start = max(memories, default=0)
    if start > share:
        raise ValueError(
            f"{name} starts with a memory of {start:,} bytes, and may have {share:,}"
            f"{_of_how_many(len(memories), heaps)}: a larger max_memory (--max-memory) is needed"
        )
    elements = TABLE_ELEMENTS // max(1, len(tables))
    start = max(tables, default=0)
    if start > elements:
        raise ValueError(f"{name} starts with a table of {start:,} elements, and may have {elements:,}")
    return share, elements


def _of_how_many(memories: int, heaps: int) -> str:
    """How the total is shared, if it is."""
    if memories + heaps < 2:
        return ""
    parts = ["1 memory" if memories == 1 else f"{memories} memories"] * bool(memories) + ["a heap of objects"] * heaps
    return f" (max_memory is shared among {' and '.join(parts)})"
