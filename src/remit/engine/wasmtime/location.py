"""Where the C library of wasmtime is: inside the installed ``wasmtime`` package, which is never imported.

Importing that package costs 70-80 ms and builds its own bindings; all that is wanted from it is one file.
"""

from __future__ import annotations

import os
import sys

from remit.engine.api import EngineError

SECURITY_FLOOR = (50, 0, 1)
"""The oldest version without a known sandbox escape in what Remit uses. Older ones are refused.

``pyproject.toml`` asks for the same, and docs/decisions/0002-dependencies.md has the advisories.
"""

TESTED_BELOW = (51,)
"""The first version that Remit was not tried with. The C API is not stable between major versions."""

_FILES = {"linux": "_libwasmtime.so", "android": "_libwasmtime.so", "darwin": "_libwasmtime.dylib"}
_FILES["win32"] = "_wasmtime.dll"
_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}


def find(search: list[str] | None = None) -> tuple[str, str]:
    """The library's path and the version of the package that it belongs to.

    EngineError if there is none, or one of a version that Remit does not run on.
    """
    for entry in sys.path if search is None else search:
        folder = os.path.join(entry or ".", "wasmtime")
        if os.path.isdir(folder):
            path = os.path.join(folder, _platform_folder(), _file_name())
            if os.path.isfile(path):
                version = _installed_version(entry or ".")
                check_version(version)
                return path, version
            if os.path.isfile(os.path.join(folder, "__init__.py")):
                raise EngineError(f"{folder} has no library for {_platform_folder()}: wasmtime does not support it")
    raise EngineError(f"wasmtime is not installed for {sys.executable}: pip install {_requirement()}")


def check_version(version: str) -> None:
    """EngineError if Remit does not run on `version`."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers < SECURITY_FLOOR:
        raise EngineError(
            f"wasmtime {version} is older than {_dotted(SECURITY_FLOOR)} and has known holes: "
            f"pip install {_requirement()}"
        )
    if numbers >= TESTED_BELOW:
        raise EngineError(f"wasmtime {version} is newer than this Remit knows: pip install {_requirement()}")


def _requirement() -> str:
    return f"'wasmtime>={_dotted(SECURITY_FLOOR)},<{_dotted(TESTED_BELOW)}'"


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in numbers)


def _installed_version(entry: str) -> str:
    for name in os.listdir(entry):
        if name.startswith("wasmtime-") and name.endswith(".dist-info"):
            return name[len("wasmtime-") : -len(".dist-info")]
    raise EngineError(
        f"the package wasmtime in {entry} has no dist-info folder, so its version is unknown: reinstall it"
    )


def _file_name() -> str:
    try:
        return _FILES[sys.platform]
    except KeyError:
        raise EngineError(f"wasmtime has no library for the platform {sys.platform}") from None


def _platform_folder() -> str:
    if sys.platform == "win32":
        machine = os.environ.get("PROCESSOR_ARCHITECTURE", "")
    else:
        machine = os.uname().machine
    machine = machine.lower()
    return f"{sys.platform}-{_MACHINES.get(machine, machine)}"
