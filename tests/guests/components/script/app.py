"""A guest that does what it is told: it runs the Python that is its first argument, or comes by standard input."""

import sys
import traceback

from componentize_py_types import Err, Ok, Some
from wit_world import exports
from wit_world.imports import (
    environment,
    error,
    exit,
    insecure,
    insecure_seed,
    instance_network,
    ip_name_lookup,
    monotonic_clock,
    network,
    outgoing_handler,
    poll,
    preopens,
    random,
    stderr,
    stdin,
    stdout,
    streams,
    tcp,
    tcp_create_socket,
    terminal_input,
    terminal_output,
    terminal_stderr,
    terminal_stdin,
    terminal_stdout,
    udp,
    udp_create_socket,
    wall_clock,
)
from wit_world.imports import wasi_filesystem_types as fs
from wit_world.imports import wasi_http_types as http


class Run(exports.Run):
    def run(self):
        arguments = environment.get_arguments()
        source = arguments[1] if len(arguments) > 1 else sys.stdin.read()
        names = {name: value for name, value in globals().items() if not name.startswith("__")}
        try:
            exec(compile(source, "<scenario>", "exec"), names)
        except Exception:  # noqa: BLE001 - whatever a scenario raises is what it is about
            traceback.print_exc()
            raise Err(None) from None
