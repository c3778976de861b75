"""``wasi:cli``'s standard streams, and whether they are terminals."""

from __future__ import annotations

from remit.interfaces.wasi_0_2.sinks import Sink
from remit.interfaces.wasi_0_2.streams import InputStream, OutputStream
from remit.interfaces.wit.declaration import Interface, Resource, func
from remit.kernel.errors import KernelError, WouldBlock
from remit.kernel.files import FileType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wit.declaration import Host
    from remit.kernel.files import File
    from remit.kernel.process import Process

STDIN, STDOUT, STDERR = 0, 1, 2
"""The descriptors that programs begin with."""


def _file(process: Process, number: int) -> File:
    return process.descriptors.file(number, 0).file


def _is_terminal(process: Process, number: int) -> bool:
    return _file(process, number).stat().type is FileType.CHARACTER_DEVICE


def _finish(sink: Sink) -> None:
    try:
        if not sink.drain():
            raise WouldBlock(sink.when_writable())
    except KernelError:
        # The program has ended without asking what becomes of it, as when nobody reads a pipe any more.
        return


class Stdin(Interface):
    name = "wasi:cli/stdin"
    version = "0.2.12"
    uses = {"input-stream": "wasi:io/streams"}

    @func("() -> input-stream")
    def get_stdin(self) -> InputStream:
        return InputStream(_file(self.process, STDIN), self.process.limits.io_bytes)


class Stdout(Interface):
    name = "wasi:cli/stdout"
    version = "0.2.12"
    uses = {"output-stream": "wasi:io/streams"}

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._sink = Sink(_file(self.process, STDOUT))

    @func("() -> output-stream")
    def get_stdout(self) -> OutputStream:
        return OutputStream(self._sink)

    def finish(self) -> None:
        _finish(self._sink)


class Stderr(Interface):
    name = "wasi:cli/stderr"
    version = "0.2.12"
    uses = {"output-stream": "wasi:io/streams"}

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._sink = Sink(_file(self.process, STDERR))

    @func("() -> output-stream")
    def get_stderr(self) -> OutputStream:
        return OutputStream(self._sink)

    def finish(self) -> None:
        _finish(self._sink)


class TerminalInput(Resource):
    """It has no operations: that it is there says that a stream is a terminal."""

    __slots__ = ()
    name = "terminal-input"


class TerminalOutput(Resource):
    """As :class:`TerminalInput`."""

    __slots__ = ()
    name = "terminal-output"


class TerminalInputs(Interface):
    name = "wasi:cli/terminal-input"
    version = "0.2.12"
    resources = (TerminalInput,)


class TerminalOutputs(Interface):
    name = "wasi:cli/terminal-output"
    version = "0.2.12"
    resources = (TerminalOutput,)


class TerminalStdin(Interface):
    name = "wasi:cli/terminal-stdin"
    version = "0.2.12"
    uses = {"terminal-input": "wasi:cli/terminal-input"}

    @func("() -> option<terminal-input>")
    def get_terminal_stdin(self) -> TerminalInput | None:
        return TerminalInput() if _is_terminal(self.process, STDIN) else None


class TerminalStdout(Interface):
    name = "wasi:cli/terminal-stdout"
    version = "0.2.12"
    uses = {"terminal-output": "wasi:cli/terminal-output"}

    @func("() -> option<terminal-output>")
    def get_terminal_stdout(self) -> TerminalOutput | None:
        return TerminalOutput() if _is_terminal(self.process, STDOUT) else None


class TerminalStderr(Interface):
    name = "wasi:cli/terminal-stderr"
    version = "0.2.12"
    uses = {"terminal-output": "wasi:cli/terminal-output"}

    @func("() -> option<terminal-output>")
    def get_terminal_stderr(self) -> TerminalOutput | None:
        return TerminalOutput() if _is_terminal(self.process, STDERR) else None
