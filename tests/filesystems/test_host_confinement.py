"""What has let programs out of other sandboxes, tried on a granted directory with a tree beside it.

Each test runs with the portable walk and with openat2. Afterwards the tree outside is as it was, and no descriptor is
left open.
"""

from __future__ import annotations

import os
import resource
import sys
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest

from host_trees import SECRET, contents, descriptors_below, open_descriptors, outcome, snapshot
from remit.filesystems.host import HostFilesystem
from remit.filesystems.host_linux import openat2_available
from remit.filesystems.read_only import ReadOnly
from remit.kernel import paths
from remit.kernel.errors import Code
from remit.kernel.files import Directory, File, FileType, How

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the portable walk has no second one to compare with")

ALL_HOWS = range(32)


class Granted(NamedTuple):
    """A granted directory, what lies beside it, and the same directory granted for reading only."""

    root: Directory
    read_only: Directory
    inside: Path
    outside: Path


@pytest.fixture(params=["portable", "openat2"])
def granted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Granted]:
    """Links of every kind that point out of `granted`, and its neighbour `outside`."""
    outside = tmp_path / "outside"
    (outside / "directory").mkdir(parents=True)
    (outside / "secret").write_bytes(SECRET)
    (outside / "directory" / "secret").write_bytes(SECRET)
    inside = tmp_path / "granted"
    (inside / "d" / "e").mkdir(parents=True)
    (inside / "f").write_bytes(b"inside")
    (inside / "d" / "f").write_bytes(b"inside")
    for name, target in {
        "up": "..",
        "up_slash": "../",
        "out": "../outside",
        "out_slash": "../outside/",
        "out_dot": "../outside/.",
        "secret": "../outside/secret",
        "secret_slash": "../outside/secret/",
        "new": "../outside/new",
        "new_slash": "../outside/new/",
        "absolute": str(outside),
        "absolute_slash": f"{outside}/",
        "absolute_secret": str(outside / "secret"),
        "root": "/",
        "chain": "d/chain",
        "d/chain": "e/../../up/outside",
        "down_up": "d/../../outside",
        "missing_up": "missing/../../outside",
        "proc": "/proc/self/root",
    }.items():
        (inside / name).symlink_to(target)
    untouched = snapshot(outside)

    with_openat2 = request.param == "openat2"
    assert openat2_available() or not with_openat2
    filesystem = HostFilesystem(inside, openat2=with_openat2)
    root = filesystem.root()
    read_only = ReadOnly(filesystem).root()
    yield Granted(root, read_only, inside, outside)
    root.close()
    read_only.close()
    filesystem.close()
    assert snapshot(outside) == untouched
    assert descriptors_below(tmp_path) == []


LINKS = [
    "up", "up_slash", "out", "out_slash", "out_dot", "secret", "secret_slash", "new", "new_slash", "absolute",
    "absolute_slash", "absolute_secret", "root", "chain", "d/chain", "down_up", "missing_up", "proc",
]  # fmt: skip
ENDINGS = ["", "/", "//", "/.", "/..", "/../outside", "/secret", "/secret/", "/directory/secret", "/new", "/directory"]


def verbs(granted: Granted, path: str) -> dict[str, Callable[[], object]]:
    """Every operation that takes a path, as an attack."""
    root = granted.root
    calls: dict[str, Callable[[], object]] = {
        f"open {how} {follow}": partial(paths.open_at, root, path, follow=follow, how=how)
        for how in ALL_HOWS
        for follow in (False, True)
    }
    for follow in (False, True):
        calls[f"open directory {follow}"] = partial(
            paths.open_at, root, path, follow=follow, how=How.READ, directory_required=True
        )
        calls[f"stat {follow}"] = partial(paths.stat_at, root, path, follow=follow)
        calls[f"set times {follow}"] = partial(paths.set_times_at, root, path, 1, 2, follow=follow)
        calls[f"link from {follow}"] = partial(paths.link_at, root, path, root, "linked", follow=follow)
    calls["link to"] = partial(paths.link_at, root, "f", root, path)
    calls["read link"] = partial(paths.read_link_at, root, path)
    calls["make directory"] = partial(paths.make_directory_at, root, path)
    calls["symlink"] = partial(paths.symlink_at, "f", root, path)
    calls["rename to"] = partial(paths.rename_at, root, "f", root, path)
    calls["rename directory to"] = partial(paths.rename_at, root, "d", root, path)
    calls["rename from"] = partial(paths.rename_at, root, path, root, "renamed")
    calls["remove directory"] = partial(paths.remove_directory_at, root, path)
    calls["unlink"] = partial(paths.unlink_at, root, path)
    return calls


