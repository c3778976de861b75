"""Programs compiled ahead of time: files of native code that start without a compiler, a cache, or the module.

The file is what the engine makes of a module, followed by what it leaves out (what the module imports and
exports), the length of that, and a mark. So the engine can map the file as it is.
"""

from __future__ import annotations

import marshal
import os

from remit.binary.module import ModuleInfo
from remit.engine.api import InvalidModule
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import engine
from remit.runtime.program import Program

_MARK = b"remit\0\0\1"
_LENGTH_BYTES = 8


def write_precompiled(program: Program, path: str) -> int:
    """Write `program`, compiled, to the file `path`, whole or not at all; its size. OSError."""
    facts = marshal.dumps((program.info.to_tuple(), program.metered))
    data = b"".join([program.module.serialize(), facts, len(facts).to_bytes(_LENGTH_BYTES, "little"), _MARK])
    # A process that runs the old file has mapped it: it must be replaced, never changed.
    partial = f"{path}.{os.getpid()}.partial"
    try:
        with open(partial, "wb") as file:
            file.write(data)
        os.replace(partial, path)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise
    return len(data)


def is_precompiled(path: str) -> bool:
    """Whether the file ends as :func:`write_precompiled` ends files. OSError if it cannot be read."""
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - len(_MARK)))
        return file.read() == _MARK


def load_precompiled_unchecked(path: str, *, fuel: bool = False, name: str | None = None) -> Program:
    """The program in the file `path`, ready to run.

    This is native code, and nothing checks it: whoever made the file can do anything in this process. It must not be
    changed as long as the program is used, only replaced.

    :param fuel: the program must have been compiled to count what it executes.
    :param name: what the program is told as its own name; by default the file's name.
    :raises InvalidModule: it is damaged, made by another version or for another machine, or does not count fuel.
    :raises OSError: it cannot be read.
    """
    tail = len(_MARK) + _LENGTH_BYTES
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - tail))
        end = file.read()
        length = int.from_bytes(end[:_LENGTH_BYTES], "little")
        if end[_LENGTH_BYTES:] != _MARK or length > size - tail:
            raise InvalidModule("not a program compiled ahead of time by `remit compile`")
        file.seek(size - tail - length)
        try:
            info, metered = marshal.loads(file.read(length))
        except (EOFError, ValueError, TypeError) as error:
            raise InvalidModule(f"a damaged program, compiled ahead of time: {error}") from None
    if fuel and not metered:
        raise InvalidModule("compiled without counting fuel; compile it again with --fuel")
    name = name or os.path.basename(path)
    module = engine(Config(fuel=metered)).load_compiled_file_unchecked(path, ModuleInfo.from_tuple(info), name=name)
    return Program(module, name, None, metered=metered)
