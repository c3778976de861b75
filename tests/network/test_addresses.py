"""Which addresses are public, and addresses as hosts know them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.network import SocketAddress
from remit.network.addresses import from_host, is_public, literal_ip, parse_address, parse_ip, text_of, to_host

ANY_IP = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


@pytest.mark.parametrize(
    "text",
    [
        *(
            "127.0.0.1",
            "127.255.255.255",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "0.0.0.0",
            "0.1.2.3",
        ),
        *("169.254.169.254", "100.64.0.1", "192.0.0.192", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16", "192.0.2.1", "198.51.100.1", "203.0.113.1"),
        *(
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
        ),
        *(
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
        ),
        *("::127.0.0.1", "100::1", "4000::1", "e000::1"),
    ],
)
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(packed(text))


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00::1",
    ],
)
def test_others_are(text: str) -> None:
    assert is_public(packed(text))


@given(ANY_IP)
def test_nothing_is_public_that_python_knows_for_special(ip: bytes) -> None:
    address = ipaddress.ip_address(ip)
    if is_public(ip):
        mapped = getattr(address, "ipv4_mapped", None)
        six_to_four = getattr(address, "sixtofour", None)
        real = mapped or six_to_four or address
        translated = ipaddress.ip_address(ip[12:]) if ip[:12] == packed("64:ff9b::")[:12] else real
        assert translated.is_global
        assert not translated.is_multicast
        assert not translated.is_private


@given(ANY_IP)
def test_addresses_and_their_texts(ip: bytes) -> None:
    assert parse_ip(text_of(ip)) == ip


@given(ANY_IP, st.integers(0, 65535))
def test_addresses_as_hosts_know_them(ip: bytes, port: int) -> None:
    address = SocketAddress(ip, port)
    assert from_host(to_host(address)) == address


@pytest.mark.parametrize(
    "text", ["", "1", "1.2.3", "1.2.3.4.5", "0x7f.1", "127.0.0.01x", "::1%lo", "[::1]", "1.2.3.4\0", "é"]
)
def test_texts_that_are_no_address(text: str) -> None:
    assert parse_ip(text) is None


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16), st.integers(0, 65535))
def test_addresses_are_read_as_they_are_written(ip: bytes, port: int) -> None:
    there = SocketAddress(ip, port)
    assert parse_address(repr(there)) == there


@pytest.mark.parametrize(
    "text",
    [
        *("", ":80", "1.1.1.1", "1.1.1.1:", "1.1.1.1:65536", "1.1.1.1:-1", "1.1.1.1:8o", "1.1.1.1:٣", "a.test:80"),
        *("::1:80", "[::1]", "[::1]80", "[1.1.1.1]:80", "[::1%1]:80", "1.1.1.1:80 ", " 1.1.1.1:80", "1.1.1.1:80\n"),
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_addresses_in_place_of_names() -> None:
    assert literal_ip("1.1.1.1") == b"\1\1\1\1"
    assert literal_ip("[::1]") == literal_ip("::1") == bytes(15) + b"\1"
    assert literal_ip("a.test") is literal_ip("[a.test]") is literal_ip("1.1") is None