@pytest.mark.parametrize("link", LINKS)
def test_no_ending_of_a_path_makes_a_link_lead_out(granted: Granted, link: str) -> None:
    """Whatever an operation gives, it is of the inside: what is outside is seen by nothing."""
    foreign = {path.stat().st_ino for path in [granted.outside.parent, granted.outside, *granted.outside.rglob("*")]}
    for ending in ENDINGS:
        for verb, call in verbs(granted, link + ending).items():
            result = outcome(call)
            if isinstance(result, File | Directory):
                status = result.stat()
                result.close()
            elif verb.startswith("stat") and not isinstance(result, Code):
                status = paths.stat_at(granted.root, link + ending, follow=verb.endswith("True"))
            else:
                continue
            assert status.inode not in foreign, (verb, link + ending)


@pytest.mark.parametrize("link", [link for link in LINKS if link != "missing_up"])
@pytest.mark.parametrize("ending", ["", "/", "//", "/.", "/x"])
def test_a_followed_link_that_leads_out_is_refused(granted: Granted, link: str, ending: str) -> None:
    path = link + ending
    for how in (How.READ, How.WRITE, How.READ | How.WRITE | How.TRUNCATE):
        assert outcome(partial(paths.open_at, granted.root, path, follow=True, how=how)) is Code.NOT_CAPABLE
    assert outcome(partial(paths.stat_at, granted.root, path, follow=True)) is Code.NOT_CAPABLE
    assert outcome(partial(paths.set_times_at, granted.root, path, 1, 2, follow=True)) is Code.NOT_CAPABLE
    assert outcome(partial(paths.link_at, granted.root, path, granted.root, "n", follow=True)) is Code.NOT_CAPABLE


def test_a_link_that_leads_out_can_still_be_seen_moved_and_removed(granted: Granted) -> None:
    assert paths.stat_at(granted.root, "out", follow=False).type is FileType.SYMBOLIC_LINK
    assert paths.read_link_at(granted.root, "out") == "../outside"
    paths.rename_at(granted.root, "out", granted.root, "d/out")
    assert outcome(partial(paths.rename_at, granted.root, "up/", granted.root, "d/up")) is Code.NOT_DIRECTORY
    paths.unlink_at(granted.root, "d/out")
    assert outcome(partial(paths.remove_directory_at, granted.root, "up/")) is Code.NOT_DIRECTORY
    assert outcome(partial(paths.unlink_at, granted.root, "up/")) is Code.NOT_DIRECTORY


@pytest.mark.parametrize("link", ["new", "new_slash", "secret", "secret_slash", "absolute_secret", "d/chain"])
@pytest.mark.parametrize("how", [how | How.CREATE for how in ALL_HOWS if not how & How.CREATE])
def test_no_file_is_made_through_a_link_that_leads_out(granted: Granted, link: str, how: int) -> None:
    followed = outcome(partial(paths.open_at, granted.root, link, follow=True, how=how))
    left = outcome(partial(paths.open_at, granted.root, link, follow=False, how=how))
    if how & How.EXCLUSIVE:
        assert (followed, left) == (Code.EXISTS, Code.EXISTS)
    else:
        assert (followed, left) == (Code.NOT_CAPABLE, Code.LOOP)


def test_a_dangling_link_that_stays_inside_makes_its_target(granted: Granted) -> None:
    paths.symlink_at("../d/e/../made", granted.root, "d/dangling")
    opened = paths.open_at(granted.root, "d/dangling", follow=True, how=How.WRITE | How.CREATE)
    opened.close()
    assert (granted.inside / "d/made").is_file()


@pytest.mark.parametrize("target", ["/", "/etc/passwd", "//", "/../x"])
def test_no_link_to_an_absolute_path_is_made(granted: Granted, target: str) -> None:
    assert outcome(partial(paths.symlink_at, target, granted.root, "made")) is Code.NOT_CAPABLE
    assert not (granted.inside / "made").is_symlink()


