"""Refusals: what a program was not granted, once for each cause."""

from __future__ import annotations

import functools

import pytest

from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.read_only import ReadOnly
from remit.filesystems.restricted import Restricted
from remit.kernel.descriptors import OpenDirectory
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Filesystem
from remit.kernel.limits import Limits
from remit.kernel.process import Process
from remit.kernel.random import SeededRandom
from remit.kernel.refusals import MAX_CAUSES, Refusal, Refusals, Refused, StoppedAtRefusal, Want


def refused(subject: str, origin: object = None, action: str = "read") -> Refused:
    return Refused(Code.ACCESS, want=Want("file", action, subject, origin=origin))


class Noted(Refusals):
    __slots__ = ()

    def failed(self, call: str, error: KernelError) -> None:
        """As a process does."""
        if isinstance(error, Refused):
            self.note(call, error, lambda want: (f"/{want.subject}", "/"))


def test_a_cause_is_noted_once() -> None:
    noted = Noted()
    for call in ("path_open", "path_open", "fd_read"):
        noted.failed(call, refused("a"))
    noted.failed("path_open", refused("a", action="write"))
    noted.failed("path_open", KernelError(Code.ACCESS, "the host says so"))
    assert [(each.call, each.action, each.subject) for each in noted] == [
        ("path_open", "read", "/a"),
        ("path_open", "write", "/a"),
    ]
    assert len(noted) == 2
    assert str(next(iter(noted))) == "path_open: read /a: permission denied"


def test_so_many_are_kept_and_the_others_counted() -> None:
    noted = Noted()
    for number in range(MAX_CAUSES + 7):
        noted.failed("path_open", refused(str(number)))
    assert (len(noted), noted.more) == (MAX_CAUSES, 7)


def test_whoever_wants_to_know_is_told() -> None:
    noted = Noted()
    told: list[Refusal] = []
    noted.on_refusal = told.append
    noted.failed("path_open", refused("a"))
    noted.failed("path_open", refused("a"))
    assert [each.subject for each in told] == ["/a"]

    def fail(refusal: Refusal) -> None:
        raise ZeroDivisionError

    noted.on_refusal = fail
    with pytest.raises(ZeroDivisionError):
        noted.failed("path_open", refused("b"))


def test_the_first_one_may_be_the_last() -> None:
    noted = Noted()
    noted.strict = True
    noted.failed("path_open", KernelError(Code.ACCESS))
    with pytest.raises(StoppedAtRefusal, match="stopped at the first refusal: path_open: read /a") as caught:
        noted.failed("path_open", refused("a"))
    assert caught.value.refusal.subject == "/a"


def process(**granted: Filesystem) -> Process:
    made = Process(limits=Limits(), random=SeededRandom(0))
    for name, filesystem in granted.items():
        made.descriptors.insert(OpenDirectory(filesystem.root(), preopen=f"/{name}"))
    return made


def test_paths_are_those_that_the_program_sees() -> None:
    files = MemoryFilesystem({"f": b"", "d": {"e": {}}})
    made = process(one=Restricted(files, ["read **"]), two=Restricted(files, ["read **"]), frozen=ReadOnly(files))
    for number in made.descriptors:
        entry = made.descriptors.get(number)
        assert entry.is_directory
        below = entry.directory.open_directory("d").open_directory("e").reopen()
        for operation in (functools.partial(below.make_directory, "x"), functools.partial(below.set_times, 1, 1)):
            with pytest.raises(Refused) as caught:
                operation()
            made.failed("call", caught.value)
    assert [(each.action, each.subject) for each in made.refusals] == [
        *[("create", "/one/d/e/x"), ("write", "/one/d/e"), ("create", "/two/d/e/x"), ("write", "/two/d/e")],
        *[("create", "/frozen/d/e/x"), ("write", "/frozen/d/e")],
    ]
    made.descriptors.remove(0).close()
    made.failed("call", Refused(Code.ACCESS, want=Want("file", "read", "d")))
    assert [*made.refusals][-1].subject == "d", "who gave its grant back has no name for it any more"
    made.close()


def test_a_whole_grant_is_named_by_its_path() -> None:
    made = process(data=Restricted(MemoryFilesystem(), []))
    entry = made.descriptors.get(0)
    assert entry.is_directory
    with pytest.raises(Refused) as caught:
        entry.directory.entries()
    made.failed("fd_readdir", caught.value)
    assert [each.subject for each in made.refusals] == ["/data"]
    made.close()
