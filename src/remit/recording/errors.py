"""How recording and replay end before the program does."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.errors import KernelError


class RecordingError(ValueError):
    """A file is no recording, or not one of this program and version. The message names the file."""


class RecordingFull(Exception):
    """A recording has as many bytes as it may: the program that was recorded was stopped."""

    ends_guest = True

    def __init__(self, path: str, max_bytes: int) -> None:
        super().__init__(path, max_bytes)
        self.path = path
        self.max_bytes = max_bytes

    def __str__(self) -> str:
        return f"{self.path}: the recording has {self.max_bytes} bytes, and may have no more"


ENDS = {
    "exit": "the program had ended",
    "trap": "the program had trapped",
    "timeout": "its time limit had stopped it",
    "refused": "a refusal had stopped it",
    "raised": "an exception had stopped it",
    "full": "there was no more room for it",
    "closed": "it was closed",
}


def how_it_ended(how: str, detail: str | int) -> str:
    said = ENDS.get(how, how)
    return f"{said} ({detail})" if detail != "" else said


class ReplayStopped(Exception):
    """A replay came to an end before the program did. It ends the program."""

    ends_guest = True


class Departure(ReplayStopped):
    """The program asks for something else than when it was recorded."""

    def __init__(self, call: int, message: str) -> None:
        super().__init__(message)
        self.call = call
        """The number of the call, from 1."""


class RecordingEnds(ReplayStopped):
    """The recording ends here: the program was stopped from outside when it was made."""

    def __init__(self, call: int, how: str, detail: str | int) -> None:
        super().__init__(f"the recording ends after call {call}: {how_it_ended(how, detail)}")
        self.call = call
        self.how = how


class OutputFailed(ReplayStopped):
    """What the program writes cannot be passed on: whoever takes it here has gone, or has no room. `error` says why."""

    def __init__(self, error: KernelError) -> None:
        super().__init__(f"what the program writes cannot be passed on: {error}")
        self.error = error


class StoppedAtCall(ReplayStopped):
    """It was to be stopped here."""

    def __init__(self, call: int, text: str) -> None:
        super().__init__(f"stopped before call {call}: {text}")
        self.call = call
