"""Components for these tests, as text."""

from __future__ import annotations

from wat import wat

ALLOCATOR = """(core module $Memory (memory (export "memory") 1 64) (global $top (mut i32) (i32.const 1024))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at)))
  (core instance $m (instantiate $Memory))
  (alias core export $m "memory" (core memory $memory))
  (alias core export $m "realloc" (core func $realloc))"""

WITH = "(memory $memory) (realloc (core func $realloc))"

SHAPES = wat(f"""(component {ALLOCATOR}
  (type $point (record (field "x" s32) (field "y" s32)))
  (type $shape (variant (case "dot" $point) (case "circle" (tuple $point f64)) (case "empty")))
  (type $colour (enum "red" "light-blue"))
  (type $style (flags "filled" "dashed"))
  (core module $Code (import "m" "memory" (memory 1))
    (func (export "mirror") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (i32.sub (i32.const 0) (local.get 0)))
      (i32.store (i32.const 20) (i32.sub (i32.const 0) (local.get 1)))
      (i32.const 16))
    (func (export "same") (param i32 i32 i32 f64) (result i32)
      (i32.store8 (i32.const 32) (local.get 0))
      (i32.store (i32.const 40) (local.get 1))
      (i32.store (i32.const 44) (local.get 2))
      (f64.store (i32.const 48) (local.get 3))
      (i32.const 32))
    (func (export "colour") (param i32) (result i32) (i32.xor (local.get 0) (i32.const 1)))
    (func (export "style") (param i32) (result i32) (i32.or (local.get 0) (i32.const 2)))
    (func (export "half") (param i32) (result i32)
      (i32.store8 (i32.const 64) (i32.and (local.get 0) (i32.const 1)))
      (i32.store (i32.const 68) (i32.shr_u (local.get 0) (i32.const 1)))
      (i32.const 64))
    (func (export "spin") (loop $again (br $again)))
    (func (export "crash") unreachable))
  (core instance $code (instantiate $Code (with "m" (instance $m))))
  (component $Interface
    (type $p' (record (field "x" s32) (field "y" s32)))
    (import "point" (type $point (eq $p')))
    (type $s' (variant (case "dot" $point) (case "circle" (tuple $point f64)) (case "empty")))
    (import "shape" (type $shape (eq $s')))
    (type $c' (enum "red" "light-blue"))
    (import "colour" (type $colour (eq $c')))
    (type $t' (flags "filled" "dashed"))
    (import "style" (type $style (eq $t')))
    (import "mirror" (func $mirror (param "p" $point) (result $point)))
    (import "same" (func $same (param "s" $shape) (result $shape)))
    (import "other" (func $other (param "c" $colour) (result $colour)))
    (import "dash" (func $dash (param "s" $style) (result $style)))
    (export $p "point" (type $p'))
    (type $s'' (variant (case "dot" $p) (case "circle" (tuple $p f64)) (case "empty")))
    (export $s "shape" (type $s''))
    (export $c "colour" (type $c'))
    (export $t "style" (type $t'))
    (export "mirror" (func $mirror) (func (param "p" $p) (result $p)))
    (export "same" (func $same) (func (param "s" $s) (result $s)))
    (export "other-colour" (func $other) (func (param "c" $c) (result $c)))
    (export "dash" (func $dash) (func (param "s" $t) (result $t))))
  (func $mirror (param "p" $point) (result $point) (canon lift (core func $code "mirror") {WITH}))
  (func $same (param "s" $shape) (result $shape) (canon lift (core func $code "same") {WITH}))
  (func $other (param "c" $colour) (result $colour) (canon lift (core func $code "colour") {WITH}))
  (func $dash (param "s" $style) (result $style) (canon lift (core func $code "style") {WITH}))
  (instance $shapes (instantiate $Interface
    (with "point" (type $point)) (with "shape" (type $shape)) (with "colour" (type $colour))
    (with "style" (type $style)) (with "mirror" (func $mirror)) (with "same" (func $same))
    (with "other" (func $other)) (with "dash" (func $dash))))
  (export "docs:drawing/shapes@1.2.0" (instance $shapes))
  (func (export "half-of") (param "even" u32) (result (result u32 (error u32)))
    (canon lift (core func $code "half") {WITH}))
  (func (export "spin") (canon lift (core func $code "spin")))
  (func (export "crash") (canon lift (core func $code "crash"))))""")
