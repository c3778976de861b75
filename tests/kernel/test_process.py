from __future__ import annotations

from remit.kernel.descriptors import open_stream
from remit.kernel.limits import Limits
from remit.kernel.process import Process
from remit.kernel.random import SeededRandom
from remit.streams.memory import NullInput


class Closing(NullInput):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_what_is_not_granted_is_not_there() -> None:
    process = Process(limits=Limits(descriptors=5), random=SeededRandom(0))
    assert (process.args, process.environ, list(process.descriptors)) == ((), (), [])
    assert (process.wall_clock, process.monotonic_clock, process.cpu_clock) == (None, None, None)
    assert process.descriptors.limit == 5


def test_close_closes_everything_once() -> None:
    process = Process(limits=Limits(), random=SeededRandom(0))
    streams = [Closing(), Closing()]
    for stream in streams:
        process.descriptors.insert(open_stream(stream, read=True))
    process.close()
    process.close()
    assert [stream.closed for stream in streams] == [1, 1]
