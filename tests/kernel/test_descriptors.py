from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel import rights
from remit.kernel.descriptors import DescriptorTable, OpenDirectory, OpenFile, open_stream
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, FileType, Stat


class Counted(File):
    """Counts how often it is closed."""

    def __init__(self, failure: KernelError | None = None) -> None:
        self.closed = 0
        self.asked = 0
        self.failure = failure

    def stat(self) -> Stat:
        self.asked += 1
        return Stat(FileType.REGULAR_FILE)

    def close(self) -> None:
        self.closed += 1
        if self.failure is not None:
            raise self.failure


def entry(file: File | None = None, granted: int = rights.FILE) -> OpenFile:
    return OpenFile(file or Counted(), rights=granted)


def refused(code: Code, error: pytest.ExceptionInfo[KernelError]) -> bool:
    return error.value.code is code


def test_the_lowest_free_number() -> None:
    table = DescriptorTable(10)
    assert [table.insert(entry()) for _ in range(5)] == [0, 1, 2, 3, 4]
    for number in (3, 0, 1):
        table.close(number)
    assert list(table) == [2, 4]
    assert [table.insert(entry()) for _ in range(4)] == [0, 1, 3, 5]


def test_the_limit() -> None:
    table = DescriptorTable(2)
    table.insert(entry())
    table.reserve()
    table.insert(entry())
    late = Counted()
    for attempt in (table.reserve, lambda: table.insert(entry(late))):
        with pytest.raises(KernelError, match="the limit is 2 descriptors") as error:
            attempt()
        assert refused(Code.TOO_MANY_DESCRIPTORS, error)
    assert late.closed == 1
    table.close(0)
    assert table.insert(entry()) == 0


def test_what_is_not_there() -> None:
    table = DescriptorTable(2)
    table.insert(entry())
    for number in (-1, 1, 2**32 - 1):
        for attempt in (
            table.get,
            table.remove,
            table.close,
            lambda n: table.file(n, 0),
            lambda n: table.directory(n, 0),
            lambda n: table.any(n, 0),
            lambda n: table.renumber(n, 0),
            lambda n: table.renumber(0, n),
            lambda n: table.renumber(n, n),
        ):
            with pytest.raises(KernelError) as error:
                attempt(number)
            assert refused(Code.BAD_DESCRIPTOR, error)
    assert list(table) == [0]


def test_what_is_wanted_and_may_be_used() -> None:
    table = DescriptorTable(3)
    file, directory = entry(granted=rights.FILE_READ), OpenDirectory(Directory(), rights=rights.PATH_OPEN)
    table.insert(file)
    table.insert(directory)
    assert table.file(0, rights.FILE_READ) is file
    assert table.directory(1, rights.PATH_OPEN) is directory
    assert table.any(0, rights.FILE_READ) is file
    for number, wanted, code in (
        (0, rights.FILE_READ | rights.FILE_WRITE, Code.NOT_CAPABLE),
        (1, 0, Code.BAD_DESCRIPTOR),
    ):
        with pytest.raises(KernelError) as error:
            table.file(number, wanted)
        assert refused(code, error)
    for number, wanted, code in ((1, rights.PATH_STAT, Code.NOT_CAPABLE), (0, 0, Code.NOT_DIRECTORY)):
        with pytest.raises(KernelError) as error:
            table.directory(number, wanted)
        assert refused(code, error)
    with pytest.raises(KernelError) as error:
        table.any(0, rights.FILE_STAT)
    assert refused(Code.NOT_CAPABLE, error)


def test_removing_leaves_it_open_and_renumbering_closes() -> None:
    table = DescriptorTable(3)
    files = [Counted() for _ in range(3)]
    entries = [entry(file) for file in files]
    for one in entries:
        table.insert(one)
    assert table.remove(0) is entries[0]
    table.renumber(1, 2)
    assert table.get(2) is entries[1]
    assert [file.closed for file in files] == [0, 0, 1]
    table.renumber(2, 2)
    assert [file.closed for file in files] == [0, 0, 1]


def test_renumbering_is_complete_even_if_closing_fails() -> None:
    table = DescriptorTable(2)
    first = entry()
    table.insert(first)
    table.insert(entry(Counted(KernelError(Code.IO))))
    with pytest.raises(KernelError):
        table.renumber(0, 1)
    assert list(table) == [1]
    assert table.get(1) is first


def test_closing_everything() -> None:
    table = DescriptorTable(4)
    files = [Counted(), Counted(KernelError(Code.IO, "first")), Counted(KernelError(Code.IO, "second")), Counted()]
    for file in files:
        table.insert(entry(file))
    with pytest.raises(KernelError, match="first"):
        table.close_all()
    assert [file.closed for file in files] == [1, 1, 1, 1]
    assert len(table) == 0
    table.close_all()


def test_the_type_is_asked_once() -> None:
    file = Counted()
    opened = entry(file)
    assert opened.type is opened.type is FileType.REGULAR_FILE
    assert file.asked == 1


@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize("write", [False, True])
def test_streams(read: bool, write: bool) -> None:
    stream = open_stream(Counted(), read=read, write=write)
    assert bool(stream.rights & rights.FILE_READ) is read
    assert bool(stream.rights & rights.FILE_WRITE) is write
    assert stream.inheriting == stream.rights


OPERATIONS = st.one_of(
    st.tuples(st.just("insert")),
    st.tuples(st.just("close"), st.integers(0, 9)),
    st.tuples(st.just("renumber"), st.integers(0, 9), st.integers(0, 9)),
)


@given(st.lists(OPERATIONS, max_size=60))
def test_any_sequence_agrees_with_a_model(operations: list[tuple[str, *tuple[int, ...]]]) -> None:
    table = DescriptorTable(8)
    model: dict[int, Counted] = {}
    every: list[Counted] = []
    for name, *numbers in operations:
        refusal: Code | None = None
        expected: Code | None = None
        file = Counted()
        if name == "insert":
            every.append(file)
            expected = Code.TOO_MANY_DESCRIPTORS if len(model) == 8 else None
            if expected is None:
                model[min(set(range(9)) - set(model))] = file
        elif not set(numbers) <= set(model):
            expected = Code.BAD_DESCRIPTOR
        elif name == "close":
            del model[numbers[0]]
        elif numbers[0] != numbers[1]:
            model[numbers[1]] = model.pop(numbers[0])
        try:
            if name == "insert":
                table.insert(entry(file))
            elif name == "close":
                table.close(*numbers)
            else:
                table.renumber(*numbers)
        except KernelError as error:
            refusal = error.code
        assert refusal is expected
        assert {number: table.file(number, 0).file for number in table} == model
        assert {file for file in every if not file.closed} == set(model.values())
    table.close_all()
    assert {file.closed for file in every} <= {1}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors through /proc")
def test_a_million_renumberings_leak_nothing(tmp_path: Path) -> None:
    from remit.filesystems.host import HostFilesystem
    from remit.kernel.files import How

    (tmp_path / "f").write_bytes(b"")
    root = HostFilesystem(str(tmp_path)).root()
    table = DescriptorTable(16)
    table.insert(entry(root.open_file("f", How.READ)))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(1_000_000):
        table.renumber(table.insert(entry(root.open_file("f", How.READ))), 0)
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(table) == [0]
    table.close_all()
    root.close()
