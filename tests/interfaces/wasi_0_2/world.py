"""A program's world, and the interfaces of WASI 0.2 as the program calls them: by their functions' full names."""

from __future__ import annotations

from typing import Any

from remit.component.values.results import Err, Ok
from remit.engine.api import Pending
from remit.fs import Memory
from remit.interfaces.wit.calling import Offered
from remit.interfaces.wit.declaration import Host
from remit.interfaces.wit.registry import InterfaceName, registry
from remit.kernel.clocks import VirtualClock
from remit.kernel.files import File
from remit.kernel.limits import Limits
from remit.kernel.network import Network
from remit.policy.build import build_process
from remit.policy.grants import Grants
from remit.streams.memory import BytesInput, Capture


class World:
    """What a program may call. Close it."""

    def __init__(
        self,
        *,
        dirs: dict[str, Any] | None = None,
        stdin: File | None = None,
        stdout: File | None = None,
        stderr: File | None = None,
        network: Network | None = None,
        limits: Limits | None = None,
        **grants: Any,
    ) -> None:
        self.clock = VirtualClock(10**9)
        self.stdout = stdout or Capture()
        granted = Grants(
            arguments=grants.pop("arguments", ["program"]),
            dirs=dirs or {},
            stdin=stdin or BytesInput(b""),
            stdout=self.stdout,
            stderr=stderr or Capture(),
            random=7,
            monotonic_clock=self.clock,
            limits=limits or Limits(),
            **grants,
        )
        self.process = build_process(granted)
        self.process.network = network
        self.host = Host(self.process)

    def offered(self, interface: str) -> Offered:
        return registry().offered(InterfaceName(f"wasi:{interface}@0.2.0"))

    def call(self, interface: str, function: str, *arguments: Any) -> Any:
        """What the canonical ABI would get: a value, Ok or Err, or Pending."""
        return self.offered(interface).function(function, self.host).function(*arguments)

    def ok(self, interface: str, function: str, *arguments: Any) -> Any:
        """The ok value; what would wait, waits."""
        result = self.finished(self.call(interface, function, *arguments))
        assert type(result) is Ok, result
        return result.value

    def err(self, interface: str, function: str, *arguments: Any) -> Any:
        """The error value."""
        result = self.finished(self.call(interface, function, *arguments))
        assert isinstance(result, Err), result
        return result.value

    def finished(self, result: Any) -> Any:
        """Wait for it, as a synchronous run does."""
        while isinstance(result, Pending):
            self.process.reactor.wait(result.wait_for)  # type: ignore[arg-type]  # no awaitables here
            result = result.resume()
        return result

    def close(self) -> None:
        self.process.close()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Label:
    """A member of an enum, or a case of a variant, as a program passes it."""

    def __init__(self, label: str, value: Any = None) -> None:
        self.label = label
        if value is not None:
            self.value = value


def tree(**files: bytes | dict[str, bytes]) -> Memory:
    """A filesystem in memory; directories are mappings."""
    flat: dict[str, bytes] = {}
    for name, content in files.items():
        if isinstance(content, bytes):
            flat[name] = content
        else:
            flat.update({f"{name}/{inner}": data for inner, data in content.items()})
    return Memory(flat)
