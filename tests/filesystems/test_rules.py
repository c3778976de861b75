"""Rules for files: their text, and what they match, against a reading of the text by other means."""

from __future__ import annotations

import re
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remit.filesystems.rules import (
    ALL,
    CREATE,
    DELETE,
    MAX_PATTERN,
    MAX_RULES,
    READ,
    SEE,
    WRITE,
    FileRule,
    RightsAt,
    RuleError,
    file_rules,
    literal,
    rights_text,
)


def model(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression over paths, written from the description alone."""
    if pattern == ".":
        return re.compile("")
    pieces = []
    for name in pattern.split("/"):
        if name == "**":
            pieces.append("(?:[^/]+/)*")
            continue
        piece = ""
        characters = iter(name)
        for each in characters:
            piece += (
                re.escape(next(characters)) if each == "\\" else {"*": "[^/]*", "?": "[^/]"}.get(each, re.escape(each))
            )
        # A name is never empty.
        pieces.append(f"(?=[^/]){piece}/")
    return re.compile("".join(pieces), re.DOTALL)


def model_matches(pattern: str, path: str) -> bool:
    return model(pattern).fullmatch(path + "/" if path else "") is not None


def states(rule: FileRule, path: str) -> frozenset[int]:
    found = rule.begin()
    for name in path.split("/") if path else []:
        found = rule.step(found, name)
    return found


def matches(pattern: str, path: str) -> bool:
    rule = FileRule(f"read {pattern}")
    return rule.matches(states(rule, path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the right ''"),
        ("read", "has no pattern"),
        ("read ", "has no pattern"),
        ("read,execute f", "has the right 'execute'"),
        ("Read f", "has the right 'Read'"),
        ("read, write f", "has the right ''"),
        (" read f", "has the right ''"),
        ("f", "has the right 'f'"),
        ("read /f", "has an empty name"),
        ("read f/", "has an empty name"),
        ("read a//b", "has an empty name"),
        ("read ./f", "has '.' in its pattern"),
        ("read a/..", "has '..' in its pattern"),
        ("read ../f", "has '..' in its pattern"),
        ("read a**", "has '**' beside other characters"),
        ("read a/**b/c", "has '**' beside other characters"),
        ("read ***", "has '**' beside other characters"),
        ("read f\\", "has a backslash before nothing"),
        ("read a\\/b", "has a backslash before nothing"),
        ("read a\0b", "has a NUL"),
        ("read " + "x" * (MAX_PATTERN + 1), "has a pattern of 4,097 characters"),
    ],
)
def test_texts_that_are_no_rule(text: str, message: str) -> None:
    with pytest.raises(RuleError, match=re.escape(message)) as caught:
        FileRule(text)
    assert "file rule" in str(caught.value)
    assert "write rights and a pattern" in str(caught.value)


def test_what_is_no_text_at_all() -> None:
    with pytest.raises(TypeError, match="str"):
        FileRule(5)  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(TypeError, match="list"):
        file_rules("read **")
    with pytest.raises(RuleError, match="10,001 rules"):
        file_rules([FileRule("read f")] * (MAX_RULES + 1))


def test_rights() -> None:
    assert FileRule("all f").rights == ALL
    assert FileRule("read,delete f").rights == SEE | READ | DELETE
    assert FileRule("create,write,read f").rights == SEE | READ | WRITE | CREATE
    assert FileRule("see,read f").rights == SEE | READ
    for rights, text in (
        *((ALL, "all"), (ALL & ~SEE, "all"), (READ, "read"), (WRITE | DELETE, "write,delete"), (SEE, "see")),
        *((SEE | READ, "read"), (0, "")),
    ):
        assert rights_text(rights) == text


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("f", ["f"], ["", "g", "f/g", "F", "ff"]),
        ("a/b", ["a/b"], ["a", "b", "a/b/c"]),
        (".", [""], ["f"]),
        ("**", ["", "f", "a/b/c"], []),
        ("a/**", ["a", "a/b", "a/b/c"], ["", "b", "ab", "b/a"]),
        ("**/f", ["f", "a/f", "a/b/f"], ["", "a", "f/a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a", "b", "a/x"]),
        ("*", ["f", "g", ".hidden"], ["", "a/b"]),
        ("*.txt", [".txt", "a.txt"], ["a.txt.gz", "a/b.txt"]),
        ("a*b?c", ["abxc", "axxbxc"], ["abc", "axbc", "ab/c"]),
        ("\\*", ["*"], ["f"]),
        ("a\\?", ["a?"], ["ab"]),
        ("\\\\", ["\\"], ["f"]),
        ("two words", ["two words"], ["two"]),
        ("ä/\U0001f600*", ["ä/\U0001f600", "ä/\U0001f600x"], ["ä"]),
    ],
)
def test_what_patterns_match(pattern: str, yes: list[str], no: list[str]) -> None:
    for path in yes:
        assert matches(pattern, path), path
        assert model_matches(pattern, path), path
    for path in no:
        assert not matches(pattern, path), path
        assert not model_matches(pattern, path), path


_letters = st.sampled_from(["a", "b", "aa", "*", "?", "\\*", "\\?", "\\\\"])


def _is_name(text: str) -> bool:
    return "**" not in text.replace("\\\\", "x").replace("\\*", "x")


_names = st.lists(_letters, min_size=1, max_size=4).map("".join).filter(_is_name)
_patterns = st.lists(st.one_of(_names, st.just("**")), min_size=1, max_size=4).map("/".join)
_paths = st.lists(st.text("ab*?\\", min_size=1, max_size=4), max_size=5).map("/".join)


@given(_patterns, _paths)
@example("**/**/a", "a")
def test_a_pattern_matches_what_its_text_says(pattern: str, path: str) -> None:
    assert matches(pattern, path) == model_matches(pattern, path)


@given(_patterns, _paths, _paths)
def test_what_may_be_below(pattern: str, path: str, rest: str) -> None:
    rule = FileRule(f"read {pattern}")
    here = states(rule, path)
    below = "/".join(filter(None, [path, rest]))
    if model_matches(pattern, below):
        assert here, "what leads there is not given up"
    if rule.covers_below(here):
        assert model_matches(pattern, below), "all below is covered"


@given(_paths)
def test_literals(path: str) -> None:
    assert matches(literal(path), path)
    assert not matches(literal(path), path + "x")
    assert not matches(literal(path), f"{path}/x")


def test_a_long_name_against_many_stars_takes_no_time() -> None:
    assert not matches("*a" * 1000 + "b", "a" * 4000)


def test_what_is_kept_is_bounded_however_deep_a_program_looks() -> None:
    """Names that a program chooses are never kept, nor more than some for each rule of those that rules name."""
    rules = [*[f"read **/n{number}.txt" for number in range(500)], *[f"read d{number}/x/y" for number in range(500)]]
    root = RightsAt([(rule, rule.begin()) for rule in map(FileRule, rules)])
    tracemalloc.start()
    try:
        at = root
        for _ in range(60):
            at = at.below("a")
        for number in range(0, 500, 10):
            assert root.below(f"d{number}").below("x").below("y").own == READ | SEE
        del at
        _, most = tracemalloc.get_traced_memory()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5 << 20
    assert most < 10 << 20
