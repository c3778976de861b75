"""``python -m tools.guests [--only NAME] [--heavy]``: bring the real guests, and the tools that build some of them."""

from __future__ import annotations

import argparse
import os
import sys

from tools.guests import jco, js_components
from tools.guests.bring import CannotBringError, ClientMissingError, bring
from tools.guests.catalogue import GUESTS


def main(arguments: list[str] | None = None) -> int:
    """0: all is there that this machine can bring. 1: something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.guests", description=__doc__)
    parser.add_argument("--only", action="append", choices=GUESTS, metavar="NAME", help=f"one of {', '.join(GUESTS)}")
    parser.add_argument("--heavy", action="store_true", help="also those that take a minute to compile")
    options = parser.parse_args(arguments)
    asked = options.only or [name for name, guest in GUESTS.items() if options.heavy or not guest.heavy]
    status = 0
    for name in asked:
        guest = GUESTS[name]
        try:
            bring(guest)
        except ClientMissingError as error:
            # Tests without their guest say so themselves; only somebody who asked for this very one is let down.
            print(f"left out: {error}", file=sys.stderr)
            status = status or int(bool(options.only))
        except CannotBringError as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{name} {guest.version}: {os.path.relpath(guest.directory)}")
    # What builds the others, here and not by the first test: several would install it at once.
    tools = [jco.installed, js_components.installed, js_components.installed_quickjs]
    for installed in [] if options.only else tools:
        try:
            where = installed()
        except ClientMissingError as error:
            print(f"left out: {error}", file=sys.stderr)
        except CannotBringError as error:
            print(error, file=sys.stderr)
            status = 1
        else:
            print(f"{where.name}: {os.path.relpath(where)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
