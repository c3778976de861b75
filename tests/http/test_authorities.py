"""What authorities say, and which of them a client may send to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.http.authorities import Authorities, split_authority
from remit.kernel.http import HttpError


@pytest.mark.parametrize(
    ("authority", "host", "port"),
    [
        ("example.com", "example.com", 80),
        ("EXAMPLE.com:8080", "example.com", 8080),
        ("example.com:", "example.com", 80),
        ("[::1]", "[::1]", 80),
        ("[::1]:1", "[::1]", 1),
        ("10.0.0.1:65535", "10.0.0.1", 65535),
    ],
)
def test_host_and_port(authority: str, host: str, port: int) -> None:
    assert split_authority(authority, 80) == (host, port)


@pytest.mark.parametrize(
    "authority",
    [
        *("", ":80", "user@evil", "user:pass@evil", "a b", "a/b", "a?b", "a#b", "a\\b", "a:0", "a:65536"),
        *(
            "a:+1",
            "a:８０",
            "a:1:2",
            "[::1",
            "[::1]x",
            "[evil]",
            "[127.0.0.1]",
            "[::1%eth0]",
            "::1",
            "a..b",
            ".a",
            "a%2eb",
        ),
        *("a\r\nhost: b", "a\0", "bücher.de", "x" * 300, "a%2eb", "a:80@evil", "a:000080"),
    ],
)
def test_what_is_no_authority(authority: str) -> None:
    with pytest.raises(HttpError) as caught:
        split_authority(authority, 80)
    assert caught.value.kind == "HTTP-request-URI-invalid"


@given(st.text())
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        host, port = split_authority(text, 80)
    except HttpError:
        return
    assert text.lower().startswith(host)
    assert 0 < port < 65536
    assert not set(host) & set("@/\\ \r\n?#%")


def test_only_what_is_allowed() -> None:
    some = Authorities(["example.com", "https://api.test:8443", "*.below.test"])
    assert some.allow("http", "example.com", 80)
    assert some.allow("https", "example.com.", 443)
    assert some.allow("https", "api.test", 8443)
    assert some.allow("https", "a.b.below.test", 443)
    assert not some.allow("http", "example.com", 8080)
    assert not some.allow("http", "sub.example.com", 80)
    assert not some.allow("http", "api.test", 8443)
    assert not some.allow("https", "below.test", 443)
    assert not some.allow("https", "evilbelow.test", 443)
    assert not Authorities([]).allow("http", "example.com", 80)


@pytest.mark.parametrize("text", ["", "*", "ftp://a", "a/b", "http://user@a", "*.[::1]", "https://"])
def test_what_cannot_be_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="is not where requests can go"):
        Authorities([text])


def test_a_str_is_not_a_list_of_authorities() -> None:
    with pytest.raises(TypeError):
        Authorities("example.com")
