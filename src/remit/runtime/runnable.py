"""What loaded programs have in common, modules and components."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from remit.engine.wasmtime.config import Config
    from remit.policy.grants import Grants
    from remit.runtime.world import World


class Runnable:
    """A program that is compiled: run it, or make instances of it, any number of times and from any thread."""

    __slots__ = ("answered", "metered", "name", "path", "sha256")

    def __init__(self, name: str, *, metered: bool) -> None:
        self.name = name
        """What the program is told as its own name, ``argv[0]``."""
        self.metered = metered
        """It was compiled to count fuel."""
        self.answered: frozenset[str] = frozenset()
        """The interfaces, by the names that the caller used, of which functions of the caller's answer some or all."""
        self.sha256: str | None = None
        """The digest of its file, if it was compared when it was loaded."""
        self.path: str | None = None
        """Where it was loaded from, if it was a file."""

    @property
    def engine_config(self) -> Config:
        """How it was compiled."""
        raise NotImplementedError

    def digest(self) -> str | None:
        """The SHA-256 of what it was loaded from, as far as that is known. OSError if the file is gone."""
        if self.sha256 is not None or self.path is None:
            return self.sha256
        from hashlib import sha256

        with open(self.path, "rb") as file:
            return sha256(file.read()).hexdigest()

    @property
    def is_command(self) -> bool:
        """It can be run. Otherwise it is a library, to be instantiated and called."""
        raise NotImplementedError

    @property
    def why_no_command(self) -> str:
        """Why it cannot be run, and what can be done with it instead."""
        raise NotImplementedError

    def new_world(self, grants: Grants, *, fuel: int | None, max_memory: int | None, asynchronous: bool) -> World:
        """A world for one run of it: close it."""
        raise NotImplementedError

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled or copied: give another process its path, and load it there, "
            "from the cache"
        )
