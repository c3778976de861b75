"""Run WebAssembly programs that use WASI, each on a virtual operating system of its own.

    import remit

    done = remit.run(["tool.wasm", "--help"], capture_output=True, text=True, timeout=5)
    print(done.returncode, done.stdout)

A program gets its arguments, standard streams, clocks and random numbers, and nothing else, unless it is
handed more: directories (`dirs`), environment variables (`env`), sockets, functions (`imports`).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit import asgi as asgi
    from remit import audit as audit
    from remit import bindings as bindings
    from remit import fs as fs
    from remit import net as net
    from remit import recording as recording
    from remit import testing as testing
    from remit import trace as trace
    from remit._version import __version__
    from remit.component.values.results import Err, Ok, Some
    from remit.engine.api import EngineError, Frame, InvalidModule, LinkError, OutOfBounds, Trap
    from remit.kernel.errors import Code, Exit, KernelError
    from remit.kernel.limits import Limits
    from remit.kernel.refusals import Refusal, StoppedAtRefusal
    from remit.kernel.uses import Use
    from remit.policy.observing import Observation
    from remit.policy.remit import Remit
    from remit.policy.remit_values import RemitError
    from remit.runtime.bind import with_instance
    from remit.runtime.completed import CompletedProcess
    from remit.runtime.components.instance import AsyncComponentInstance, ComponentInstance
    from remit.runtime.components.program import Component
    from remit.runtime.failures import CalledProcessError, TimeoutExpired
    from remit.runtime.guest import Guest
    from remit.runtime.instance import AsyncInstance, Instance
    from remit.runtime.program import Program, load
    from remit.runtime.replay import Replayed, replay
    from remit.runtime.run import DEVNULL, PIPE, STDOUT, run
    from remit.runtime.run_async import run_async

_HOME = {
    "AsyncComponentInstance": "remit.runtime.components.instance",
    "AsyncInstance": "remit.runtime.instance",
    "CalledProcessError": "remit.runtime.failures",
    "Code": "remit.kernel.errors",
    "CompletedProcess": "remit.runtime.completed",
    "Component": "remit.runtime.components.program",
    "ComponentInstance": "remit.runtime.components.instance",
    "DEVNULL": "remit.runtime.run",
    "EngineError": "remit.engine.api",
    "Err": "remit.component.values.results",
    "Exit": "remit.kernel.errors",
    "Frame": "remit.engine.api",
    "Guest": "remit.runtime.guest",
    "Instance": "remit.runtime.instance",
    "InvalidModule": "remit.engine.api",
    "KernelError": "remit.kernel.errors",
    "Limits": "remit.kernel.limits",
    "LinkError": "remit.engine.api",
    "Observation": "remit.policy.observing",
    "Ok": "remit.component.values.results",
    "OutOfBounds": "remit.engine.api",
    "PIPE": "remit.runtime.run",
    "Program": "remit.runtime.program",
    "Refusal": "remit.kernel.refusals",
    "Replayed": "remit.runtime.replay",
    "Remit": "remit.policy.remit",
    "RemitError": "remit.policy.remit_values",
    "STDOUT": "remit.runtime.run",
    "Some": "remit.component.values.results",
    "StoppedAtRefusal": "remit.kernel.refusals",
    "TimeoutExpired": "remit.runtime.failures",
    "Trap": "remit.engine.api",
    "Use": "remit.kernel.uses",
    "__version__": "remit._version",
    "load": "remit.runtime.program",
    "replay": "remit.runtime.replay",
    "run": "remit.runtime.run",
    "run_async": "remit.runtime.run_async",
    "with_instance": "remit.runtime.bind",
}
"""Where each public name lives: loaded on first use, because `import remit` must cost nothing."""

_MODULES = ("asgi", "audit", "bindings", "fs", "net", "recording", "testing", "trace")

__all__ = [
    "DEVNULL",
    "PIPE",
    "STDOUT",
    "AsyncComponentInstance",
    "AsyncInstance",
    "CalledProcessError",
    "Code",
    "CompletedProcess",
    "Component",
    "ComponentInstance",
    "EngineError",
    "Err",
    "Exit",
    "Frame",
    "Guest",
    "Instance",
    "InvalidModule",
    "KernelError",
    "Limits",
    "LinkError",
    "Observation",
    "Ok",
    "OutOfBounds",
    "Program",
    "Refusal",
    "Remit",
    "RemitError",
    "Replayed",
    "Some",
    "StoppedAtRefusal",
    "TimeoutExpired",
    "Trap",
    "Use",
    "__version__",
    "load",
    "replay",
    "run",
    "run_async",
    "with_instance",
]


if not TYPE_CHECKING:  # type checkers find every name above, and would take any other for one of these

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return _imported(f"remit.{name}")
        if name in _HOME:
            value = getattr(_imported(_HOME[name]), name)
            globals()[name] = value
            return value
        raise AttributeError(f"module 'remit' has no attribute {name!r}")


def _imported(module: str) -> object:
    # `importlib.import_module` does no more, and importing it costs half a millisecond.
    __import__(module)
    return sys.modules[module]


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
