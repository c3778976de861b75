"""The shared table, when a signal handler raises in the middle of a change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from interrupting import interrupted_at
from remit.filesystems.host import HostDirectory, open_ambient_directory
from remit.filesystems.watched import watched
from remit.kernel import rights
from remit.kernel.descriptors import OpenDirectory, OpenFile
from remit.kernel.files import How
from remit.kernel.limits import Limits
from remit.native.library import FREE
from remit.native.table import NativeDescriptorTable


def entry_of(directory: HostDirectory, name: str) -> OpenFile:
    return OpenFile(directory.open_file(name, How.READ), rights=rights.FILE)


@pytest.mark.parametrize(
    "change", ["insert", "insert directory", "insert watched", "remove", "renumber", "close_all", "adopt"]
)
def test_no_slot_outlives_what_it_names(tmp_path: Path, change: str) -> None:
    """A slot with a closed host descriptor would be read by C after the host has given the number to something else."""
    (tmp_path / "file").write_bytes(b"inside")
    for step in range(1, 200):
        directory = open_ambient_directory(tmp_path)
        table = NativeDescriptorTable(Limits(descriptors=8))
        table.use_watcher(print, 1)
        table.insert(entry_of(directory, "file"))
        table.insert(entry_of(directory, "file"))
        if change == "adopt":
            slot = table._slots[2]
            slot.host, slot.kind = os.open(tmp_path / "file", os.O_RDONLY), 2
            table.table.used = 3
        changes: dict[str, Callable[[], object]] = {
            "insert": lambda: table.insert(entry_of(directory, "file")),  # noqa: B023 - called before the next turn
            "insert directory": lambda: table.insert(OpenDirectory(directory.reopen())),  # noqa: B023 - likewise
            "insert watched": lambda: table.insert(OpenDirectory(watched(directory.reopen(), "/", print))),  # noqa: B023 - likewise
            "remove": lambda: table.remove(0).close(),  # noqa: B023 - likewise
            "renumber": lambda: table.renumber(0, 1),  # noqa: B023 - likewise
            "close_all": table.close_all,
            "adopt": lambda: table.get(2),  # noqa: B023 - likewise
        }
        reached = interrupted_at(step, changes[change], "native/table.py")
        changes.clear()
        for slot in table._slots:
            if slot.kind != FREE and slot.host >= 0:
                os.fstat(slot.host)
        directory.close()
        table.close_all()
        if not reached:
            return
    raise AssertionError("the change never came to its end")


def test_a_table_that_cannot_be_made_leaves_nothing_behind() -> None:
    limits = Limits()
    limits.descriptors = 1 << 60
    with pytest.raises((MemoryError, OverflowError, ValueError)):
        NativeDescriptorTable(limits)
