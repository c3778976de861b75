"""The model: what can be in a remit, and what cannot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from policy.remits import remits
from remit.policy.remit import Remit
from remit.policy.remit_grants import DirectoryGrant, FileGrant, StreamFile
from remit.policy.remit_values import MAX_ENTRIES, RemitError


@given(remits())
def test_fields_make_an_equal_one(remit: Remit) -> None:
    assert remit.changed() == remit
    assert remit.changed(base="elsewhere") != remit
    assert repr(remit).startswith("Remit(")


def test_what_is_left_out_is_not_granted() -> None:
    remit = Remit()
    assert (remit.dirs, remit.files, remit.env, remit.network, remit.listen) == ((), (), {}, "none", ())
    assert repr(remit) == "Remit()"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"program": ""}, "program is empty"),
        ({"program": "a\0b"}, "with a NUL"),
        ({"sha256": "ab"}, "64 hexadecimal digits are wanted"),
        ({"env": {"A=": "1"}}, "has a '=' in its name"),
        ({"env": {"": "1"}}, "the name of a variable is empty"),
        ({"stdin": "stdout"}, "inherit, null or a file"),
        ({"network": "all"}, "'none', 'host' or a list of rules"),
        ({"network": ["?"]}, "network rule '\\?'"),
        ({"time": -1}, "time is -1"),
        ({"allow_interfaces": ["a#"]}, "is no interface"),
        ({"limits": {"memmory": 1}}, "there is no limit 'memmory'"),
        ({"limits": {"timeout": 0}}, "more than 0"),
        ({"limits": {"timeout": float("inf")}}, "timeout is inf"),
        ({"limits": {"timeout": float("nan")}}, "timeout is nan"),
        ({"limits": {"descriptors": 1 << 40}}, "descriptors is"),
        ({"arguments": ["x"] * (MAX_ENTRIES + 1)}, "10,000 are possible"),
    ],
)
def test_what_cannot_be(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Remit(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"program": 1},
        {"arguments": "--verbose"},
        {"env": ["A"]},
        {"http": 1},
        {"seed": True},
        {"dirs": ["data"]},
        {"limits": {"fuel": 1.5}},
        {"network": {"a": 1}},
    ],
)
def test_what_is_of_a_wrong_type(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"wanted|not 'data'"):
        Remit(**wrong)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "data"}, "say what it may do there"),
        ({"path": "data", "rights": "read", "rules": ["read **"]}, "two ways to say the same"),
        ({"path": "data", "rights": "execute"}, "has the right 'execute'"),
        ({"path": "data", "rules": []}, "there are no rules"),
        ({"path": "data", "rules": ["read"]}, "has no pattern"),
        ({"path": "data", "kind": "zip"}, "there are host, memory, overlay, archive, fsspec"),
        ({"path": "data", "kind": "memory"}, "has no path"),
        ({"kind": "overlay"}, "has a path"),
        ({"path": "a.zip", "kind": "archive", "max_bytes": 1}, "is not written to"),
        ({"kind": "fsspec"}, "url is missing: say what fsspec opens"),
        ({"kind": "fsspec", "path": "data"}, "of the kind 'fsspec' has no path"),
        ({"kind": "fsspec", "url": "data"}, "url is 'data', which is none"),
        ({"kind": "fsspec", "url": "memory://a\0b"}, "with a NUL in it"),
        ({"kind": "memory", "url": "memory://a"}, "url is for directories of the kind 'fsspec'"),
        ({"kind": "fsspec", "url": "memory://a", "max_files": 1}, "what fsspec opens is not written to"),
        ({"path": "data", "rights": "all", "max_files": -1}, "max_files is -1"),
    ],
)
def test_directories_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DirectoryGrant("/data", **given)


def test_what_directories_are_when_little_is_said() -> None:
    assert DirectoryGrant("/m", kind="memory").rights == "all"
    assert DirectoryGrant("/o", "data", kind="overlay").rights == "all"
    assert DirectoryGrant("/a", "a.zip", kind="archive").rights == "read"
    assert DirectoryGrant("/f", kind="fsspec", url="memory://x").rights == "read"
    assert not DirectoryGrant("/f", kind="fsspec", url="memory://x").writable
    assert DirectoryGrant("/d", "data", rights="delete,read").rights == "read,delete"
    assert not DirectoryGrant("/d", "data", rules=["read **"]).writable
    assert DirectoryGrant("/d", "data", rules=["read **", "write a"]).writable


@pytest.mark.parametrize(
    ("dirs", "files", "message"),
    [
        ([("/d", "a"), ("/d", "b")], [], "a directory '/d' already; give this one another name"),
        ([("/etc", "a")], [("/etc/x", "b/x")], "say it by rules of that directory"),
        ([], [("/etc/x", "a/x"), ("/etc/y", "b/y")], "files of 'a' and of 'b' cannot both be in '/etc'"),
        ([], [("/etc/x", "a/x"), ("/etc/x", "a/x")], "a file '/etc/x' already"),
    ],
)
def test_places_that_are_taken(dirs: list[tuple[str, str]], files: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(RemitError, match=message):
        Remit(dirs=[DirectoryGrant(*each, rights="read") for each in dirs], files=[FileGrant(*each) for each in files])


@pytest.mark.parametrize("guest", ["/etc/passwd", "/etc/x/", "/etc/..", "."])
def test_a_single_file_keeps_its_name(guest: str) -> None:
    with pytest.raises(RemitError, match=r"a single file keeps its name|ends in no name"):
        FileGrant(guest, "data/hosts")


def test_where_single_files_are() -> None:
    places = {guest: FileGrant(guest, "x/hosts").directory for guest in ("/etc/hosts", "/hosts", "hosts", "a//hosts")}
    assert places == {"/etc/hosts": "/etc", "/hosts": "/", "hosts": ".", "a//hosts": "a"}


def test_paths_lead_to_the_same_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/deep")
    (tmp_path / "other").mkdir()
    (tmp_path / "real/data").mkdir()
    monkeypatch.chdir(tmp_path)
    remit = Remit(
        program="link/../data",
        stdout=StreamFile("out.txt"),
        dirs=[DirectoryGrant("/d", "link/../data", rights="read"), DirectoryGrant("/a", "/tmp", rights="all")],
        files=[FileGrant("/etc/x", "real/x")],
    )
    for base in ("other", "link", "real", str(tmp_path), "."):
        moved = remit.based_on(base)
        assert moved.dirs[0].path is not None
        # What leads up after a link leads up from where it points.
        assert os.path.samefile(moved.path_of(moved.dirs[0].path), "real/data")
        assert moved.dirs[1].path == "/tmp"
        assert moved.program == moved.dirs[0].path
        assert isinstance(moved.stdout, StreamFile)
        assert os.path.realpath(moved.path_of(moved.stdout.path)) == str(tmp_path / "out.txt")
        assert moved.based_on("").path_of("") == ""
    assert remit.based_on("") == remit
