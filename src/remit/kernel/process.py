"""A process: everything that one running program has been handed."""

from __future__ import annotations

from remit.kernel.descriptors import DescriptorTable
from remit.kernel.reactor import Reactor
from remit.kernel.refusals import Refusals, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.clocks import Clock
    from remit.kernel.descriptors import OpenDirectory
    from remit.kernel.errors import KernelError
    from remit.kernel.http import HttpClient
    from remit.kernel.limits import Limits
    from remit.kernel.network import Network
    from remit.kernel.random import RandomSource
    from remit.kernel.refusals import Want


class Process:
    """The state of a program outside of its memory. Deny by default: what is left out is not there.

    A clock that is None is a clock that the program does not have.
    """

    __slots__ = (
        "args",
        "cpu_clock",
        "descriptors",
        "environ",
        "http",
        "limits",
        "listings",
        "monotonic_clock",
        "network",
        "owner",
        "random",
        "reactor",
        "refusals",
        "wall_clock",
    )

    def __init__(
        self,
        *,
        limits: Limits,
        random: RandomSource,
        args: tuple[bytes, ...] = (),
        environ: tuple[tuple[bytes, bytes], ...] = (),
        descriptors: DescriptorTable | None = None,
        wall_clock: Clock | None = None,
        monotonic_clock: Clock | None = None,
        cpu_clock: Clock | None = None,
        network: Network | None = None,
        http: HttpClient | None = None,
    ) -> None:
        self.args = args
        """The command line, ``argv[0]`` first; no NUL inside."""
        self.environ = environ
        """Names and values; no NUL inside, and no ``=`` in a name."""
        self.descriptors = descriptors if descriptors is not None else DescriptorTable(limits.descriptors)
        self.wall_clock = wall_clock
        self.monotonic_clock = monotonic_clock
        self.cpu_clock = cpu_clock
        """The processor time that the program has used."""
        self.network = network
        """What it may reach by sockets of its own; None: nothing."""
        self.http = http
        """What it may send HTTP requests by; None: it may not."""
        self.owner: object = None
        """Whoever runs it; the kernel does not look at this."""
        self.random = random
        self.reactor = Reactor()
        """Who waits when it waits."""
        self.limits = limits
        self.refusals = Refusals()
        """What it was not granted, and asked for."""
        self.listings: list[OpenDirectory] = []
        """Directories that keep a listing, the oldest first; those that were closed since are among them."""

    def failed(self, call: str, error: KernelError) -> None:
        """The program is about to be told that `call` failed. What it was refused is noted."""
        if isinstance(error, Refused):
            self.refusals.note(call, error, self._path_of)

    def _path_of(self, want: Want) -> tuple[str, str]:
        """The path that the program knows it by, and that of the grant; below its grant, if it has given that back."""
        for number in self.descriptors if want.origin is not None or want.directory is not None else ():
            entry = self.descriptors.get(number)
            if entry.is_directory and entry.preopen is not None:
                directory = entry.directory
                asked = directory is want.directory if want.origin is None else directory.origin is want.origin
                if asked:
                    return _below(entry.preopen, want.subject), entry.preopen
        return want.subject, ""

    def close(self) -> None:
        """Close every descriptor. Closing twice does nothing."""
        self.reactor.close()
        self.descriptors.close_all()


def _below(grant: str, path: str) -> str:
    """A path in a grant, as the program knows it. One that is absolute stays so, though it was asked of the grant."""
    return path if path.startswith("/") else f"{grant.rstrip('/')}/{path}" if path else grant
