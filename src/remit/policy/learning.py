"""From what a program was seen to do with a directory to the smallest rules that allow it."""

from __future__ import annotations

from remit.filesystems.rules import CREATE, DELETE, READ, RIGHTS, SEE, WRITE, FileRule, RightsAt, literal, rights_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.kernel.uses import Use

MOST_PATHS = 5000
"""Of one directory that are learned in a run. What is more needs patterns."""

MOST_MOVES = 200
"""Names that were moved or linked: what each needs depends on all others."""

MOST_CHARACTERS = 1 << 20
"""Of all these paths together."""

MANY = 10
"""Files of one directory with the same rights, from which on a pattern is worth suggesting."""


class Learned:
    """Of one directory that is granted: call it with the uses that a watcher is told.

    Uses are sets of names here, so a program that does the same a million times costs nothing. Of one that uses a
    million names some are learned, and the others are counted.
    """

    __slots__ = ("_grant", "_left", "_moves", "_rights", "more")

    def __init__(self, grant: str) -> None:
        """`grant`: the path under which it is granted."""
        self._grant = grant.rstrip("/")
        self._rights: dict[str, int] = {}
        """By path below the grant; "" is the directory itself."""
        self._moves: dict[tuple[str, str, bool], None] = {}
        """From and to, and whether a directory was moved."""
        self._left = MOST_CHARACTERS
        self.more = 0
        """Uses of paths beyond those that are learned."""

    def __call__(self, use: Use) -> None:
        path = self._below(use.subject)
        if use.action in ("rename", "link"):
            move = path, self._below(use.target or ""), use.is_directory
            if move not in self._moves and not self._has_room(len(self._moves) < MOST_MOVES, len(path) + len(move[1])):
                return
            self._moves[move] = None
            self._rights.setdefault(path, SEE)
            return
        if path not in self._rights and not self._has_room(len(self._rights) < MOST_PATHS, len(path)):
            return
        self._rights[path] = self._rights.get(path, 0) | SEE | RIGHTS[use.action]

    def _has_room(self, few: bool, characters: int) -> bool:
        """Whether one more is learned."""
        if not few or characters > self._left:
            self.more += 1
            return False
        self._left -= characters
        return True

    def _below(self, path: str) -> str:
        return path[len(self._grant) :].strip("/")

    def rules(self, known: Sequence[FileRule] = ()) -> list[str]:
        """The texts of the rules that `known` lacks, each of one path but for directories that were moved."""
        needed, below = self._needed()
        allowed = Allowed(known)
        found = []
        for path, rights in sorted(below.items()):
            rights &= ~allowed.below(path)
            # What all below another directory may have already, which comes before it.
            for parent in parents(path):
                rights &= ~below.get(parent, 0)
            if rights & ~SEE:
                found.append(f"{rights_text(rights)} {literal(path)}/**")
        allowed = Allowed([*known, *map(FileRule, found)])
        missing = {path: rights & ~allowed.of(path) for path, rights in needed.items()}
        # What leads to something that is named can be seen anyway, and so can what has another right.
        leading = {_parents for path, rights in missing.items() if rights for _parents in parents(path)}
        for path, rights in sorted(missing.items()):
            if rights & ~SEE or (rights and path not in leading and not allowed.visible(path)):
                found.append(f"{rights_text(rights)} {literal(path)}")
        return found

    def needed_of(self, rules: Sequence[FileRule], used: Mapping[str, int]) -> dict[str, int]:
        """By the texts of `rules`, which rights of them were needed; of those that give the same it is the first.

        `used`: those that are known to be.
        """
        allowed = Allowed(rules)
        needed, below = self._needed()
        found = dict(used)
        while True:
            for paths, who in ((needed, allowed.by), (below, allowed.all_by)):
                for path, rights in paths.items():
                    for right in RIGHTS.values():
                        text = who(path, right) if rights & right else ""
                        if text:
                            found[text] = found.get(text, 0) | right
            # Nothing gains rights by a move, also if the rules give no more than that: where it went to, they may give
            # more than was used there.
            narrowed = Allowed([rule.with_rights(found[rule.text]) for rule in rules if rule.text in found])
            if not self._add_gains(narrowed, needed, below):
                return found

    def _add_gains(self, allowed: Allowed, needed: dict[str, int], below: dict[str, int]) -> bool:
        """What moves need by what rules allow where they went to; whether that is more."""
        changed = False
        for source, target, is_directory in self._moves:
            if is_directory:
                changed |= _add(below, source, allowed.at_most_below(target) | DELETE | SEE)
            else:
                changed |= _add(needed, source, allowed.of(target) & (READ | WRITE) | SEE)
        return changed

    def _needed(self) -> tuple[dict[str, int], dict[str, int]]:
        """Rights of paths, and of all below the paths of directories that were moved."""
        needed = {path: rights for path, rights in self._rights.items() if path}
        if self._rights.get("", SEE) & ~SEE:
            needed[""] = self._rights[""]
        below: dict[str, int] = {}
        changed = True
        while changed:
            changed = False
            for source, target, is_directory in self._moves:
                if is_directory:
                    there = below.get(target, 0) | CREATE
                    within = [rights for path, rights in needed.items() if _is_in(path, target)]
                    within += [rights for path, rights in below.items() if _is_in(path, target) or _is_in(target, path)]
                    for rights in within:
                        there |= rights
                    changed |= _add(below, target, CREATE | SEE)
                    changed |= _add(below, source, there | DELETE | SEE)
                else:
                    # Nobody may read or write by the new name what could not be by the old one.
                    gains = needed.get(target, 0)
                    for path, rights in below.items():
                        if _is_in(target, path):
                            gains |= rights
                    changed |= _add(needed, source, gains & (READ | WRITE) | SEE)
        return needed, below


