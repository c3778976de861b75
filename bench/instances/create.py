"""Microseconds to make a store and an instance in it: create.py {remit|wasmtime-py} PROGRAM."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

TIMES = 300
BATCHES = 7


def with_remit(path: str) -> Callable[[], None]:
    import remit

    program = remit.load(path)
    return lambda: program.instantiate().close()


def with_wasmtime_py(path: str) -> Callable[[], None]:
    import wasmtime

    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    prepared = linker.instantiate_pre(wasmtime.Module.from_file(engine, path))

    def create() -> None:
        store = wasmtime.Store(engine)
        store.set_wasi(wasmtime.WasiConfig())
        prepared.instantiate(store)
        store.close()

    return create


def main(engine: str, path: str) -> None:
    create = with_remit(path) if engine == "remit" else with_wasmtime_py(path)
    create()
    seconds = []
    for _ in range(BATCHES):
        start = time.perf_counter()
        for _ in range(TIMES):
            create()
        seconds.append((time.perf_counter() - start) / TIMES)
    print(json.dumps({"microseconds": median(seconds) * 1e6}))


if __name__ == "__main__":
    main(*sys.argv[1:])
