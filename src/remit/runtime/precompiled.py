"""Programs compiled ahead of time: files of native code that start without a compiler, a cache, or the module."""

from __future__ import annotations

from remit.engine.cache import load_compiled_unchecked, save_compiled
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import engine
from remit.runtime.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.runtime.options import Imports


def save_precompiled(program: Program, path: str) -> None:
    """Write `program`, compiled, to the file `path`, whole or not at all. OSError."""
    save_compiled(program.module, path)


def load_precompiled_unchecked(
    path: str,
    *,
    imports: Imports | None = None,
    fuel: bool = False,
    gc: bool = False,
    deterministic: bool = False,
    name: str | None = None,
) -> Program:
    """The program in the file `path`, ready to run; the other arguments are those of :func:`remit.load`.

    This is native code, and nothing checks it: whoever made the file can do anything in this process. It must not be
    changed as long as the program is used, only replaced.

    :raises InvalidModule: it is damaged, or made by another version, for another machine, or with another `fuel`, `gc`
        or `deterministic`.
    :raises OSError: it cannot be read.
    """
    config = Config(fuel=fuel, gc=gc, deterministic=deterministic)
    module = load_compiled_unchecked(engine(config), path, name=name or "")
    return Program(module, module.name, imports, metered=fuel)