class Allowed:
    """What rules allow, path by path."""

    __slots__ = ("_root",)

    def __init__(self, rules: Iterable[FileRule]) -> None:
        self._root = RightsAt([(rule, rule.begin()) for rule in rules])

    def _at(self, path: str) -> RightsAt:
        found = self._root
        for name in path.split("/") if path else ():
            found = found.below(name)
        return found

    def of(self, path: str) -> int:
        """The rights of the path itself."""
        return self._at(path).own

    def below(self, path: str) -> int:
        """The rights that all have that may be below it, and the path itself."""
        return self._at(path).at_least_below

    def at_most_below(self, path: str) -> int:
        """The rights that something may have, be it the path itself or below it."""
        return self._at(path).at_most_below

    def by(self, path: str, right: int) -> str:
        """The first rule that gives the path a right."""
        return self._at(path).allowed_by(right)

    def all_by(self, path: str, right: int) -> str:
        """The first rule that gives it to all that may be below."""
        return self._at(path).all_allowed_by(right)

    def visible(self, path: str) -> bool:
        """A rule names it, or what may be below it."""
        return self._at(path).visible


def suggestions(rules: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Wider rules that may be meant, each with those that it would stand for. None of them is taken by itself."""
    siblings: dict[tuple[str, str], list[str]] = {}
    for text in rules:
        rights, _, pattern = text.partition(" ")
        if pattern.endswith("**") or pattern == ".":
            continue
        directory, slash, _ = pattern.rpartition("/")
        siblings.setdefault((rights, directory + slash), []).append(text)
    return [(f"{rights} {directory}*", texts) for (rights, directory), texts in siblings.items() if len(texts) >= MANY]


def parents(path: str) -> list[str]:
    """The directories that lead to it, the root first, without itself."""
    names = path.split("/") if path else []
    return ["/".join(names[:count]) for count in range(len(names))]


def _is_in(path: str, directory: str) -> bool:
    return not directory or path == directory or path.startswith(directory + "/")


def _add(rights: dict[str, int], path: str, more: int) -> bool:
    before = rights.get(path, 0)
    rights[path] = before | more
    return rights[path] != before
