"""Where things stand in a TOML text: compared with what tomllib finds, and with lines that were counted otherwise."""

from __future__ import annotations

import string
import time
import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remit.policy.remit_file.lines import MAX_DEPTH, Lines, TooDeep
from remit.policy.remit_file.writer import value_text

Path = tuple[str | int, ...]


def paths_of(value: Any, path: Path = ()) -> list[Path]:
    """Everything that tomllib found, but for the items of arrays of tables that are written as such."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *[found for key, each in items for found in paths_of(each, (*path, key))]]


def test_each_form_of_key_and_value() -> None:
    lines = Lines(
        '# one\ntop = 1\n\n[table] # four\n"a.b" = """\nsix\n\\"""seven""""  # it ends with a quote\n'
        "c.d = { e = 1, 'f' = [2,\n3] }\nlist = [\n  'ten', # '\n  { x = 1 },\n]\n[[many]]\nk = 1\n[[many]]\n"
        "k = '''\n'\n''''' # two quotes inside\n[many.below]\nz = 1979-05-27 07:32:00\n\"\\u0041\" = -inf\n"
    )
    assert lines.of(("top",)) == 2
    assert lines.of(("table",)) == 4
    assert lines.of(("table", "a.b")) == 5
    assert lines.of(("table", "c", "d", "e")) == 8
    assert lines.of(("table", "c", "d", "f", 1)) == 9
    assert lines.of(("table", "list", 0)) == 11
    assert lines.of(("table", "list", 1, "x")) == 12
    assert (lines.of(("many", 0)), lines.of(("many", 1))) == (14, 16)
    assert lines.of(("many", 1, "below", "z")) == 21
    assert lines.of(("many", 1, "below", "A")) == 22
    assert lines.of(("many", 1, "nothing")) == 16
    assert lines.of(("nothing",)) == 1


def test_a_table_that_comes_after_a_part_of_it() -> None:
    lines = Lines("[a.b]\nx = 1\n[a]\ny = 2\n")
    assert (lines.of(("a",)), lines.of(("a", "b")), lines.of(("a", "y"))) == (3, 1, 4)


KEYS = st.text(string.ascii_letters + "-_. \"\\'#=[]é", min_size=1, max_size=6)
LEAVES = st.one_of(
    st.integers(-5, 5), st.booleans(), st.text("ab\"'\\\n#=[]{},é", max_size=8), st.sampled_from([0.5, float("inf")])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
COMMENTS = st.sampled_from(["", "", "  # [x] = '\"'", "\t"])


class Writer:
    """Writes TOML, one thing a line, and notes the lines."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text: list[str] = []
        self.lines: dict[Path, int] = {}

    def line(self, text: str) -> int:
        """Write what may be several lines; the number of the first."""
        if self.draw(st.integers(0, 5)) == 0:
            self.text.append("# a comment = 1")
        first = len(self.text) + 1
        self.text += text.split("\n")
        return first

    def table(self, path: Path, content: dict[str, Any]) -> None:
        for key, value in content.items():
            place = (*path, key)
            if isinstance(value, list) and value and self.draw(st.booleans()):
                self.lines[place] = self.line(f"{self.key(key)} = [{self.draw(COMMENTS)}")
                for number, each in enumerate(value):
                    self.lines[*place, number] = self.line(f"  {value_text(each)},{self.draw(COMMENTS)}")
                self.line("]" + self.draw(COMMENTS))
            elif isinstance(value, str) and "\n" in value and self.draw(st.booleans()):
                escaped = value.replace("\\", "\\\\").replace('"', '\\"')
                self.lines[place] = self.line(f'{self.key(key)} = """\n{escaped}"""')
            else:
                self.lines[place] = self.line(f"{self.key(key)} = {value_text(value)}{self.draw(COMMENTS)}")

    def key(self, name: str) -> str:
        text = value_text({name: 0})[2:-6]
        if "'" not in name and self.draw(st.booleans()):
            text = f"'{name}'"
        return f" {text}\t" if self.draw(st.booleans()) else text


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[Path, int]]:
    writer = Writer(draw)
    contents = st.dictionaries(KEYS, VALUES, max_size=3)
    writer.table((), draw(contents))
    taken = {path[0] for path in writer.lines}
    for name in draw(st.lists(KEYS, unique=True, max_size=3)):
        if name in taken:
            continue
        if draw(st.booleans()):
            writer.line(f"[{writer.key(name)}]{draw(COMMENTS)}")
            writer.lines[(name,)] = len(writer.text)
            writer.table((name,), draw(contents))
        else:
            for number, content in enumerate(draw(st.lists(contents, min_size=1, max_size=3))):
                writer.line(f"[[{writer.key(name)}]]{draw(COMMENTS)}")
                writer.lines.setdefault((name,), len(writer.text))
                writer.lines[name, number] = len(writer.text)
                writer.table((name, number), content)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(writer.text) + end, writer.lines


@given(documents())
def test_lines_are_those_where_things_were_written(document: tuple[str, dict[Path, int]]) -> None:
    text, wanted = document
    parsed = tomllib.loads(text)
    lines = Lines(text)
    assert {path: lines.of(path) for path in wanted} == wanted
    assert [path for path in paths_of(parsed)[1:] if path not in lines] == []


@given(st.text("ab.=[]{}'\"\\#, \n1", max_size=40))
@example("a = '''\n''''\nb=1")
@example("a.b.c=1\na.b.d=1")
@example('a = """\\\\"""\nb=1')
@example('a = """\\"""""\nb=1')
@example('a = """"""\nb=1')
@example("[a]\nb.c = 1\n[a.d]\n")
def test_any_text_that_is_toml(text: str) -> None:
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        Lines(text)
        return
    lines = Lines(text)
    for path in paths_of(parsed)[1:]:
        assert path in lines
        keys = [key for key in path if isinstance(key, str)]
        # What a line is said to have in it, it has: its name, or what is not to be seen by name.
        where = text.split("\n")[lines.of(path) - 1]
        assert not keys or isinstance(path[-1], int) or keys[-1] in where or "\\" in where


@pytest.mark.parametrize(
    "text",
    ["a." * MAX_DEPTH + "a = 1", f"[{'a.' * MAX_DEPTH}a]", "a = " + "[" * 100 + "]" * 100, "a = " + "{a = " * 100],
    ids=["key", "header", "array", "table"],
)
def test_what_lies_too_deep(text: str) -> None:
    with pytest.raises(TooDeep):
        Lines(text)


@pytest.mark.parametrize("piece", ["a.b.c.d=1\n", "[[x]]\n", "'", '"', "\\", "[", "{", "a='''", "#", "a=[[],\n"])
def test_a_megabyte_of_anything_takes_a_moment(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begin = time.process_time()
    try:
        Lines(text)
    except TooDeep:
        return
    assert time.process_time() - begin < 10
