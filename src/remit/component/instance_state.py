"""What an instance of a component knows about itself while calls go in and out.

Source: ``CanonicalABI.md``, "Component Instances".
"""

from __future__ import annotations

from remit.component.abi.traps import trap
from remit.component.handles import Table

NO_CONTEXT = (0, 0)


class ComponentInstance:
    """The handles of an instance, and whether it may be entered and left now."""

    __slots__ = ("backpressure", "context", "handles", "leave", "may_enter", "parent")

    def __init__(self, parent: ComponentInstance | None = None) -> None:
        self.parent = parent
        self.handles = Table()
        self.may_enter = True
        self.leave = bytearray(b"\1")
        """One byte, which native code reads and writes as well: whether it may be left, which means call others."""
        self.context = NO_CONTEXT
        """What the call that runs keeps by ``context.set``."""
        self.backpressure = 0
        """How often ``backpressure.inc`` was called more than ``backpressure.dec``. Only async calls wait for it."""

    @property
    def may_leave(self) -> bool:
        """Not while it is called for the sake of another call, to allocate or to clean up."""
        return self.leave[0] != 0

    @may_leave.setter
    def may_leave(self, may: bool) -> None:
        self.leave[0] = may

    def enter_from(self, caller: ComponentInstance | None) -> None:
        """Begin a call from `caller` (None: from the host). Trap if this instance, or one around it, is in a call."""
        if caller is None and self.parent is None:
            # Nearly always.
            if not self.may_enter:
                trap("cannot enter component instance")
            self.may_enter = False
            self.context = NO_CONTEXT
            return
        entered = self._entering_set(caller)
        for instance in entered:
            if not instance.may_enter:
                trap("cannot enter component instance")
        for instance in entered:
            instance.may_enter = False
            instance.context = NO_CONTEXT

    def leave_to(self, caller: ComponentInstance | None) -> None:
        """End a call that `enter_from` began."""
        for instance in self._entering_set(caller):
            instance.may_enter = True

    def _entering_set(self, caller: ComponentInstance | None) -> list[ComponentInstance]:
        around = [] if caller is None else caller._self_and_ancestors()
        return [instance for instance in self._self_and_ancestors() if instance not in around]

    def _self_and_ancestors(self) -> list[ComponentInstance]:
        found: list[ComponentInstance] = []
        instance: ComponentInstance | None = self
        while instance is not None:
            found.append(instance)
            instance = instance.parent
        return found
