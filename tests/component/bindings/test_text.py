"""The modules that are written for components, as text."""

from __future__ import annotations

import ast

import pytest

from remit.component.bindings.digest import digest
from remit.component.bindings.errors import BindingsError
from remit.component.bindings.text import bindings_text
from remit.component.validation.component import validate_component
from wat import wat


def text_of(source: str, *provided: str, asynchronous: bool = False) -> str:
    component = validate_component(wat(source)).type
    text = bindings_text(component, file="it.wasm", asynchronous=asynchronous, provided=lambda name: name in provided)
    ast.parse(text)
    return text


GAME = """(component
  (import "docs:game/base@1.2.3" (instance $base
    (export "thing" (type (sub resource)))
    (type $colour' (enum "red" "light-green"))
    (export "colour" (type $colour (eq $colour')))))
  (alias export $base "thing" (type $thing))
  (alias export $base "colour" (type $colour))
  (import "docs:game/more" (instance
    (alias outer 1 $thing (type $thing'))
    (export "thing" (type $thing (eq $thing')))
    (alias outer 1 $colour (type $colour'))
    (export "colour" (type $tint (eq $colour')))
    (type $record' (record (field "self" u8) (field "b" (tuple string char)) (field "all" (list (list u8)))))
    (export "record" (type $record (eq $record')))
    (type $variant' (variant (case "none") (case "some" $record)))
    (export "either" (type $variant (eq $variant')))
    (type $flags' (flags "r" "w"))
    (export "rights" (type $flags (eq $flags')))
    (export "own-one" (type $own (sub resource)))
    (export "[constructor]own-one" (func (param "x" $tint) (result (own $own))))
    (export "[method]own-one.get" (func (param "self" (borrow $own)) (result (option (option f32)))))
    (export "[static]own-one.join" (func (param "all" (list (own $own))) (result (result (error $variant)))))
    (export "f" (func (param "t" (borrow $thing)) (param "flags" $flags) (result (result $record))))))
  (import "log" (func (param "text" string) (result (list u8)))))"""


def test_what_is_imported() -> None:
    text = text_of(GAME)
    assert text.startswith('''"""Bindings of it.wasm, made by `remit bindings`: make them again when it changes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Protocol, TypeAlias, Unpack

import remit
from remit import bindings


class Base:
    """Types of docs:game/base@1.2.3."""

    class Thing(Protocol):
        """A resource of the host's."""

    class Colour(bindings.Enum):
        RED = "red"
        LIGHT_GREEN = "light-green"


class BaseImport(Protocol):
    """What the component imports as docs:game/base@1.2.3: to be given to `load`."""

    @property
    @abstractmethod
    def Thing(self) -> type[Base.Thing]: ...


class More:
    """Types of docs:game/more."""

    class Record(bindings.Record):
        __slots__ = __match_args__ = ("self", "b", "all")

        def __init__(_self, self: int, b: tuple[str, str], all: list[bytes]) -> None:
            _self.self: int = self
            _self.b: tuple[str, str] = b
            _self.all: list[bytes] = all

    class Either(bindings.Variant):
        class None_(bindings.EmptyCase):
            __slots__ = ()
            label = "none"

        class Some(bindings.PayloadCase):
            __slots__ = __match_args__ = ("value",)
            label = "some"

            def __init__(self, value: More.Record) -> None:
                self.value: More.Record = value

        cases = (None_, Some)

    EitherValue: TypeAlias = Either.None_ | Either.Some

    class Rights(bindings.Flags):
        labels = ("r", "w")
        R: ClassVar[More.Rights]
        W: ClassVar[More.Rights]

    class OwnOne(Protocol):
        def __init__(self, x: Base.Colour) -> None: ...

        @abstractmethod
        def get(self) -> remit.Some | None: ...

        @staticmethod
        @abstractmethod
        def join(all: list[More.OwnOne]) -> None: ...

    Thing: TypeAlias = Base.Thing
    Colour: TypeAlias = Base.Colour


class MoreImport(Protocol):
    """What the component imports as docs:game/more: to be given to `load`."""

    @property
    @abstractmethod
    def OwnOne(self) -> type[More.OwnOne]: ...

    @abstractmethod
    def f(self, t: Base.Thing, flags: More.Rights) -> More.Record: ...


class Exports:
    """The component exports nothing."""


def load(
    program: bindings.Source,
    *,
    base: BaseImport,
    more: MoreImport,
    log: Callable[[str], bytes | bytearray | memoryview],
    **options: Unpack[bindings.LoadOptions],
) -> remit.Component:
''')


