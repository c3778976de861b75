"""Rules for files: what a program may do with which paths below a directory. What no rule allows is refused.

::

    read **                     read everything
    see *                       know of the files right here, and their attributes
    read in.txt                 read this file, and know its attributes
    read,write log/*.txt        read and write what is there of these names
    read,write,create out/**    and make new files and directories below `out`
    all tmp/**                  everything, deleting included

A rule is a list of rights, a space, and a pattern. The rights:

``see``
    know that it is there, and its attributes; all other rights include it
``read``
    open for reading, list a directory, read where a link points
``write``
    open for writing, cut and lengthen, set times
``create``
    make a file, a directory, a link, or a name that something is moved to
``delete``
    remove, and move away or replace
``all``
    all of them

A pattern is names with slashes between them, from the directory that the rules are for. In a name, ``*`` stands for any
characters, none included, ``?`` for one, and a backslash makes the next character an ordinary one. ``**`` in place of a
name stands for any number of names, none included: so ``out/**`` is ``out`` and all that is below it, and ``**``
everything. What leads to what a rule names can be walked through, and its attributes can be seen.

Symbolic links are followed first: what counts is where a path leads in the end.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    States = frozenset[int]
    """Where in a pattern one can be after some names."""
    _Index = tuple[dict[str, list[tuple[int, "FileRule", States]]], list[tuple[int, "FileRule", States]]]

SEE, READ, WRITE, CREATE, DELETE = 1, 2, 4, 8, 16
ALL = SEE | READ | WRITE | CREATE | DELETE

RIGHTS = {"see": SEE, "read": READ, "write": WRITE, "create": CREATE, "delete": DELETE}
"""By name, in the order in which they are written."""

MAX_RULES = 10_000
"""Of one directory. Each open directory of the program has something of each."""

MAX_PATTERN = 4096
"""Characters of a pattern, as of paths."""

_ANY = "**"

_MANY = 16
"""Rules that are gone through again rather than that what they say is kept."""

_KEPT = 4
"""So many times the number of rules is kept of what they say."""


class RuleError(ValueError):
    """What is wrong with the text of a rule."""


def rights_text(rights: int) -> str:
    """``read,write``; ``all``. "" for none."""
    if rights | SEE == ALL:
        return "all"
    if rights & ~SEE:
        # They include it.
        rights &= ~SEE
    return ",".join([name for name, right in RIGHTS.items() if rights & right])


def literal(path: str) -> str:
    """The pattern for this very path (names with slashes between them) and no other. "" is the directory itself."""
    return "".join([f"\\{each}" if each in "*?\\" else each for each in path]) if path else "."


class FileRule:
    """One line: rights and a pattern."""

    __slots__ = ("_names", "_ordinary", "pattern", "rights", "text")

    def __init__(self, text: str) -> None:
        """RuleError; TypeError for what is no str."""
        if not isinstance(text, str):
            raise TypeError(f"a rule for files is a str, not {text!r}")
        self.text = text
        words, space, pattern = text.partition(" ")
        self.pattern = pattern
        try:
            self.rights = _rights(words)
            if not space or not pattern:
                raise RuleError("has no pattern")
            self._names = _names(pattern)
        except RuleError as error:
            raise RuleError(
                f"file rule {text!r} {error}; write rights and a pattern, as in 'read in.txt', 'read,write data/*.csv' "
                "or 'all out/**'"
            ) from None
        self._ordinary = [_ordinary(each) for each in self._names]

    def with_rights(self, rights: int) -> FileRule:
        """The same pattern, and no more of its rights than these."""
        return FileRule(f"{rights_text(self.rights & rights | SEE) or 'see'} {self.pattern}")

    def begin(self) -> States:
        """Before any name."""
        return self._closed({0})

    def step(self, states: States, name: str) -> States:
        """After one name more. Empty: it can match nothing from here on."""
        found = set()
        names = self._names
        for state in states:
            if state < len(names):
                wanted = names[state]
                if wanted == _ANY:
                    found.add(state)
                elif _matches(wanted, name):
                    found.add(state + 1)
        return self._closed(found)

    def only_name(self, states: States) -> str | None:
        """The one name by which it goes on, if there is no other ("": there is none). None: several may do."""
        if len(states) != 1:
            return None
        [state] = states
        return self._ordinary[state] if state < len(self._names) else ""

    def matches(self, states: States) -> bool:
        """Whether the names so far are what the pattern says."""
        return len(self._names) in states

    def covers_below(self, states: States) -> bool:
        """Whether it matches whatever may come below."""
        last = len(self._names) - 1
        return last >= 0 and self._names[last] == _ANY and last in states

    def _closed(self, states: set[int]) -> States:
        """With the places that ``**`` lets one be at as well, as it may stand for no name."""
        for state in range(len(self._names)):
            if state in states and self._names[state] == _ANY:
                states.add(state + 1)
        return frozenset(states)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileRule) and (self.rights, self._names) == (other.rights, other._names)

    def __hash__(self) -> int:
        return hash((self.rights, tuple(self._names)))

    def __repr__(self) -> str:
        return f"FileRule({self.text!r})"


class RightsAt:
    """What the rules say of one path."""

    __slots__ = ("_index", "_kept", "_live", "_room", "own")

    def __init__(self, live: Iterable[tuple[FileRule, States]], room: list[int] | None = None) -> None:
        self._index: _Index | None = None
        # Those below that many rules are about and that one of them names, never what a program has chosen: to find
        # these again takes time for each rule.
        self._kept: dict[str, RightsAt] = {}
        self._live = tuple([(rule, states) for rule, states in live if states])
        """The rules that name it or what may be below it, and where in each of them it is."""
        # How many rules all that is kept may be about, of the whole tree.
        self._room = [_KEPT * len(self._live)] if room is None else room
        self.own = 0
        """Of the path itself."""
        for rule, states in self._live:
            if rule.matches(states):
                self.own |= rule.rights

    def allowed_by(self, right: int) -> str:
        """The first rule that gives it; to be seen, the first one at all."""
        for rule, states in self._live:
            if right == SEE or (rule.rights & right and rule.matches(states)):
                return rule.text
        return ""

    def all_allowed_by(self, right: int) -> str:
        """The first rule that gives it to all that may be below, and to the path itself."""
        for rule, states in self._live:
            if rule.rights & right and rule.covers_below(states):
                return rule.text
        return ""

    @property
    def weight(self) -> int:
        """How many rules it is about, and at least one: what it takes to keep it."""
        return len(self._live) or 1

    @property
    def visible(self) -> bool:
        """A rule names it, or what may be below it."""
        return bool(self._live)

    @property
    def at_most_below(self) -> int:
        """The rights that something may have, be it the path itself or below it."""
        rights = 0
        for rule, _ in self._live:
            rights |= rule.rights
        return rights

    @property
    def at_least_below(self) -> int:
        """The rights that all have that may be below it, and the path itself."""
        rights = 0
        for rule, states in self._live:
            if rule.covers_below(states):
                rights |= rule.rights
        return rights

    def below(self, name: str) -> RightsAt:
        """Of one name in it."""
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        if self._index is None:
            self._index = _index(self._live)
        named, others = self._index
        found = named.get(name)
        live = others if found is None else sorted([*found, *others], key=_place_of) if others else found
        rights = RightsAt([(rule, rule.step(states, name)) for _, rule, states in live], self._room)
        if found is not None and _MANY <= len(live) <= self._room[0]:
            self._room[0] -= len(live)
            self._kept[name] = rights
        return rights


def _place_of(each: tuple[int, FileRule, States]) -> int:
    return each[0]


def _index(live: Sequence[tuple[FileRule, States]]) -> _Index:
    """By the next name of those that can have one only, and the others. Each with its place among all."""
    named: dict[str, list[tuple[int, FileRule, States]]] = {}
    others: list[tuple[int, FileRule, States]] = []
    for place, (rule, states) in enumerate(live):
        name = rule.only_name(states)
        if name is None:
            others.append((place, rule, states))
        else:
            named.setdefault(name, []).append((place, rule, states))
    return named, others


def file_rules(rules: Iterable[str | FileRule]) -> tuple[FileRule, ...]:
    """RuleError, also for too many; TypeError."""
    if isinstance(rules, str):
        raise TypeError(f"the rules for files are a list, not the str {rules!r}")
    found = tuple([rule if isinstance(rule, FileRule) else FileRule(rule) for rule in rules])
    if len(found) > MAX_RULES:
        raise RuleError(f"{len(found):,} rules for one directory: {MAX_RULES:,} are possible; use patterns")
    return found


def _rights(words: str) -> int:
    rights = SEE
    for word in words.split(","):
        right = ALL if word == "all" else RIGHTS.get(word, 0)
        if not right:
            raise RuleError(f"has the right {word!r}, where there are {', '.join(RIGHTS)} and all")
        rights |= right
    return rights


def _names(pattern: str) -> list[str]:
    if len(pattern) > MAX_PATTERN:
        raise RuleError(f"has a pattern of {len(pattern):,} characters: {MAX_PATTERN:,} are possible")
    if "\0" in pattern:
        raise RuleError("has a NUL in its pattern")
    if pattern == ".":
        return []
    names = pattern.split("/")
    for name in names:
        if not name:
            raise RuleError("has an empty name in its pattern, which begins and ends without a slash")
        if name in (".", ".."):
            raise RuleError(f"has {name!r} in its pattern: patterns name what is there, from the directory down")
        if _ANY in name.replace("\\\\", "x").replace("\\*", "x") and name != _ANY:
            raise RuleError("has '**' beside other characters: it stands in place of whole names")
        if (len(name) - len(name.rstrip("\\"))) % 2:
            raise RuleError("has a backslash before nothing")
    # Two in a row say no more than one.
    return [name for number, name in enumerate(names) if name != _ANY or names[number - 1 : number] != [_ANY]]


def _ordinary(pattern: str) -> str | None:
    """The one name that is what `pattern` says; None: there may be others."""
    if not any(each in pattern for each in "*?\\"):
        return pattern
    characters = _characters(pattern)
    return None if None in characters or "" in characters else "".join([each for each in characters if each])


def _matches(pattern: str, name: str) -> bool:
    """Whether `name` is what `pattern` says, in time that is the product of their lengths at most."""
    if pattern == "*":
        return True
    if not any(each in pattern for each in "*?\\"):
        return pattern == name
    wanted = _characters(pattern)
    at = place = 0
    star, retry = -1, 0
    while place < len(name):
        if at < len(wanted) and wanted[at] == "":
            star, retry = at, place
            at += 1
        elif at < len(wanted) and wanted[at] in (name[place], None):
            at += 1
            place += 1
        elif star >= 0:
            # What the last star stands for is one character longer.
            retry += 1
            at, place = star + 1, retry
        else:
            return False
    return all(each == "" for each in wanted[at:])


def _characters(pattern: str) -> Sequence[str | None]:
    """Of one name: ordinary characters, None for any one, "" for any number of them."""
    found: list[str | None] = []
    ordinary = False
    for each in pattern:
        if ordinary:
            found.append(each)
            ordinary = False
        elif each == "\\":
            ordinary = True
        else:
            found.append({"*": "", "?": None}.get(each, each))
    return found
