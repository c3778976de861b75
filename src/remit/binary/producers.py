"""The producers section: which languages and tools made a module (tool conventions, "Producers Section")."""

from __future__ import annotations

from remit.binary.reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.module import ModuleInfo

SECTION = "producers"


def decode_producers(data: bytes | memoryview, info: ModuleInfo) -> dict[str, list[tuple[str, str]]]:
    """``(name, version)`` by field: ``language``, ``processed-by``, ``sdk``. Empty if the module does not say.

    BinaryError if the section is damaged; the module may be valid all the same.
    """
    fields: dict[str, list[tuple[str, str]]] = {}
    section = next((each for each in info.custom_sections if each.name == SECTION), None)
    if section is None:
        return fields
    reader = Reader(data, section.offset, section.offset + section.size)
    for _ in range(reader.count("producers' fields", least=2)):
        field = reader.name("a producers' field")
        values = fields.setdefault(field, [])
        for _ in range(reader.count("producers", least=2)):
            name = reader.name("a producer's name")
            values.append((name, reader.name("a producer's version")))
    return fields
