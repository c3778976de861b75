"""A digest of what a component imports and exports: whether bindings were made for a component like this one."""

from __future__ import annotations

from hashlib import sha256

from remit.component.shapes import Shapes
from remit.component.types import FuncType, InstanceType, ResourceType, TypeBound, ValType
from remit.component.values.naming import NAMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.component.types import ExternType


def digest(imports: Mapping[str, ExternType], exports: Mapping[str, ExternType]) -> str:
    """Equal for equal names and types, in the same order, where the same ones are other names for earlier ones.

    Resource types are only told apart. Hexadecimal.
    """
    shapes = Shapes()
    homes: dict[int, str] = {}
    told = [*_told(shapes, homes, "import", imports.items()), *_told(shapes, homes, "export", exports.items())]
    return sha256(repr((told, shapes.all)).encode()).hexdigest()[:32]


def _told(
    shapes: Shapes, homes: dict[int, str], where: str, externs: Iterable[tuple[str, ExternType]], interface: str = ""
) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for name, type in externs:
        if isinstance(type, InstanceType):
            found.append((where, name))
            found += _told(shapes, homes, "in it", type.exports.items(), f"{where} {name}")
        elif isinstance(type, FuncType):
            params = [(label, shapes.of(each)) for label, each in type.params]
            found.append((where, name, type.is_async, *params, shapes.of(type.result)))
        elif isinstance(type, TypeBound) and isinstance(type.type, ValType | ResourceType):
            here = f"{interface} {name}"
            home = homes.setdefault(id(type.type), here) if isinstance(type.type, NAMED) else here
            found.append((where, name, "type", shapes.of(type.type), *([] if home == here else [home])))
        else:
            found.append((where, name, "another"))
    return found
