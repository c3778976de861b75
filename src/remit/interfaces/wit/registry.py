"""Which interfaces there are, and which of them answers to what a component imports.

An interface is found by its name and a compatible version: ``wasi:io/streams@0.2.0`` and ``@0.2.12`` are one. Those of
Remit are in the catalogue of their version of WASI; others come from installed packages, by an entry point in the group
``remit.interfaces`` whose name is the interface's with its version, and whose object is its class.
"""

from __future__ import annotations

import sys

from remit.interfaces.wit.calling import HostResource, Offered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.component.types import InstanceType
    from remit.interfaces.wit.declaration import Interface
    from remit.interfaces.wit.instance_type import InstanceTypes

GROUP = "remit.interfaces"
"""Of the entry points."""

_CATALOGUES = ("remit.interfaces.wasi_0_2.catalogue",)
"""Modules with INTERFACES: name without version -> (version, "module:Class"), so that nothing is loaded to look."""


class InterfaceName:
    """``namespace:package/interface@version``, taken apart."""

    __slots__ = ("name", "version")

    def __init__(self, text: str) -> None:
        self.name, _, self.version = text.partition("@")
        """`name` without the version; an empty `version` if there is none."""

    @property
    def track(self) -> str:
        """What two versions have in common if either can stand for the other: semantic versioning's."""
        return track_of(self.version)


def track_of(version: str) -> str:
    """``1`` of 1.2.3, ``0.2`` of 0.2.3, ``0.0.3`` of 0.0.3; all of a pre-release, which goes with itself only."""
    numbers, _, _ = version.partition("+")
    if "-" in numbers:
        return numbers
    parts = numbers.split(".")
    if parts[0] != "0":
        return parts[0]
    return ".".join(parts[:2] if len(parts) > 1 and parts[1] != "0" else parts)


class Registry:
    """All interfaces that this process can offer."""

    __slots__ = ("_classes", "_known", "_offered", "_resources", "_types", "_with_packages")

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[str, str]] = {}
        for catalogue in _CATALOGUES:
            __import__(catalogue)
            self._add(sys.modules[catalogue].INTERFACES)
        self._with_packages = False
        self._classes: dict[tuple[str, str], type[Interface]] = {}
        self._offered: dict[tuple[str, str], Offered] = {}
        self._resources: dict[tuple[str, str, str], HostResource] = {}
        self._types: dict[str, InstanceTypes] = {}

    def _add(self, interfaces: Mapping[str, tuple[str, str]]) -> None:
        for name, (version, home) in interfaces.items():
            self._known.setdefault((name, track_of(version)), (version, home))

    def version(self, wanted: InterfaceName) -> str | None:
        """The version that answers to `wanted`; None if there is none."""
        key = (wanted.name, wanted.track)
        if key not in self._known and not self._with_packages:
            self._add_packages()
        return self._known[key][0] if key in self._known else None

    def versions(self, name: str) -> list[str]:
        """Of the interface `name`: all that there are."""
        return sorted(version for (each, _), (version, _) in self._known.items() if each == name)

    def names(self) -> list[str]:
        """Of all interfaces, without versions."""
        return sorted({name for name, _ in self._known})

    def offered(self, wanted: InterfaceName) -> Offered:
        """KeyError if there is none."""
        key = (wanted.name, wanted.track)
        offered = self._offered.get(key)
        if offered is None:
            offered = self._offered[key] = Offered(self._class(*key))
        return offered

    def resource(self, wanted: InterfaceName, name: str) -> HostResource:
        """The resource type `name` of an interface, the same for all programs."""
        key = (wanted.name, wanted.track, name)
        found = self._resources.get(key)
        if found is None:
            # Threads may come here at once: only one of theirs is kept.
            made = HostResource(name, lambda: self.offered(wanted).resource(name), wanted.name)
            found = self._resources.setdefault(key, made)
        return found

    def type_of(self, wanted: InterfaceName) -> InstanceType:
        """Its type. KeyError if there is none."""
        from remit.interfaces.wit.instance_type import InstanceTypes

        types = self._types.get(wanted.track)
        if types is None:
            track = wanted.track
            types = self._types[track] = InstanceTypes(lambda name: self._class(name, track))
        return types.of(self._class(wanted.name, wanted.track))

    def _class(self, name: str, track: str) -> type[Interface]:
        found = self._classes.get((name, track))
        if found is None:
            module, _, attribute = self._known[name, track][1].partition(":")
            __import__(module)
            found = self._classes[name, track] = getattr(sys.modules[module], attribute)
        return found

    def _add_packages(self) -> None:
        self._with_packages = True
        from importlib.metadata import entry_points  # 20 ms, for programs that import what is not WASI's

        for point in entry_points(group=GROUP):
            name = InterfaceName(point.name)
            self._known.setdefault((name.name, name.track), (name.version, point.value))


_registry: Registry | None = None


def registry() -> Registry:
    """The one of this process."""
    global _registry
    if _registry is None:
        _registry = Registry()
    return _registry
