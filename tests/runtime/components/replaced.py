"""Components that import interfaces of WASI, of which a caller replaces some functions."""

from __future__ import annotations

from runtime.components.examples import ALLOCATOR, WITH
from wat import wat

CLOCK = wat(f"""(component {ALLOCATOR}
  (import "wasi:clocks/wall-clock@0.2.0" (instance $clock
    (type $record (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $record)))
    (export "now" (func (result $datetime)))
    (export "resolution" (func (result $datetime)))))
  (core func $now (canon lower (func $clock "now") {WITH}))
  (core func $resolution (canon lower (func $clock "resolution") {WITH}))
  (core module $Code (import "m" "memory" (memory 1))
    (import "h" "now" (func $now (param i32))) (import "h" "resolution" (func $resolution (param i32)))
    (func (export "now") (result i64) (call $now (i32.const 16)) (i64.load (i32.const 16)))
    (func (export "resolution") (result i32) (call $resolution (i32.const 16)) (i32.load (i32.const 24))))
  (core instance $code (instantiate $Code (with "m" (instance $m)) (with "h" (instance
    (export "now" (func $now)) (export "resolution" (func $resolution))))))
  (func (export "now") (result u64) (canon lift (core func $code "now")))
  (func (export "resolution") (result u32) (canon lift (core func $code "resolution"))))""")
"""`now` gives seconds, `resolution` nanoseconds."""

OUTPUT = wat(f"""(component {ALLOCATOR}
  (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
  (alias export $errors "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "error" (type $error' (eq $error)))
    (export "output-stream" (type $stream (sub resource)))
    (type $failure (variant (case "last-operation-failed" (own $error')) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))
    (export "[method]output-stream.check-write"
      (func (param "self" (borrow $stream)) (result (result u64 (error $stream-error)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (export "output-stream" (type $stream' (eq $stream)))
    (export "get-stdout" (func (result (own $stream'))))))
  (core func $get (canon lower (func $stdout "get-stdout")))
  (core func $check (canon lower (func $streams "[method]output-stream.check-write") {WITH}))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") {WITH}))
  (core func $drop (canon resource.drop $stream))
  (core module $Code (import "m" "memory" (memory 1))
    (import "h" "get" (func $get (result i32))) (import "h" "write" (func $write (param i32 i32 i32 i32)))
    (import "h" "check" (func $check (param i32 i32))) (import "h" "drop" (func $drop (param i32)))
    (func (export "say") (param i32 i32) (result i32) (local $stream i32)
      (local.set $stream (call $get))
      (call $check (local.get $stream) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then unreachable))
      (call $write (local.get $stream) (local.get 0) (local.get 1) (i32.const 16))
      (call $drop (local.get $stream))
      (i32.load8_u (i32.const 16))))
  (core instance $code (instantiate $Code (with "m" (instance $m)) (with "h" (instance
    (export "get" (func $get)) (export "write" (func $write)) (export "check" (func $check))
    (export "drop" (func $drop))))))
  (func (export "say") (param "text" string) (result u32) (canon lift (core func $code "say") {WITH})))""")
"""`say` writes to standard output; 0 if that went well."""
