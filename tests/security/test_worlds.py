"""The tests of this folder trust the verdict of a world: what it must notice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from host_trees import descriptors_below
from security.test_host_oddities import remove_deep
from security.worlds import World


@pytest.fixture
def fresh(tmp_path: Path) -> World:
    """A world whose verdict the test asks for itself."""
    return World(tmp_path / "world", "preview1", "openat2", "native")


@pytest.mark.parametrize("place", ["granted", "granted/file", "outside/secret"])
def test_a_descriptor_that_is_left_open(fresh: World, place: str) -> None:
    left = os.open(fresh.base / place, os.O_RDONLY)
    try:
        with pytest.raises(AssertionError):
            fresh.check()
    finally:
        os.close(left)
    fresh.check()


def test_a_descriptor_that_another_test_left_open(fresh: World, tmp_path: Path) -> None:
    left = os.open(tmp_path, os.O_RDONLY)
    try:
        fresh.check()
    finally:
        os.close(left)


def test_descriptors_are_found_whatever_became_of_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree2").mkdir()
    (tmp_path / "tree" / "gone").touch()
    beside = os.open(tmp_path / "tree2", os.O_RDONLY)
    gone = os.open(tmp_path / "tree" / "gone", os.O_RDONLY)
    os.unlink(tmp_path / "tree" / "gone")
    deep = os.open(tmp_path / "tree", os.O_RDONLY)
    for _ in range(2_100):  # more than the 4,096 characters of a path
        os.mkdir("d", dir_fd=deep)
        above, deep = deep, os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(above)
    assert len(descriptors_below(tmp_path / "tree")) == 2
    for descriptor in (beside, gone, deep):
        os.close(descriptor)
    remove_deep(tmp_path / "tree")
    assert descriptors_below(tmp_path) == []


def test_a_change_of_what_may_not_change(fresh: World, tmp_path: Path) -> None:
    (fresh.outside / "secret").write_bytes(b"changed")
    with pytest.raises(AssertionError):
        fresh.check()
    other = World(tmp_path / "other", "preview1", "memory", "native")
    os.utime(other.granted / "file")
    with pytest.raises(AssertionError):
        other.check()
