"""The names of imports, exports and labels (component-model ``Explainer.md``, "Import and Export Definitions").

A plain name is a label in kebab case, perhaps with an annotation such as ``[method]``; an interface name is
``namespace:package/interface@version``.
"""

from __future__ import annotations

from remit.binary.reader import quoted

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")
_WORD, _ACRONYM = _LOWER | _DIGITS, _UPPER | _DIGITS
_VERSION_PART = _LOWER | _UPPER | _DIGITS | {"-"}

LABEL, CONSTRUCTOR, METHOD, STATIC, INTERFACE = "label", "constructor", "method", "static", "interface"
_ANNOTATIONS = {"[constructor]": CONSTRUCTOR, "[method]": METHOD, "[static]": STATIC}


class InvalidName(ValueError):
    """Not a name that the grammar has; the message says what is wrong with it."""


class ExternName:
    """The name of an import or an export, taken apart."""

    __slots__ = ("interface", "kind", "member", "package", "resource", "text", "version")

    def __init__(self, text: str, kind: str) -> None:
        self.text = text
        self.kind = kind
        """``label``, ``constructor``, ``method``, ``static`` or ``interface``."""
        self.resource = ""
        """Of a constructor, a method or a static function: what it belongs to."""
        self.member = ""
        """Of a method or a static function: its own label."""
        self.package = ""
        """Of an interface: ``wasi:io``."""
        self.interface = ""
        """Of an interface: ``streams``."""
        self.version = ""
        """Of an interface: ``0.2.6``, or nothing."""

    @property
    def unique(self) -> str:
        """Two names are strongly unique if these differ."""
        if self.kind == CONSTRUCTOR:
            return self.text.lower()
        if self.kind in (METHOD, STATIC):
            resource, member = self.resource.lower(), self.member.lower()
            return resource if resource == member else f"{resource}.{member}"
        return self.text.lower()


def is_label(text: str) -> bool:
    """Kebab case: words and acronyms, joined by hyphens, the first one starting with a letter."""
    if not text or text[0] in _DIGITS:
        return False
    return all(part and (_WORD.issuperset(part) or _ACRONYM.issuperset(part)) for part in text.split("-"))


def parse_extern_name(text: str) -> ExternName:
    """InvalidName says what is wrong."""
    if text.startswith("["):
        return _parse_annotated(text)
    if ":" in text:
        return _parse_interface(text)
    _check_label(text)
    return ExternName(text, LABEL)


def version_track(version: str) -> str:
    """What versions have in common that are meant to be compatible: ``1`` of 1.4.2, ``0.2`` of 0.2.6, ``0.0.3`` of
    0.0.3-rc.1 (the specification's canonical version)."""
    major, minor, patch = version.split("+")[0].split("-")[0].split(".")
    if major != "0":
        return major
    if minor != "0":
        return f"0.{minor}"
    return f"0.0.{patch}"


def _check_label(text: str) -> None:
    if not is_label(text):
        raise InvalidName(f"{quoted(text)} is not in kebab case")


def _check_words(text: str) -> None:
    if not is_label(text) or not _UPPER.isdisjoint(text):
        raise InvalidName(f"{quoted(text)} is not in kebab case of small letters")


def _parse_annotated(text: str) -> ExternName:
    annotation, bracket, rest = text.partition("]")
    kind = _ANNOTATIONS.get(annotation + bracket)
    if kind is None:
        raise InvalidName(f"{quoted(text)} has an unknown annotation")
    name = ExternName(text, kind)
    name.resource = rest
    if kind != CONSTRUCTOR:
        name.resource, dot, name.member = rest.partition(".")
        if not dot:
            raise InvalidName(f"{quoted(text)} has no `.` between a resource and its function")
        _check_label(name.member)
    _check_label(name.resource)
    return name


def _parse_interface(text: str) -> ExternName:
    name = ExternName(text, INTERFACE)
    path, at, name.version = text.partition("@")
    name.package, slash, name.interface = path.partition("/")
    namespace, _, package = name.package.partition(":")
    _check_words(namespace)
    if ":" in package:
        raise InvalidName(f"{quoted(text)} has a namespace in a namespace, which is not supported")
    _check_words(package)
    if not slash:
        raise InvalidName(f"{quoted(text)} has no `/` after its package")
    if "/" in name.interface:
        raise InvalidName(f"{quoted(text)} has an interface in an interface, which is not supported")
    _check_label(name.interface)
    if at:
        check_version(name.version)
    return name


def check_version(text: str) -> None:
    """InvalidName if it is not a semantic version (semver.org, 2.0)."""
    rest, plus, build = text.partition("+")
    core, hyphen, prerelease = rest.partition("-")
    numbers = core.split(".")
    if len(numbers) != 3 or not all(map(_is_number, numbers)):
        raise InvalidName(f"{quoted(text)} is not a version such as 1.2.3")
    if hyphen:
        for part in prerelease.split("."):
            if not part or not _VERSION_PART.issuperset(part) or (_DIGITS.issuperset(part) and not _is_number(part)):
                raise InvalidName(f"{quoted(text)} has a malformed pre-release")
    if plus and not all(part and _VERSION_PART.issuperset(part) for part in build.split(".")):
        raise InvalidName(f"{quoted(text)} has malformed build metadata")


def _is_number(text: str) -> bool:
    return bool(text) and _DIGITS.issuperset(text) and (text == "0" or text[0] != "0")
