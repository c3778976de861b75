"""Runs scenarios: guest Python that calls the functions of WASI 0.2, inside a real component, on Remit.

A scenario holds if its guest comes to its end: what it expects it asserts, in the terms of the specification. Which
functions it called, and with which error codes they answered, is recorded on the host's side, so that the coverage
that is published is what was really called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import remit
from python_guests import component
from remit.component.instances import HostFunction
from remit.component.values.results import Err, Ok
from remit.engine.api import Pending, Trap
from remit.interfaces.wit.calling import Offered
from remit.kernel.errors import Exit


@dataclass(frozen=True)
class Scenario:
    """What the guest does, and what it is granted. `trap`: it ends by one, whose message has this."""

    name: str
    source: str
    grants: Callable[[], dict[str, Any]] = dict
    trap: str = ""
    status: int = 0


@dataclass
class Record:
    """Functions by their full names: how often each was called, and the error codes that it gave."""

    calls: Counter[str] = field(default_factory=Counter)
    codes: dict[str, set[str]] = field(default_factory=dict)

    def add(self, name: str, result: Any) -> None:
        self.calls[name] += 1
        if type(result) is Ok:  # a future has a result in its result
            result = result.value
        if isinstance(result, Err):
            value = result.value
            code = "error" if value is None else value if isinstance(value, str) else value.label
            self.codes.setdefault(name, set()).add(code)

    def add_trap(self, name: str) -> None:
        self.calls[name] += 1
        self.codes.setdefault(name, set()).add("trap")


def run(scenario: Scenario, record: Record | None = None) -> None:
    """AssertionError, with what the guest said, if it does not hold."""
    grants = scenario.grants()
    with _recording(Record() if record is None else record):
        try:
            done = remit.run(
                [component("script"), scenario.source], capture_output=True, text=True, timeout=30, **grants
            )
        except remit.Trap as trap:
            if not scenario.trap or scenario.trap not in trap.message:
                raise AssertionError(f"{trap.message}\n{trap.stderr!r}") from trap
            return
    assert not scenario.trap, "it did not trap"
    assert (done.returncode, done.stderr) == (scenario.status, ""), done.stderr


@contextmanager
def _recording(record: Record) -> Iterator[None]:
    original = Offered.function

    def function(self: Offered, name: str, host: Any) -> HostFunction:
        found = original(self, name, host)
        full = f"{self.interface.name}: {name}"
        return HostFunction(_watched(found.function, full, record), blocks=found.blocks)

    Offered.function = function  # type: ignore[method-assign]  # put back below
    try:
        yield
    finally:
        Offered.function = original  # type: ignore[method-assign]


def _watched(function: Callable[..., Any], name: str, record: Record) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            result = function(*arguments)
        except Trap:
            record.add_trap(name)
            raise
        except Exit:
            record.add(name, None)
            raise
        if isinstance(result, Pending):
            return Pending(result.wait_for, _watched(result.resume, name, record))
        record.add(name, result)
        return result

    return call
