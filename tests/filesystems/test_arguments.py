"""What filesystems are made of: everything else is refused when it is given, by the name of the argument."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import remit.fs as fs

TAKERS: list[tuple[str, Callable[[Any], object]]] = [
    ("filesystem", fs.ReadOnly),
    ("filesystem", lambda given: fs.Subdirectory(given, "")),
    ("filesystem", lambda given: fs.Quota(given, max_bytes=1)),
    ("lower", fs.Overlay),
    ("filesystems['/place']", lambda given: fs.Mounts({"/place": given})),
    ("target", lambda given: fs.Overlay(fs.Memory({"a": {}})).apply(given)),
]


@pytest.mark.parametrize(("name", "take"), TAKERS)
@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("/tmp", r"not '/tmp'; for a directory of the host, give remit\.fs\.Host\(path\)"),
        (Path("/tmp"), r"give remit\.fs\.Host\(path\)"),
        (b"/tmp", r"give remit\.fs\.Host\(path\)"),
        (fs.Memory, r"not <class .*>; that is a class: call it"),
        ({"a": b""}, r"give remit\.fs\.Memory\(files\)"),
        (5, "not 5$"),
    ],
)
def test_what_is_no_filesystem(name: str, take: Callable[[Any], object], given: object, remedy: str) -> None:
    with pytest.raises(TypeError) as caught:
        take(given)
    assert str(caught.value).startswith(f"{name} must be a filesystem")
    caught.match(remedy)


@pytest.mark.parametrize("take", [take for name, take in TAKERS if name != "target"])
def test_none_is_no_filesystem(take: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=r"must be a filesystem .*, not None"):
        take(None)


@pytest.mark.parametrize("given", ["x", ["x"], {"x"}, 5, fs.Memory()])
def test_what_is_no_mapping(given: Any) -> None:
    with pytest.raises(TypeError, match=r"files must be a mapping, as in \{'main\.py': b'…'\}, not "):
        fs.Memory(given)
    with pytest.raises(
        TypeError, match=r"filesystems must be a mapping, as in \{'/data': remit\.fs\.Memory\(\)\}, not"
    ):
        fs.Mounts(given)


def test_what_is_no_contents() -> None:
    wrong: Any
    for wrong in (3, None, ["x"], fs.Memory()):
        with pytest.raises(TypeError, match=rf"files\['d/a'\] is .* \({type(wrong).__name__}\): give bytes, str"):
            fs.Memory({"d": {"a": wrong}})
    for wrong in (3, None, b"a"):
        with pytest.raises(TypeError, match=f"a path must be a str, as 'lib/data.txt', not {wrong!r}"):
            fs.Memory({wrong: b""})
        with pytest.raises(TypeError, match="a path must be a str"):
            fs.Mounts({wrong: fs.Memory()})
    for wrong in (3, None, b"target"):
        with pytest.raises(TypeError, match=rf"a link's target must be a str, not {wrong!r}"):
            fs.SymbolicLink(wrong)


@pytest.mark.parametrize("path", [Path("a"), b"a", 5, None])
def test_what_is_no_path(path: Any) -> None:
    files = fs.Memory({"a": b"x"})
    for operation in (files.read_bytes, files.read_link, lambda path: files.write_bytes(path, b"")):
        with pytest.raises(TypeError, match=r"a path must be a str, as 'lib/data\.txt', not "):
            operation(path)
    with pytest.raises(TypeError, match="a path must be a str"):
        fs.Subdirectory(files, path)


@pytest.mark.parametrize("data", ["text", 5, None])
def test_what_is_no_bytes_changes_nothing(data: Any) -> None:
    files = fs.Memory({"a": b"kept"})
    for name in ("a", "new"):
        with pytest.raises(TypeError, match=f"data must be bytes, not {data!r}"):
            files.write_bytes(name, data)
    assert files.to_dict() == {"a": b"kept"}


@pytest.mark.parametrize(
    "make",
    [
        fs.Memory,
        lambda **limits: fs.Overlay(fs.Memory(), **limits),
        lambda **limits: fs.Quota(fs.Memory(), **{"max_bytes": 1, **limits}),
    ],
)
@pytest.mark.parametrize("name", ["max_bytes", "max_files"])
def test_what_is_no_limit(make: Callable[..., object], name: str) -> None:
    for wrong in ("1MiB", 1.5, True, None):
        with pytest.raises(TypeError, match=rf"{name} is {wrong!r} \({type(wrong).__name__}\): .* are wanted"):
            make(**{name: wrong})
    with pytest.raises(ValueError, match=f"{name} is -1: .* are wanted, 0 or more"):
        make(**{name: -1})


@pytest.mark.parametrize("make", [fs.Memory, lambda **options: fs.Overlay(fs.Memory(), **options)])
def test_what_is_no_clock(make: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match=r"clock must be a Clock of remit\.kernel\.clocks, not 5"):
        make(clock=5)


@pytest.mark.parametrize("path", [5, None, ["x"]])
def test_what_is_no_path_of_the_host(path: Any) -> None:
    with pytest.raises(TypeError, match=r"a host directory's path must be a str or os\.PathLike, not "):
        fs.Host(path)


def test_a_host_directory_that_is_closed(tmp_path: Path) -> None:
    with fs.Host(tmp_path) as host:
        assert repr(host) == f"Host({str(tmp_path)!r})"
        overlay = fs.Overlay(host)
    host.close()
    message = f"the host directory {str(tmp_path)!r} is closed"
    for use in (host.root, lambda: fs.ReadOnly(host).root(), lambda: fs.Overlay(host), overlay.discard):
        with pytest.raises(ValueError, match=message):
            use()


def test_a_subdirectory_that_is_closed() -> None:
    with fs.Subdirectory(fs.Memory({"a": {"b": {}}}), "a/b") as below:
        below.root().close()
    below.close()
    with pytest.raises(ValueError, match="the subdirectory 'a/b' is closed"):
        below.root()
