"""What a program could use at most, told from the names of its imports.

What it is not linked to, it can never do; what it is linked to, it may do if it is granted. So these are upper
bounds, good for deciding which grants make sense.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.module import ModuleInfo

WASI_0_1 = ("wasi_snapshot_preview1", "wasi_unstable")

# In the order in which they are shown: the need's name, and what it is in words.
WORDS = {
    "arguments": "its arguments",
    "environment": "environment variables",
    "streams": "standard streams",
    "files": "files",
    "sockets": "sockets handed to it",
    "clocks": "clocks",
    "random": "random numbers",
    "functions": "functions of its own",
}

# Where descriptors of every kind are meant, streams need them; only these need a directory.
_PREFIXES = (
    ("args_", "arguments"),
    ("environ_", "environment"),
    ("path_", "files"),
    ("fd_prestat_", "files"),
    ("fd_readdir", "files"),
    ("fd_", "streams"),
    ("sock_", "sockets"),
    ("clock_", "clocks"),
    ("poll_", "clocks"),
    ("random_", "random"),
)


def needs_of(info: ModuleInfo) -> dict[str, list[str]]:
    """By need, a key of WORDS in that order: the imports that tell, as ``name``, or ``module.name`` if not WASI's."""
    found: dict[str, list[str]] = {need: [] for need in WORDS}
    for each in info.imports:
        if each.module not in WASI_0_1:
            found["functions"].append(f"{each.module}.{each.name}")
            continue
        need = next((need for prefix, need in _PREFIXES if each.name.startswith(prefix)), None)
        if need is not None:
            found[need].append(each.name)
    return {need: names for need, names in found.items() if names}
