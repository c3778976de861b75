"""Any filesystem, as far as rules allow: see :mod:`remit.filesystems.rules`."""

from __future__ import annotations

import _thread
from _weakrefset import WeakSet

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.read_only import ReadOnlyFile
from remit.filesystems.rules import CREATE, DELETE, READ, RIGHTS, SEE, WRITE, RightsAt, file_rules, literal
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How
from remit.kernel.refusals import Refused, Want
from remit.kernel.resolver import leads_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from remit.filesystems.rules import FileRule
    from remit.kernel.files import DirectoryEntry, Stat

    class Listener(Protocol):
        """Who keeps what rules have said."""

        def rules_changed(self) -> None: ...


MAX_KNOWN = 1024
"""Names of a directory whose rights are remembered."""

MAX_REMEMBERED = 100_000
"""Rules that all of what is remembered of one filesystem's directories is about."""

_NAMES = {right: name for name, right in RIGHTS.items()}


class Restricted(Filesystem):
    """What `rules` allow of `filesystem`: ``Restricted(Host("project"), ["read **", "all out/**"])``.

    What no rule names, nor lies on the way to something that one names, is not there for the program: it finds no such
    file. Making it is refused (ACCESS), and so is whatever a rule that does name it has no right for.

    Nothing gets more rights by moving. A file is moved or linked only to a name whose rights to read and write it had
    before; a directory only where the rules say the same, or less, of all that could be below it.

    Raises:
        RuleError: One of `rules` is none (a ValueError).
    """

    __slots__ = ("_filesystem", "_policy")

    def __init__(self, filesystem: Filesystem, rules: Iterable[str | FileRule]) -> None:
        self._filesystem = wanted_filesystem("filesystem", filesystem)
        self._policy = _Policy(file_rules(rules))

    @property
    def rules(self) -> tuple[FileRule, ...]:
        """What was given."""
        return self._policy.rules

    @property
    def origin(self) -> object:
        """What its refusals name."""
        return self._policy

    def allow(self, rule: str | FileRule) -> None:
        """One rule more, in force at once for all directories that are open; open files stay as they are. RuleError."""
        with self._policy.lock:
            self._policy.rules = file_rules([*self._policy.rules, rule])
            # Whatever is remembered was without it.
            self._policy.changed()

    def root(self) -> Directory:
        root = self._filesystem.root()
        with self._policy.lock:
            self._policy.top.retain()
        return RestrictedDirectory(root, self._policy.top)

    def __repr__(self) -> str:
        return f"<Restricted {[rule.text for rule in self.rules]}>"


class _Policy:
    """The rules of one filesystem, and the directories of it that are open."""

    __slots__ = ("listeners", "lock", "moves", "remembered", "rules", "top")

    def __init__(self, rules: tuple[FileRule, ...]) -> None:
        self.rules = rules
        self.lock = _thread.RLock()
        """Held while a directory is opened, and while anything is moved: several programs may have the filesystem. The
        same thread may take it again: while it is held, Python may collect a program, which closes directories."""
        self.moves = 0
        """How often directories were moved, by which others may lie elsewhere, or rules were added."""
        self.top = _Place(self, None, "")
        self.listeners: WeakSet[Listener] = WeakSet()
        self.remembered = 0

    def changed(self) -> None:
        """What was known of rights by paths may not be true any more. With the lock held."""
        self.moves += 1
        for each in self.listeners:
            each.rules_changed()


