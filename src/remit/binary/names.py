"""The name section: what the module and its functions were called in their source (core specification, appendix).

A module is valid whatever this section holds, so whoever shows names goes on without them after a BinaryError.
"""

from __future__ import annotations

from remit.binary.reader import BinaryError, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.module import ModuleInfo

SECTION = "name"
_MODULE, _FUNCTIONS = 0, 1


class Names:
    """The names of one module; each kind is decoded when it is first asked for."""

    def __init__(self, data: bytes | memoryview, info: ModuleInfo) -> None:
        self._data = data
        self._section = next((each for each in info.custom_sections if each.name == SECTION), None)
        self._functions: dict[int, str] | None = None

    @property
    def module(self) -> str | None:
        """The module's own name. BinaryError if the section is damaged."""
        reader = self._subsection(_MODULE)
        return None if reader is None else reader.name("the module's name")

    @property
    def functions(self) -> dict[int, str]:
        """Names by function index, imports first. BinaryError if the section is damaged."""
        if self._functions is None:
            functions: dict[int, str] = {}
            reader = self._subsection(_FUNCTIONS)
            if reader is not None:
                for _ in range(reader.count("function names", least=2)):
                    index = reader.u32("a function's index")
                    functions[index] = reader.name("a function's name")
            self._functions = functions
        return self._functions

    def _subsection(self, wanted: int) -> Reader | None:
        if self._section is None:
            return None
        reader = Reader(self._data, self._section.offset, self._section.offset + self._section.size)
        last = -1
        while reader.remaining:
            offset = reader.position
            number = reader.byte("a name subsection's number")
            if number <= last:
                raise BinaryError("name subsections out of order", offset)
            last = number
            size = reader.u32("a name subsection's size")
            start = reader.skip(size, "a name subsection")
            if number == wanted:
                return Reader(self._data, start, start + size)
        return None
