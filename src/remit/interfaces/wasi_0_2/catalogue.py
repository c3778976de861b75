"""The interfaces of WASI 0.2, and where each is: loaded when a program first calls it."""

from __future__ import annotations

VERSION = "0.2.12"
"""The latest that is implemented; programs may ask for any 0.2."""

_HOMES = {
    "wasi:cli/environment": "cli:Environment",
    "wasi:cli/exit": "cli:Exiting",
    "wasi:cli/stderr": "stdio:Stderr",
    "wasi:cli/stdin": "stdio:Stdin",
    "wasi:cli/stdout": "stdio:Stdout",
    "wasi:cli/terminal-input": "stdio:TerminalInputs",
    "wasi:cli/terminal-output": "stdio:TerminalOutputs",
    "wasi:cli/terminal-stderr": "stdio:TerminalStderr",
    "wasi:cli/terminal-stdin": "stdio:TerminalStdin",
    "wasi:cli/terminal-stdout": "stdio:TerminalStdout",
    "wasi:clocks/monotonic-clock": "clocks:MonotonicClock",
    "wasi:clocks/timezone": "clocks:Timezone",
    "wasi:clocks/wall-clock": "clocks:WallClock",
    "wasi:filesystem/preopens": "preopens:Preopens",
    "wasi:filesystem/types": "filesystem:Filesystem",
    "wasi:http/outgoing-handler": "http_outgoing:OutgoingHandler",
    "wasi:http/types": "http_types:HttpTypes",
    "wasi:io/error": "errors:Errors",
    "wasi:io/poll": "poll:Poll",
    "wasi:io/streams": "streams:Streams",
    "wasi:random/insecure": "random:Insecure",
    "wasi:random/insecure-seed": "random:InsecureSeed",
    "wasi:random/random": "random:Random",
    "wasi:sockets/instance-network": "network:InstanceNetwork",
    "wasi:sockets/ip-name-lookup": "name_lookup:NameLookup",
    "wasi:sockets/network": "network:Network",
    "wasi:sockets/tcp": "tcp:Tcp",
    "wasi:sockets/tcp-create-socket": "tcp:TcpCreateSocket",
    "wasi:sockets/udp": "udp:Udp",
    "wasi:sockets/udp-create-socket": "udp:UdpCreateSocket",
}

INTERFACES = {name: (VERSION, f"remit.interfaces.wasi_0_2.{home}") for name, home in _HOMES.items()}
