"""``wasi:io/error``: what went wrong, as an object that other interfaces can tell more about."""

from __future__ import annotations

from remit.component.values.variants import Case
from remit.interfaces.wit.declaration import Interface, Resource, method
from remit.kernel.errors import Code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.errors import KernelError


class Error(Resource):
    """A failure of the kernel's."""

    __slots__ = ("failure",)
    name = "error"

    def __init__(self, failure: KernelError) -> None:
        self.failure = failure

    @method("() -> string")
    def to_debug_string(self) -> str:
        # The code in words; its detail is for the people on the host.
        return str(self.failure.code.value)


class Errors(Interface):
    name = "wasi:io/error"
    version = "0.2.12"
    resources = (Error,)


CLOSED = "closed"
"""The case of ``stream-error`` for a stream that has ended."""


def stream_error(failure: KernelError) -> Case | str:
    """A ``stream-error`` of ``wasi:io/streams``."""
    if failure.code is Code.PIPE:
        return CLOSED
    return Case("last-operation-failed", Error(failure))
