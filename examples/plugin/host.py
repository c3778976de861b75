"""Plugins: call functions of a WebAssembly library, give it one to call, and survive it when it goes wrong.

The library is plugin.wasm, made from plugin.c beside this file.
"""

from __future__ import annotations

from pathlib import Path

import remit

PLUGIN = Path(__file__).parent / "plugin.wasm"


def reverse_words(instance: remit.Instance, text: str) -> tuple[str, int]:
    """Put `text` into the plugin's memory, let it work there, and fetch the result."""
    data = text.encode()
    address = instance.call("allocate", len(data))
    instance.memory.write(address, data)
    words = instance.call("reverse_words", address, len(data))
    result = instance.memory.read(address, len(data)).decode()
    instance.call("release", address)
    return result, words


def main() -> None:
    messages: list[bytes] = []

    def log(address: int, length: int) -> None:
        messages.append(instance.memory.read(address, length))

    # Compiled once; each instance has a memory of its own.
    program = remit.load(PLUGIN, imports={"host": {"log": log}})

    with program.instantiate() as instance:
        print("result: ", *reverse_words(instance, "a plugin knows nothing of its host"))
        print("it said:", *messages)

    for function in ("crash", "hang"):
        with program.instantiate(timeout=0.2) as instance:
            try:
                instance.call(function)
            except remit.Trap as trap:
                print(f"{function}: stopped by a trap: {trap.code}")
            except TimeoutError as error:
                print(f"{function}: stopped: {error}")

    with program.instantiate() as instance:
        print("and the next one works:", *reverse_words(instance, "fine"))


if __name__ == "__main__":
    main()