def test_functions_of_the_host_may_be_awaited() -> None:
    text = text_of(GAME, asynchronous=True)
    assert "def f(self, t: Base.Thing, flags: More.Rights) -> More.Record | Awaitable[More.Record]: ..." in text
    assert "def exports(of: remit.AsyncComponentInstance) -> Exports:" in text


def test_of_what_need_not_be_given_there_is_only_what_others_refer_to() -> None:
    text = text_of(GAME, "docs:game/base@1.2.3")
    assert "class Base:" in text
    assert "BaseImport" not in text
    assert "class Thing" not in text, "a resource that nobody here can make"
    assert "def f(self, t: Any, flags: More.Rights)" in text
    assert "    base:" not in text
    nothing = text_of(GAME, "docs:game/base@1.2.3", "docs:game/more")
    assert "class Base" not in nothing
    assert "class More" not in nothing


def test_types_by_other_names_are_one_class() -> None:
    text = text_of("""(component
      (import "docs:a/types" (instance $types
        (type $code' (enum "x")) (export "error-code" (type (eq $code')))
        (type $shape' (variant (case "dot"))) (export "shape" (type (eq $shape')))
        (export "thing" (type (sub resource)))))
      (alias export $types "error-code" (type $code))
      (alias export $types "shape" (type $shape))
      (alias export $types "thing" (type $thing))
      (import "docs:a/user" (instance
        (alias outer 1 $code (type $code')) (export "code" (type $c (eq $code')))
        (alias outer 1 $shape (type $shape')) (export "form" (type $f (eq $shape')))
        (alias outer 1 $thing (type $thing')) (export "item" (type $t (eq $thing')))
        (export "f" (func (param "c" $c) (param "f" $f) (param "t" (borrow $t)) (result $c)))))
      (import "docs:a/own" (instance (type $e (enum "x")) (export "error-code" (type (eq $e)))))
      (import "name" (type $name (eq $code)))
      (import "g" (func (param "c" $name))))""")
    user = """class User:
    \"""Types of docs:a/user.\"""

    Code: TypeAlias = Types.ErrorCode
    Form: TypeAlias = Types.Shape
    FormValue: TypeAlias = Types.ShapeValue
    Item: TypeAlias = Types.Thing
"""
    assert user in text
    assert "def f(self, c: Types.ErrorCode, f: Types.ShapeValue, t: Types.Thing) -> Types.ErrorCode: ..." in text
    assert "    Name: TypeAlias = Types.ErrorCode\n" in text
    assert "    g: Callable[[Types.ErrorCode], None],\n" in text
    # What is written alike in two interfaces is of each of them.
    assert text.count("class ErrorCode(bindings.Enum):") == 2


def test_an_interface_that_is_imported_and_exported_has_each_class_once() -> None:
    text = text_of("""(component
      (import "docs:a/types" (instance (type $e (enum "x")) (export "code" (type (eq $e)))))
      (type $e (enum "x"))
      (instance $i (export "code" (type $e)))
      (export "docs:a/types" (instance $i)))""")
    assert "class ATypes:" in text
    assert "    Code: TypeAlias = Types.Code\n" in text


def test_built_in_names_that_mean_something_else() -> None:
    text = text_of("""(component
      (import "list" (func (param "all" (list s32)) (result (list s32))))
      (import "it" (instance (export "str" (func (param "a" string) (result (list string)))))))""")
    assert "import builtins\n" in text
    assert "list: Callable[[builtins.list[int]], Sequence[int]]," in text
    assert "def str(self, a: builtins.str) -> Sequence[builtins.str]: ..." in text


def test_interfaces_of_one_name() -> None:
    one = '(export "f" (func))'
    text = text_of(f"""(component
      (import "docs:one/things@1.0.0" (instance {one})) (import "docs:two/things@1.0.0" (instance {one}))
      (import "docs:two/things@2.0.0" (instance {one})) (import "exports" (instance {one}))
      (import "cache" (func)))""")
    for name in ("Things", "TwoThings", "TwoThings2", "InterfaceExports"):
        assert f"class {name}Import(Protocol):" in text
    for parameter in ("things: ", "things_2: ", "things_3: ", "cache_2: "):
        assert f"\n    {parameter}" in text


