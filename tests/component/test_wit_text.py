"""Worlds of components as WIT text."""

from __future__ import annotations

import pytest

from remit.component.validation.component import validate_component
from remit.component.wit_text import WitTextError, world_text
from wat import wat


def text_of(source: str) -> str:
    return world_text(validate_component(wat(source)).type)


def test_a_component_that_has_nothing() -> None:
    assert text_of("(component)") == "package root:component;\n\nworld root {\n}\n"


def test_every_type_and_every_kind_of_function() -> None:
    assert (
        text_of("""(component
          (import "a:b/base@1.2.3" (instance $base
            (export "thing" (type (sub resource)))
            (type $colour' (enum "red" "light-green"))
            (export "colour" (type $colour (eq $colour')))))
          (alias export $base "thing" (type $thing))
          (alias export $base "colour" (type $colour))
          (import "a:b/more" (instance
            (alias outer 1 $thing (type $thing'))
            (export "thing" (type $thing (eq $thing')))
            (alias outer 1 $colour (type $colour'))
            (export "colour" (type $tint (eq $colour')))
            (type $record' (record (field "list" u8) (field "b" (tuple string char))))
            (export "record" (type $record (eq $record')))
            (type $variant' (variant (case "none") (case "some" $record)))
            (export "either" (type $variant (eq $variant')))
            (type $flags' (flags "r" "w"))
            (export "rights" (type $flags (eq $flags')))
            (type $size' u64)
            (export "size" (type (eq $size')))
            (export "own-one" (type $own (sub resource)))
            (export "[constructor]own-one" (func (param "x" $tint) (result (own $own))))
            (export "[method]own-one.get" (func (param "self" (borrow $own)) (result (option (option f32)))))
            (export "[static]own-one.join" (func (param "all" (list (own $own))) (result (result (error $variant)))))
            (export "f" (func (param "t" (borrow $thing)) (param "flags" $flags) (result (result $record))))))
          (import "log" (func (param "text" string)))
          (import "plain" (instance (export "go" (func (result (result (list s8) (error string))))))))""")
        == """package root:component;

world root {
  import a:b/base@1.2.3;
  import a:b/more;
  import log: func(text: string);
  import plain: interface {
    go: func() -> result<list<s8>, string>;
  }
}

package a:b@1.2.3 {
  interface base {
    resource thing;
    enum colour {
      red,
      light-green,
    }
  }
}

package a:b {
  interface more {
    use a:b/base@1.2.3.{thing, colour};
    record %record {
      %list: u8,
      b: tuple<string, char>,
    }
    variant either {
      none,
      some(%record),
    }
    flags rights {
      r,
      w,
    }
    type size = u64;
    resource own-one {
      constructor(x: colour);
      get: func() -> option<option<f32>>;
      join: static func(all: list<own-one>) -> result<_, either>;
    }
    f: func(t: borrow<thing>, %flags: rights) -> result<%record>;
  }
}
"""
    )


def test_interfaces_of_one_package_use_each_other_by_their_names_alone() -> None:
    text = text_of("""(component
      (import "a:b/one@1.0.0" (instance $one (export "thing" (type (sub resource)))))
      (alias export $one "thing" (type $thing))
      (import "a:b/two@1.0.0" (instance
        (alias outer 1 $thing (type $thing'))
        (export "thing" (type $thing (eq $thing')))
        (export "f" (func (param "t" (own $thing)))))))""")
    assert "    use one.{thing};\n    f: func(t: thing);\n" in text


def test_what_would_be_larger_than_any_memory() -> None:
    types = "(type $t0 (tuple u8 u8))" + "".join([f"(type $t{n + 1} (tuple $t{n} $t{n}))" for n in range(15)])
    params = "".join([f'(param "p{n}" $t15)' for n in range(9)])
    with pytest.raises(WitTextError, match="too large"):
        text_of(f'(component {types} (import "f" (func {params})))')


def test_a_large_interface_by_many_names() -> None:
    labels = " ".join([f'"label-{n}"' for n in range(5000)])
    instance = f'(instance (type $e (enum {labels})) (export "e" (type (eq $e))))'
    imports = "".join([f'(import "i{n}" (instance (type 0)))' for n in range(300)])
    with pytest.raises(WitTextError, match="too large"):
        text_of(f"(component (type {instance}) {imports})")
