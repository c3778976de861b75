"""``python -m bench.components.exchange CONTENDER PROGRAM``: calls between Python and a component, in this process.

What is printed are microseconds, by name. CONTENDER is ``remit`` or ``wasmtime-py``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOST = "bench:exchange/host@1.0.0"
WORK = "bench:exchange/work@1.0.0"
CALLS = 5_000
DATA = bytes(range(256)) * 4096
"""1 MiB."""
SECONDS = 0.3


def tell(first: int, second: int, text: str) -> int:
    return first ^ len(text)


def remit_functions(program: Path) -> tuple[Callable[[int], Any], Callable[[bytes], Any]]:
    import remit

    class Host:
        @staticmethod
        def tell(first: int, second: int, text: str) -> int:
            return tell(first, second, text)

    Host.tell = tell  # type: ignore[method-assign]  # the same function for both, with nothing around it
    component: remit.Component = remit.load(program, imports={HOST: Host})
    work = component.exports[WORK]
    return work.calls, work.echo


def wasmtime_functions(program: Path) -> tuple[Callable[[int], Any], Callable[[bytes], Any]]:
    import wasmtime
    from wasmtime import component

    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    linker = component.Linker(engine)
    with linker.root() as root, root.add_instance(HOST) as host:
        host.add_func("tell", lambda _, first, second, text: tell(first, second, text))
    instance = linker.instantiate(store, component.Component.from_file(engine, str(program)))
    work = instance.get_export_index(store, WORK)

    def function(name: str) -> Callable[[Any], Any]:
        index = instance.get_export_index(store, name, work)
        assert index is not None
        found = instance.get_func(store, index)
        assert found is not None

        def call(argument: Any) -> Any:
            result = found(store, argument)
            found.post_return(store)
            return result

        return call

    return function("calls"), function("echo")


def best(action: Callable[[], object]) -> float:
    """Seconds that it takes, the shortest of several."""
    least, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end or least == float("inf"):
        start = time.perf_counter()
        action()
        least = min(least, time.perf_counter() - start)
    return least


def main() -> None:
    contender, program = sys.argv[1:]
    made = remit_functions if contender == "remit" else wasmtime_functions
    calls, echo = made(Path(program))
    assert bytes(echo(DATA)) == DATA
    print(
        json.dumps(
            {
                "call": best(lambda: calls(CALLS)) / CALLS * 1e6,
                "list": best(lambda: echo(DATA)) * 1e6,
                "copy": best(lambda: bytearray(DATA)) * 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
