"""QuickJS: a library that calls functions of its host, which call it back, six of them beside WASI's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from guests.side_by_side import Outcome, Work, both
from tools.guests.catalogue import GUESTS

HERE = Path(__file__).parent

SCRIPT = r"""
import word, { times } from "./tables.js";
print(times(6, 7), word, 2n ** 100n, 0.1 + 0.2, "\u017e\u{1f40d}".length);
print(JSON.stringify({ a: [1, null, "text"], b: { c: 2.5 } }), /(\d+)-(\d+)/.exec("10-20").slice(1));
print([3, 1, 2].toSorted(), [..."abc"].map((each) => ask(each)).join(""));
print(new Date(0).toString(), new Date(Date.UTC(2026, 10, 22)).toISOString());
print(Date.now() > 1.7e12, Math.random() !== Math.random(), performance.now() >= 0);
function* numbers() { let i = 0; while (true) yield i++; }
const [zero, one, two] = numbers();
print(zero, one, two, new Map([[1, 2]]).size, Symbol("s").toString());
try { ask() } catch (error) { print("caught", error) }
try { null.x } catch (error) { print(error.name, error.message) }
try { await import("./none.js") } catch (error) { print("caught", error) }
await Promise.all([1, 2].map(async (each) => { await null; print("later", each) }));
const large = new Uint8Array(300_000).fill(7);
print(large.reduce((sum, each) => sum + each, 0));
"""


def run(script: str) -> Outcome:
    """The same on both, or it fails."""
    return both(
        Work(GUESTS["quickjs"].path("quickjs.wasm"), stdin=script.encode()),
        remit=[sys.executable, str(HERE / "quickjs_on_remit.py")],
        wasmtime_py=[sys.executable, str(HERE / "quickjs_on_wasmtime_py.py")],
    )


@pytest.mark.guest("quickjs")
def test_a_script() -> None:
    outcome = run(SCRIPT)
    assert (outcome.status, outcome.stderr) == (0, b"")
    lines = outcome.stdout.decode().splitlines()
    assert lines[0] == f"42 the default {2**100} 0.30000000000000004 3"
    assert lines[2] == "1,2,3 ABC"
    assert lines[3] == "Thu Jan 01 1970 01:30:00 GMT+0130 2026-11-22T00:00:00.000Z"
    assert lines[-1] == "2100000"


@pytest.mark.guest("quickjs")
@pytest.mark.parametrize(
    ("script", "last"),
    [
        ("print(1); throw new RangeError('no');", "rejected: RangeError: no"),
        ("print(1); this is no script", "uncaught: SyntaxError"),
        ("print(1); while (true);", "rejected: InternalError: interrupted"),
        ("const again = (n) => again(n + 1) + 1; again(0);", "RangeError: Maximum call stack size exceeded"),
        ("print(1); let text = 'x'; while (true) text += text;", "string too long"),
    ],
)
def test_a_script_that_fails(script: str, last: str) -> None:
    assert last in run(script).stdout.decode().splitlines()[-1]
