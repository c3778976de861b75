"""Compiled modules."""

from __future__ import annotations

from remit.binary.types import type_from_tuple
from remit.engine.api import EngineError
from remit.engine.wasmtime import library
from remit.engine.wasmtime.errors import take_error_message
from remit.engine.wasmtime.layout import ByteVec, vec_bytes
from remit.engine.wasmtime.owned import Owned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.module import ModuleInfo
    from remit.binary.types import ExternType
    from remit.engine.api import Frame
    from remit.engine.wasmtime.engine import Engine


class Module(Owned):
    """A compiled module (:class:`remit.engine.api.Module`): shared by threads and stores."""

    __slots__ = ("_facts", "_info", "_places", "engine", "name")

    def __init__(self, engine: Engine, pointer: int, info: ModuleInfo | tuple[Any, ...], name: str) -> None:
        """`info` as a tuple (:meth:`ModuleInfo.to_tuple`) is made into objects when somebody looks."""
        super().__init__(pointer, library.module_delete)
        self.engine = engine
        self._facts = info if isinstance(info, tuple) else None
        self._info = None if isinstance(info, tuple) else info
        self._places: dict[str, int] | None = None
        self.name = name
        """For people: it stands in backtraces if the binary itself has no name."""

    @property
    def info(self) -> ModuleInfo:
        """Imports, exports and sizes, as the file states them."""
        if self._info is None:
            from remit.binary.module import ModuleInfo

            assert self._facts is not None
            self._info = ModuleInfo.from_tuple(self._facts)
        return self._info

    @property
    def facts(self) -> tuple[Any, ...]:
        """The same as tuples."""
        if self._facts is None:
            self._facts = self.info.to_tuple()
        return self._facts

    @property
    def export_places(self) -> dict[str, int]:
        """Where each export stands among them, by its name."""
        if self._places is None:
            self._places = {each[0]: place for place, each in enumerate(self.facts[1])}
        return self._places

    def export_type(self, name: str) -> ExternType:
        """KeyError."""
        return type_from_tuple(self.facts[1][self.export_places[name]][2])

    @property
    def has_memory(self) -> bool:
        """It exports a memory called "memory"."""
        place = self.export_places.get("memory")
        return place is not None and self.facts[1][place][2][0] == "memory"

    def serialize(self) -> bytes:
        """The compiled code, for :meth:`.engine.Engine.load_compiled_unchecked`."""
        out = ByteVec()
        error = library.module_serialize(self.pointer, out.address)
        if error:
            raise EngineError(take_error_message(error))
        try:
            return vec_bytes(out.address)
        finally:
            library.byte_vec_delete(out.address)

    def name_frame(self, frame: Frame) -> None:
        """Fill in what the binary's name section does not tell: the file's name, and the names of exports."""
        frame.module = frame.module or self.name or None
        if frame.function is None:
            names = [e.name for e in self.info.exports if e.kind == "func" and e.index == frame.function_index]
            frame.function = names[0] if names else None

    def __repr__(self) -> str:
        return f"<Module {self.name or '(no name)'}>"
