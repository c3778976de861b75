"""The cache of compiled code: a second start compiles nothing, decodes nothing, and does not even read the program.

Whoever can write to the cache can run native code as its user. So its directory must be a real directory of this
user that nobody else can write to; files in it likewise. It is opened once and used by descriptor, so that what
was checked is what is used. If it does not pass, nothing is cached, and :attr:`Cache.refusal` says why.

What is added makes room for itself: beyond :data:`MAX_BYTES`, the least recently used entries go. A hit looks at none.

An entry is one artifact, written under a new name and then renamed: running programs have the old one mapped, and
changing it in place would kill them. The index says which content a path had, by the file's identity and times, so that
large programs need not be hashed at each start.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
import time

from remit.engine import artifact
from remit.engine.api import InvalidModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.module import Module

RACY_SECONDS = 2.0
"""A file that changed this shortly before it was read may change again and keep its times: it is not indexed."""

_TOUCH_SECONDS = 86400.0
"""An entry's time of last use is this exact, so that most uses write nothing."""

_ABANDONED_SECONDS = 3600.0
"""A temporary file this old belongs to a process that died."""

MAX_BYTES = 2 << 30
"""The most that the cache takes of the disk: hundreds of large programs. Whoever compiles what others send must not
find the disk full of it."""

MAX_FILES = 10_000
"""The most files in it, so that looking through them costs less than what was compiled."""

_BLOCK = 4096
"""Small files take this much of a disk."""

_CODE, _FACTS, _INDEX, _TEMPORARY = ".cwasm", ".facts", ".index", ".tmp"
_NAME_LENGTHS = {_CODE: 64, _FACTS: 64, _INDEX: 64, _TEMPORARY: 16}
"""How many hexadecimal digits each kind of file is named by. All else in the directory is somebody else's."""
_O_BINARY = getattr(os, "O_BINARY", 0)
_O_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_O_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # A pipe in the directory must not be waited for.
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.path.isdir("/proc/self/fd")


class Entry:
    """A compiled module in the cache. `size` in bytes, `last_used` in seconds since the epoch, exact to a day."""

    __slots__ = ("engine_key", "key", "last_used", "name", "size")

    def __init__(self, key: str, name: str, engine_key: str, size: int, last_used: float) -> None:
        self.key = key
        self.name = name
        self.engine_key = engine_key
        self.size = size
        self.last_used = last_used


def default_directory() -> str:
    """``$REMIT_CACHE_DIR``, or ``remit`` in ``$XDG_CACHE_HOME`` or in the platform's place for caches."""
    chosen = os.environ.get("REMIT_CACHE_DIR")
    if chosen:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA", os.path.expanduser("~"))
        else:
            base = os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return os.path.join(base, "remit")


def _is_own(name: str, suffix: str) -> bool:
    """Whether a file with that name may be the cache's, and has `suffix`."""
    stem, dot, kind = name.rpartition(".")
    return (
        name.endswith(suffix)
        and len(stem) == _NAME_LENGTHS.get(dot + kind)
        and all(character in "0123456789abcdef" for character in stem)
    )


