"""Names of imports, exports and labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.component.names import (
    InvalidName,
    check_version,
    is_label,
    parse_extern_name,
    version_track,
)


@pytest.mark.parametrize("text", ["a", "a1", "a-1", "A", "B-1-C-2", "a11-B11-123-ABC-abc", "is-XML", "m1x3d-4CR0NYMS"])
def test_labels(text: str) -> None:
    assert is_label(text)


@pytest.mark.parametrize("text", ["", "1", "1-a", "a-", "-a", "a--b", "aBc", "Ab", "a_b", "é", "a b", "a.b", "²"])
def test_not_labels(text: str) -> None:
    assert not is_label(text)


def test_names_taken_apart() -> None:
    interface = parse_extern_name("wasi:http/types@0.2.1-rc.1+build")
    assert (interface.kind, interface.package, interface.interface) == ("interface", "wasi:http", "types")
    assert interface.version == "0.2.1-rc.1+build"
    method = parse_extern_name("[method]my-file.READ-all")
    assert (method.kind, method.resource, method.member) == ("method", "my-file", "READ-all")
    constructor = parse_extern_name("[constructor]file")
    assert (constructor.kind, constructor.resource) == ("constructor", "file")
    assert parse_extern_name("[static]a.b").kind == "static"
    assert parse_extern_name("run").kind == "label"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wasi/http",
        "wasi:",
        "wasi:/",
        ":/",
        "A:b/c",
        "ns:A/b",
        "ns:pkg-A/b",
        "ns:1/a",
        "1:b/c",
        "a:b",
        "a:b/",
        "a:b/c@",
        "a:b/c@1",
        "a:b/c@1.2",
        "a:b/c@01.2.3",
        "a:b/c@1.2.3-",
        "a:b/c@1.2.3-01",
        "a:b/c@1.2.3+",
        "a:b/c@1.2.3+a..b",
        "a:b:c/d",
        "a:b/c/d",
        "[method]a",
        "[method]a.",
        "[method].a",
        "[method]a.b.c",
        "[static]a",
        "[constructor]",
        "[constructor]a.b",
        "[async]a",
        "[method",
    ],
)
def test_not_names(text: str) -> None:
    with pytest.raises(InvalidName):
        parse_extern_name(text)


def test_messages_show_the_beginning_of_a_name_escaped() -> None:
    with pytest.raises(InvalidName) as caught:
        parse_extern_name("\x1b" * 100_000)
    assert len(str(caught.value)) < 500
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["1.0.0", "0.0.0", "123456.7890.488", "1.0.0-a.1.b-c", "1.0.0+001", "1.0.0--", "1.0.0-0a+-"]
)
def test_versions(text: str) -> None:
    check_version(text)


@pytest.mark.parametrize(
    ("version", "track"),
    [
        ("1.4.2", "1"),
        ("0.2.6", "0.2"),
        ("0.2.6-rc.1", "0.2"),
        ("0.0.3-a+b-c", "0.0.3"),
        ("0.0.0", "0.0.0"),
        ("10.0.0+1.2", "10"),
    ],
)
def test_tracks(version: str, track: str) -> None:
    assert version_track(version) == track


TOGETHER = [
    "foo",
    "foo-bar",
    "[constructor]foo",
    "[method]foo.bar",
    "[static]foo.baz",
    "foo:bar/baz",
    "foo:bar/baz@1.0.0",
]
CLASHES = [
    "FOO",
    "foo-BAR",
    "[constructor]FOO",
    "[method]foo.BAR",
    "[static]foo.bar",
    "[method]foo.baz",
    "[method]foo.foo",
    "[static]foo-BAR.FOO-bar",
    "foo:bar/BAZ",
]


def test_strongly_unique() -> None:
    unique = {parse_extern_name(text).unique for text in TOGETHER}
    assert len(unique) == len(TOGETHER)
    assert {parse_extern_name(text).unique for text in CLASHES} <= unique


@given(st.text(alphabet="aA1-[]:/.@+methodsaic ", max_size=20) | st.text())
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = parse_extern_name(text)
    except InvalidName:
        return
    assert name.text == text
    assert name.unique == name.unique.lower()
