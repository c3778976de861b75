"""Paths that led outside somewhere: slashes, links, `..`, in every call that takes a path."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from passthrough import DATA, SCRATCH, Guest
from security.worlds import (
    ALL,
    CREAT,
    DIRECTORY,
    EXCL,
    FD_READ,
    ILSEQ,
    INSIDE,
    INVAL,
    NOTCAPABLE,
    SUCCESS,
    TRUNC,
    World,
    has_host_files,
)

ENDINGS = ["/", "//", "/.", "/..", "/../", "/./", "/secret", "/dir/secret", "/../outside/secret"]
LINKS = [
    "up",
    "up-slash",
    "out",
    "out-slash",
    "out-dir",
    "out-secret",
    "out-new",
    "out-up",
    "absolute",
    "absolute-slash",
    "absolute-secret",
    "root",
    "chain",
    "dir/up2",
]
LEADING_OUT = [
    "..",
    "../",
    "../outside/secret",
    "/",
    "/etc/passwd",
    "dir/../../outside/secret",
    "./../outside",
    "dir/../..",
]
SECOND = 0x3000


def everything(guest: Guest, path: str | bytes) -> dict[str, int]:
    """Try every call that takes a path; the errnos. What opens is written to and listed."""
    first = guest.path(path)
    own = guest.path("file", SECOND)
    found: dict[str, int] = {}
    for follow, oflags in itertools.product((0, 1), (0, DIRECTORY, CREAT, TRUNC, CREAT | TRUNC, CREAT | EXCL)):
        for rights in (ALL, FD_READ, 0):
            errno = guest.call("path_open", 3, follow, *first, oflags, rights, ALL, 0, SCRATCH)
            found[f"open {follow} {oflags} {rights:#x}"] = errno
            if errno == SUCCESS:
                opened = guest.u32()
                found["prestat"] = guest.call("fd_prestat_get", opened, SCRATCH)
                guest.call("fd_readdir", opened, DATA, 4096, 0, SCRATCH)
                guest.write(opened, b"written by the guest")
                guest.call("fd_filestat_set_size", opened, 3)
                guest.call("fd_filestat_set_times", opened, 1, 1, 5)
                assert guest.call("fd_close", opened) == SUCCESS
    guest.path("file", SECOND)
    for follow in (0, 1):
        found[f"stat {follow}"] = guest.call("path_filestat_get", 3, follow, *first, SCRATCH)
        found[f"times {follow}"] = guest.call("path_filestat_set_times", 3, follow, *first, 1, 1, 5)
        found[f"link from {follow}"] = guest.call("path_link", 3, follow, *first, 3, *guest.path("linked", SECOND))
    guest.path("file", SECOND)
    found["readlink"] = guest.call("path_readlink", 3, *first, DATA, 4096, SCRATCH)
    found["link to"] = guest.call("path_link", 3, 0, *own, 3, *first)
    found["symlink"] = guest.call("path_symlink", *own, 3, *first)
    found["rename to"] = guest.call("path_rename", 3, *guest.path("empty", SECOND), 3, *first)
    found["rename from"] = guest.call("path_rename", 3, *first, 3, *guest.path("renamed", SECOND))
    found["mkdir"] = guest.call("path_create_directory", 3, *first)
    found["unlink"] = guest.call("path_unlink_file", 3, *first)
    found["rmdir"] = guest.call("path_remove_directory", 3, *first)
    return found


@pytest.mark.parametrize("link", LINKS)
def test_a_slash_after_a_link_to_the_outside(world: World, link: str) -> None:
    for ending in ENDINGS:
        found = everything(world.guest, link + ending)
        assert SUCCESS not in found.values(), (ending, found)
    # Without a slash the link itself may be renamed and removed.
    found = everything(world.guest, link)
    followed = [errno for call, errno in found.items() if call.startswith(("open", "stat 1", "times 1", "link from 1"))]
    assert SUCCESS not in followed, found


@pytest.mark.parametrize("path", LEADING_OUT)
def test_a_path_that_leads_out_by_itself(world: World, path: str) -> None:
    found = everything(world.guest, path)
    assert SUCCESS not in found.values(), found
    assert {errno for call, errno in found.items() if call.startswith(("open", "stat"))} == {NOTCAPABLE}


@pytest.mark.parametrize("name", ["out", "up", "absolute", "out-slash", "to-dir", "loop"])
@pytest.mark.parametrize("slashes", ["/", "//", "/.", "/./"])
def test_a_link_with_a_slash_is_renamed(world: World, name: str, slashes: str) -> None:
    guest = world.guest
    assert guest.call("path_rename", 3, *guest.path(name + slashes), 3, *guest.path("new", SECOND)) != SUCCESS
    assert guest.call("path_rename", 3, *guest.path("dir"), 3, *guest.path(name + slashes, SECOND)) != SUCCESS


@pytest.mark.parametrize("target", ["..", "../", "../outside", "../outside/", "../outside/secret", "../outside/new"])
@pytest.mark.parametrize("place", ["made", "dir/made"])
def test_the_guest_makes_links_and_chains_of_links(world: World, target: str, place: str) -> None:
    guest = world.guest
    deeper = "../" + target if "/" in place else target
    errno = guest.call("path_symlink", *guest.path(deeper), 3, *guest.path(place, SECOND))
    assert (errno == SUCCESS) == world.writable
    guest.call("path_symlink", *guest.path(place), 3, *guest.path("to-made", SECOND))
    guest.call("path_symlink", *guest.path("to-made/"), 3, *guest.path("to-to-made", SECOND))
    for path in (place, "to-made", "to-to-made", "to-made/secret", "to-to-made/dir/secret"):
        assert guest.open(path)[0] != SUCCESS
        assert guest.open(path, CREAT)[0] != SUCCESS
        assert guest.stat(path)[0] != SUCCESS
    for path in ("to-made", "to-to-made", "to-to-made/"):
        guest.call("path_link", 3, 1, *guest.path(path), 3, *guest.path("hard", SECOND))
        guest.call("path_link", 3, 0, *guest.path(path), 3, *guest.path("hard2", SECOND))
    for path in ("hard", "hard2"):
        assert guest.open(path)[0] != SUCCESS, "a hard link of a link is a link"
    everything(guest, "to-to-made/new")


def test_absolute_links_are_not_made(world: World) -> None:
    guest = world.guest
    for target in ("/", "/etc/passwd", "//", str(world.outside)):
        assert guest.call("path_symlink", *guest.path(target), 3, *guest.path("new", SECOND)) != SUCCESS


def test_dots_are_not_taken_away_from_the_text(world: World) -> None:
    """`a/link/../b` is what is beside where the link points, and not `a/b`."""
    guest = world.guest
    if world.writable:
        guest.call("path_symlink", *guest.path("dir/inner"), 3, *guest.path("deep", SECOND))
        errno, fd = guest.open("deep/../inner/file")
        assert (errno, guest.read(fd)) == (SUCCESS, (SUCCESS, INSIDE)), "beside dir/inner is dir/inner"
        assert guest.open("deep/../empty")[0] != SUCCESS
    for path in (
        "up/../file",
        "out/../granted/file",
        "chain/../file",
        "dir/up2/granted/file",
        "absolute/../granted/file",
    ):
        assert guest.open(path)[0] == NOTCAPABLE
        assert guest.stat(path)[0] == NOTCAPABLE
    assert guest.open("nothing/../file")[0] != SUCCESS
    assert guest.open("file/../file")[0] != SUCCESS


def test_a_link_is_followed_on_create_and_write(world: World) -> None:
    guest = world.guest
    for name in ("out-secret", "out-new", "absolute-secret", "chain", "out", "up", "root"):
        for follow, oflags in itertools.product((0, 1), (CREAT, CREAT | EXCL, TRUNC, CREAT | TRUNC)):
            errno, _ = guest.open(name, oflags, follow=follow)
            assert errno != SUCCESS, (name, follow, oflags)
    # A dangling link inside makes its target inside.
    errno, fd = guest.open("dangling", CREAT)
    if world.writable:
        assert errno == SUCCESS
        assert guest.write(fd, b"x") == SUCCESS
        assert guest.open("nothing")[0] == SUCCESS
        if has_host_files(world.kind):
            assert (world.granted / "nothing").read_bytes() == b"x"


MALFORMED: list[tuple[bytes, set[int]]] = [
    (b"a\0b", {INVAL, ILSEQ}),
    (b"\0", {INVAL, ILSEQ}),
    (b"file\0", {INVAL, ILSEQ}),
    (b"\0file", {INVAL, ILSEQ}),
    (b"dir/\0/file", {INVAL, ILSEQ}),
    (b"\xff", {ILSEQ}),
    (b"file\xc3", {ILSEQ}),
    (b"\xc0\xae\xc0\xae/outside", {ILSEQ}),
    (b"\xed\xa0\x80", {ILSEQ}),
    (b"\xf4\x90\x80\x80", {ILSEQ}),
    (b"dir/\xfe/file", {ILSEQ}),
]


@pytest.mark.parametrize(("path", "errnos"), MALFORMED, ids=repr)
def test_a_nul_or_malformed_utf8_in_a_name(world: World, path: bytes, errnos: set[int]) -> None:
    guest = world.guest
    own = guest.path("file", SECOND)
    calls: list[Callable[[], int]] = [
        lambda: guest.open(path)[0],
        lambda: guest.open(path, CREAT)[0],
        lambda: guest.stat(path)[0],
        lambda: guest.call("path_filestat_set_times", 3, 1, *guest.path(path), 1, 1, 5),
        lambda: guest.call("path_create_directory", 3, *guest.path(path)),
        lambda: guest.call("path_unlink_file", 3, *guest.path(path)),
        lambda: guest.call("path_remove_directory", 3, *guest.path(path)),
        lambda: guest.call("path_readlink", 3, *guest.path(path), DATA, 64, SCRATCH),
        lambda: guest.call("path_rename", 3, *guest.path(path), 3, *own),
        lambda: guest.call("path_rename", 3, *own, 3, *guest.path(path)),
        lambda: guest.call("path_link", 3, 0, *guest.path(path), 3, *own),
        lambda: guest.call("path_link", 3, 0, *own, 3, *guest.path(path)),
        lambda: guest.call("path_symlink", *own, 3, *guest.path(path)),
        lambda: guest.call("path_symlink", *guest.path(path), 3, *own),
    ]
    for number, call in enumerate(calls):
        assert call() in errnos, number


def test_device_names_streams_and_drives_are_plain_names(world: World) -> None:
    """What is something else on Windows is a name like others here, and never leads anywhere."""
    guest = world.guest
    for name in ("NUL", "CON", "aux.txt", "C:", "C:\\Windows", "..\\outside", "file::$DATA", "\\\\?\\C:\\", "COM1"):
        assert guest.open(name)[0] != SUCCESS
        errno, fd = guest.open(name, CREAT | EXCL)
        assert (errno == SUCCESS) == world.writable, (name, errno)
        if errno == SUCCESS:
            guest.call("fd_close", fd)
            assert guest.call("path_unlink_file", 3, *guest.path(name)) == SUCCESS
