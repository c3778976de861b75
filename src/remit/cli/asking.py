"""Questions on the terminal: whether a program may do what it is about to do.

They are asked on the terminal itself: standard input and output are the program's. What is shown of the program cannot
move the cursor, and an answer is a whole line that is one of a few words, so that neither what was typed before nor
what a terminal says by itself is taken for one.
"""

from __future__ import annotations

import os

from remit.cli.report import CommandError, reason, shown
from remit.fs import Question as FileQuestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.network.asked import Question as NetworkQuestion

    Question = FileQuestion | NetworkQuestion

TERMINAL = "/dev/tty"

_ALWAYS = "always"
_ANSWERS = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "a": _ALWAYS, _ALWAYS: _ALWAYS}
_STOP = ("s", "stop")

_VERBS = {"see": "look at", "all": "do anything with"}
"""Of rights; the others are verbs themselves."""

_NETWORK_VERBS = {
    "connect": "connect to",
    "listen": "listen at",
    "send": "send datagrams to",
    "resolve": "look up",
}

_LINE_BYTES = 4096
_LOOK_MILLISECONDS = 200


class StoppedByAnswer(Exception):
    """Whoever was asked has had enough of it."""

    ends_guest = True


class Terminal:
    """The terminal that this process belongs to: close it."""

    __slots__ = ("_descriptor", "_name")

    def __init__(self, name: str) -> None:
        """`name`: of the program. CommandError if there is no terminal."""
        self._name = name
        try:
            self._descriptor = os.open(TERMINAL, os.O_RDWR | getattr(os, "O_NOCTTY", 0))
        except OSError as error:
            raise CommandError(
                f"--ask: there is no terminal to ask on ({reason(error)}): run it in one, or leave --ask out and read "
                "what it has learned"
            ) from None

    def close(self) -> None:
        os.close(self._descriptor)

    def __call__(self, question: Question) -> str:
        """``yes``, ``no`` or ``always``. StoppedByAnswer."""
        self._forget_what_was_typed()
        try:
            self._say(f"remit: {shown(self._name)} wants to {_in_words(question)}\n")
            directory = getattr(question, "directory", None)
            always = "" if directory is None else f"[a]lways (this, for all below {_quoted(directory)}), "
            while True:
                self._say(f"remit: [y]es, [n]o, {always}[s]top? ")
                line = self._line()
                answer = line.strip().lower()
                if line == "" or answer in _STOP:
                    raise StoppedByAnswer
                found = _ANSWERS.get(answer)
                if found is not None and (always or found != _ALWAYS):
                    return found
        except OSError:
            # The terminal is gone, and with it whoever could say yes.
            raise StoppedByAnswer from None

    def _forget_what_was_typed(self) -> None:
        """It was meant for something else."""
        from termios import TCIFLUSH, error, tcflush  # who has a terminal of that name has this

        try:
            tcflush(self._descriptor, TCIFLUSH)
        except error:
            # It is gone, which reading will tell.
            return

    def _say(self, text: str) -> None:
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(self._descriptor, data) :]

    def _line(self) -> str:
        """One line, with its end; "" at the end of the input, or of what is no line."""
        from select import POLLIN, poll

        waiting = poll()
        waiting.register(self._descriptor, POLLIN)
        line = b""
        while not line.endswith(b"\n"):
            # An interrupt that comes right before the wait does not end it: Python sees it after that.
            while not waiting.poll(_LOOK_MILLISECONDS):
                continue
            part = os.read(self._descriptor, _LINE_BYTES)
            if not part or len(line) > _LINE_BYTES:
                return ""
            line += part
        return line.decode("utf-8", "replace")


def _in_words(question: Question) -> str:
    if isinstance(question, FileQuestion):
        return _of_file(question)
    name = f", which is {_quoted(question.name)}" if question.name else ""
    verb = _NETWORK_VERBS.get(question.action) if question.kind == "network" else None
    return f"{verb or f'send a {shown(question.action)} request to'} {_quoted(question.subject)}{name}"


def _of_file(question: FileQuestion) -> str:
    verbs = [_VERBS.get(right, right) for right in question.rights.split(",")]
    return f"{' and '.join(verbs)} {_quoted(question.path)}"


def _quoted(path: str) -> str:
    """A path, so that nothing in it can look like a part of the question."""
    return '"' + shown(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
