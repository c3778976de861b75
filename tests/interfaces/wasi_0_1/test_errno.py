from __future__ import annotations

from remit.interfaces.wasi_0_1.errno import ERRNO
from remit.kernel.errors import Code


def test_every_kernel_error_has_its_own_number() -> None:
    assert set(ERRNO) == set(Code)
    # Two of the kernel's are told apart by later versions only.
    shared = {Code.INVALID_STATE: Code.INVALID, Code.TRY_AGAIN: Code.WOULD_BLOCK}
    assert {code: number for code, number in ERRNO.items() if code in shared} == {
        code: ERRNO[other] for code, other in shared.items()
    }
    assert len(set(ERRNO.values())) == len(ERRNO) - len(shared)
    assert all(1 <= number <= 76 for number in ERRNO.values())
