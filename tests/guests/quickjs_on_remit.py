"""Run the JavaScript on standard input on QuickJS, on Remit: quickjs_on_remit.py QUICKJS."""

from __future__ import annotations

import sys

import remit
from guests.library_on_remit import Guest
from guests.quickjs_vm import MODULE, Host


def main() -> int:
    host = Host()
    program = remit.load(sys.argv[-1], imports={MODULE: host.functions()})
    with program.instantiate(stdout=sys.stdout.buffer, stderr=sys.stderr.buffer) as instance:
        host.guest = Guest(instance)
        status = host.evaluate(sys.stdin.read())
    sys.stdout.buffer.write(b"\n".join(host.printed))
    return status


if __name__ == "__main__":
    sys.exit(main())
