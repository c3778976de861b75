"""Run the JavaScript on standard input: QuickJS on wasmtime-py. quickjs_on_wasmtime_py.py [--compiled FILE] QUICKJS."""

from __future__ import annotations

import sys

import wasmtime

from bench.peers.wasmtime_py import load, new_engine, options_of, wasi_of
from guests.library_on_wasmtime_py import Guest
from guests.quickjs_vm import MODULE, Host


def main() -> int:
    options = options_of(sys.argv[1:])
    engine = new_engine()
    module = load(engine, options.program, options.compiled)
    store = wasmtime.Store(engine)
    store.set_wasi(wasi_of([], [], []))
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    host = Host()
    functions = host.functions()
    for wanted in module.imports:
        if wanted.module == MODULE:
            assert isinstance(wanted.type, wasmtime.FuncType)
            linker.define_func(MODULE, str(wanted.name), wanted.type, functions[str(wanted.name)])
    guest = Guest(store, linker.instantiate(store, module))
    guest.call("_initialize")
    host.guest = guest
    status = host.evaluate(sys.stdin.read())
    sys.stdout.buffer.write(b"\n".join(host.printed))
    return status


if __name__ == "__main__":
    sys.exit(main())
