"""Ways to keep what a program did with what it was granted: for `on_use` and `on_refusal` of :func:`remit.run`.

::

    logging.basicConfig(level=logging.INFO)
    remit.run(["tool.wasm"], dirs={"/data": "data"}, on_use=remit.audit.to_logger())

    with remit.audit.JsonLines("audit.jsonl") as log:
        remit.run(["tool.wasm"], dirs={"/data": "data"}, on_use=log, on_refusal=log)
"""

from __future__ import annotations

import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from types import TracebackType
    from typing import Any, Self

    from remit.kernel.refusals import Refusal
    from remit.kernel.uses import Use

    Event = Use | Refusal

__all__ = ["MAX_BYTES", "JsonLines", "event", "to_logger"]

MAX_BYTES = 64 << 20
"""What a file of :class:`JsonLines` may have, unless it is told another number: a program can make many uses."""

MAX_SUBJECT = 1000
"""Characters of a path or an address that are kept."""


def event(it: Event) -> dict[str, Any]:
    """A use or a refusal as plain values: ``event`` is ``use`` or ``refused``; what is empty is left out.

    Paths longer than :data:`MAX_SUBJECT` are cut.
    """
    from remit.kernel.refusals import Refusal

    found: dict[str, Any]
    if isinstance(it, Refusal):
        found = {"event": "refused", "call": it.call, "error": it.code.value}
    else:
        found = {"event": "use", "target": None if it.target is None else _cut(it.target), "grant": _cut(it.grant)}
        found["name"] = _cut(it.name)
    found |= {"kind": it.kind, "action": it.action, "subject": _cut(it.subject), "rule": _cut(it.rule)}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SUBJECT else text[:MAX_SUBJECT] + "…"


def to_logger(logger: Logger | None = None, level: int | None = None) -> Callable[[Event], None]:
    """A function that logs uses (at `level`, INFO by default) and refusals (as warnings).

    The logger is ``remit.audit`` unless another is given. Records have the event as ``record.remit``, a dict as
    :func:`event` makes it; control characters are escaped in messages.
    """
    import logging

    from remit.kernel.refusals import Refusal

    into = logging.getLogger("remit.audit") if logger is None else logger
    use_level = logging.INFO if level is None else level

    def log(it: Event) -> None:
        refused = isinstance(it, Refusal)
        text = _cut(str(it))
        shown = text if text.isprintable() else repr(text)[1:-1]
        into.log(
            logging.WARNING if refused else use_level,
            "%s%s",
            "refused: " if refused else "",
            shown,
            extra={"remit": event(it)},
        )

    return log


class JsonLines:
    """A file with one line of JSON for each event, with its time. Call it with events; close it.

    It takes `max_bytes`; then one last line says that there was more, and nothing else is written. A file that is there
    is replaced; a new one is for its owner only. Several programs, on any threads, may share one.

    Raises:
        OSError: it cannot be opened; or, when an event comes, written: that ends the program, as nobody would know
            what it did.
    """

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> None:
        from _thread import allocate_lock

        self._lock = allocate_lock()
        self._left = max_bytes
        self._closed = False
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="ascii", newline="\n")

    def __call__(self, it: Event) -> None:
        line = json.dumps({"time": time.time(), **event(it)}, ensure_ascii=True) + "\n"
        with self._lock:
            if self._left < 0 or self._closed:
                return
            self._left -= len(line)
            if self._left < 0:
                line = json.dumps({"time": time.time(), "event": "cut"}) + "\n"
            self._file.write(line)

    def close(self) -> None:
        """Write what is left, and close the file. OSError. Closing twice does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