class _Place:
    """Where an open directory is: it follows the directory when the program moves that."""

    __slots__ = ("_below", "_known", "_moves", "_name", "_parent", "_remembered", "_rights", "_users", "policy")

    def __init__(self, policy: _Policy, parent: _Place | None, name: str) -> None:
        self.policy = policy
        self._parent = parent
        self._name = name
        self._below: dict[str, _Place] = {}
        """Directories that are open, and those on the way to them."""
        self._users = 0
        self._moves = -1
        self._rights = RightsAt(())
        self._known: dict[str, RightsAt] = {}
        self._remembered = 0

    @property
    def path(self) -> str:
        """From the root; "" is the root."""
        return "/".join(self._steps())

    def path_of(self, name: str) -> str:
        """From the root, of a name or a path in it."""
        return "/".join([*self._steps(), name])

    def _steps(self) -> list[str]:
        names = []
        place = self
        while place._parent is not None:
            names.append(place._name)
            place = place._parent
        names.reverse()
        return names

    @property
    def rights(self) -> RightsAt:
        """Of the directory itself."""
        moves = self.policy.moves
        if self._moves != moves:
            rights = RightsAt([(rule, rule.begin()) for rule in self.policy.rules])
            for name in self._steps():
                rights = rights.below(name)
            self._rights = rights
            self.forget()
            # Last: another thread may look.
            self._moves = moves
        return self._rights

    def rights_of(self, name: str) -> RightsAt:
        """Of one name in it."""
        moves = self.policy.moves
        own = self.rights
        known = self._known
        found = known.get(name)
        if found is None:
            found = own.below(name)
            with self.policy.lock:
                # Another thread may have moved something since.
                if self._known is known and self._moves == moves == self.policy.moves:
                    self._remember(name, found)
        return found

    def _remember(self, name: str, found: RightsAt) -> None:
        policy = self.policy
        # Names are the program's choice, and there may be many rules of which each may be about any.
        if len(self._known) >= MAX_KNOWN or policy.remembered + found.weight > MAX_REMEMBERED:
            self.forget()
        if policy.remembered + found.weight <= MAX_REMEMBERED:
            self._known[name] = found
            self._remembered += found.weight
            policy.remembered += found.weight

    def forget(self) -> None:
        """What is remembered of names in it."""
        self._known = {}
        self.policy.remembered -= self._remembered
        self._remembered = 0

    # The rest is done with the lock held.

    def enter(self, name: str) -> _Place:
        """The place of a directory in it, for one user more."""
        place = self._below.get(name)
        if place is None:
            place = _Place(self.policy, self, name)
        place.retain()
        # Python may have collected a program meanwhile, which let go of the last other user.
        self._below[name] = place
        return place

    def retain(self) -> None:
        self._users += 1

    def release(self) -> None:
        """It is forgotten when nobody needs it any more, nor anything below it."""
        self._users -= 1
        place = self
        while place._parent is not None and not place._users and not place._below:
            above = place._parent
            place.forget()
            if above._below.get(place._name) is place:
                del above._below[place._name]
            place = above

    def moved(self, name: str, target: _Place, target_name: str) -> None:
        """The directory `name` in it has been moved. What was there, an empty directory, has no name any more."""
        place = self._below.pop(name, None)
        target._below.pop(target_name, None)
        if place is not None:
            place._name = target_name
            place._parent = target
            target._below[target_name] = place
        self.policy.changed()


