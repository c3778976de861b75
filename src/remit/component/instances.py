"""What an instance of a component holds, and offers, at run time.

Functions are the only things that are called. Who calls one and who defines it may each be a guest or Python, and the
four cases are told apart here, so that nobody else has to.
"""

from __future__ import annotations

from remit.component.abi.entries import MISTAKES
from remit.component.abi.transfer import transfer
from remit.component.handles import BorrowScope
from remit.component.values.pairing import pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Protocol

    from remit.component.abi.compiler import Compiler
    from remit.component.abi.context import LiftLowerContext
    from remit.component.handles import Resource
    from remit.component.types import FuncType
    from remit.component.validated import ValidatedComponent
    from remit.component.values.classes import Classes
    from remit.engine.api import Module


class GuestFunction:
    """``canon lift``: a function of an instance."""

    __slots__ = ("_compiler", "_core", "_cx", "_post_return", "_python", "type")

    blocks = False
    """Between components nobody waits without the one who waits being on the stack."""

    native = None

    def __init__(
        self,
        type: FuncType,
        compiler: Compiler,
        cx: LiftLowerContext,
        core: Callable[..., Any],
        post_return: Callable[..., Any] | None,
    ) -> None:
        self.type = type
        self._compiler = compiler
        self._cx = cx
        self._core = core
        self._post_return = post_return
        self._python: Callable[..., Any] | None = None

    @property
    def classes(self) -> Classes:
        """The Python classes of the values of its type."""
        return self._compiler.classes

    @property
    def may_enter(self) -> bool:
        """Whether its instance takes calls: not while one is under way, nor after one that trapped or was stopped."""
        return self._cx.instance.may_enter

    def __call__(self, /, *arguments: Any, **named: Any) -> Any:
        """Call it with Python values, by position or by name.

        A wrong argument is a TypeError, ValueError or OverflowError that names it. Trap; or whatever a function of the
        host raised.
        """
        python = self._python
        if python is None:
            python = self._python = self._compiler.entries(self.type).lift(self._cx, self._core, self._post_return)
        return python(*arguments, **named)

    def steps(self, *arguments: Any) -> Generator[tuple[Any, tuple[Any, ...]], Any, Any]:
        """The call for whoever can suspend the guest: as :meth:`__call__`, but the core function is called outside.

        It yields that function (an engine's ``Func``) and its arguments, once, is sent what it returned, and returns
        the result. It must be
        driven to its end, or the error thrown in; a guest that was stopped in between cannot be entered again.
        """
        cx = self._cx
        instance = cx.instance
        entries = self._compiler.entries(self.type)
        code = entries.code
        wrong = entries.wrong_argument(arguments)
        if wrong is not None:
            raise wrong
        instance.enter_from(None)
        scope = BorrowScope() if code.has_borrow else None
        try:
            flat = code.lower_params(cx, scope, arguments)
        except MISTAKES as error:
            instance.leave_to(None)
            raise entries.explained(error, arguments) from None
        result = yield self._core, flat
        value = code.lift_result(cx, None, result)
        if scope is not None:
            scope.end()
        if self._post_return is not None:
            instance.may_leave = False
            self._post_return(*([result] if self.type.result is not None else []))
            instance.may_leave = True
        instance.leave_to(None)
        return value

    def lowered(self, type: FuncType, compiler: Compiler, cx: LiftLowerContext) -> Callable[..., Any]:
        callee = self._compiler.transit(self.type)
        return transfer(compiler.transit(type), cx, callee, self._cx, self._core, self._post_return)

    def __repr__(self) -> str:
        from remit.component.type_text import text_of  # nobody looks at it in a usual run

        return f"<{text_of(self.type)}>"


class HostFunction:
    """A function of Python's, given as an import."""

    __slots__ = ("_blocks", "_classes", "_type", "function")

    native: tuple[str, str] | None = None
    """The interface and the name by which native code may know it."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        blocks: bool = False,
        type: FuncType | None = None,
        classes: Classes | None = None,
    ) -> None:
        """With `type` and `classes`, the values that it gets are of the classes that the types in `type` have there."""
        self.function = function
        self._blocks = blocks
        self._type = type
        self._classes = classes

    @property
    def blocks(self) -> bool:
        """It may return :class:`~remit.engine.api.Pending`."""
        return self._blocks

    def calling(self, function: Callable[..., Any], *, blocks: bool) -> HostFunction:
        """The same for its caller, with another function in its place."""
        return HostFunction(function, blocks=blocks, type=self._type, classes=self._classes)

    def pair(self, classes: Classes, type: FuncType) -> None:
        """Have one class for each type in `type`, as its caller knows them, and as it does itself."""
        if self._classes is not None and self._type is not None:
            pair(classes, self._classes, type, self._type)

    def lowered(self, type: FuncType, compiler: Compiler, cx: LiftLowerContext) -> Callable[..., Any]:
        """What a core module calls: it takes the engine's caller, then signed core values."""
        self.pair(compiler.classes, type)
        return compiler.entries(type).lower(cx, self.function)


class Instance:
    """An instance, from outside: what it exports, by name."""

    __slots__ = ("exports",)

    def __init__(self, exports: ByName) -> None:
        self.exports = exports


class Component:
    """A component that can be instantiated: with the things of the instance around it that it refers to."""

    __slots__ = ("captures", "component")

    def __init__(self, component: ValidatedComponent, captures: tuple[Any, ...] = ()) -> None:
        self.component = component
        self.captures = captures
        """Core modules and components."""


if TYPE_CHECKING:
    Function = GuestFunction | HostFunction

    class ByName(Protocol):
        """What is exported, found by its name. There may be more than can be listed."""

        def __getitem__(self, name: str, /) -> Extern: ...

    Extern = Function | Instance | Component | Module | Resource | None
    """None: a type that is nothing at run time."""