def test_a_type_that_is_called_as_its_interface_is() -> None:
    text = text_of("""(component (import "docs:net/network@1.0.0" (instance
      (export "network" (type (sub resource)))
      (export "f" (func (param "n" (own 0)))))))""")
    assert "class NetNetworkImport(Protocol):" in text
    assert "def f(self, n: NetNetwork.Network) -> None: ..." in text


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (
            '(type $e (enum "x")) (export "a-b" (type (eq $e))) (type $f (flags "x")) (export "AB" (type (eq $f)))',
            "docs:a/i has a-b and AB, which are both called AB in Python",
        ),
        (
            '(type $v (variant (case "a-b") (case "AB"))) (export "v" (type (eq $v)))',
            r"I\.V has two things that are both called AB in Python",
        ),
    ],
)
def test_two_things_of_one_name_in_python(types: str, message: str) -> None:
    with pytest.raises(BindingsError, match=message):
        text_of(f'(component (import "docs:a/i" (instance {types})))')


def test_what_would_be_larger_than_any_memory() -> None:
    types = "(type $t0 (tuple u8 u8))" + "".join([f"(type $t{n + 1} (tuple $t{n} $t{n}))" for n in range(15)])
    params = "".join([f'(param "p{n}" $t15)' for n in range(30)])
    with pytest.raises(BindingsError, match="too large"):
        text_of(f'(component {types} (import "f" (func {params})))')


@pytest.mark.parametrize(
    "source",
    [
        # A long name, once for each of many cases.
        '(import "docs:a/i" (instance (type $v (variant {cases})) (export "{name}" (type (eq $v)))))',
        # A long name of an interface, once for each alias of its type.
        '(import "docs:a/{name}" (instance $i (type $e (enum "x")) (export "t" (type (eq $e)))))'
        '(alias export $i "t" (type $t)) {aliases}',
    ],
)
def test_long_names_that_are_said_often(source: str) -> None:
    name = "a" * 40_000
    cases = " ".join([f'(case "c{n}")' for n in range(400)])
    again = '(import "docs:a/j{n}" (instance (alias outer 1 $t (type $e)) (export "t" (type (eq $e)))))'
    aliases = " ".join([again.replace("{n}", str(n)) for n in range(400)])
    with pytest.raises(BindingsError, match="too large"):
        text_of(f"(component {source.format(name=name, cases=cases, aliases=aliases)})")


def test_many_resources_take_no_more_than_their_number() -> None:
    resources = " ".join([f'(export "r{n}" (type $r{n} (sub resource)))' for n in range(1500)])
    methods = " ".join([f'(export "[method]r{n}.f" (func (param "self" (borrow $r{n}))))' for n in range(1500)])
    assert text_of(f'(component (import "docs:a/i" (instance {resources} {methods})))').count("def f(self)") == 1500


def test_digests_tell_components_apart_and_no_more() -> None:
    def of(source: str) -> str:
        type = validate_component(wat(f"(component {source})")).type
        return digest(type.imports, type.exports)

    one = of('(import "f" (func (param "a" u8)))')
    assert one == of('(import "f" (func (param "a" u8))) (core module)')
    others = [
        '(import "g" (func (param "a" u8)))',
        '(import "f" (func (param "b" u8)))',
        '(import "f" (func (param "a" s8)))',
        '(import "f" (func (param "a" u8) (result u8)))',
        '(import "f" (func (param "a" (tuple u8))))',
        '(import "f" (func (param "a" (option u8))))',
        '(import "f" (func (param "a" (list u8))))',
        '(import "f" (func (param "a" (list u8 3))))',
        '(import "f" (instance (export "f" (func (param "a" u8)))))',
        '(type (enum "a")) (import "e" (type (eq 0)))',
        '(type (enum "a")) (import "e" (type (eq 0))) (type (enum "a")) (import "f" (type (eq 2)))',
        '(type (enum "a")) (import "e" (type (eq 0))) (import "f" (type (eq 1)))',
        '(type (flags "a")) (import "e" (type (eq 0)))',
        '(import "e" (type (sub resource)))',
        '(import "e" (type (sub resource))) (import "f" (type (sub resource)))',
        '(import "e" (type $e (sub resource))) (import "f" (type (eq $e)))',
        "",
    ]
    digests = [one, *map(of, others)]
    assert len({*digests}) == len(digests)
