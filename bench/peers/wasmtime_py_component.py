"""Run a component on wasmtime-py and its own WASI 0.2, in a process of its own.

wasmtime_py_component.py [--dir HOST::GUEST]… [--env NAME=VALUE]… [--compiled FILE] PROGRAM [ARGUMENT]…

The exit status is 0, or 1 for a program that fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import wasmtime
from wasmtime import component

from bench.peers.wasmtime_py import new_engine, options_of, wasi_of

RUN = "wasi:cli/run@0.2.12"


def load(engine: wasmtime.Engine, program: Path, compiled: Path | None) -> component.Component:
    """`program`, compiled now, or loaded from the file `compiled`, which is made first if it is missing."""
    if compiled is None:
        return component.Component.from_file(engine, str(program))
    if not compiled.exists():
        code = component.Component.from_file(engine, str(program)).serialize()
        # Under another name first: a process may have the old file mapped.
        with tempfile.NamedTemporaryFile(dir=compiled.parent, delete=False) as file:
            file.write(code)
        os.replace(file.name, compiled)
    return component.Component.deserialize_file(engine, str(compiled))


def main(arguments: list[str]) -> int:
    options = options_of(arguments)
    engine = new_engine()
    loaded = load(engine, options.program, options.compiled)
    store = wasmtime.Store(engine)
    store.set_wasi(wasi_of([str(options.program), *options.arguments], options.dir, options.env))
    linker = component.Linker(engine)
    linker.add_wasip2()
    linker.define_unknown_imports_as_traps(loaded)
    instance = linker.instantiate(store, loaded)
    run = instance.get_export_index(store, RUN)
    assert run is not None
    index = instance.get_export_index(store, "run", run)
    assert index is not None
    function = instance.get_func(store, index)
    assert function is not None
    try:
        result = function(store)
    except wasmtime.ExitTrap as exit:
        return int(exit.code)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        print(error, file=sys.stderr)
        return 134
    return 1 if isinstance(result, component.Variant) and result.tag == "err" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
