"""The component-model repository's own test scripts: all that are not about async only.

``REMIT_COMPONENT_MODEL`` says where a checkout is. Each component must be accepted, each that should be refused must
be refused by Remit (or, if the code of a core module is wrong, by the engine): not by the text parser. What functions
return must be what the script says, and what should trap must trap.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from component.wast.directives import Outcome, Verdict, run_script

CHECKOUT = os.environ.get("REMIT_COMPONENT_MODEL", "")
DIRECTORIES = ("binary", "linking", "resources", "validation", "values")

REFUSED_ON_PURPOSE = {
    "the map type": "came to the specification after WASI 0.2",
    "async functions are not supported": "they are WASI 0.3's",
    "there is no instance, as a component before was refused": "of one of these two",
}

# Directives that say something about the text format alone, or that the parser is too old or too new for.
TEXT_ONLY = {"validation/attributes.wast": 4, "validation/outer-alias.wast": 1}

pytestmark = pytest.mark.skipif(
    not CHECKOUT, reason="set REMIT_COMPONENT_MODEL to a checkout of WebAssembly/component-model to run its tests"
)


def scripts() -> list[str]:
    test = Path(CHECKOUT) / "test"
    found = [path for directory in DIRECTORIES for path in sorted((test / directory).glob("*.wast"))]
    return [path.relative_to(test).as_posix() for path in found] if CHECKOUT else []


def outcomes(script: str) -> list[Outcome]:
    return run_script((Path(CHECKOUT) / "test" / script).read_text(encoding="utf-8"))


def test_the_checkout_has_scripts() -> None:
    assert scripts(), f"{CHECKOUT} is not a checkout of WebAssembly/component-model"


@pytest.mark.parametrize("script", scripts())
def test_components_do_as_the_script_says(script: str) -> None:
    found = outcomes(script)
    assert [outcome for outcome in found if outcome.verdict is Verdict.FAILED] == []
    unsupported = {outcome.detail for outcome in found if outcome.verdict is Verdict.UNSUPPORTED}
    assert unsupported <= REFUSED_ON_PURPOSE.keys()
    text = [outcome for outcome in found if outcome.verdict is Verdict.TEXT]
    assert len(text) == TEXT_ONLY.get(script, 0), text
