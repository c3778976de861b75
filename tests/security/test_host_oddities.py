"""What lies about in directories of the host: magic links, pipes, devices, sockets, odd names, depth and width."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from host_trees import SECRET
from passthrough import DATA, SCRATCH
from security.worlds import (
    CREAT,
    DIRECTORY,
    EVERYWHERE,
    FD_READ,
    FD_WRITE,
    SUCCESS,
    TRUNC,
    World,
)

PATIENCE = 20


def test_links_of_proc_inside_a_granted_tree(host_world: World) -> None:
    """They do not say where they lead, they are there: `/proc/self/fd/N`, `/proc/self/root`, `/proc/self/cwd`."""
    guest = host_world.guest
    secret = os.open(host_world.outside / "secret", os.O_RDONLY)
    folder = os.open(host_world.outside, os.O_RDONLY)
    try:
        for number, target in enumerate(
            (
                f"/proc/self/fd/{secret}",
                f"/proc/{os.getpid()}/fd/{folder}",
                "/proc/self/root",
                "/proc/self/cwd",
                "/dev/fd/0",
            )
        ):
            (host_world.granted / f"proc{number}").symlink_to(target)
            for ending in ("", "/", "/secret", "/etc/passwd"):
                assert guest.open(f"proc{number}{ending}", rights=FD_READ)[0] != SUCCESS
                assert guest.open(f"proc{number}{ending}", CREAT | TRUNC)[0] != SUCCESS
                assert guest.stat(f"proc{number}{ending}")[0] != SUCCESS
    finally:
        os.close(secret)
        os.close(folder)


def test_proc_itself_is_granted(host_world: World) -> None:
    """Its files may be read: that was granted. Its links lead out of it and are refused."""
    guest = host_world.another({"/": host_world.made(), "/proc": Path("/proc")}, timeout=PATIENCE)
    secret = os.open(host_world.outside / "secret", os.O_RDONLY)
    folder = os.open(host_world.outside, os.O_RDONLY)
    try:
        me = os.getpid()
        assert guest.open(f"{me}/status", rights=FD_READ, fd=4)[0] == SUCCESS
        for path in (
            f"self/fd/{secret}",
            f"{me}/fd/{secret}",
            f"{me}/fd/{folder}/secret",
            f"{me}/fd/{folder}/",
            f"{me}/root/etc/passwd",
            f"{me}/root",
            f"{me}/cwd/.",
            f"{me}/exe",
            f"{me}/task/{me}/root/etc",
        ):
            for rights, flags in ((FD_READ, 0), (FD_READ, DIRECTORY), (FD_READ | FD_WRITE, TRUNC)):
                assert guest.open(path, flags, rights=rights, fd=4)[0] != SUCCESS, path
            assert guest.stat(path, fd=4)[0] != SUCCESS, path
    finally:
        os.close(secret)
        os.close(folder)


def test_dev_itself_is_granted(host_world: World) -> None:
    guest = host_world.another({"/dev": Path("/dev")}, timeout=PATIENCE)
    errno, zero = guest.open("zero", rights=FD_READ)
    assert errno == SUCCESS
    assert guest.read(zero, 16) == (SUCCESS, bytes(16))
    errno, null = guest.open("null", rights=FD_READ | FD_WRITE)
    assert errno == SUCCESS
    assert guest.write(null, b"gone") == SUCCESS
    assert guest.read(null) == (SUCCESS, b"")
    for path in ("fd/0", "fd/1", "stdin", "stdout"):
        assert guest.open(path, rights=FD_READ)[0] != SUCCESS


def test_opening_a_pipe_hangs(host_world: World) -> None:
    os.mkfifo(host_world.granted / "pipe")
    guest = host_world.another(timeout=PATIENCE)
    for flags in (0, CREAT, TRUNC):
        for rights in (FD_READ, FD_WRITE, FD_READ | FD_WRITE):
            errno, fd = guest.open("pipe", flags, rights=rights)
            if errno == SUCCESS:
                assert guest.call("fd_close", fd) == SUCCESS
    assert guest.stat("pipe")[0] == SUCCESS


def test_reading_a_pipe_that_nobody_writes_ends_with_the_time_limit(host_world: World) -> None:
    os.mkfifo(host_world.granted / "pipe")
    guest = host_world.another(timeout=0.05)
    errno, fd = guest.open("pipe", rights=FD_READ | FD_WRITE)
    assert errno == SUCCESS
    with pytest.raises(TimeoutError):
        guest.read(fd)


def test_a_socket_in_a_directory(host_world: World) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(host_world.granted, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{here}/socket")
        finally:
            os.close(here)
        listener.listen()
        for flags in (0, CREAT, TRUNC):
            assert host_world.guest.open("socket", flags)[0] != SUCCESS
        errno, found = host_world.guest.stat("socket")
        assert (errno, found[2]) == (SUCCESS, 6)


@pytest.mark.skipif(os.geteuid() != 0, reason="making a device takes root")
def test_a_device_in_a_directory(host_world: World) -> None:
    os.mknod(host_world.granted / "null", 0o020666, os.makedev(1, 3))
    guest = host_world.guest
    errno, fd = guest.open("null", CREAT | TRUNC)
    assert errno == SUCCESS
    assert guest.write(fd, b"gone") == SUCCESS
    assert guest.call("fd_pread", fd, *guest.iovec((DATA, 4)), 0, SCRATCH) != SUCCESS
    assert guest.call("fd_filestat_set_size", fd, 0) != SUCCESS


NAMES = [
    b"line\nbreak",
    b"\x1b[2Jescape",
    b"\x7f",
    b"tab\t",
    b" ",
    b"-rf",
    b"*",
    b"\\",
    b"\xe2\x80\xae",
    b"'\"",
    b"a" * 255,
]


def test_names_of_any_kind(world: World) -> None:
    for name in NAMES:
        (world.granted / os.fsdecode(name)).write_bytes(name)
    (world.granted / os.fsdecode(b"\xff\xfe")).write_bytes(SECRET)
    world.freeze()
    if world.kind == "memory":
        return
    guest = world.another({"/": world.made()})
    assert guest.call("fd_readdir", 3, DATA, 8000, 0, SCRATCH) == SUCCESS
    listed = guest.memory.read(DATA, guest.u32())
    assert b"\xff\xfe" not in listed.replace(b"\xff\xff", b""), "what is no text is not shown"
    for name in NAMES:
        assert name in listed
        errno, fd = guest.open(name, rights=FD_READ)
        assert (errno, guest.read(fd)[1]) == (SUCCESS, name)
    assert guest.open(b"\xff\xfe")[0] != SUCCESS


# Each filesystem once, by the path through the code that is its own.
DEEPEST = [
    *("preview1-openat2-native", "preview0-portable-python", "preview1-mounts-native", "preview0-subdirectory-native"),
    "preview1-quota-python",
]
# These keep to the longest path of a host, whatever descriptors it is made by.
AS_DEEP_AS_PATHS = ["preview1-memory-python", "preview0-overlay-python"]


@pytest.mark.parametrize(
    ("world", "depth"),
    [
        *((world, 600) for world in EVERYWHERE),
        *(pytest.param(each, 2_000, marks=pytest.mark.slow) for each in AS_DEEP_AS_PATHS),
        *(pytest.param(each, 5_000, marks=pytest.mark.slow) for each in DEEPEST),
    ],
    indirect=["world"],
)
def test_a_very_deep_tree(world: World, depth: int) -> None:
    """The guest makes it, goes down by descriptors, and up again only within what it was granted."""
    if not world.writable:
        return
    guest = world.another(timeout=120)
    fd = 3
    full = (1 << 29) - 1 & ~FD_WRITE
    for _ in range(depth):
        assert guest.call("path_create_directory", fd, *guest.path("d")) == SUCCESS
        errno, below = guest.open("d", DIRECTORY, rights=full, fd=fd)
        assert errno == SUCCESS
        assert guest.open("..", DIRECTORY, rights=full, fd=below)[0] != SUCCESS
        assert fd == 3 or guest.call("fd_close", fd) == SUCCESS
        fd = below
    assert guest.open("leaf", CREAT, rights=FD_READ, fd=fd)[0] == SUCCESS
    assert guest.stat("../" * 1000 + "leaf", fd=fd)[0] != SUCCESS
    assert guest.stat("d/" * min(depth, 2_000))[0] == SUCCESS
    assert guest.call("path_rename", 3, *guest.path("d"), fd, *guest.path("x", 0x3000)) != SUCCESS
    guest.close()
    remove_deep(world.granted)


def remove_deep(granted: Path) -> None:
    """Deeper than what the test runner removes: from the top, each directory moved up before its parent goes."""
    if not (granted / "d").exists():
        return
    here = os.open(granted, os.O_RDONLY)
    try:
        while True:
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            try:
                names = os.listdir(below)
                if "leaf" in names:
                    os.unlink("leaf", dir_fd=below)
                if "d" in names:
                    os.rename("d", "next", src_dir_fd=below, dst_dir_fd=here)
            finally:
                os.close(below)
            os.rmdir("d", dir_fd=here)
            if "d" not in names:
                return
            os.rename("next", "d", src_dir_fd=here, dst_dir_fd=here)
    finally:
        os.close(here)


@pytest.fixture(scope="module", params=[2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A directory with so many files in its one directory; nobody changes it, so it serves all worlds."""
    folder = tmp_path_factory.mktemp("crowd")
    (folder / "many").mkdir()
    many = os.open(folder / "many", os.O_RDONLY)
    for number in range(request.param):
        os.close(os.open(f"{number:06}", os.O_CREAT, dir_fd=many))
    os.close(many)
    return folder, request.param


def test_a_hundred_thousand_entries(host_world: World, crowd: tuple[Path, int]) -> None:
    folder, count = crowd
    guest = host_world.another({"/": host_world.made(folder)}, pages=4)
    _, fd = guest.open("many", DIRECTORY, rights=1 << 14)
    found, cookie = 0, 0
    while True:
        assert guest.call("fd_readdir", fd, DATA, 0x30000, cookie, SCRATCH) == SUCCESS
        used = guest.u32()
        listed = guest.memory.read(DATA, used)
        at = 0
        while at + 24 <= used and at + 24 + (length := int.from_bytes(listed[at + 16 : at + 20], "little")) <= used:
            cookie = int.from_bytes(listed[at : at + 8], "little")
            found += 1
            at += 24 + length
        if used < 0x30000:
            break
    assert found == count + 2
