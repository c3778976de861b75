"""``wasi:io/poll``: waiting for things, of which each is a pollable of the kernel's."""

from __future__ import annotations

from remit.engine.api import Trap
from remit.interfaces.wit.declaration import Interface, Resource, func, method
from remit.kernel.errors import WouldBlock
from remit.kernel.poll import AnyOf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.interfaces.wasi_0_2.opened import Opened
    from remit.kernel.poll import Pollable as KernelPollable


class Pollable(Resource):
    """Something that a program may wait for. `opened`: what is asked about, if it could be closed meanwhile.

    The number of a host descriptor that was closed may soon be that of another program's file.
    """

    __slots__ = ("_opened", "pollable")
    name = "pollable"

    def __init__(self, pollable: KernelPollable, opened: Opened | None = None) -> None:
        self.pollable = pollable
        self._opened = opened
        if opened is not None:
            opened.retain()

    def drop(self) -> None:
        if self._opened is not None:
            self._opened.release()

    @method("() -> bool")
    def ready(self) -> bool:
        return self.pollable.ready()

    @method("()", blocks=True)
    def block(self) -> None:
        if not self.pollable.ready():
            raise WouldBlock(self.pollable)


class Poll(Interface):
    name = "wasi:io/poll"
    version = "0.2.12"
    resources = (Pollable,)

    @func("(in: list<borrow<pollable>>) -> list<u32>", blocks=True)
    def poll(self, waited_for: Sequence[Pollable]) -> list[int]:
        """The numbers of those that are ready: at least one."""
        if not waited_for:
            raise Trap("poll of no pollables would never end", "poll")
        most = self.process.limits.poll_subscriptions
        if len(waited_for) > most:
            raise Trap(f"poll of {len(waited_for)} pollables: {most} are allowed (Limits.poll_subscriptions)", "poll")
        ready = [number for number, each in enumerate(waited_for) if each.pollable.ready()]
        if not ready:
            raise WouldBlock(AnyOf([each.pollable for each in waited_for]))
        return ready
