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


TYPES = """
  (import "a:b/types@1.0.0" (instance $types
    (type $code' (enum "x" "y")) (export "error-code" (type $code (eq $code')))
    (type $point' (record (field "code" $code))) (export "point" (type $point (eq $point')))
    (export "thing" (type $thing (sub resource)))
    (type $own (own $thing))
    (type $shape' (variant (case "dot" $point) (case "held" $own))) (export "shape" (type $shape (eq $shape')))
    (type $rights' (flags "r")) (export "rights" (type (eq $rights')))))
  (alias export $types "error-code" (type $code))
  (alias export $types "point" (type $point))
  (alias export $types "thing" (type $thing))
  (alias export $types "shape" (type $shape))
  (alias export $types "rights" (type $rights))"""
"""An interface with a type of each kind that has a name, and one that has a resource in it."""


def test_types_of_another_interface_by_other_names() -> None:
    text = text_of(f"""(component {TYPES}
      (import "a:b/user@1.0.0" (instance $user
        (alias outer 1 $code (type $code')) (export "code" (type $c (eq $code')))
        (alias outer 1 $point (type $point')) (export "place" (type $p (eq $point')))
        (alias outer 1 $thing (type $thing')) (export "item" (type $t (eq $thing')))
        (alias outer 1 $shape (type $shape')) (export "form" (type $s (eq $shape')))
        (alias outer 1 $rights (type $rights')) (export "permits" (type (eq $rights')))
        (export "again" (type (eq $c)))
        (export "f" (func (param "c" $c) (param "p" $p) (param "t" (borrow $t)) (param "s" $s) (result $c)))))
      (alias export $user "form" (type $form))
      (import "c:d/third" (instance
        (alias outer 1 $form (type $form')) (export "form" (type (eq $form')))
        (type $code' (enum "x" "y")) (export "error-code" (type (eq $code'))))))""")
    assert (
        """  interface user {
    use types.{error-code as code, point as place, thing as item, shape as form, rights as permits};
    type again = code;
    f: func(c: code, p: place, t: borrow<item>, s: form) -> code;
  }
"""
        in text
    )
    # What is written alike in two interfaces is of each of them.
    assert (
        """  interface third {
    use a:b/types@1.0.0.{shape as form};
    enum error-code {
      x,
      y,
    }
  }
"""
        in text
    )


def test_exports_use_the_types_of_imports_and_of_each_other() -> None:
    text = text_of(f"""(component {TYPES}
      (component $Shim
        (type $e (enum "x" "y")) (import "import-code" (type $c (eq $e)))
        (type $r (record (field "code" $c))) (import "import-point" (type $p (eq $r)))
        (export "code" (type $c)) (export "place" (type $p))
        (type $f (flags "m")) (export "modes" (type $f)))
      (instance $one (instantiate $Shim (with "import-code" (type $code)) (with "import-point" (type $point))))
      (export $one' "a:b/one@1.0.0" (instance $one))
      (alias export $one' "modes" (type $modes))
      (component $Last (type $e (flags "m")) (import "import-modes" (type $o (eq $e))) (export "other" (type $o)))
      (instance $last (instantiate $Last (with "import-modes" (type $modes))))
      (export "a:b/last@1.0.0" (instance $last)))""")
    assert "    use types.{error-code as code, point as place};\n    flags modes {" in text
    assert "    use one.{modes as other};\n" in text


def test_the_world_uses_types_of_interfaces() -> None:
    assert text_of(f"""(component {TYPES}
      (import "it" (type $it (eq $code)))
      (type $r' (record (field "it" $it)))
      (import "r" (type $r (eq $r')))
      (import "f" (func (param "c" $it) (result $r))))""").startswith("""package root:component;

world root {
  use a:b/types@1.0.0.{error-code as it};
  record r {
    it: it,
  }
  import a:b/types@1.0.0;
  import f: func(c: it) -> r;
}
""")


def test_functions_of_types_that_have_names_elsewhere_only() -> None:
    text = text_of("""(component
      (import "a:b/types" (instance $types
        (type $e (enum "x")) (export "code" (type (eq $e))) (export "thing" (type (sub resource)))))
      (alias export $types "code" (type $code)) (alias export $types "thing" (type $thing))
      (import "g" (func (param "c" $code)))
      (core module $M (func (export "f") (param i32 i32)))
      (core instance $m (instantiate $M))
      (func $f (param "c" $code) (param "t" (own $thing)) (canon lift (core func $m "f")))
      (type $own (enum "y"))
      (instance $i (export "code" (type $own)) (export "f" (func $f)))
      (export "a:b/out" (instance $i)))""")
    assert "  use a:b/types.{code};\n  import a:b/types;\n  import g: func(c: code);\n" in text
    assert (
        """  interface out {
    use types.{code as other-code, thing};
    enum code {
      y,
    }
    f: func(c: other-code, t: thing);
  }
"""
        in text
    )


def test_no_import_uses_a_type_of_an_export() -> None:
    text = text_of("""(component
      (type $e' (enum "x")) (import "e" (type $e (eq $e')))
      (import "plain" (instance (alias outer 1 $e (type $e')) (export "mine" (type (eq $e')))))
      (instance $i (export "code" (type $e)))
      (export "a:b/out" (instance $i)))""")
    assert "use " not in text
    assert text.count("enum ") == 3


def test_an_interface_that_is_imported_and_exported() -> None:
    """The import has only what is used, and the export's types are others, which a third interface uses."""
    text = text_of("""(component
      (import "a:b/types" (instance $types (type $e (enum "x")) (export "code" (type (eq $e)))))
      (type $e (enum "x")) (type $r (resource (rep i32)))
      (core module $M (func (export "f") (param i32) (result i32) unreachable))
      (core instance $m (instantiate $M))
      (func $f (param "c" $e) (result (own $r)) (canon lift (core func $m "f")))
      (component $Types
        (type $e (enum "x")) (import "import-e" (type $i (eq $e))) (import "import-r" (type $r (sub resource)))
        (import "f" (func $f (param "c" $i) (result (own $r))))
        (export $code "code" (type $i)) (export $thing "thing" (type $r))
        (export "f" (func $f) (func (param "c" $code) (result (own $thing)))))
      (instance $i (instantiate $Types (with "import-e" (type $e)) (with "import-r" (type $r)) (with "f" (func $f))))
      (export $types' "a:b/types" (instance $i))
      (alias export $types' "code" (type $code)) (alias export $types' "thing" (type $thing))
      (component $User
        (type $e (enum "x")) (import "import-e" (type $i (eq $e))) (import "import-r" (type $r (sub resource)))
        (export "mine" (type $i)) (export "item" (type $r)))
      (instance $u (instantiate $User (with "import-e" (type $code)) (with "import-r" (type $thing))))
      (export "a:b/user" (instance $u)))""")
    assert (
        """  interface types {
    enum code {
      x,
    }
    resource thing;
    f: func(c: code) -> thing;
  }

  interface user {
    use types.{code as mine, thing as item};
  }
"""
        in text
    )


def test_more_names_of_one_type_than_the_stack_has_frames() -> None:
    names = "".join([f'(export "n{at}" (type $t{at} (eq $t{at - 1})))' for at in range(1, 3000)])
    assert text_of(f"""(component (import "a:b/i" (instance
      (type $t0 (enum "x")) {names} (export "f" (func (param "x" $t2999))))))""").endswith("""
    type n2998 = n1;
    type n2999 = n1;
    f: func(x: n1);
  }
}
""")


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
