"""What leads out of a directory is no mere error: it is told, whatever filesystem that is of."""

from __future__ import annotations

import pytest

import remit
from passthrough import DATA, SCRATCH
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
    assert told() == [("path_open", "leave", f"/{path}")]
    assert guest.call("path_filestat_get", 3, 1, *guest.path(path), SCRATCH) == NOTCAPABLE
    assert len(told()) == 1, "once for each cause"


def test_from_a_directory_below(world: World, told: Told) -> None:
    guest = told.guest
    assert guest.call("path_open", 3, 1, *guest.path("dir"), 2, 1 << 18, ALL, 0, SCRATCH) == SUCCESS
    below = guest.u32()
    assert guest.call("path_filestat_get", below, 1, *guest.path("../../outside"), SCRATCH) == NOTCAPABLE
    [(call, action, subject)] = told()
    assert (call, action) == ("path_filestat_get", "leave")
    # Who refuses more than that knows where the directory lies in what was granted.
    assert subject == {"read-only": "/dir/../../outside", "restricted": "/dir/../../outside"}.get(
        world.kind, "../../outside"
    )


def test_a_link_to_an_absolute_path(told: Told) -> None:
    guest = told.guest
    new = guest.path("new", 0x3000)
    assert guest.call("path_symlink", *guest.path("/etc"), 3, *new) == NOTCAPABLE
    assert told() == [("path_symlink", "leave", "/new")]


def test_what_is_within_is_not_told(told: Told) -> None:
    guest = told.guest
    for path in ("dir/../file", "dir/inner/../../file", "to-file", "to-dir/../file"):
        guest.call("path_open", 3, 1, *guest.path(path), 0, ALL & 2, ALL, 0, SCRATCH)
    guest.call("path_open", 3, 1, *guest.path("nothing"), 0, 2, ALL, 0, SCRATCH)
    guest.call("path_readlink", 3, *guest.path("absolute"), DATA, 4096, SCRATCH)
    assert [each for each in told() if each[1] == "leave"] == []
