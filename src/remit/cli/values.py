"""What the values of options may look like. Every function raises ValueError with a sentence that says so."""

from __future__ import annotations

import os

from remit.policy.values import (
    LARGEST,
    parse_age,
    parse_count,
    parse_duration,
    parse_positive,
    parse_seed,
    parse_size,
    parse_time,
)

__all__ = [
    "LARGEST",
    "DirectoryGrant",
    "Inherited",
    "parse_address",
    "parse_age",
    "parse_archive",
    "parse_count",
    "parse_directory",
    "parse_duration",
    "parse_environment",
    "parse_fsspec",
    "parse_interface",
    "parse_memory_directory",
    "parse_network",
    "parse_network_rule",
    "parse_output",
    "parse_overlay",
    "parse_positive",
    "parse_seed",
    "parse_size",
    "parse_time",
]


class DirectoryGrant:
    """A host directory, where the guest sees it, and whether it may change it."""

    __slots__ = ("guest", "host", "read_only")

    def __init__(self, host: str, guest: str, read_only: bool) -> None:
        self.host = host
        self.guest = guest
        self.read_only = read_only


def parse_directory(text: str) -> DirectoryGrant:
    """``HOST[::GUEST][:ro|:rw]``: the guest's name is the host's if it is left out."""
    path, colon, mode = text.rpartition(":")
    read_only = False
    if colon and mode in ("ro", "rw") and not path.endswith(":"):
        text, read_only = path, mode == "ro"
    host, separator, guest = text.partition("::")
    if not separator:
        guest = host
    if not host or not guest:
        raise ValueError(f"{text!r} is not a directory; write HOST, HOST::GUEST or HOST::GUEST:ro")
    return DirectoryGrant(host, guest, read_only)


def parse_overlay(text: str) -> DirectoryGrant:
    """``HOST[::GUEST]``."""
    host, separator, guest = text.partition("::")
    if not separator:
        guest = host
    if not host or not guest:
        raise ValueError(f"{text!r} is not a directory; write HOST or HOST::GUEST")
    return DirectoryGrant(host, guest, read_only=True)


def parse_archive(text: str) -> DirectoryGrant:
    """``FILE[::GUEST]``."""
    host, separator, guest = text.partition("::")
    if not separator:
        guest = host
    if not host or not guest:
        raise ValueError(f"{text!r} is not an archive; write FILE or FILE::GUEST")
    return DirectoryGrant(host, guest, read_only=True)


def parse_fsspec(text: str) -> tuple[str, str]:
    """``URL::GUEST``; there may be ``::`` in URLs, too, so GUEST is what comes after the last one."""
    url, _, guest = text.rpartition("::")
    if not guest or "://" in guest or ("://" not in url and "::" not in url):
        raise ValueError(f"{text!r} is not what fsspec opens; write URL::GUEST, as in s3://bucket/models::/models")
    return url, guest


class InterfaceGrant:
    """An interface or a function: allowed, denied, or answered by an object of Python's."""

    __slots__ = ("denied", "name", "reference")

    def __init__(self, name: str, *, denied: bool = False, reference: str | None = None) -> None:
        self.name = name
        self.denied = denied
        self.reference = reference


def parse_interface(text: str) -> InterfaceGrant:
    """``NAME[#FUNCTION]``, ``-NAME[#FUNCTION]`` or ``NAME[#FUNCTION]=MODULE:OBJECT``."""
    from remit.policy.remit_values import reference

    name, equals, found = text.removeprefix("-").partition("=")
    interface, hash, function = name.partition("#")
    if not interface or (hash and not function) or (equals and text.startswith("-")):
        raise ValueError(
            f"{text!r} is no interface; write NAME or NAME#FUNCTION, with - before it to deny it, or "
            "=MODULE:OBJECT after it to have that answer it"
        )
    if equals:
        return InterfaceGrant(name, reference=reference(found))
    return InterfaceGrant(name, denied=text.startswith("-"))


def parse_memory_directory(text: str) -> tuple[str, int | None]:
    """``GUEST[:SIZE]``: where the guest sees it, and how many bytes it may hold."""
    guest, colon, size = text.rpartition(":")
    if not colon:
        guest, size = text, ""
    if not guest:
        raise ValueError(f"{text!r} is not a guest path; write for example /tmp or /tmp:64MiB")
    return guest, parse_size(size) if colon else None


class Inherited(str):
    """The value of a variable of this process."""

    __slots__ = ()


def parse_environment(text: str) -> tuple[str, str]:
    """``NAME=VALUE``, or ``NAME`` to hand on the variable of this process."""
    name, equals, value = text.partition("=")
    if not name:
        raise ValueError(f"{text!r} has no name; write NAME=VALUE or NAME")
    if equals:
        return name, value
    inherited = os.environ.get(name)
    if inherited is None:
        raise ValueError(f"{name} is not set here, so there is nothing to hand on; write {name}=VALUE")
    return name, Inherited(inherited)


def parse_network(text: str) -> str:
    """``none`` or ``host``."""
    if text not in ("none", "host"):
        raise ValueError(f"{text!r} is not a network; write none or host")
    return text


def parse_network_rule(text: str) -> str:
    """A rule of :mod:`remit.network.rules`."""
    from remit.network.rules import Rule

    Rule(text)
    return text


def parse_address(text: str) -> str:
    """``HOST:PORT`` or ``[IPv6]:PORT``; what it says is found out when it is opened."""
    if ":" not in text:
        raise ValueError(f"{text!r} is no address; write HOST:PORT, as in 127.0.0.1:8080")
    return text


def parse_output(text: str) -> str:
    """The name of a file to write."""
    if not text:
        raise ValueError("the name of the file is empty")
    return text
