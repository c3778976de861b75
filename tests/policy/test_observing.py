"""What of a directory's rules is unused, or too wide for what was done."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.test_learning import TREE, _step, learned, outcomes
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.restricted import Restricted
from remit.filesystems.watched import Watched
from remit.kernel.errors import Code
from remit.policy.observing import Observation
from remit.policy.remit import Remit

Step = tuple[str, ...]


def observed(rules: list[str], steps: list[Step]) -> Observation:
    """As ``remit check`` sees a program that does these things under the rules."""
    observation = Observation(Remit(dirs=[Remit.Directory("/data", "data", rules=rules)]))
    outcomes(Watched(Restricted(MemoryFilesystem(TREE), rules), "/data", observation), steps)
    return observation


MOVES: list[tuple[list[str], list[Step]]] = [
    (["read,create,delete a/**", "create d/**", "read d/a"], [("rename", "a", "d"), ("read", "d/a")]),
    (["read,create,delete c", "all t"], [("make", "t"), ("rename", "t", "c"), ("read", "c")]),
    (["write c", "write,create d"], [("link", "c", "d"), ("write", "d")]),
]


@pytest.mark.parametrize(("rules", "steps"), MOVES)
def test_what_a_move_needs_is_used(rules: list[str], steps: list[Step]) -> None:
    observation = observed(rules, steps)
    assert (observation.unused(), observation.too_wide()) == ([], [])


def test_what_a_move_does_not_need_is_too_much() -> None:
    observation = observed(["all a/**", "all d/**", "read c"], [("rename", "a", "d")])
    assert observation.unused() == [("/data", "read c")]
    assert observation.too_wide() == [
        ("/data", "all a/**", "create,delete"),
        ("/data", "all d/**", "create"),
    ]
    narrower = observed(["create,delete a/**", "create d/**"], [("rename", "a", "d")])
    assert (narrower.unused(), narrower.too_wide()) == ([], [])


@settings(max_examples=400, deadline=None)
@given(st.lists(_step, max_size=8))
def test_nothing_of_what_was_learned_is_too_much(steps: list[Step]) -> None:
    # What fails is not needed, and may be refused for what it is then.
    results = outcomes(MemoryFilesystem(TREE), steps)
    steps = [step for step, result in zip(steps, results, strict=True) if not isinstance(result, Code)]
    if not any(isinstance(each, Code) for each in outcomes(MemoryFilesystem(TREE), steps)) and learned(steps):
        observation = observed(learned(steps), steps)
        assert (observation.unused(), observation.too_wide()) == ([], [])


_rules = st.lists(
    st.builds(
        "{} {}".format,
        st.sampled_from(["see", "read", "write", "create", "delete", "read,write", "write,create", "all"]),
        st.sampled_from(["**", "*", "a", "a/**", "b/*", "*/b", "b", "c", "a/b/*"]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda text: text.partition(" ")[2],
)


@settings(max_examples=600, deadline=None)
@given(_rules, st.lists(_step, max_size=6))
@example(
    ["all a/*", "all b/*"],
    [("make", "a/x"), ("rename", "a/x", "b/x"), ("read", "b/a"), ("write", "b/a")],
)
def test_what_is_told_to_be_too_much_can_be_taken_out(rules: list[str], steps: list[Step]) -> None:
    """All that succeeded still does."""
    steps = successful(rules, steps)
    observation = observed(rules, steps)
    unused = {rule for _, rule in observation.unused()}
    wide = {rule: f"{rights} {rule.partition(' ')[2]}" for _, rule, rights in observation.too_wide()}
    narrower = [] if "" in unused else [wide.get(rule, rule) for rule in rules if rule not in unused]
    done = outcomes(Restricted(MemoryFilesystem(TREE), narrower), steps)
    assert done == outcomes(Restricted(MemoryFilesystem(TREE), rules), steps), narrower


def successful(rules: list[str], steps: list[Step]) -> list[Step]:
    """Of these the ones that are done under the rules, also without the others."""
    while True:
        results = outcomes(Restricted(MemoryFilesystem(TREE), rules), steps)
        kept = [step for step, result in zip(steps, results, strict=True) if not isinstance(result, Code)]
        if kept == steps:
            return kept
        steps = kept