def test_links_that_a_program_makes_lead_it_nowhere(granted: Granted) -> None:
    root = granted.root
    paths.symlink_at("..", root, "d/one")
    paths.symlink_at("one/..", root, "d/two")
    paths.symlink_at("d/two/outside", root, "three")
    paths.symlink_at("three/directory/", root, "four")
    for path in ("d/two", "three", "four", "four/secret", "d/one/three", "d/one/../f"):
        assert outcome(partial(paths.stat_at, root, path, follow=True)) is Code.NOT_CAPABLE
        assert outcome(partial(paths.open_at, root, path, follow=True, how=How.READ)) is Code.NOT_CAPABLE
        linked = partial(paths.link_at, root, path, root, "n", follow=True)
        assert outcome(linked) is Code.NOT_CAPABLE
        listed = partial(paths.open_at, root, path, follow=True, how=How.READ, directory_required=True)
        assert outcome(listed) is Code.NOT_CAPABLE
    assert paths.stat_at(root, "d/one/f", follow=True).size == len(b"inside")


def test_dots_go_up_from_where_a_link_points(granted: Granted) -> None:
    """`a/link/../b` is not `a/b`."""
    (granted.inside / "d/e/deep").mkdir()
    (granted.inside / "d/e/b").write_bytes(b"from the target of the link")
    (granted.inside / "b").write_bytes(b"lexical")
    paths.symlink_at("d/e/deep", granted.root, "link")
    assert paths.stat_at(granted.root, "link/../b", follow=True).size == len(b"from the target of the link")
    assert paths.stat_at(granted.root, "d/../link/../../../b", follow=False).size == len(b"lexical")
    assert outcome(partial(paths.stat_at, granted.root, "link/../../../../b", follow=False)) is Code.NOT_CAPABLE


@pytest.mark.parametrize("path", ["f\0", "\0", "d/\0/f", "d\0/../f", "f\0/", "../\0"])
def test_nul_is_refused_by_every_operation(granted: Granted, path: str) -> None:
    for verb, call in verbs(granted, path).items():
        assert outcome(call) is Code.INVALID, verb
    assert outcome(partial(paths.symlink_at, path, granted.root, "n")) is Code.INVALID


@pytest.mark.parametrize("path", ["\ud800", "d/\udc80", "\udcff/f"])
def test_what_utf8_cannot_say_is_refused_by_every_operation(granted: Granted, path: str) -> None:
    for verb, call in verbs(granted, path).items():
        assert outcome(call) is Code.ILLEGAL_BYTE_SEQUENCE, verb
    assert outcome(partial(paths.symlink_at, path, granted.root, "n")) is Code.ILLEGAL_BYTE_SEQUENCE


@pytest.mark.parametrize("how", ALL_HOWS)
@pytest.mark.parametrize("path", ["f", "d/f", "d", "missing", "d/missing", "new", "f/"])
def test_nothing_that_is_granted_for_reading_is_changed_by_opening_it(granted: Granted, path: str, how: int) -> None:
    before = snapshot(granted.inside)
    for follow in (False, True):
        opened = outcome(partial(paths.open_at, granted.read_only, path, follow=follow, how=how))
        if isinstance(opened, File):
            for write in (
                partial(opened.write_at, 0, [memoryview(b"changed")]),
                partial(opened.append, [memoryview(b"changed")]),
                partial(opened.resize, 0),
                partial(opened.allocate, 0, 100),
                partial(opened.set_times, 1, 2),
            ):
                assert outcome(write) in (Code.READ_ONLY, Code.BAD_DESCRIPTOR)
        if isinstance(opened, File | Directory):
            assert opened.host_descriptor() is None
            opened.close()
    assert snapshot(granted.inside) == before


