"""From function types to the code of their calls. One compiler serves a component and all its instances."""

from __future__ import annotations

from remit.component.abi.entries import Entries
from remit.component.abi.function import FunctionCode
from remit.component.abi.layout import Layouts
from remit.component.abi.leaves import Leaves
from remit.component.abi.lift import Lifting
from remit.component.abi.lower import Lowering
from remit.component.abi.python_values import PythonValues
from remit.component.abi.source import Codes, Namespace
from remit.component.values.classes import Classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.abi.representation import Representation
    from remit.component.types import FuncType


class _Maker:
    """What makes code for one representation."""

    __slots__ = ("lifting", "lowering", "namespace")

    def __init__(self, leaves: Leaves, namespace: Namespace, values: Representation) -> None:
        self.namespace = namespace
        self.lifting = Lifting(namespace, leaves, values)
        self.lowering = Lowering(namespace, leaves, values)


class Compiler:
    """Makes the code of function types, each once and when it is first used. Types are told apart by identity."""

    __slots__ = ("_codes", "_entries", "_leaves", "_python", "_transit", "_transit_codes", "classes", "layouts")

    def __init__(self, classes: Classes | None = None, codes: Codes | None = None) -> None:
        self._codes = codes
        self.classes = Classes() if classes is None else classes
        """The Python classes of the component's types."""
        self.layouts = Layouts()
        self._leaves = Leaves(self.layouts)
        namespace = Namespace({}, codes)
        self._python = _Maker(self._leaves, namespace, PythonValues(namespace, self.classes))
        self._transit: _Maker | None = None
        self._entries: dict[int, tuple[FuncType, Entries]] = {}
        self._transit_codes: dict[int, FunctionCode] = {}

    def python(self, type: FuncType) -> FunctionCode:
        """Lifting and lowering of Python's values. UnsupportedType for what Remit does not carry."""
        maker = self._python
        return FunctionCode(type, self.layouts, maker.namespace, maker.lifting, maker.lowering)

    def entries(self, type: FuncType) -> Entries:
        """Calls between guests and Python. UnsupportedType for what Remit does not carry."""
        known = self._entries.get(id(type))
        if known is None:
            known = self._entries[id(type)] = (type, Entries(self.python(type), self.classes))
        return known[1]

    def transit(self, type: FuncType) -> FunctionCode:
        """For :func:`remit.component.abi.transfer.transfer`. UnsupportedType for what Remit does not carry."""
        known = self._transit_codes.get(id(type))
        if known is None:
            maker = self._transit
            if maker is None:
                from remit.component.abi.transit_values import TransitValues

                namespace = Namespace({}, self._codes)
                maker = self._transit = _Maker(self._leaves, namespace, TransitValues(namespace))
            known = FunctionCode(type, self.layouts, maker.namespace, maker.lifting, maker.lowering)
            self._transit_codes[id(type)] = known
        return known
