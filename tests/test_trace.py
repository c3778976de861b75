"""Ways to show and keep calls: lines, JSON, Chrome's format, a summary, filters; and that all of them are bounded."""

from __future__ import annotations

import io
import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.calls import Symbol
from remit.trace import MAX_LINE, Call, ChromeTrace, Filtered, JsonLines, Lines, Summary, line_of, matches


def call(function: str = "fd_read", interface: str = "wasi_snapshot_preview1", **named: Any) -> Call:
    it = Call(named.pop("number", 1), named.pop("instance", 1), interface, function, 10.0)
    it.ended = 10.5
    it.outcome = "ok"
    for name, value in named.items():
        setattr(it, name, value)
    return it


def told(sink: Any, *calls: Call) -> None:
    for each in calls:
        sink.begin(each)
        sink.end(each)


@pytest.mark.parametrize(
    ("it", "line"),
    [
        (call(), "fd_read() = ok <0.500000>"),
        (call(arguments={"fd": Symbol("3</a>"), "path": "b\n"}), 'fd_read(fd=3</a>, path="b\\n") = ok <0.500000>'),
        (call(results={"a": 1, "b": [True]}), "fd_read() = a=1, b=[true] <0.500000>"),
        (call("f", "a:b/c@1.0.0", results={"result": 1}), "a:b/c#f() = 1 <0.500000>"),
        (call(outcome="error", error="NOENT"), "fd_read() = error NOENT <0.500000>"),
        (call(outcome="exit", error="3", waited=0.25), "fd_read() = exit 3 <0.500000, waited 0.250000>"),
    ],
)
def test_a_line(it: Call, line: str) -> None:
    assert line_of(it) == line


def test_programs_that_share_a_trace_are_told_apart() -> None:
    file = io.StringIO()
    told(Lines(file), call(instance=5), call(instance=6))
    assert file.getvalue() == "fd_read() = ok <0.500000>\n[6] fd_read() = ok <0.500000>\n"


@pytest.mark.parametrize("make", [io.StringIO, io.BytesIO, lambda: io.TextIOWrapper(io.BytesIO(), "ascii")])
def test_any_file_object(make: Callable[[], Any]) -> None:
    file = make()
    told(Lines(file), call(arguments={"path": "é"}))
    file.seek(0)
    text = file.read()
    assert (text if isinstance(text, str) else text.decode()).startswith("fd_read(path=")


def test_a_file_is_its_owners_only_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("what was there")
    path.chmod(0o600)
    sink = Lines(path)
    told(sink, call())
    assert path.read_text() == "fd_read() = ok <0.500000>\n", "said at once"
    sink.close()
    sink.close()
    told(sink, call())
    assert len(path.read_text().splitlines()) == 1
    path.unlink()
    with Lines(path) as another:
        told(another, call())
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_json_lines() -> None:
    file = io.StringIO()
    it = call(arguments={"fd": Symbol("3</a>"), "n": 5}, results={"data": "\x1b"}, paths=("/a",), waited=0.25)
    told(JsonLines(file), it)
    assert json.loads(file.getvalue()) == {
        "instance": 1,
        "number": 1,
        "interface": "wasi_snapshot_preview1",
        "function": "fd_read",
        "arguments": {"fd": "3</a>", "n": 5},
        "outcome": "ok",
        "error": "",
        "results": {"data": "\x1b"},
        "paths": ["/a"],
        "began": 10.0,
        "seconds": 0.5,
        "waited": 0.25,
    }
    assert file.getvalue().rstrip("\n").isprintable()


