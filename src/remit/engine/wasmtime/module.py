"""Compiled modules."""

from __future__ import annotations

from remit.engine.api import EngineError
from remit.engine.wasmtime import library
from remit.engine.wasmtime.errors import take_error_message
from remit.engine.wasmtime.layout import ByteVec, vec_bytes
from remit.engine.wasmtime.owned import Owned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.module import Export, ModuleInfo
    from remit.engine.api import Frame
    from remit.engine.wasmtime.engine import Engine


class Module(Owned):
    """A compiled module (:class:`remit.engine.api.Module`): shared by threads and stores."""

    __slots__ = ("engine", "exports", "info", "name")

    def __init__(self, engine: Engine, pointer: int, info: ModuleInfo, name: str) -> None:
        super().__init__(pointer, library.module_delete)
        self.engine = engine
        self.info = info
        self.exports: dict[str, Export] = {export.name: export for export in info.exports}
        self.name = name
        """For people: it stands in backtraces if the binary itself has no name."""

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
