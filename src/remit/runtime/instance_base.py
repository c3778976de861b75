"""What instances of modules and of components have in common: options, standard streams, the time of calls."""

from __future__ import annotations

import time
from _warnings import warn  # what `warnings` has it from; that may not be loaded yet

from remit.policy.grants import Grants, checked_limits
from remit.runtime.launch import argument
from remit.runtime.named_options import (
    check_duration,
    check_fuel,
    check_list,
    check_max_memory,
    check_options,
    options_of,
)
from remit.runtime.stdio import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.engine.api import Timeout
    from remit.runtime.runnable import Runnable
    from remit.runtime.under_remit import UnderRemit
    from remit.runtime.world import World


class InstanceBase:
    """A mixin, without slots: another base has them."""

    _asynchronous: bool
    _maker: str
    _open: bool
    _streams: Streams
    _timeout: float | None
    _world: World

    # A default value: names of the module may be gone when the interpreter ends.
    def __del__(self, _warn: Callable[..., None] = warn) -> None:
        if getattr(self, "_open", False):
            try:
                _warn(f"unclosed {self!r}", ResourceWarning, source=self)
            finally:
                self._drop()

    def _drop(self) -> None:
        """Nobody has it any more."""
        raise NotImplementedError

    def _new_world(self, program: Runnable, make: Callable[..., World], **options: Any) -> World:
        """The world that `make` makes of the options; they were checked by name."""
        self._under: UnderRemit | None = None
        remit = options.pop("remit", None)
        if remit is None:
            return self._made_world(program, make, **options)
        from remit.runtime.under_remit import UnderRemit

        under = UnderRemit(remit, options)
        try:
            under.check_program(program)
            if not under.options.get("args"):
                under.options["args"] = remit.arguments
            world = self._made_world(program, make, **under.options)
        except BaseException:
            under.close()
            raise
        self._under = under
        return world

    def _made_world(
        self,
        program: Runnable,
        make: Callable[..., World],
        *,
        timeout: float | None = None,
        fuel: int | None = None,
        max_memory: int | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        args: Sequence[Any] = (),
        **grants: Any,
    ) -> World:
        self._timeout = check_duration(timeout)
        fuel, max_memory = check_fuel(fuel), check_max_memory(max_memory)
        if fuel is not None and not program.metered:
            raise ValueError("the program does not count fuel: load it with remit.load(..., fuel=True)")
        limits = grants["limits"] = checked_limits(grants.get("limits"))
        self._streams = Streams(stdin, stdout, stderr, limit=limits.captured_bytes, asynchronous=self._asynchronous)
        granted = Grants(
            arguments=[program.name, *map(argument, check_list("args", args, "['--verbose']"))],
            stdin=self._streams.stdin,
            stdout=self._streams.stdout,
            stderr=self._streams.stderr,
            **grants,
        )
        return make(program, granted, fuel=fuel, max_memory=max_memory, asynchronous=self._asynchronous)

    @property
    def stdout(self) -> bytes | None:
        """What it has written to its standard output so far; None unless it was made with ``stdout=PIPE``."""
        return self._streams.captured()[0]

    @property
    def stderr(self) -> bytes | None:
        """Likewise for standard error."""
        return self._streams.captured()[1]

    @property
    def stdout_truncated(self) -> bool:
        """It has written more than :attr:`remit.Limits.captured_bytes`, and `stdout` is what came before."""
        return self._streams.truncated()[0]

    @property
    def stderr_truncated(self) -> bool:
        """Likewise for standard error."""
        return self._streams.truncated()[1]

    def _start_clock(self) -> None:
        """Timeout if there is no time at all."""
        # A function of the caller's may call the guest again: that is a part of the outer call, and of its time.
        if self._timeout is not None and not self._world.busy:
            self._world.set_deadline(time.monotonic() + self._timeout)
            self._world.check()

    def _say_if_late(self, what: str, error: Timeout) -> None:
        """Raise TimeoutError if it was the time limit of this instance that has stopped `what`."""
        if self._world.late:
            raise TimeoutError(f"{what} was stopped after {self._timeout} s") from error

    def close(self) -> None:
        """Give back everything it holds. RuntimeError while a call is under way. Closing twice does nothing."""
        self._world.close()
        self._open = False
        if self._under is not None:
            self._under.close()


OPTIONS = options_of(InstanceBase._made_world, Grants.__init__, but=("arguments",)) | {"remit"}
"""The names in :class:`remit.runtime.options.InstanceOptions`, at run time."""


def check_instance_options(maker: str, options: dict[str, Any]) -> None:
    """TypeError for one that there is not. `maker` is the function that was called."""
    check_options(maker, options, OPTIONS)


def checked_interruption(reason: object) -> BaseException:
    """What `interrupt` was given. TypeError if it is no exception."""
    if not isinstance(reason, BaseException):
        raise TypeError(f"reason is {reason!r}: an exception is wanted, as KeyboardInterrupt()")
    return reason