def test_opening_a_read_only_file_for_writing_says_so(granted: Granted) -> None:
    for how in (How.WRITE, How.READ | How.WRITE, How.WRITE | How.TRUNCATE, How.WRITE | How.CREATE):
        assert outcome(partial(paths.open_at, granted.read_only, "f", follow=True, how=how)) is Code.READ_ONLY
    create = How.READ | How.CREATE
    assert outcome(partial(paths.open_at, granted.read_only, "n", follow=True, how=create)) is Code.READ_ONLY
    exclusive = create | How.EXCLUSIVE
    assert outcome(partial(paths.open_at, granted.read_only, "f", follow=True, how=exclusive)) is Code.EXISTS
    assert outcome(partial(paths.open_at, granted.read_only, "up", follow=False, how=create)) is Code.LOOP
    assert outcome(partial(paths.open_at, granted.read_only, "d", follow=False, how=create)) is Code.IS_DIRECTORY
    paths.open_at(granted.read_only, "f", follow=True, how=create).close()


def test_no_second_name_makes_a_read_only_file_writable(granted: Granted) -> None:
    before = snapshot(granted.inside)
    writable, read_only = granted.root, granted.read_only
    for source, target in ((read_only, writable), (writable, read_only), (read_only, read_only)):
        for path in ("f", "d/f"):
            assert outcome(partial(paths.link_at, source, path, target, "d/e/n")) is Code.READ_ONLY
            assert outcome(partial(paths.rename_at, source, path, target, "d/e/n")) is Code.READ_ONLY
        assert outcome(partial(paths.rename_at, source, "d", target, "n")) is Code.READ_ONLY
    assert snapshot(granted.inside) == before


def test_every_change_of_a_read_only_directory_says_so(granted: Granted) -> None:
    before = snapshot(granted.inside)
    root = granted.read_only
    for call in (
        partial(paths.make_directory_at, root, "n"),
        partial(paths.make_directory_at, root, "d/n"),
        partial(paths.symlink_at, "f", root, "n"),
        partial(paths.unlink_at, root, "f"),
        partial(paths.unlink_at, root, "d/f"),
        partial(paths.remove_directory_at, root, "d/e"),
        partial(paths.set_times_at, root, "f", 1, 2, follow=True),
        partial(paths.set_times_at, root, "d", 1, 2, follow=False),
        partial(paths.set_times_at, root, ".", 1, 2, follow=False),
    ):
        assert outcome(call) is Code.READ_ONLY
    assert snapshot(granted.inside) == before


def test_a_directory_that_a_program_holds_confines_it_too(granted: Granted) -> None:
    held = paths.open_at(granted.root, "d", follow=True, how=How.READ, directory_required=True)
    assert isinstance(held, Directory)
    for path in ("..", "../f", "e/../../f", "chain", "chain/secret"):
        assert outcome(partial(paths.stat_at, held, path, follow=True)) is Code.NOT_CAPABLE
    assert paths.stat_at(held, "e/../f", follow=True).size == len(b"inside")
    held.close()


def test_descriptors_are_enough_for_any_depth_of_path(granted: Granted) -> None:
    path = "/".join(["deep"] * 300)
    place = granted.inside
    os.makedirs(place / path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_descriptors() + 100, hard))
    try:
        assert paths.stat_at(granted.root, path, follow=True).type is FileType.DIRECTORY
        up = path + "/.." * 299 + "/../f"
        assert paths.stat_at(granted.root, up, follow=True).size == len(b"inside")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_host_name_that_is_no_utf8_is_not_there_for_a_program(granted: Granted) -> None:
    odd = os.fsencode(granted.inside) + b"/odd\xff"
    os.mkdir(odd)
    (granted.inside / "to_odd").symlink_to("odd\udcff")
    names = {entry.name for entry in granted.root.entries()}
    assert names == set(os.listdir(granted.inside)) - {"odd\udcff"}
    assert outcome(partial(paths.read_link_at, granted.root, "to_odd")) is Code.ILLEGAL_BYTE_SEQUENCE
    # Both walks follow such a link, as the host does.
    assert paths.stat_at(granted.root, "to_odd", follow=True).type is FileType.DIRECTORY
    assert paths.stat_at(granted.root, "to_odd/.", follow=True).type is FileType.DIRECTORY


def test_the_host_itself_would_follow_these_links(granted: Granted) -> None:
    """The attacks above would all "fail" if the links led nowhere."""
    assert {name for name, (kind, _) in contents(granted.inside).items() if kind == "link"} == set(LINKS)
    for path in ("out/secret", "secret", "chain/secret", "down_up/secret", "absolute/secret", "up/outside/secret"):
        assert (granted.inside / path).read_bytes() == SECRET
