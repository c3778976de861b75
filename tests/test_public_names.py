"""The public names and how they are called: a change here is a change for every user, and belongs in CHANGELOG.md."""

from __future__ import annotations

import enum
import inspect
from types import ModuleType

import pytest

import remit
import remit.bindings
import remit.fs
import remit.net
import remit.testing


def call_of(thing: object) -> str:
    """What `thing` is called with; ``=`` marks what may be left out."""
    if isinstance(thing, type) and issubclass(thing, enum.Enum):
        return "enum"
    if isinstance(thing, type) and issubclass(thing, BaseException):
        return "exception"
    if not callable(thing):
        return type(thing).__name__
    shown = []
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        mark = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        shown.append(f"{mark}{parameter.name}{'' if parameter.default is parameter.empty else '='}")
    return f"({', '.join(shown)})"


REMIT = {
    "AsyncComponentInstance": "(component, **options)",
    "AsyncInstance": "(program, **options)",
    "CalledProcessError": "exception",
    "Code": "(_)",
    "CompletedProcess": "(args, returncode, stdout=, stderr=, *, stdout_truncated=, stderr_truncated=, refusals=)",
    "Component": "(engine, loaded, census, name, imports, *, known=)",
    "ComponentInstance": "(component, **options)",
    "DEVNULL": "int",
    "EngineError": "exception",
    "Err": "exception",
    "Exit": "exception",
    "Frame": "(function, function_index, module, module_offset)",
    "Guest": "(world)",
    "Instance": "(program, **options)",
    "InvalidModule": "exception",
    "KernelError": "exception",
    "Limits": (
        "(*, captured_bytes=, descriptors=, io_bytes=, io_vectors=, "
        "listing_entries=, path_bytes=, poll_subscriptions=, random_bytes=, recorded_bytes=)"
    ),
    "LinkError": "exception",
    "Observation": "(remit)",
    "Ok": "(value=)",
    "OutOfBounds": "exception",
    "PIPE": "int",
    "Program": "(module, name, imports, *, metered)",
    "Refusal": "(call, code, want, subject, grant=)",
    "Replayed": "(args, returncode, calls, ended, output)",
    "Remit": (
        "(*, program=, sha256=, name=, arguments=, env=, stdin=, stdout=, stderr=, dirs=, files=, network=, http=, "
        "listen=, time=, seed=, allow_interfaces=, deny_interfaces=, replaced_interfaces=, deterministic=, strict=, "
        "limits=, base=, sources=)"
    ),
    "RemitError": "exception",
    "STDOUT": "int",
    "Some": "(value)",
    "StoppedAtRefusal": "exception",
    "TimeoutExpired": "exception",
    "Trap": "exception",
    "Use": "(kind, action, subject, *, grant=, rule=, target=, is_directory=, name=)",
    "__version__": "str",
    "load": "(program, *, imports=, fuel=, gc=, deterministic=, cache=, name=, sha256=)",
    "replay": (
        "(recording, program=, *, stdout=, stderr=, stop_at=, on_call=, trace=, imports=, gc=, timeout=, cache=)"
    ),
    "run": "(args, **options)",
    "run_async": "(args, **options)",
    "with_instance": "(function)",
}

FS = {
    "Advice": "(_)",
    "Asked": "(filesystem, ask, *, path=, rules=)",
    "Change": "(kind, path, type, *, replaced=)",
    "Code": "(_)",
    "Directory": "()",
    "DirectoryEntry": "(name, inode, type)",
    "File": "()",
    "FileRule": "(text)",
    "FileType": "(_)",
    "Filesystem": "()",
    "Fsspec": "(filesystem, path=)",
    "Host": "(path, *, openat2=)",
    "How": "()",
    "KernelError": "exception",
    "Memory": "(files=, *, max_bytes=, max_files=, clock=)",
    "Mounts": "(filesystems)",
    "NOW": "int",
    "Overlay": "(lower, *, max_bytes=, max_files=, clock=)",
    "Question": "(rights, path, directory)",
    "Quota": "(filesystem, *, max_bytes, max_files=)",
    "ReadOnly": "(filesystem)",
    "Restricted": "(filesystem, rules)",
    "RuleError": "exception",
    "Stat": "(type, *, device=, inode=, links=, size=, accessed=, modified=, changed=)",
    "Subdirectory": "(filesystem, path)",
    "SymbolicLink": "(target)",
    "Tar": "(source, *, max_bytes=, max_members=)",
    "Union": "(upper, lower)",
    "Zip": "(source, *, max_bytes=, max_members=)",
}

