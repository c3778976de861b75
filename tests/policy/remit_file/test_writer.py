"""Writing remit files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.remit_file.test_reader import WHOLE
from policy.remits import remits
from remit.policy.remit import Remit
from remit.policy.remit_file.writer import size_text, time_text
from remit.policy.remit_grants import DirectoryGrant
from remit.policy.remit_values import RemitError
from remit.policy.values import parse_size, parse_time


def test_a_file_says_what_its_parts_are_for() -> None:
    text = Remit.from_toml(WHOLE).to_toml()
    assert text.startswith("# What a WebAssembly program may do.")
    for header in ("[env]", "[streams]", "[[dir]]", "[[file]]", "[network]", "[limits]"):
        before = text[: text.index(f"\n{header}\n")].rpartition("\n")[2]
        assert before.startswith("#"), header
    assert 'memory = "64MiB"' in text
    assert "TZ = { inherit = true }" in text


@given(st.integers(0, 2**64 - 1))
def test_times_and_sizes_say_all(number: int) -> None:
    assert parse_time(time_text(number)) == number
    assert parse_size(str(size_text(number))) == number


@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_nothing_in_a_text_leaves_its_place(text: str) -> None:
    remit = Remit(name=text, env={text.replace("=", ""): text} if text.replace("=", "") else {})
    try:
        written = remit.to_toml()
    except RemitError as error:
        assert "no Unicode text" in str(error)  # noqa: PT017 - few are
        return
    assert all(line.isprintable() for line in written.split("\n"))
    assert Remit.from_toml(written) == remit


@given(remits())
def test_a_saved_file_means_the_same(tmp_path_factory: pytest.TempPathFactory, remit: Remit) -> None:
    directory = tmp_path_factory.mktemp("remit")
    remit.save(directory / "x.toml")
    assert Remit.load(directory / "x.toml") == remit.based_on(str(directory))


def test_saving_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("# old")
    path.chmod(0o600)
    Remit(dirs=[DirectoryGrant("/d", str(tmp_path), rights="all")]).save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "old" not in path.read_text()
    with pytest.raises(RemitError, match="no Unicode text"):
        Remit(name="\ud800").save(path)
    assert Remit.load(path).dirs[0].path == str(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["x.toml"]
    with pytest.raises(FileNotFoundError):
        Remit().save(tmp_path / "missing/x.toml")


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no regular file, and it would be replaced by one"):
        Remit().save(pipe)
    assert pipe.is_fifo()
