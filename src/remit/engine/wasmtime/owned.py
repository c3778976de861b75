"""Things of the library's that go with the Python object that owns them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Owned:
    """Deletes the C object `pointer` with its last reference.

    Whose making a signal handler interrupts owns nothing yet: the C object stays, and nobody is told so.
    """

    __slots__ = ("_delete", "pointer")

    def __init__(self, pointer: int, delete: Callable[[int], None]) -> None:
        self.pointer = pointer
        # Kept here because modules may be gone already when the interpreter ends; last, as it says that all is there.
        self._delete: Callable[[int], None] = delete

    def __del__(self) -> None:
        delete = getattr(self, "_delete", None)
        if delete is not None:
            delete(self.pointer)
