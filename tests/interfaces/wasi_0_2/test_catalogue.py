"""All interfaces of WASI 0.2: each can be loaded, and its declaration makes sense."""

from __future__ import annotations

import pytest

from remit.component.types import FuncType, TypeBound
from remit.interfaces.wasi_0_2.catalogue import INTERFACES, VERSION
from remit.interfaces.wasi_0_2.filesystem_errors import ERROR_CODE as FILESYSTEM
from remit.interfaces.wasi_0_2.filesystem_errors import ERROR_CODES as FILESYSTEM_CODES
from remit.interfaces.wasi_0_2.network_errors import ERROR_CODE as NETWORK
from remit.interfaces.wasi_0_2.network_errors import ERROR_CODES as NETWORK_CODES
from remit.interfaces.wasi_0_2.network_errors import LOOK_UP_ERROR
from remit.interfaces.wit.declaration import functions_of
from remit.interfaces.wit.registry import InterfaceName, registry
from remit.kernel.errors import Code

# What the specification has, counted by hand: functions, and types by name.
FUNCTIONS = {
    "wasi:cli/environment": 3,
    "wasi:cli/exit": 2,
    "wasi:cli/stderr": 1,
    "wasi:cli/stdin": 1,
    "wasi:cli/stdout": 1,
    "wasi:cli/terminal-input": 0,
    "wasi:cli/terminal-output": 0,
    "wasi:cli/terminal-stderr": 1,
    "wasi:cli/terminal-stdin": 1,
    "wasi:cli/terminal-stdout": 1,
    "wasi:clocks/monotonic-clock": 4,
    "wasi:clocks/timezone": 2,
    "wasi:clocks/wall-clock": 2,
    "wasi:filesystem/preopens": 1,
    "wasi:filesystem/types": 29,
    "wasi:http/outgoing-handler": 1,
    "wasi:http/types": 52,
    "wasi:io/error": 1,
    "wasi:io/poll": 3,
    "wasi:io/streams": 15,
    "wasi:random/insecure": 2,
    "wasi:random/insecure-seed": 1,
    "wasi:random/random": 2,
    "wasi:sockets/instance-network": 1,
    "wasi:sockets/ip-name-lookup": 3,
    "wasi:sockets/network": 1,
    "wasi:sockets/tcp": 28,
    "wasi:sockets/tcp-create-socket": 1,
    "wasi:sockets/udp": 18,
    "wasi:sockets/udp-create-socket": 1,
}


@pytest.mark.parametrize("name", INTERFACES)
def test_every_interface_is_whole(name: str) -> None:
    wanted = InterfaceName(f"{name}@0.2.0")
    interface = registry().offered(wanted).interface
    assert (interface.name, interface.version) == (name, VERSION)
    exports = registry().type_of(wanted).exports
    functions = [each for each in exports.values() if isinstance(each, FuncType)]
    assert len(functions) == len(functions_of(interface)) == FUNCTIONS[name]
    fresh = {label for label, each in exports.items() if isinstance(each, TypeBound) and each.fresh}
    assert fresh == {each.name for each in interface.resources}


@pytest.mark.parametrize("table", [FILESYSTEM, NETWORK, LOOK_UP_ERROR])
def test_every_kernel_error_has_a_code(table: dict[Code, str]) -> None:
    assert set(table) == set(Code)
    codes = FILESYSTEM_CODES if table is FILESYSTEM else NETWORK_CODES
    assert set(table.values()) <= set(codes)
