"""Record and replay: all that comes to a program from outside, kept in a file; and a run that needs nothing else.

::

    remit.run(["tool.wasm", "data.csv"], dirs={".": "."}, record="run.rec")
    remit.replay("run.rec")  # the same again: no file, clock or network is used

The boundary is that of the kernel: what is recorded are the answers of its objects — files, directories, clocks, random
numbers, streams, sockets, HTTP — and not the calls of one version of WASI, so each version that runs on the kernel can
be recorded. Everything above that boundary is done again at replay, and must ask the same in the same order.
"""

from __future__ import annotations

from remit.recording.errors import (
    Departure,
    OutputFailed,
    RecordingEnds,
    RecordingError,
    RecordingFull,
    ReplayStopped,
    StoppedAtCall,
)

__all__ = [
    "Departure",
    "OutputFailed",
    "RecordingEnds",
    "RecordingError",
    "RecordingFull",
    "ReplayStopped",
    "StoppedAtCall",
]
