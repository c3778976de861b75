"""What leads out of a directory is no mere error: it is told, whatever filesystem that is of."""

from __future__ import annotations

import pytest

import remit
from passthrough import DATA, SCRATCH, Guest
from remit.kernel.refusals import MAX_CAUSES, MAX_LEAVING, Collected
from security.worlds import ALL, NOTCAPABLE, SUCCESS, World


class Told:
    """A guest, and what was told of it."""

    def __init__(self, world: World) -> None:
        self.refusals: list[remit.Refusal] = []
        self.guest = world.another(on_refusal=self.refusals.append)

    def __call__(self) -> list[tuple[str, str, str]]:
        return [(each.call, each.action, each.subject) for each in self.refusals]


@pytest.fixture
def told(world: World) -> Told:
    return Told(world)


@pytest.mark.parametrize("path", ["..", "../outside/secret", "/etc/passwd", "dir/../../outside", "out-secret", "root"])
def test_whatever_way_it_tries(told: Told, path: str) -> None:
    guest = told.guest
    assert guest.call("path_open", 3, 1, *guest.path(path), 0, ALL, ALL, 0, SCRATCH) == NOTCAPABLE
    assert told() == [("path_open", "leave", path if path.startswith("/") else f"/{path}")]
    assert guest.call("path_filestat_get", 3, 1, *guest.path(path), SCRATCH) == NOTCAPABLE
    assert len(told()) == 1, "once for each cause"


def below(guest: Guest) -> int:
    """A descriptor of a directory in the one that was granted."""
    assert guest.call("path_open", 3, 1, *guest.path("dir"), 2, 1 << 18, ALL, 0, SCRATCH) == SUCCESS
    return guest.u32()


KNOWS = ("read-only", "restricted")
"""Who refuses more than that knows where a directory lies in what was granted."""


def test_from_a_directory_below(world: World, told: Told) -> None:
    guest = told.guest
    places = [below(guest) for _ in range(3)]
    for place in places:
        assert guest.call("path_filestat_get", place, 1, *guest.path("../../outside"), SCRATCH) == NOTCAPABLE
    subject = "/dir/../../outside" if world.kind in KNOWS else "../../outside"
    assert told() == [("path_filestat_get", "leave", subject)], "once, whatever descriptor it was"
    assert guest.call("path_filestat_get", places[0], 1, *guest.path("../file"), SCRATCH) == NOTCAPABLE
    # That leads out of the descriptor, and not of what was granted.
    assert len(told()) == (1 if world.kind in KNOWS else 2)


def test_to_look_where_a_link_leads_is_no_attempt_to_leave(told: Told) -> None:
    """A walk through a tree does that."""
    guest = told.guest
    for path in ("absolute-secret", "out-secret", "root", "dir/up2", "up"):
        assert guest.call("path_filestat_get", 3, 1, *guest.path(path), SCRATCH) == NOTCAPABLE
    assert told() == []
    assert guest.call("path_open", 3, 1, *guest.path("out-secret"), 0, ALL, ALL, 0, SCRATCH) == NOTCAPABLE
    assert told() == [("path_open", "leave", "/out-secret")]


def test_attempts_to_leave_hide_nothing_else(world: World) -> None:
    """They cost nothing, so there is a bound of their own."""
    if world.kind != "read-only":
        return
    kept: list[remit.Refusal] = []
    every = Collected()
    for seen in (kept.append, every):
        guest = world.another(on_refusal=seen)
        for number in range(2 * MAX_CAUSES):
            guest.call("path_open", 3, 0, *guest.path(f"../{number}"), 0, 0, 0, 0, SCRATCH)
        for number in range(MAX_CAUSES + 10):
            guest.call("path_create_directory", 3, *guest.path(f"new{number}"))
    actions = [each.action for each in kept]
    assert (actions.count("leave"), actions.count("create")) == (MAX_LEAVING, MAX_CAUSES)
    assert [each.action for each in every.kept] == actions
    assert every.more == 10


def test_a_link_to_an_absolute_path(told: Told) -> None:
    guest = told.guest
    new = guest.path("new", 0x3000)
    assert guest.call("path_symlink", *guest.path("/etc"), 3, *new) == NOTCAPABLE
    assert told() == [("path_symlink", "leave", "/new -> /etc")]


def test_what_is_within_is_not_told(told: Told) -> None:
    guest = told.guest
    for path in ("dir/../file", "dir/inner/../../file", "to-file", "to-dir/../file"):
        guest.call("path_open", 3, 1, *guest.path(path), 0, ALL & 2, ALL, 0, SCRATCH)
    guest.call("path_open", 3, 1, *guest.path("nothing"), 0, 2, ALL, 0, SCRATCH)
    guest.call("path_readlink", 3, *guest.path("absolute"), DATA, 4096, SCRATCH)
    assert [each for each in told() if each[1] == "leave"] == []


def test_a_link_in_its_name_is_no_alibi(world: World, told: Told) -> None:
    """What a directory was opened by may have led elsewhere than it says."""
    guest = told.guest
    assert guest.call("path_open", 3, 1, *guest.path("dir/inner/back/empty"), 2, 1 << 18, ALL, 0, SCRATCH) == SUCCESS
    place = guest.u32()
    assert guest.call("path_filestat_get", place, 1, *guest.path("../../outside"), SCRATCH) == NOTCAPABLE
    assert [action for _, action, _ in told()] == ["leave"]
