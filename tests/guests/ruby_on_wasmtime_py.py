"""Run the Ruby script on standard input, on wasmtime-py: ruby_on_wasmtime_py.py [--dir …] [--compiled FILE] RUBY."""

from __future__ import annotations

import sys

import wasmtime

from bench.peers.wasmtime_py import load, new_engine, options_of, wasi_of
from guests.library_on_wasmtime_py import Guest
from guests.ruby_vm import HANDLES, JAVASCRIPT, Handles, evaluate, unreachable


def main() -> int:
    options = options_of(sys.argv[1:])
    engine = new_engine()
    module = load(engine, options.program, options.compiled)
    store = wasmtime.Store(engine)
    store.set_wasi(wasi_of([str(options.program)], options.dir, options.env))
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    handles = Handles().functions()
    for wanted in module.imports:
        if wanted.module in {HANDLES, JAVASCRIPT}:
            assert isinstance(wanted.type, wasmtime.FuncType)
            name = str(wanted.name)
            function = handles[name] if wanted.module == HANDLES else unreachable(name)
            linker.define_func(wanted.module, name, wanted.type, function)
    guest = Guest(store, linker.instantiate(store, module))
    guest.call("_initialize")
    return evaluate(guest, [export.name for export in module.exports], sys.stdin.buffer.read())


if __name__ == "__main__":
    sys.exit(main())