class Cache:
    """Compiled modules in a directory, which is made if it is not there."""

    __slots__ = ("_descriptor", "directory", "refusal")

    def __init__(self, directory: str | None = None) -> None:
        self.directory = default_directory() if directory is None else directory
        self._descriptor = -1
        self.refusal: str | None = None
        """Why nothing is cached, or None."""
        try:
            # No directory may be the current one: it can have been removed.
            self.directory = os.path.abspath(self.directory)
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            self._check()
        except OSError as error:
            self.refusal = f"{self.directory}: {error.strerror}"

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        # As Python ends, the module `os` may be gone already.
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            close(descriptor)

    def load(self, engine: Engine, program: str | bytes, *, name: str = "") -> Module:
        """The compiled module for a binary, or for the file that `program` names; compiled now if it is not here yet.

        OSError if the file cannot be read or can be no program, InvalidModule if it is not a module.
        """
        if isinstance(program, bytes):
            return self.module(engine, artifact.digest(program), lambda: program, name=name)
        name = name or os.path.basename(program)
        if self.refusal is None:
            known = self._indexed(program)
            module = known and self._find(engine, self._key(engine, known), name)
            if module:
                return module
        digest, content = self.read(program)
        return self.module(engine, digest, lambda: content, name=name)

    def known(self, program: str | bytes) -> bytes | None:
        """The digest of a program's content, if it can be told without reading the file. OSError if there is none."""
        if isinstance(program, bytes):
            return artifact.digest(program)
        return self._indexed(program) if self.refusal is None else None

    def read(self, program: str) -> tuple[bytes, bytes]:
        """The digest and the content of a file, whose digest is known from now on. OSError if it can be no program."""
        from remit.engine.program_file import read_program  # A second start does not read it.

        content, status = read_program(program)
        digest = artifact.digest(content)
        self._remember(program, status, digest)
        return digest, content

    def module(self, engine: Engine, digest: bytes, content: Callable[[], bytes], *, name: str = "") -> Module:
        """The compiled module for a binary with that digest; `content` is asked for it if it is not here yet.

        InvalidModule if it is not a module.
        """
        if self.refusal is not None:
            return engine.compile(content(), name=name)
        key = self._key(engine, digest)
        module = self._find(engine, key, name)
        if module is None:
            module = engine.compile(content(), name=name)
            packed = artifact.pack(module.serialize(), module.info, engine_key=engine.cache_key, name=name)
            # A cache that cannot be written is a slow one, not an error.
            self.refusal = self._write(key + _CODE, packed, durable=True)
        return module

    def facts(self, key: bytes) -> bytes | None:
        """What was kept as `key` by :meth:`keep_facts`. None if it is not here, or damaged.

        Only this user can have written it: as with code, whoever can write here is trusted.
        """
        if self.refusal is not None:
            return None
        try:
            descriptor = self._open(artifact.digest(key).hex() + _FACTS)
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            checksum = os.read(descriptor, 32)
            data = os.read(descriptor, status.st_size)
            if time.time() - status.st_mtime > _TOUCH_SECONDS and os.utime in os.supports_fd:
                os.utime(descriptor)
        finally:
            os.close(descriptor)
        return data if artifact.digest(data) == checksum else None

    def keep_facts(self, key: bytes, data: bytes) -> None:
        """Keep something that was found out about a program."""
        if self.refusal is None:
            self.refusal = self._write(artifact.digest(key).hex() + _FACTS, artifact.digest(data) + data, durable=False)

    def entries(self) -> list[Entry]:
        """What is in the cache, the most recently used first."""
        found = []
        for file in self._files(_CODE):
            try:
                descriptor = self._open(file)
            except OSError:
                continue
            status = os.fstat(descriptor)
            try:
                read = artifact.read(descriptor)
                found.append(
                    Entry(file.removesuffix(_CODE), read.name, read.engine_key, status.st_size, status.st_mtime)
                )
            except InvalidModule:
                found.append(Entry(file.removesuffix(_CODE), "(damaged)", "", status.st_size, status.st_mtime))
            finally:
                os.close(descriptor)
        return sorted(found, key=lambda entry: -entry.last_used)

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return sum(entry.size for entry in self.entries())

    def prune(self, *, max_bytes: int | None = None, older_than: float | None = None) -> tuple[int, int]:
        """Remove what was not used for `older_than` seconds, then the least recently used until `max_bytes` are left.

        Running programs are not disturbed. How many entries were removed, and their bytes.
        """
        now = time.time()
        kept, removed, freed = 0, 0, 0
        for entry in self.entries():
            too_old = older_than is not None and now - entry.last_used > older_than
            too_much = max_bytes is not None and kept + entry.size > max_bytes
            if (too_old or too_much) and self._remove(entry.key + _CODE):
                removed += 1
                freed += entry.size
            else:
                kept += entry.size
        for file in [*self._files(_TEMPORARY), *(self._files(_INDEX) + self._files(_FACTS) if removed else [])]:
            if not file.endswith(_TEMPORARY) or self._is_abandoned_now(file, now):
                self._remove(file)
        return removed, freed

    # The directory.

    def _check(self) -> None:
        flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
        if _BY_DESCRIPTOR:
            self._descriptor = os.open(self.directory, flags)
            status = os.fstat(self._descriptor)
        else:
            status = os.lstat(self.directory)
        self.refusal = _distrust(self.directory, status, stat.S_ISDIR)

    def _path(self, file: str) -> str:
        return file if self._descriptor >= 0 else os.path.join(self.directory, file)

    @property
    def _dir_fd(self) -> int | None:
        return self._descriptor if self._descriptor >= 0 else None

    def _files(self, suffix: str) -> list[str]:
        if self.refusal is not None:
            return []
        if self._descriptor < 0:
            return [name for name in os.listdir(self.directory) if _is_own(name, suffix)]
        # Not of the kept descriptor: all that list by one share its place in the list.
        descriptor = os.open(".", os.O_RDONLY | getattr(os, "O_CLOEXEC", 0), dir_fd=self._descriptor)
        try:
            return [name for name in os.listdir(descriptor) if _is_own(name, suffix)]
        finally:
            os.close(descriptor)

    def _open(self, file: str) -> int:
        """A descriptor of a file that only this user can have written. OSError."""
        flags = os.O_RDONLY | _O_NOFOLLOW | _O_BINARY | _O_NONBLOCK
        descriptor = os.open(self._path(file), flags, dir_fd=self._dir_fd)
        refusal = _distrust(file, os.fstat(descriptor), stat.S_ISREG)
        if refusal is not None:
            os.close(descriptor)
            raise PermissionError(refusal)
        return descriptor

    def _stat(self, file: str) -> os.stat_result:
        return os.stat(self._path(file), dir_fd=self._dir_fd, follow_symlinks=False)

    def _is_abandoned_now(self, file: str, now: float) -> bool:
        try:
            return self._is_abandoned(file, self._stat(file), now)
        except OSError:
            return False  # Its writer has just put it in its place.

    @staticmethod
    def _is_abandoned(file: str, status: os.stat_result, now: float) -> bool:
        return file.endswith(_TEMPORARY) and now - status.st_mtime > _ABANDONED_SECONDS

    def _remove(self, file: str) -> bool:
        try:
            os.unlink(self._path(file), dir_fd=self._dir_fd)
        except OSError:
            # In use, where the platform minds, or gone already.
            return False
        return True

    def _write(self, file: str, data: bytes, *, durable: bool) -> str | None:
        """Put a file in its place, whole or not at all. None, or why it is not there."""
        temporary = f"{os.urandom(8).hex()}{_TEMPORARY}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_NOFOLLOW | _O_BINARY
        try:
            with open(os.open(self._path(temporary), flags, 0o600, dir_fd=self._dir_fd), "wb") as out:
                out.write(data)
                if durable:
                    # A crash of the machine could otherwise leave the name without the content.
                    out.flush()
                    os.fsync(out.fileno())
            os.replace(self._path(temporary), self._path(file), src_dir_fd=self._dir_fd, dst_dir_fd=self._dir_fd)
        except BaseException as error:  # also when it is interrupted
            self._remove(temporary)
            if not isinstance(error, OSError):
                raise
            return f"{self.directory}: {error.strerror}"
        try:
            self._make_room()
        except OSError:
            return None  # Such as no descriptor left: it is in its place all the same, and the next one makes room.
        return None

    def _make_room(self) -> None:
        """Remove what was not used for longest until :data:`MAX_BYTES` and :data:`MAX_FILES` hold.

        Other processes may be doing the same: then a little more goes, and is compiled again.
        """
        now = time.time()
        found: list[tuple[float, int, str]] = []
        total = 0
        for file in self._files(""):
            try:
                status = self._stat(file)
            except OSError:
                continue  # It went meanwhile.
            if file.endswith(_TEMPORARY) and not self._is_abandoned(file, status, now):
                continue
            size = -(-status.st_size // _BLOCK) * _BLOCK
            total += size
            found.append((status.st_mtime, size, file))
        if total <= MAX_BYTES and len(found) <= MAX_FILES:
            return
        left = len(found)
        for _, size, name in sorted(found):
            if self._remove(name):
                total -= size
                left -= 1
            if total <= MAX_BYTES and left <= MAX_FILES:
                break

    # The entries.

    def _key(self, engine: Engine, digest: bytes) -> str:
        parts = [digest, engine.cache_key.encode(), artifact.FORMAT.encode(), _cpu()]
        return artifact.digest(b"\n".join(parts)).hex()

    def _find(self, engine: Engine, key: str, name: str) -> Module | None:
        """An entry. None if there is none, or one that is damaged or that the engine does not take."""
        try:
            descriptor = self._open(key + _CODE)
        except OSError:
            return None
        try:
            module = _map(engine, descriptor, self._path(key + _CODE) if self._descriptor < 0 else None, name)
            if time.time() - os.fstat(descriptor).st_mtime > _TOUCH_SECONDS and os.utime in os.supports_fd:
                os.utime(descriptor)
        except (InvalidModule, OSError):
            return None
        finally:
            os.close(descriptor)
        return module

    # The index.

    def _indexed(self, program: str) -> bytes | None:
        """The digest of the program's content, if it is the file that was indexed."""
        status = os.stat(program)
        try:
            descriptor = self._open(_index_name(program))
        except OSError:
            return None
        try:
            checksum, data = os.read(descriptor, 32), os.read(descriptor, 65536)
        finally:
            os.close(descriptor)
        if artifact.digest(data) != checksum:
            return None
        path, identity, digest = marshal.loads(data)
        return digest if (path, identity) == (os.path.abspath(program), _identity(status)) else None

    def _remember(self, program: str, status: os.stat_result, digest: bytes) -> None:
        newest = max(status.st_mtime, status.st_ctime)
        if self.refusal is None and time.time() - newest > RACY_SECONDS:
            data = marshal.dumps((os.path.abspath(program), _identity(status), digest))
            self._write(_index_name(program), artifact.digest(data) + data, durable=False)


def load_compiled_unchecked(engine: Engine, path: str, *, name: str = "") -> Module:
    """A module from an artifact that somebody compiled ahead of time (:func:`save_compiled`).

    It is native code, and nothing checks it: whoever made the file can do anything in this process. It must not be
    changed while the module lives.

    OSError; InvalidModule if it is damaged, or of another version or configuration of the engine.
    """
    from remit.engine.program_file import open_program

    descriptor = open_program(path)
    try:
        return _map(engine, descriptor, path, name or os.path.basename(path))
    finally:
        os.close(descriptor)


def save_compiled(module: Module, path: str) -> None:
    """Write an artifact for :func:`load_compiled_unchecked`, in place of an older one, which is left whole. OSError."""
    temporary = f"{path}.{os.urandom(4).hex()}{_TEMPORARY}"
    packed = artifact.pack(module.serialize(), module.info, engine_key=module.engine.cache_key, name=module.name)
    try:
        with open(temporary, "xb") as out:
            out.write(packed)
        os.replace(temporary, path)
    except BaseException:  # also when it is interrupted
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _map(engine: Engine, descriptor: int, path: str | None, name: str) -> Module:
    """The module in an open artifact. Without a `path` by the descriptor, so that no other file can take its place."""
    read = artifact.read(descriptor)
    if read.engine_key != engine.cache_key:
        raise InvalidModule(f"compiled for {read.engine_key}; this is {engine.cache_key}: compile it again")
    where = f"/proc/self/fd/{descriptor}" if path is None else path
    return engine.load_compiled_file_unchecked(where, read.facts, name=name or read.name)


def _distrust(what: str, status: os.stat_result, is_right: Callable[[int], bool]) -> str | None:
    """Why `what` may have been written by somebody else, or None."""
    if not is_right(status.st_mode):
        return f"{what} is not what it should be"
    if not hasattr(os, "geteuid"):
        # Windows: caches lie in the user's profile, which is closed to others.
        return None
    if status.st_uid != os.geteuid():
        return f"{what} belongs to another user"
    if status.st_mode & 0o022:
        return f"{what} can be written by others: chmod go-w it"
    return None


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _index_name(program: str) -> str:
    return artifact.digest(os.fsencode(os.path.abspath(program))).hex() + _INDEX


def _cpu() -> bytes:
    """What the compiler looks at besides the module. The engine itself refuses code that this machine cannot run."""
    machine = (
        os.uname().machine.encode() if hasattr(os, "uname") else os.environ.get("PROCESSOR_IDENTIFIER", "").encode()
    )
    try:
        with open("/proc/cpuinfo", "rb", buffering=0) as file:
            first = file.read(8192)
    except OSError:
        return machine
    features = [line for line in first.split(b"\n") if line.startswith((b"flags", b"Features"))]
    return machine + b" " + b" ".join(features[:1])
