from __future__ import annotations

from remit.interfaces.wasi_0_1.errno import ERRNO
from remit.kernel.errors import Code


def test_every_kernel_error_has_its_own_number() -> None:
    assert set(ERRNO) == set(Code)
    assert len(set(ERRNO.values())) == len(ERRNO)
    assert all(1 <= number <= 76 for number in ERRNO.values())
