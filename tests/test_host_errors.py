"""The host's errors in the kernel's terms."""

from __future__ import annotations

import errno
import os

import pytest

from remit.host_errors import CODES, translated
from remit.kernel.errors import Code


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_number_has_a_code(number: int) -> None:
    error = translated(OSError(number, os.strerror(number)))
    assert isinstance(error.code, Code)
    assert error.detail == os.strerror(number)


def test_what_has_no_name_here_is_an_input_output_error() -> None:
    assert translated(OSError(9999, "odd")).code is Code.IO
    assert translated(OSError("no number")).code is Code.IO
    assert translated(OSError("no number")).detail == "no number"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOENT, Code.NO_ENTRY),
        (errno.EACCES, Code.ACCESS),
        (errno.EPERM, Code.NOT_PERMITTED),
        (errno.EAGAIN, Code.WOULD_BLOCK),
        (errno.EPIPE, Code.PIPE),
        (errno.ECONNRESET, Code.CONNECTION_RESET),
        (errno.ENOTCONN, Code.NOT_CONNECTED),
        (errno.EADDRINUSE, Code.ADDRESS_IN_USE),
    ],
)
def test_some_that_programs_rely_on(number: int, code: Code) -> None:
    assert CODES[number] is code


def test_codes_that_only_the_kernel_gives_have_no_number() -> None:
    assert Code.NOT_CAPABLE not in CODES.values()
