"""Run a program to its end on asyncio's loop: many of them in one thread."""

from __future__ import annotations

from remit.engine.api import Timeout, Trap
from remit.kernel.refusals import StoppedAtRefusal
from remit.runtime.launch import Launch
from remit.runtime.named_options import check_options
from remit.runtime.run import OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Unpack

    from remit.runtime.completed import CompletedProcess
    from remit.runtime.options import Arguments, RunOptions


async def run_async(args: Arguments, **options: Unpack[RunOptions]) -> CompletedProcess:
    """As :func:`remit.run`, for asyncio: while the program waits, other tasks run; while it computes, they get turns.

    Streams may also be an :class:`asyncio.StreamReader` or ``StreamWriter`` or an async function, and functions in
    `imports` may be ``async``. Cancelling it at any point ends the program and gives back all that it held.
    """
    from asyncio import to_thread

    check_options("run_async", options, OPTIONS)
    launch = Launch.of(args, {**options}, asynchronous=True)
    try:
        if launch.compiles:
            await to_thread(_load, [launch])
        else:
            launch.load()
        world = launch.world()
        try:
            status = await world.run_async()
            world.ended(status)
        except (Timeout, Trap, StoppedAtRefusal) as error:
            world.ended(error)
            if isinstance(error, Timeout) and not world.late:
                raise
            raise launch.failed(error) from None
        except BaseException as error:
            world.ended(error)
            raise
        finally:
            world.close()
    finally:
        launch.close()
    return launch.completed(status)


def _load(launches: list[Launch]) -> None:
    # A worker thread goes on holding its arguments for a moment after their result is there: not the program.
    launches.pop().load()
