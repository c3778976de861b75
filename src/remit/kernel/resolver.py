"""The one path walker: from a directory and a path to the directory and the single name that an operation acts on.

It is the confinement of every filesystem. A path is relative and never leads above the directory it starts from;
a symbolic link is read and walked by the same rules, so its target is relative too. What would leave raises
NOT_CAPABLE.

The walker keeps the directories that it entered open, and ``..`` goes back to the one before: whatever is
renamed meanwhile, it only ever stands in directories that it reached from the start by their names.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.refusals import LEAVE, Refused, Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.files import Directory

MAX_LINKS = 40
"""Symbolic links followed in one resolution, as on Linux: LOOP beyond."""

MAX_NAME_BYTES = 255
"""The length of one name in UTF-8, as on most filesystems: NAME_TOO_LONG beyond, on all of them."""

MAX_OPEN = 32
"""Directories that one walk keeps open: a path can be 2,000 deep, and the host's descriptors are for everyone."""

MAX_ENTERED = 20_000
"""Directories entered in one resolution: LOOP beyond. No path gets there without links; with 40 links of 4,000 bytes
it could be half a million, and nothing interrupts a walk."""


def check_text(text: str) -> None:
    """Refuse what can be in no path: INVALID for a NUL, ILLEGAL_BYTE_SEQUENCE for what UTF-8 cannot express."""
    if "\0" in text:
        raise KernelError(Code.INVALID, f"NUL in path {text!r}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise KernelError(Code.ILLEGAL_BYTE_SEQUENCE, f"path {text!r} is not Unicode text") from error


def check_name(name: str) -> None:
    """Refuse a name that is too long for any filesystem: NAME_TOO_LONG."""
    # A character takes at most four bytes of UTF-8 (surrogate escapes of the host's names: three here, one there).
    if len(name) * 4 > MAX_NAME_BYTES and len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        raise KernelError(Code.NAME_TOO_LONG, f"name {name[:32]!r}... is longer than {MAX_NAME_BYTES} bytes")


def left(start: Directory, path: str, detail: str) -> KernelError:
    """The refusal of a `path` that leads out of `start`; no refusal if it is known to stay within what was granted."""
    origin = start.origin
    from_origin = path if path.startswith("/") else start.path_from_origin(path)
    if origin is not None and leads_out(path) and not leads_out(from_origin):
        return KernelError(Code.NOT_CAPABLE, detail)
    want = Want("file", LEAVE, from_origin, origin=origin, directory=start)
    return Refused(Code.NOT_CAPABLE, detail, want=want)


def leads_out(path: str) -> bool:
    """Whether the text of a path says so, links aside."""
    depth = 0
    for name in path.split("/"):
        depth += -1 if name == ".." else 1 if name not in ("", ".") else 0
        if depth < 0:
            return True
    return path.startswith("/")


def split(path: str) -> list[str]:
    """The components that matter, last one first: no empty ones, and ``.`` only at the very end of the path."""
    pieces = path.split("/")
    pieces.reverse()
    if "" in pieces or "." in pieces:
        ends_in_dot = next((piece for piece in pieces if piece), "") == "."
        pieces = [piece for piece in pieces if piece and piece != "."]
        if ends_in_dot:
            pieces.insert(0, ".")
    return pieces


class Walk:
    """A resolution under way. It stands before the last component of the path, which it has not touched.

    The operation is tried on `name` in `directory`; if that turns out to be a link that should be followed,
    :meth:`follow` goes on to where it points. :meth:`close` ends it, whatever happened.
    """

    __slots__ = (
        "_entered",
        "_jumped",
        "_links",
        "_looking",
        "_names",
        "_opened",
        "_path",
        "_rest",
        "_start",
        "directory",
        "name",
        "wants_directory",
    )

    def __init__(self, start: Directory, path: str, *, looking: bool = False) -> None:
        """Walk to the last component of `path`, from `start` (which stays the caller's).

        With `looking` nothing more is wanted than to know what is there: that a link leads out is no attempt to leave.

        NO_ENTRY (also for an empty path); NOT_DIRECTORY; NOT_CAPABLE for an absolute path or one that leads
        above `start`; LOOP; NAME_TOO_LONG; INVALID; ILLEGAL_BYTE_SEQUENCE.
        """
        self._start = start
        self._path = path
        # The names that lead from the start to where we stand, and the last directories on that way.
        self._names: list[str] = []
        self._opened: list[Directory] = []
        self._jumped: str | None = None
        self._links = 0
        self._looking = looking
        self._entered = 0
        self.directory = start
        """Where the last component is looked up. It belongs to the walk: use it before :meth:`close`."""
        self.name = path
        """The last component; empty if the path ends in ``.`` or ``..`` and so denotes `directory` itself."""
        self.wants_directory = False
        """The path ends in a slash: it may denote nothing but a directory, and a link there is always followed."""

        if "\0" in path or not path.isascii():
            check_text(path)
        if "/" not in path and path != "." and path != "..":
            if not path:
                raise KernelError(Code.NO_ENTRY, "empty path")
            if len(path) > 63:
                check_name(path)
            return
        if path[0] == "/":
            raise self._outside(f"absolute path {path!r}")
        try:
            parents, _, name = path.rpartition("/")
            if parents and name and name != "." and name != "..":
                # Let the filesystem walk to the parent in one step, if it can.
                try:
                    directory = start.walk(parents)
                except KernelError as error:
                    if error.code is Code.NOT_CAPABLE:
                        raise self._outside(error.detail) from error
                    raise
                if directory is not None:
                    self._opened.append(directory)
                    if len(name) > 63:
                        check_name(name)
                    self._jumped = parents
                    self.directory = directory
                    self.name = name
                    return
            self.wants_directory = path[-1] == "/"
            self._rest = split(path)
            self._advance()
        except BaseException:
            self.close()
            raise

    def follow(self) -> None:
        """Go on to where the link `name` points, if it still is one. LOOP after :data:`MAX_LINKS`."""
        target = self._read_link(self.name)
        if target is None:
            return
        self._rest = split(target)
        if target[-1] == "/":
            self.wants_directory = True
        if self._jumped is not None:
            # The target may lead up through directories that were jumped over: walk them one by one after all.
            self._rest += split(self._jumped)
            self._jumped = None
            self.close()
            self.directory = self._start
        self._advance()

    def close(self) -> None:
        """Close every directory that the walk opened."""
        opened = self._opened
        while opened:
            opened.pop().close()

    def _advance(self) -> None:
        """Walk until one component is left."""
        rest = self._rest
        while rest:
            component = rest.pop()
            if component == "..":
                self._leave()
            elif component == ".":
                continue
            elif rest:
                self._enter(component)
            else:
                check_name(component)
                self.name = component
                return
        self.name = ""

    def _enter(self, name: str) -> None:
        check_name(name)
        while True:
            try:
                directory = self.directory.open_directory(name)
            except KernelError as error:
                if error.code is not Code.LOOP:
                    raise
            else:
                self._names.append(name)
                self._stand_in(directory)
                return
            target = self._read_link(name)
            if target is not None:
                self._rest += split(target)
                return

    def _stand_in(self, directory: Directory) -> None:
        self.directory = directory
        self._opened.append(directory)
        self._entered += 1
        if self._entered > MAX_ENTERED:
            raise KernelError(Code.LOOP, f"more than {MAX_ENTERED} directories on the way")
        if len(self._opened) > MAX_OPEN:
            self._opened.pop(0).close()

    def _leave(self) -> None:
        names = self._names
        if not names:
            raise self._outside("'..' leads above the directory that was granted")
        names.pop()
        self._opened.pop().close()
        if self._opened:
            self.directory = self._opened[-1]
        else:
            # At the start, or further up than was kept: then enter again, by names that were no links.
            self.directory = self._start
            for name in names:
                self._stand_in(self.directory.open_directory(name))

    def _outside(self, detail: str) -> KernelError:
        """The program tries to leave what it was granted: nothing would allow that, but somebody may want to know."""
        if self._looking and not leads_out(self._path):
            return KernelError(Code.NOT_CAPABLE, detail)
        return left(self._start, self._path, detail)

    def _read_link(self, name: str) -> str | None:
        """Where the link `name` points, which is counted; None if something else has taken its place."""
        self._links += 1
        if self._links > MAX_LINKS:
            raise KernelError(Code.LOOP, f"more than {MAX_LINKS} symbolic links")
        try:
            target = self.directory.read_link(name)
        except KernelError as error:
            if error.code is Code.INVALID:
                return None
            raise
        if not target:
            raise KernelError(Code.NO_ENTRY, f"{name!r} is an empty symbolic link")
        if target[0] == "/":
            raise self._outside(f"{name!r} is a symbolic link to the absolute path {target!r}")
        return target
