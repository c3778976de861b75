"""Signal handlers that raise while files and directories of the host are opened, closed and forgotten."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from host_trees import descriptors_below
from interrupting import interrupted_at
from remit.filesystems.host import HostDirectory, HostFilesystem, open_ambient_directory
from remit.filesystems.host_files import HostFile
from remit.kernel.files import How

PLACES = ("filesystems/host.py", "filesystems/host_files.py", "filesystems/host_linux.py")
LINES = 200

OPENED: dict[str, Callable[[HostDirectory], Any]] = {
    "file": lambda root: root.open_file("file", How.READ),
    "new file": lambda root: root.open_file("new", How.WRITE | How.CREATE),
    "file that is only held": lambda root: root.open_file("file", 0),
    "pipe": lambda root: root.open_file("pipe", How.READ),
    "directory": lambda root: root.open_directory("dir"),
    "again": lambda root: root.reopen(),
}
if sys.platform == "linux":
    OPENED["walk"] = lambda root: root.walk("dir/inner")


@pytest.fixture
def granted(tmp_path: Path) -> Path:
    (tmp_path / "dir" / "inner").mkdir(parents=True)
    (tmp_path / "file").touch()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What finalizers could not raise, and what Python would print; there must be nothing."""
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: unraisable.append(what.exc_value))
    return unraisable


@pytest.mark.parametrize("what", OPENED)
def test_nothing_is_printed_of_an_object_that_was_not_made(granted: Path, silent: list[object], what: str) -> None:
    with closing(open_ambient_directory(granted)) as root:
        for line in range(1, LINES):
            (granted / "new").unlink(missing_ok=True)
            if not interrupted_at(line, lambda: OPENED[what](root), *PLACES):
                break
            assert silent == []
        assert line > 5, "it was interrupted at several places"
        assert line < LINES - 1, "it came to its end at last"


@pytest.mark.parametrize("what", OPENED)
def test_closing_closes_once_whatever_comes_between(granted: Path, silent: list[object], what: str) -> None:
    """Were it closed a second time, it would be something else by then that has the number."""
    with closing(open_ambient_directory(granted)) as root:
        for line in range(1, LINES):
            opened = OPENED[what](root)
            reached = interrupted_at(line, opened.close, *PLACES)
            foreign = os.open(os.devnull, os.O_RDONLY)
            del opened
            os.close(foreign)
            if not reached:
                break
        assert 2 < line < LINES - 1
    assert silent == []


@pytest.mark.parametrize("make", [HostFilesystem, open_ambient_directory])
def test_a_grant_that_was_not_made(granted: Path, silent: list[object], make: Callable[[Path], Any]) -> None:
    for line in range(1, LINES):
        if not interrupted_at(line, lambda: make(granted), *PLACES):
            break
        assert silent == []
    assert 2 < line < LINES - 1


def test_a_file_that_has_its_descriptor_gives_it_back(granted: Path, silent: list[object]) -> None:
    """Interrupted in the middle of ``__init__``, or before a caller has kept it."""
    for line in range(1, LINES):
        descriptor = os.open(granted / "file", os.O_RDONLY)
        reached = interrupted_at(line, lambda: HostFile(descriptor, writable=False), *PLACES)  # noqa: B023 - called now
        if line <= 2:  # It was not handed over yet: the first lines of two __init__.
            os.close(descriptor)
        assert descriptors_below(granted) == []
        if not reached:
            break
    assert 2 < line < LINES - 1
    assert silent == []