def test_chromes_format_is_whole_at_each_moment(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    sink = ChromeTrace(path)
    assert json.loads(path.read_text()) == []
    for number in range(3):
        told(sink, call(number=number, arguments={"path": "é\x1b"}))
        assert len(json.loads(path.read_text())) == number + 1
    assert json.loads(path.read_text())[0] | {"pid": 0} == {
        "name": "fd_read",
        "cat": "wasi_snapshot_preview1",
        "ph": "X",
        "ts": 10e6,
        "dur": 0.5e6,
        "pid": 0,
        "tid": 1,
        "args": {"path": "é\x1b", "outcome": "ok", "error": "", "results": {}},
    }
    sink.close()
    assert len(json.loads(path.read_text())) == 3


@pytest.mark.parametrize("count", [0, 1, 2])
def test_chromes_format_in_a_file_object(count: int) -> None:
    file = io.StringIO()
    with ChromeTrace(file) as sink:
        told(sink, *[call()] * count)
    assert len(json.loads(file.getvalue())) == count


@pytest.mark.parametrize("kind", [Lines, JsonLines, ChromeTrace])
@pytest.mark.parametrize("limit", ["max_lines", "max_bytes"])
def test_a_flood_is_cut_and_that_is_said(kind: Any, limit: str, tmp_path: Path) -> None:
    path = tmp_path / "flood"
    with kind(path, **{limit: 5 if limit == "max_lines" else 2000}) as sink:
        told(sink, *[call() for _ in range(10_000)])
    text = path.read_text()
    assert len(text) < 2500
    last = [line for line in text.splitlines() if line != "]"][-1]
    assert "cut" in last
    assert limit in last
    if kind is ChromeTrace:
        json.loads(text)
    if limit == "max_lines":
        assert text.count("fd_read") == 5


def test_a_line_is_not_longer_than_so_much() -> None:
    file = io.StringIO()
    told(Lines(file), call(arguments={str(number): "a" * 200 for number in range(1000)}))
    assert len(file.getvalue()) <= MAX_LINE + 2


def test_a_summary() -> None:
    sink = Summary()
    told(sink, call(), call(), call(outcome="error"), call("f", "env", ended=10.001), call("proc_exit", outcome="exit"))
    assert [row[:3] for row in sink.rows()] == [("fd_read", 3, 1), ("proc_exit", 1, 0), ("env#f", 1, 0)]
    assert str(sink).splitlines() == [
        "% time     seconds   us/call     calls    errors  function",
        " 74.96    1.500000  500000.0         3         1  fd_read",
        " 24.99    0.500000  500000.0         1            proc_exit",
        "  0.05    0.001000    1000.0         1            env#f",
        "100.00    2.001000  400200.0         5         1  total",
    ]
    assert str(Summary()).endswith("total\n")


def test_threads_share_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    summary = Summary()

    def work(sink: ChromeTrace) -> None:
        for _ in range(200):
            told(sink, call())
            told(summary, call())

    with ChromeTrace(path) as sink:
        threads = [threading.Thread(target=work, args=(sink,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(json.loads(path.read_text())) == 800
    assert summary.rows()[0][1] == 800


STREAM = call("[method]input-stream.read", "wasi:io/streams@0.2.3")


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        ({}, [True, True]),
        ({"only": ["fd_*"]}, [True, False]),
        ({"only": ["fd_read", "poll"]}, [True, False]),
        ({"only": ["wasi:io/*"]}, [False, True]),
        ({"only": ["wasi:io/streams"]}, [False, True]),
        ({"only": ["wasi:io/streams@0.2.3"]}, [False, True]),
        ({"only": ["[method]input-stream.read"]}, [False, True]),
        ({"only": ["input-stream.*"]}, [False, True]),
        ({"only": ["wasi:io/streams#input-stream.read"]}, [False, True]),
        ({"without": ["*stream*"]}, [True, False]),
        ({"only": ["*"], "without": ["*"]}, [False, False]),
        ({"only": ["fd"]}, [False, False]),
    ],
)
def test_filters_by_name(options: dict[str, Any], passes: list[bool]) -> None:
    for it, passed in zip((call(), STREAM), passes, strict=True):
        file = io.StringIO()
        told(Filtered(Lines(file), **options), it)
        assert bool(file.getvalue()) is passed


def test_filters_by_path_and_by_outcome() -> None:
    file = io.StringIO()
    sink = Filtered(Lines(file), paths=["/data/*", "/x?"], errors=True)
    failed = {"outcome": "error", "error": "IO"}
    told(sink, call("a", paths=("/data/b",)), call("b", paths=("/data/b",), **failed), call("c", **failed))
    told(sink, call("d", paths=("/tmp", "/xy"), outcome="trap"), call("e", paths=("/xyz",), **failed))
    assert [line[0] for line in file.getvalue().splitlines()] == ["b", "d"]


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_patterns(pattern: str, text: str) -> None:
    import re

    expression = "".join([{"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern])
    assert matches(pattern, text) is bool(re.fullmatch(expression, text))


def test_a_pattern_for_which_others_take_for_ever() -> None:
    assert not matches("*a" * 50 + "b", "a" * 4096)
