"""Grants: everything that one program is handed, said in plain values.

The command line and the Python API are two spellings of this one model. Nothing here touches the
machine; :mod:`remit.policy.build` makes the objects.
"""

from __future__ import annotations

from remit.kernel.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from remit.kernel.clocks import Clock
    from remit.kernel.files import File, Filesystem
    from remit.kernel.random import RandomSource
    from remit.kernel.sockets import Socket


class Grants:
    """What a program gets. Left as it is, it gets its standard streams, clocks and random numbers, and nothing else."""

    __slots__ = (
        "arguments",
        "dirs",
        "env",
        "limits",
        "monotonic_clock",
        "random",
        "sockets",
        "stderr",
        "stdin",
        "stdout",
        "wall_clock",
    )

    def __init__(
        self,
        *,
        arguments: Sequence[str | bytes] = (),
        env: Mapping[str, str] | None = None,
        dirs: Mapping[str, str | os.PathLike[str] | Filesystem] | None = None,
        stdin: File | None = None,
        stdout: File | None = None,
        stderr: File | None = None,
        sockets: Sequence[Socket] = (),
        wall_clock: Clock | None = None,
        monotonic_clock: Clock | None = None,
        random: RandomSource | int | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.arguments = tuple(encoded(argument, "argument") for argument in arguments)
        """The command line, ``argv[0]`` first."""
        self.env = tuple(
            (encoded(name, "environment variable name"), encoded(value, f"value of the environment variable {name!r}"))
            for name, value in (env or {}).items()
        )
        for name, _ in self.env:
            if not name or b"=" in name:
                raise ValueError(f"environment variable name {name.decode()!r} is empty or contains '='")
        self.dirs = dict(dirs or {})
        """Guest path -> what is seen there: a host directory's path, or a filesystem object."""
        for path in self.dirs:
            if not path or "\0" in path:
                raise ValueError(f"guest path {path!r} is empty or contains a NUL: write '/', '.' or '/data'")
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        """None: the stream of the host process."""
        self.sockets = tuple(sockets)
        """Listening sockets; descriptors after the directories."""
        self.wall_clock = wall_clock
        self.monotonic_clock = monotonic_clock
        self.random = random
        """None: the host's; an int: a seed."""
        self.limits = limits or Limits()


def encoded(text: str | bytes, what: str) -> bytes:
    """`text` as the bytes that a guest gets; ValueError for a NUL, which would end it early."""
    if isinstance(text, str):
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"{what} {text!r} cannot be written as UTF-8") from None
    else:
        data = bytes(text)
    if b"\0" in data:
        raise ValueError(f"{what} {text!r} contains a NUL")
    return data
