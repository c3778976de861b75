"""Run a WASI 0.1 program on wasmtime-py and its own WASI, in a process of its own.

wasmtime_py.py [--dir HOST::GUEST]… [--env NAME=VALUE]… [--compiled FILE] [--epochs] PROGRAM [ARGUMENT]…

The exit status is the program's; 134 for a trap, as with `remit run`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import wasmtime


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", action="append", default=[], metavar="HOST::GUEST")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--compiled", type=Path, metavar="FILE", help="compiled code: made if missing, then loaded")
    parser.add_argument("--epochs", action="store_true", help="compiled so that a busy program can be stopped")
    parser.add_argument("program", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def new_engine(*, epochs: bool = False) -> wasmtime.Engine:
    """An engine with the features that today's guests need."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    config.epoch_interruption = epochs
    return wasmtime.Engine(config)


def load(engine: wasmtime.Engine, program: Path, compiled: Path | None) -> wasmtime.Module:
    """`program`, compiled now, or loaded from the file `compiled`, which is made first if it is missing."""
    if compiled is None:
        return wasmtime.Module.from_file(engine, str(program))
    if not compiled.exists():
        code = wasmtime.Module.from_file(engine, str(program)).serialize()
        # Under another name first: a process may have the old file mapped.
        with tempfile.NamedTemporaryFile(dir=compiled.parent, delete=False) as file:
            file.write(code)
        os.replace(file.name, compiled)
    return wasmtime.Module.deserialize_file(engine, str(compiled))


def wasi_of(argv: list[str], directories: list[str], environment: list[str]) -> wasmtime.WasiConfig:
    """What the program is handed: the streams of this process, and what the options name."""
    config = wasmtime.WasiConfig()
    config.argv = argv
    config.env = [(name, value) for name, _, value in (item.partition("=") for item in environment)]
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    for item in directories:
        host, _, guest = item.partition("::")
        config.preopen_dir(host, guest or host)
    return config


def main(arguments: list[str]) -> int:
    options = options_of(arguments)
    engine = new_engine(epochs=options.epochs)
    module = load(engine, options.program, options.compiled)
    store = wasmtime.Store(engine)
    if options.epochs:
        store.set_epoch_deadline(1)
    store.set_wasi(wasi_of([str(options.program), *options.arguments], options.dir, options.env))
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    start = linker.instantiate(store, module).exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    try:
        start(store)
    except wasmtime.ExitTrap as exit:
        return exit.code
    except wasmtime.Trap as trap:
        print(trap, file=sys.stderr)
        return 134
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
