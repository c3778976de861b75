"""Run the Ruby script on standard input, on Remit: ruby_on_remit.py [--dir HOST::GUEST]… RUBY."""

from __future__ import annotations

import argparse
import sys

import remit
from guests.ruby_vm import HANDLES, JAVASCRIPT, Handles, evaluate, unreachable


class Guest:
    def __init__(self, instance: remit.Instance) -> None:
        self.instance = instance
        self.memory = instance.memory

    def call(self, name: str, *arguments: int) -> int:
        # Addresses are unsigned here, and signed numbers in WebAssembly's view.
        return int(self.instance.call(name, *arguments) or 0)

    def read(self, address: int, length: int) -> bytes:
        return self.memory.read(address, length)

    def write(self, address: int, data: bytes) -> None:
        self.memory.write(address, data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", action="append", default=[])
    parser.add_argument("program")
    options = parser.parse_args()
    # Its imports are known once it is read: no function is given that this version does not ask for.
    wanted = [found.name for found in remit.load(options.program).info.imports if found.module == JAVASCRIPT]
    program = remit.load(
        options.program,
        imports={HANDLES: Handles().functions(), JAVASCRIPT: {name: unreachable(name) for name in wanted}},
    )
    dirs = {guest: host for host, _, guest in (item.partition("::") for item in options.dir)}
    with program.instantiate(dirs=dirs, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer) as instance:
        guest = Guest(instance)
        return evaluate(guest, [export.name for export in program.info.exports], sys.stdin.buffer.read())


if __name__ == "__main__":
    sys.exit(main())
