"""The cases of docs/security-cases.md that concern files, through WASI 0.2: on every filesystem, with a tree beside it.

What is checked is the kernel's, so it holds here without a check of its own; these tests say so. Sockets and HTTP have
theirs elsewhere.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_trees import SECRET, descriptors_below, snapshot
from interfaces.wasi_0_2.files import (
    CREATE,
    DIRECTORY,
    EXCLUSIVE,
    FOLLOW,
    MUTATE,
    NOW,
    READ,
    TRUNCATE,
    WRITE,
    Files,
    at,
)
from interfaces.wasi_0_2.world import World
from remit import fs
from remit.component.values.results import Err, Ok
from remit.kernel.limits import Limits

if sys.platform != "linux":
    pytest.skip("the trees are made for Linux", allow_module_level=True)

from security.test_paths_outside import ENDINGS, LEADING_OUT, LINKS
from security.worlds import FILESYSTEMS, HOSTS, INSIDE
from security.worlds import World as Trees


class Attack:
    """A program, what it is granted, and what it must not touch."""

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        self.world = World(dirs={"/": trees.filesystem})
        self.files = Files(self.world)

    def another(self, dirs: dict[str, Any], **options: Any) -> World:
        world = World(dirs=dirs, **options)
        self.trees._closing.insert(0, world.close)
        return world

    def everything(self, path: str) -> dict[str, Ok | Err]:
        """Try every call that takes a path. What opens is written to and listed."""
        files = self.files
        found: dict[str, Ok | Err] = {}
        for follow, how, flags in itertools.product(
            (0, FOLLOW),
            (0, DIRECTORY, CREATE, TRUNCATE, CREATE | TRUNCATE, CREATE | EXCLUSIVE),
            (0, READ, WRITE, READ | WRITE, READ | MUTATE),
        ):
            result = found[f"open {follow} {how} {flags}"] = files.opens(path, flags, how, follow=follow)
            if isinstance(result, Ok):
                opened = result.value
                files.call("write", b"written by the guest", 0, of=opened)
                files.call("set-size", 3, of=opened)
                files.call("set-times", at(1), at(1), of=opened)
                files.call("read-directory", of=opened)
                opened.drop()
        for follow in (0, FOLLOW):
            found[f"stat {follow}"] = files.call("stat-at", follow, path)
            found[f"hash {follow}"] = files.call("metadata-hash-at", follow, path)
            found[f"times {follow}"] = files.call("set-times-at", follow, path, at(1), NOW)
            found[f"link from {follow}"] = files.call("link-at", follow, path, files.root, "linked")
        found["readlink"] = files.call("readlink-at", path)
        found["link to"] = files.call("link-at", 0, "file", files.root, path)
        found["symlink"] = files.call("symlink-at", "file", path)
        found["rename to"] = files.call("rename-at", "empty", files.root, path)
        found["rename from"] = files.call("rename-at", path, files.root, "renamed")
        found["mkdir"] = files.call("create-directory-at", path)
        found["unlink"] = files.call("unlink-file-at", path)
        found["rmdir"] = files.call("remove-directory-at", path)
        return found


def succeeded(found: dict[str, Ok | Err]) -> list[str]:
    return [call for call, result in found.items() if isinstance(result, Ok)]


@pytest.fixture(params=FILESYSTEMS)
def attack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Attack]:
    yield from made(request.param, tmp_path)


@pytest.fixture(params=HOSTS)
def host_attack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Attack]:
    yield from made(request.param, tmp_path)


def made(kind: str, tmp_path: Path) -> Iterator[Attack]:
    trees = Trees(tmp_path / "world", "preview1", kind, "python")
    attack = Attack(trees)
    yield attack
    attack.world.close()
    trees.check()


@pytest.mark.parametrize("link", LINKS)
def test_a_slash_after_a_link_to_the_outside(attack: Attack, link: str) -> None:
    for ending in ENDINGS:
        assert succeeded(attack.everything(link + ending)) == [], ending
    # Without a slash the link itself may be renamed and removed.
    followed = [each for each in succeeded(attack.everything(link)) if each.startswith("open") or " 1" in each]
    assert followed == []


@pytest.mark.parametrize("path", LEADING_OUT)
def test_a_path_that_leads_out_by_itself(attack: Attack, path: str) -> None:
    found = attack.everything(path)
    assert succeeded(found) == []
    opened = {result.value for call, result in found.items() if call.startswith(("stat", "hash"))}
    assert opened == {"not-permitted"}
    subject = path if path.startswith("/") else f"/{path}"
    assert ("leave", subject) in {(each.action, each.subject) for each in attack.world.process.refusals}


@pytest.mark.parametrize("target", ["..", "../", "../outside", "../outside/", "../outside/secret", "../outside/new"])
@pytest.mark.parametrize("place", ["made", "dir/made"])
def test_the_guest_makes_links_and_chains_of_links(attack: Attack, target: str, place: str) -> None:
    files = attack.files
    made = files.call("symlink-at", "../" + target if "/" in place else target, place)
    assert isinstance(made, Ok) == attack.trees.writable
    files.call("symlink-at", place, "to-made")
    files.call("symlink-at", "to-made/", "to-to-made")
    for path in (place, "to-made", "to-to-made", "to-made/secret", "to-to-made/dir/secret"):
        for result in (files.opens(path), files.opens(path, WRITE, CREATE), files.call("stat-at", FOLLOW, path)):
            assert isinstance(result, Err)
    for path in ("to-made", "to-to-made", "to-to-made/"):
        files.call("link-at", FOLLOW, path, files.root, "hard")
        files.call("link-at", 0, path, files.root, "hard2")
    for path in ("hard", "hard2"):
        assert isinstance(files.opens(path), Err), "a hard link of a link is a link"
    attack.everything("to-to-made/new")


def test_absolute_links_are_not_made(attack: Attack) -> None:
    for target in ("/", "/etc/passwd", "//", str(attack.trees.outside)):
        assert isinstance(attack.files.call("symlink-at", target, "new"), Err)


def test_a_link_is_followed_on_create_and_write(attack: Attack) -> None:
    for name in ("out-secret", "out-new", "absolute-secret", "chain", "out", "up", "root"):
        for follow, how in itertools.product((0, FOLLOW), (CREATE, CREATE | EXCLUSIVE, TRUNCATE, CREATE | TRUNCATE)):
            for flags in (0, READ, WRITE, READ | WRITE):
                result = attack.files.opens(name, flags, how, follow=follow)
                assert isinstance(result, Err), (name, follow, how)


def test_dots_are_not_taken_away_from_the_text(attack: Attack) -> None:
    files = attack.files
    if attack.trees.writable:
        files.ok("symlink-at", "dir/inner", "deep")
        assert files.read("deep/../inner/file") == INSIDE, "beside dir/inner is dir/inner"
        assert isinstance(files.opens("deep/../empty"), Err)
    for path in ("up/../file", "out/../granted/file", "chain/../file", "dir/up2/granted/file"):
        assert files.opens(path) == Err("not-permitted")
        assert files.call("stat-at", FOLLOW, path) == Err("not-permitted")


@pytest.mark.parametrize("path", ["a\0b", "\0", "file\0", "\0file", "dir/\0/file"], ids=repr)
def test_a_nul_in_a_name(attack: Attack, path: str) -> None:
    """Strings of components are Unicode already; what is none never gets here."""
    for call, result in attack.everything(path).items():
        assert result == Err("invalid"), call


def test_nothing_of_the_host_without_a_grant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the working directory")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A_SECRET", "of the host")
    with World() as world:
        assert world.call("filesystem/preopens", "get-directories") == []
        assert world.call("cli/environment", "get-environment") == []
        assert world.call("cli/environment", "initial-cwd") is None


def test_a_read_only_file_made_writable_by_a_second_name(attack: Attack) -> None:
    trees = attack.trees
    writable = trees.base / "writable"
    writable.mkdir()
    (writable / "own").write_bytes(b"own")
    trees.freeze(trees.granted)
    world = attack.another({"/ro": fs.ReadOnly(trees.filesystem), "/rw": fs.Host(writable)})
    frozen, own = Files(world, "/ro"), Files(world, "/rw")
    for source, target in itertools.product(("file", "dir/file", "to-file", "to-file/"), ("new", "own")):
        for follow in (0, FOLLOW):
            assert isinstance(frozen.call("link-at", follow, source, own.root, target), Err)
        assert isinstance(frozen.call("rename-at", source, own.root, target), Err)
        assert isinstance(own.call("rename-at", "own", frozen.root, source), Err)
        assert isinstance(own.call("link-at", 0, "own", frozen.root, "made"), Err)
    for below in (frozen.open("dir"), own.open(".", READ | MUTATE)):
        assert isinstance(frozen.call("link-at", 0, "file", below, "new"), Err)
        assert isinstance(frozen.call("rename-at", "file", below, "new"), Err)
    assert os.listdir(writable) == ["own"]


def test_truncation_by_opening_in_a_read_only_grant(attack: Attack) -> None:
    trees = attack.trees
    trees.freeze(trees.granted)
    files = Files(attack.another({"/": fs.ReadOnly(trees.filesystem)}))
    before = snapshot(trees.granted)
    for path, follow, how, flags in itertools.product(
        ("file", "to-file", "dir/file", "dangling", "new", "dir"), (0, FOLLOW), range(16), range(64)
    ):
        result = files.opens(path, flags, how, follow=follow)
        if isinstance(result, Ok):
            opened = result.value
            for attempt in (
                files.call("write", b"x", 0, of=opened),
                files.call("set-size", 0, of=opened),
                files.call("set-times", NOW, NOW, of=opened),
                files.call("write-via-stream", 0, of=opened),
                files.call("append-via-stream", of=opened),
            ):
                assert isinstance(attempt, Err)
            opened.drop()
    assert snapshot(trees.granted) == before


def test_middle_grants_were_lost(attack: Attack) -> None:
    names = ["/a", "/a/b", "/c", "/a/b/c", "."]
    for order in itertools.permutations(names):
        world = attack.another({name: fs.Memory({"who": name}) for name in order})
        granted = world.call("filesystem/preopens", "get-directories")
        assert [name for _, name in granted] == [*order]
        for name in order:
            assert Files(world, name).read("who") == name.encode()
        world.close()


def test_one_guest_takes_all_descriptors(attack: Attack) -> None:
    world = attack.another({"/": attack.trees.filesystem}, limits=Limits(descriptors=40))
    files = Files(world)
    before = len(descriptors_below(attack.trees.base))
    for path in ("file", "dir"):
        opened = []
        while isinstance(result := files.opens(path), Ok):
            opened.append(result.value)
            opened[-1].opened.retain()  # a stream over it
            opened[-1].drop()
        assert result == Err("insufficient-memory")
        assert len(opened) == 36
        assert len(descriptors_below(attack.trees.base)) - before <= 40
        for each in opened:
            each.opened.release()
    assert len(world.process.descriptors) == 4


@pytest.mark.parametrize("offset", [2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1])
def test_offsets_overflow(attack: Attack, offset: int) -> None:
    files = attack.files
    opened = files.open("file", READ | WRITE if attack.trees.writable else READ)
    assert files.ok("read", 2**64 - 1, offset, of=opened) == (b"", True)
    stream = files.ok("read-via-stream", offset, of=opened)
    assert attack.world.err("io/streams", "[method]input-stream.blocking-read", stream, 2**64 - 1) == "closed"
    stream.drop()
    assert isinstance(files.call("write", b"abc", offset, of=opened), Err)
    assert isinstance(files.call("set-size", offset, of=opened), Err)
    opened.drop()
    assert files.read("file") == INSIDE


@pytest.mark.parametrize("target", ["../outside/dir", "../outside/dir/", "absolute"])
def test_check_then_use(host_attack: Attack, target: str) -> None:
    """Somebody exchanges a directory and a link to the outside meanwhile: never one byte of the outside."""
    from security.test_races import exchange

    trees, files = host_attack.trees, host_attack.files
    (trees.granted / "d").mkdir()
    (trees.granted / "d" / "secret").write_bytes(INSIDE)
    (trees.granted / "link").symlink_to(str(trees.outside / "dir") if target == "absolute" else target)
    swapper = threading.Thread(target=exchange, args=(trees.granted / "d", trees.granted / "link", 1000))
    swapper.start()
    seen: set[bytes] = set()
    while swapper.is_alive():
        for path in ("d/secret", "d/../d/secret", "./d//secret", "link/secret"):
            result = files.opens(path)
            if isinstance(result, Ok):
                seen.add(bytes(files.ok("read", 100, 0, of=result.value)[0]))
                result.value.drop()
            stat = files.call("stat-at", FOLLOW, path)
            assert isinstance(stat, Err) or stat.value.size == len(INSIDE) != len(SECRET)
            files.call("set-times-at", FOLLOW, path, at(1), at(1))
            made = files.opens(f"{path}-new", WRITE, CREATE | TRUNCATE)
            if isinstance(made, Ok):
                made.value.drop()
    swapper.join()
    assert seen <= {INSIDE}