"""Types by name in an interface, a function that may fail, one that never ends, and one that traps."""

COUNTERS_TEXT = """(component
  (core module $State (memory (export "memory") 1) (global $live (export "live") (mut i32) (i32.const 0))
    (func (export "drop") (param i32)
      (i32.store (local.get 0) (i32.const -1))
      (global.set $live (i32.sub (global.get $live) (i32.const 1)))))
  (core instance $state (instantiate $State))
  (type $Counter (resource (rep i32) (dtor (core func $state "drop"))))
  (core func $new (canon resource.new $Counter))
  (core func $drop (canon resource.drop $Counter))
  (core module $Code
    (import "state" "memory" (memory 1)) (import "state" "live" (global $live (mut i32)))
    (import "r" "new" (func $new (param i32) (result i32))) (import "r" "drop" (func $drop (param i32)))
    (global $next (mut i32) (i32.const 16))
    (func $make (export "make") (param i32) (result i32) (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.const 4)))
      (global.set $live (i32.add (global.get $live) (i32.const 1)))
      (i32.store (local.get $at) (local.get 0))
      (call $new (local.get $at)))
    (func (export "add") (param i32 i32) (result i32)
      (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (local.get 1)))
      (i32.load (local.get 0)))
    (func (export "twice") (param i32) (result i32) (call $make (i32.mul (i32.load (local.get 0)) (i32.const 2))))
    (func (export "take") (param i32) (call $drop (local.get 0)))
    (func (export "live") (result i32) (global.get $live)))
  (core instance $code (instantiate $Code (with "state" (instance $state))
    (with "r" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (export $c "counter" (type $Counter))
  (func (export "[constructor]counter") (param "start" u32) (result (own $c)) (canon lift (core func $code "make")))
  (func (export "[method]counter.add") (param "self" (borrow $c)) (param "by" u32) (result u32)
    (canon lift (core func $code "add")))
  (func (export "[static]counter.twice-as-much") (param "as" (borrow $c)) (result (own $c))
    (canon lift (core func $code "twice")))
  (func (export "take") (param "it" (own $c)) (canon lift (core func $code "take")))
  (func (export "live") (result u32) (canon lift (core func $code "live"))))"""
COUNTERS = wat(COUNTERS_TEXT)
"""A resource with a constructor, a method and a static function, and how many of them there are."""


def asks(inner: str = "") -> bytes:
    """A component whose `ask` passes a string on to the imported ``docs:oracle/answers`` and returns its answer."""
    return wat(f"""(component {ALLOCATOR} {inner}
      (import "docs:oracle/answers@0.3.1" (instance $answers
        (export "get" (func (param "question" string) (result string)))))
      (core func $get (canon lower (func $answers "get") {WITH}))
      (core module $Code (import "m" "memory" (memory 1)) (import "h" "get" (func $get (param i32 i32 i32)))
        (func (export "ask") (param i32 i32) (result i32)
          (call $get (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
      (core instance $code (instantiate $Code (with "m" (instance $m))
        (with "h" (instance (export "get" (func $get))))))
      (func $ask (param "question" string) (result string) (canon lift (core func $code "ask") {WITH}))
      (export "ask" (func $ask)))""")


ASKS = asks()

NESTED = wat(f"""(component
  (import "docs:oracle/answers@0.3.1" (instance $answers
    (export "get" (func (param "question" string) (result string)))))
  (component $Inner {ALLOCATOR}
    (import "get" (func $get (param "question" string) (result string)))
    (core func $low (canon lower (func $get) {WITH}))
    (core module $Code (import "m" "memory" (memory 1)) (import "h" "get" (func $get (param i32 i32 i32)))
      (func (export "ask") (param i32 i32) (result i32)
        (call $get (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
    (core instance $code (instantiate $Code (with "m" (instance $m))
      (with "h" (instance (export "get" (func $low))))))
    (func (export "ask") (param "question" string) (result string) (canon lift (core func $code "ask") {WITH})))
  (instance $one (instantiate $Inner (with "get" (func $answers "get"))))
  (instance $two (instantiate $Inner (with "get" (func $one "ask"))))
  (export "ask" (func $two "ask")))""")
"""The same question, passed on by one component to another."""
