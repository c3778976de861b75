"""``wasi:sockets/ip-name-lookup``."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.interfaces.wasi_0_2.network import NetworkHandle, granted_network, ip_of
from remit.interfaces.wasi_0_2.network_errors import LOOK_UP_ERROR
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wit.declaration import Interface, Resource, func, method
from remit.kernel.errors import WouldBlock
from remit.kernel.refusals import Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.component.values.variants import Case
    from remit.kernel.errors import KernelError
    from remit.kernel.network import Resolution


class ResolveAddressStream(Resource):
    """The addresses that a name stands for, as soon as they are known."""

    __slots__ = ("_addresses", "_resolution")
    name = "resolve-address-stream"

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._addresses: Iterator[bytes] | None = None

    @method("() -> result<option<ip-address>, error-code>")
    def resolve_next_address(self) -> Case | None:
        if self._addresses is None:
            try:
                self._addresses = iter(self._resolution.addresses())
            except WouldBlock:
                raise Err("would-block") from None
        ip = next(self._addresses, None)
        return None if ip is None else ip_of(ip)

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(self._resolution.when_ready())

    def drop(self) -> None:
        self._resolution.close()


class NameLookup(Interface):
    name = "wasi:sockets/ip-name-lookup"
    version = "0.2.12"
    resources = (ResolveAddressStream,)
    uses = {
        "pollable": "wasi:io/poll",
        "network": "wasi:sockets/network",
        "error-code": "wasi:sockets/network",
        "ip-address": "wasi:sockets/network",
    }

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return LOOK_UP_ERROR[failure.code]

    @func("(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>")
    def resolve_addresses(self, network: NetworkHandle, name: str) -> ResolveAddressStream:
        if self.process.network is None:
            plain = name.isascii() and all(sign.isalnum() or sign in "-_." for sign in name)
            want = Want("network", "resolve", name, f"resolve:{name.lower()}" if plain else "")
            return ResolveAddressStream(granted_network(self.process, want).resolve(name))
        return ResolveAddressStream(self.process.network.resolve(name))