TESTING = {
    "check_filesystem": (
        "(make, *, read_only=, hard_links=, symbolic_links=, times=, time_step=, exact_names=, name_bytes=)"
    ),
    "fill_sample": "(directory, *, symbolic_links=)",
}


NET = {
    "Asked": "(network, ask, *, rules=)",
    "Code": "(_)",
    "Host": "(allow=, *, everything=)",
    "KernelError": "exception",
    "Memory": "()",
    "MemoryConnection": "(socket)",
    "MemoryListener": "(member, port, backlog)",
    "MemoryMember": "(name, number, members, lock, told)",
    "Network": "()",
    "Question": "(kind, action, subject, name=)",
    "Resolution": "()",
    "Rule": "(text)",
    "RuleError": "exception",
    "SocketAddress": "(ip, port, *, flow_info=, scope_id=)",
    "TcpSocket": "()",
    "UdpSocket": "()",
    "WouldBlock": "exception",
}


AUDIT = {
    "JsonLines": "(path, *, max_bytes=)",
    "LogFull": "exception",
    "MAX_BYTES": "int",
    "event": "(it)",
    "to_logger": "(logger=, level=)",
}


TRACE = {
    "Call": "(number, instance, interface, function, began)",
    "ChromeTrace": "(file, *, max_lines=, max_bytes=)",
    "Filtered": "(sink, *, only=, without=, paths=, errors=)",
    "JsonLines": "(file, *, max_lines=, max_bytes=)",
    "Lines": "(file, *, max_lines=, max_bytes=)",
    "MAX_BYTES": "int",
    "MAX_LINES": "int",
    "Summary": "()",
}


BINDINGS = """
AsyncResource Bindings EmptyCase Enum Flags LoadOptions PayloadCase Record Resource Source Variant
"""
"""What the modules that were written by `remit bindings` rest on, whichever release wrote them."""


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (remit, REMIT),
        (remit.audit, AUDIT),
        (remit.fs, FS),
        (remit.net, NET),
        (remit.testing, TESTING),
        (remit.trace, TRACE),
    ],
)
def test_public_names(module: ModuleType, names: dict[str, str]) -> None:
    assert sorted(module.__all__) == sorted(names)
    assert {name: call_of(getattr(module, name)) for name in names} == names


@pytest.mark.parametrize(
    "module", [remit, remit.audit, remit.bindings, remit.fs, remit.net, remit.testing, remit.trace]
)
def test_every_public_name_is_documented(module: ModuleType) -> None:
    things = {name: getattr(module, name) for name in module.__all__}
    undocumented = [name for name, thing in things.items() if callable(thing) and not thing.__doc__]
    assert undocumented == []


def test_names_for_bindings() -> None:
    assert sorted(remit.bindings.__all__) == BINDINGS.split()


def test_names_are_listed_and_wrong_ones_refused() -> None:
    assert set(remit.__all__) | {"asgi", "audit", "bindings", "fs", "net", "recording", "testing", "trace"} == set(
        dir(remit)
    )
    with pytest.raises(AttributeError, match="module 'remit' has no attribute 'rnu'"):
        getattr(remit, "rnu")  # noqa: B009 - a type checker would refuse the other way of writing it