class RestrictedDirectory(Directory):
    """A directory, as far as the rules of its filesystem allow. It owns and closes the one it wraps."""

    __slots__ = ("_directory", "_open", "_place", "read_only")

    def __init__(self, directory: Directory, place: _Place) -> None:
        """`place` has been retained for it."""
        self._directory = directory
        self._place = place
        self._open = True
        self.read_only = directory.read_only

    @property
    def inner(self) -> Directory:
        """The directory that it stands before."""
        return self._directory

    def rights_of(self, path: str) -> int:
        """What the rules allow with `path`, which is names with slashes between them, none of them that of a link."""
        return self._rights_at(path).own

    def _rights_at(self, path: str) -> RightsAt:
        first, *names = path.split("/")
        found = self._place.rights_of(first)
        for name in names:
            found = found.below(name)
        return found

    def tell_changes(self, listener: Listener) -> None:
        """Have `listener` be told when :meth:`rights_of` may say something else than before. It is kept weakly."""
        with self._place.policy.lock:
            self._place.policy.listeners.add(listener)

    @property
    def origin(self) -> object:
        return self._place.policy

    def path_from_origin(self, path: str) -> str:
        return self._place.path_of(path)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._directory.close()
            with self._place.policy.lock:
                self._place.release()

    def allowed_by(self, right: str, name: str) -> str:
        rights = self._rights_at(name) if name else self._place.rights
        return rights.allowed_by(RIGHTS[right])

    def stat(self) -> Stat:
        return self._directory.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        if not self._place.rights.own & WRITE:
            raise self._refused(WRITE, self._place.path)
        self._directory.set_times(accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        self._directory.sync(data_only=data_only)

    def reopen(self) -> Directory:
        directory = self._directory.reopen()
        with self._place.policy.lock:
            self._place.retain()
        return RestrictedDirectory(directory, self._place)

    def lookup(self, name: str) -> Stat:
        self._visible(name, READ)
        return self._directory.lookup(name)

    def open_directory(self, name: str) -> Directory:
        self._visible(name, READ)
        with self._place.policy.lock:
            return RestrictedDirectory(self._directory.open_directory(name), self._place.enter(name))

    def entries(self) -> Iterable[DirectoryEntry]:
        if not self._place.rights.own & READ:
            raise self._refused(READ, self._place.path)
        return self._directory.entries()

    def read_link(self, name: str) -> str:
        # Without the right to read, too, if a rule names something: links are on the way.
        self._visible(name, READ)
        return self._directory.read_link(name)

    def open_file(self, name: str, how: int) -> File:
        own = self._place.rights_of(name).own
        needs = _needed(how)
        if how & How.CREATE and not own & CREATE:
            how = self._how_without_creating(name, how)
        elif not how & How.CREATE:
            self._visible(name, next((right for right in (READ, WRITE) if needs & right), READ))
        if needs & ~own:
            self._check_kind(name, how)
            raise self._no_right(name, needs & ~own)
        file = self._directory.open_file(name, how)
        return file if own & WRITE else ReadOnlyFile(file)

    def _how_without_creating(self, name: str, how: int) -> int:
        """What is left of `how` where the name may not be made: it may be there already."""
        if not self._place.rights_of(name).visible:
            raise self._no_right(name, CREATE)
        try:
            self._directory.lookup(name)
        except KernelError as error:
            if error.code is Code.NO_ENTRY:
                raise self._no_right(name, CREATE) from None
            raise
        if how & How.EXCLUSIVE:
            raise KernelError(Code.EXISTS, name)
        return how & ~How.CREATE

    def _check_kind(self, name: str, how: int) -> None:
        """Raise what opening would that is no file: links are followed, and what is not there is not there."""
        try:
            kind = self._directory.lookup(name).type
        except KernelError as error:
            if error.code is Code.NO_ENTRY and how & How.CREATE:
                return
            raise
        if kind is FileType.SYMBOLIC_LINK:
            raise KernelError(Code.EXISTS if how & How.EXCLUSIVE else Code.LOOP, name)
        if how & How.EXCLUSIVE and how & How.CREATE:
            raise KernelError(Code.EXISTS, name)
        if kind is FileType.DIRECTORY:
            raise KernelError(Code.IS_DIRECTORY, name)

    def make_directory(self, name: str) -> None:
        self._may_make(name)
        self._directory.make_directory(name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._may_make(name)
        self._directory.make_symbolic_link(name, target)

    def unlink(self, name: str) -> None:
        self._may(name, DELETE)
        self._directory.unlink(name)

    def remove_directory(self, name: str) -> None:
        self._may(name, DELETE)
        self._directory.remove_directory(name)

    def walk(self, path: str) -> Directory | None:
        """None, but where the way leads through what is hidden: then all of the path is known when it fails."""
        names = path.split("/")
        if not all(names) or "." in names or ".." in names:
            return None
        rights = self._place.rights
        for name in names:
            rights = rights.below(name)
            if not rights.visible:
                return self._hidden(names)
        return None

    def _hidden(self, names: list[str]) -> Directory | None:
        """The directory that `names` lead to, some of which are hidden; None if one of them is a link. NO_ENTRY."""
        directory = self._directory.reopen()
        try:
            for name in names:
                below = directory.open_directory(name)
                directory.close()
                directory = below
        except KernelError as error:
            directory.close()
            if error.code is Code.LOOP:
                return None
            raise KernelError(Code.NO_ENTRY, "/".join(names)) from None
        return HiddenDirectory(directory, self._place.path_of("/".join(names)), self._place.policy)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._may(name, WRITE)
        self._directory.set_times_of(name, accessed, modified)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same(target)
        self._visible(name, READ)
        other._may_make(target_name)
        self._check_content(name, other, target_name)
        self._directory.link(name, other._directory, target_name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same(target)
        # What has been looked at must be what is moved.
        with self._place.policy.lock:
            self._visible(name, DELETE)
            is_directory = self._directory.lookup(name).type is FileType.DIRECTORY
            self._may(name, DELETE)
            if not other._place.rights_of(target_name).own & CREATE:
                raise other._no_right(target_name, CREATE)
            try:
                other._directory.lookup(target_name)
            except KernelError as error:
                if error.code is not Code.NO_ENTRY:
                    raise
            else:
                other._may(target_name, DELETE)
            if is_directory:
                self._check_below(name, other, target_name)
            else:
                self._check_content(name, other, target_name)
            self._directory.rename(name, other._directory, target_name)
            if is_directory:
                self._place.moved(name, other._place, target_name)

    # Checks. Those that begin with `_may` raise Refused, or what says that nothing is there.

    def _visible(self, name: str, right: int) -> None:
        """NO_ENTRY for what no rule names; if it is there after all, that is a refusal of `right`."""
        if self._place.rights_of(name).visible:
            return
        try:
            if self._directory.lookup(name).type is FileType.SYMBOLIC_LINK:
                target = self._directory.read_link(name)
                # What leads out no rule can allow.
                if target.startswith("/") or leads_out(self._place.path_of(target)):
                    raise KernelError(Code.NO_ENTRY, name)
        except KernelError:
            raise KernelError(Code.NO_ENTRY, name) from None
        path = self._place.path_of(name)
        raise Refused(Code.NO_ENTRY, f"{path} is hidden", want=self._want(right, path))

    def _may(self, name: str, right: int) -> None:
        if self._place.rights_of(name).own & right:
            return
        self._visible(name, right)
        self._directory.lookup(name)
        raise self._no_right(name, right)

    def _may_make(self, name: str) -> None:
        rights = self._place.rights_of(name)
        if rights.own & CREATE:
            return
        if rights.visible:
            try:
                self._directory.lookup(name)
            except KernelError as error:
                if error.code is not Code.NO_ENTRY:
                    raise
            else:
                raise KernelError(Code.EXISTS, name)
        raise self._no_right(name, CREATE)

    def _check_content(self, name: str, target: RestrictedDirectory, target_name: str) -> None:
        """Nobody may read or write by a new name what could not be by the old one."""
        gained = target._place.rights_of(target_name).own & ~self._place.rights_of(name).own & (READ | WRITE)
        if gained:
            raise self._no_right(name, gained)

    def _check_below(self, name: str, target: RestrictedDirectory, target_name: str) -> None:
        """Nor may anything that lies in a directory be moved with it that could not be moved by itself."""
        before, after = self._place.rights_of(name), target._place.rights_of(target_name)
        missing = (DELETE | after.at_most_below) & ~before.at_least_below
        if missing:
            raise self._no_right(f"{name}/**", missing, below=name)
        if not after.at_least_below & CREATE:
            raise target._no_right(f"{target_name}/**", CREATE, below=target_name)

    def _same(self, target: Directory) -> RestrictedDirectory:
        if isinstance(target, RestrictedDirectory) and target._place.policy is self._place.policy:
            return target
        if self.read_only or target.read_only:
            raise KernelError(Code.READ_ONLY, "from or to a read-only filesystem")
        raise KernelError(Code.CROSS_DEVICE, "from or to a directory with other rules")

    def _no_right(self, name: str, rights: int, *, below: str | None = None) -> KernelError:
        """`below`: all in this directory is meant, and the directory itself."""
        pattern = "" if below is None else f"{literal(self._place.path_of(below))}/**"
        return self._refused(rights, self._place.path_of(name), pattern)

    def _refused(self, rights: int, path: str, pattern: str = "") -> KernelError:
        """For the first of `rights`; the others would be asked for next. `pattern`: if that is not just `path`."""
        asked = rights & ~SEE or SEE
        right = next(right for right in RIGHTS.values() if asked & right)
        if right != READ and self._directory.read_only:
            # Whatever the rules say.
            return KernelError(Code.READ_ONLY, path)
        rule = f"{_NAMES[right]} {pattern}" if pattern else ""
        want = self._want(right, path, rule)
        return Refused(Code.ACCESS, f"no rule allows to {_NAMES[right]} {path or '.'}", want=want)

    def _want(self, right: int, path: str, rule: str = "") -> Want:
        return Want("file", _NAMES[right], path, rule, origin=self._place.policy)


class HiddenDirectory(Directory):
    """A place that a walk passes through, which is not there for the program: nor is anything in it.

    What is there after all is refused, so that it can be told. It owns and closes the directory that it wraps.
    """

    __slots__ = ("_directory", "_path", "_policy")

    def __init__(self, directory: Directory, path: str, policy: _Policy) -> None:
        self._directory = directory
        self._path = path
        self._policy = policy

    @property
    def origin(self) -> object:
        return self._policy

    def close(self) -> None:
        self._directory.close()

    def lookup(self, name: str) -> Stat:
        raise self._missing(READ, name)

    def open_directory(self, name: str) -> Directory:
        raise self._missing(READ, name)

    def read_link(self, name: str) -> str:
        raise self._missing(READ, name)

    def open_file(self, name: str, how: int) -> File:
        if how & How.CREATE:
            raise self._refused(CREATE, name)
        raise self._missing(READ if how & How.READ else WRITE, name)

    def make_directory(self, name: str) -> None:
        raise self._refused(CREATE, name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        raise self._refused(CREATE, name)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        raise self._missing(READ, name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        raise self._missing(DELETE, name)

    def unlink(self, name: str) -> None:
        raise self._missing(DELETE, name)

    def remove_directory(self, name: str) -> None:
        raise self._missing(DELETE, name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        raise self._missing(WRITE, name)

    def _missing(self, right: int, name: str) -> KernelError:
        try:
            self._directory.lookup(name)
        except KernelError:
            return KernelError(Code.NO_ENTRY, name)
        return self._refused(right, name)

    def _refused(self, right: int, name: str) -> KernelError:
        # The directory is not there for the program, so whatever is asked of it has one answer.
        path = f"{self._path}/{name}"
        want = Want("file", _NAMES[right], path, origin=self._policy)
        return Refused(Code.NO_ENTRY, f"{path} is hidden", want=want)


def _needed(how: int) -> int:
    needs = READ if how & How.READ else 0
    return needs | WRITE if how & (How.WRITE | How.TRUNCATE) else needs
