"""Run the Ruby script on standard input, on Remit: ruby_on_remit.py [--dir HOST::GUEST]… RUBY."""

from __future__ import annotations

import argparse
import sys

import remit
from guests.library_on_remit import Guest
from guests.ruby_vm import HANDLES, JAVASCRIPT, Handles, evaluate, unreachable


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
