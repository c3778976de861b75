"""A remit is learned of a library, from Python: Ruby, which is called by functions of its own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import remit
from guests.library_on_remit import Guest
from guests.ruby_vm import HANDLES, JAVASCRIPT, Handles, evaluate, unreachable
from tools.guests.catalogue import GUESTS


class Ruby:
    def __init__(self) -> None:
        path = GUESTS["ruby"].path("ruby+stdlib.wasm")
        wanted = [found.name for found in remit.load(path).info.imports if found.module == JAVASCRIPT]
        self._program = remit.load(
            path, imports={HANDLES: Handles().functions(), JAVASCRIPT: {name: unreachable(name) for name in wanted}}
        )

    def run(self, given: remit.Remit, script: str, seen: remit.Observation | None = None) -> list[remit.Refusal]:
        """What it was refused; the script must not fail but for that."""
        refusals: list[remit.Refusal] = []
        with self._program.instantiate(
            remit=given, on_use=seen, on_refusal=refusals.append, stdout=remit.DEVNULL, stderr=remit.DEVNULL
        ) as instance:
            failed = evaluate(Guest(instance), [each.name for each in self._program.info.exports], script.encode())
        assert bool(failed) == bool(refusals)
        return refusals


def copy(name: str) -> str:
    return f"File.write('/data/{name}.out', File.read('/data/{name}.txt').upcase)"


@pytest.mark.guest("ruby")
def test_the_least_is_learned_and_widened(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text("words")
    given = remit.Remit(dirs=[remit.Remit.Directory("/data", tmp_path, rights="all")])
    seen = remit.Observation(given)
    ruby = Ruby()
    assert ruby.run(given, copy("one"), seen) == []
    least = seen.smallest()
    assert [each.rules for each in least.dirs] == [("write,create one.out", "read one.txt")]
    (tmp_path / "one.out").unlink()
    assert ruby.run(least, copy("one")) == []
    assert (tmp_path / "one.out").read_text() == "WORDS"
    for _ in range(2):
        [refusal] = ruby.run(least, copy("two"))
        found = re.fullmatch(r'add (".*") to rules in the \[\[dir\]\] of "/data"', least.remedy(refusal))
        assert found is not None
        [grant] = least.dirs
        rules = [*(grant.rules or ()), tomllib.loads(f"rule = {found[1]}")["rule"]]
        least = least.changed(dirs=[grant.changed(rules=rules)])
    assert ruby.run(least, copy("two")) == []
    assert (tmp_path / "two.out").read_text() == "WORDS"
