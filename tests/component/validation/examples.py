"""Valid components that between them use the whole format: for tests that damage them, or look at what they become."""

from __future__ import annotations

LIBRARY = """
  (core module $libc
    (memory (export "mem") 1)
    (table (export "table") 1 funcref)
    (global (export "g") i32 (i32.const 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "one") (param i32) (result i32) unreachable)
    (func (export "two") (param i32 i32) (result i32) unreachable)
    (func (export "none"))
    (func (export "drop") (param i32))
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable)
  )
  (core instance $libc (instantiate $libc))
  (alias core export $libc "mem" (core memory $mem))
  (alias core export $libc "realloc" (core func $realloc))
"""

STRINGS = f"""(component
  (import "log" (func $log (param "message" string)))
  {LIBRARY}
  (core func $log (canon lower (func $log) (memory $mem) string-encoding=utf16))
  (core module $main (import "host" "log" (func (param i32 i32))) (import "libc" "mem" (memory 1)))
  (core instance $main (instantiate $main
    (with "host" (instance (export "log" (func $log))))
    (with "libc" (instance $libc))))
  (func (export "greet") (param "name" string) (result string)
    (canon lift (core func $libc "two") (memory $mem) (realloc $realloc)
      (post-return (core func $libc "drop"))))
)"""

RESOURCES = f"""(component
  {LIBRARY}
  (type $file (resource (rep i32) (dtor (core func $libc "drop"))))
  (core func $new (canon resource.new $file))
  (core func $rep (canon resource.rep $file))
  (core func $drop (canon resource.drop $file))
  (export $file' "file" (type $file))
  (func (export "[constructor]file") (param "size" u32) (result (own $file'))
    (canon lift (core func $libc "one")))
  (func (export "[method]file.size") (param "self" (borrow $file')) (result u32)
    (canon lift (core func $libc "one")))
  (func (export "[static]file.count") (param "of" (own $file')) (result u32)
    (canon lift (core func $libc "one")))
)"""

NESTED = """(component
  (import "a:b/files@0.2.1" (instance $files
    (export "file" (type $file (sub resource)))
    (type $entry (record (field "name" string) (field "file" (own $file))))
    (export "entry" (type $entry' (eq $entry)))
    (export "open" (func (result (option $entry'))))))
  (alias export $files "file" (type $file))
  (alias export $files "entry" (type $entry))
  (core module $shared (func (export "f")))
  (component $leaf (core instance (instantiate $shared)))
  (component $child
    (import "file" (type $file (sub resource)))
    (import "take" (func $take (param "file" (own $file))))
    (instance (instantiate $leaf))
    (core instance $shared (instantiate $shared))
    (type $own (resource (rep i32)))
    (export $own' "own" (type $own))
    (core func $drop (canon resource.drop $own))
    (func (export "f") (param "own" (own $own')) (canon lift (core func $drop)))
    (export "file-again" (type $file))
    (instance $bundle (export "take" (func $take)))
    (export "bundle" (instance $bundle)))
  (import "take" (func $take (param "file" (own $file))))
  (instance $one (instantiate $child (with "file" (type $file)) (with "take" (func $take))))
  (instance $two (instantiate $child (with "file" (type $file)) (with "take" (func $take))))
  (export "one" (instance $one))
  (export "hidden" (type $file) (type (sub resource)))
)"""

TYPES = """(component
  (type $record (record (field "a" bool) (field "b" s8) (field "c" u16) (field "d" f32) (field "e" char)))
  (type $variant (variant (case "none") (case "some" $record) (case "text" string)))
  (type $flags (flags "x" "y-z" "A1"))
  (type $enum (enum "one" "two"))
  (type $tuple (tuple s16 s32 u32 s64 u64 f64 $enum))
  (type $list (list $variant))
  (type $fixed (list u8 4))
  (type $result (result $tuple (error $flags)))
  (type (result))
  (type $option (option $list))
  (type (stream u8)) (type (future)) (type (future string))
  (type (func (param "a" $option) (param "b" $fixed) (result $result)))
  (type (func async (param "a" error-context)))
  (core type $f (func (param i32 i64) (result f32)))
  (core type (module
    (alias outer 1 $f (type $g))
    (import "a" "b" (func (type $g)))
    (import "a" "m" (memory 1 2))
    (export "c" (table 1 funcref))
    (export "d" (global (mut i64)))
    (export "e" (tag (param i32)))))
  (type (component
    (import "r" (type $r (sub resource)))
    (import "i" (instance (export "nested" (instance (export "f" (func))))))
    (type $own (own $r))
    (import "f" (func (param "x" $own) (param "y" (borrow $r))))
    (import "m" (core module))
    (alias outer 1 $flags (type $flags))
    (export "flags" (type (eq $flags)))
    (export "c" (component (export "s" (type (sub resource)))))))
  (import "named" (external-id "anything") (func))
  (import "store" (implements "w:kv/store") (instance))
)"""

ASYNC = f"""(component
  {LIBRARY}
  (type $stream (stream u8))
  (type $future (future string))
  (import "slow" (func $slow async (param "x" string) (result string)))
  (core func (canon lower (func $slow) async (memory $mem) (realloc $realloc)))
  (core func (canon task.return (result string) (memory $mem)))
  (core func (canon task.cancel))
  (core func (canon subtask.cancel async))
  (core func (canon subtask.drop))
  (core func (canon backpressure.inc))
  (core func (canon backpressure.dec))
  (core func (canon context.get i32 0))
  (core func (canon context.set i32 1))
  (core func (canon thread.yield))
  (core func (canon stream.new $stream))
  (core func (canon stream.read $stream async (memory $mem)))
  (core func (canon stream.write $stream async (memory $mem)))
  (core func (canon stream.cancel-read $stream))
  (core func (canon stream.drop-writable $stream))
  (core func (canon future.read $future async (memory $mem) (realloc $realloc)))
  (core func (canon future.write $future async (memory $mem)))
  (core func (canon waitable-set.new))
  (core func (canon waitable-set.wait (memory $mem)))
  (core func (canon waitable-set.poll (memory $mem)))
  (core func (canon waitable-set.drop))
  (core func (canon waitable.join))
  (core func (canon error-context.new (memory $mem)))
  (core func (canon error-context.debug-message (memory $mem) (realloc $realloc)))
  (core func (canon error-context.drop))
  (func (export "run") async (param "x" u32)
    (canon lift (core func $libc "one") async (callback (core func $libc "callback"))))
)"""

ALL = {
    "strings": STRINGS,
    "resources": RESOURCES,
    "nested": NESTED,
    "types": TYPES,
    "async": ASYNC,
}
