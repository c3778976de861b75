"""What native code adds to a recording: byte for byte what Python writes there."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.recording.recorder
from parity.test_parity import SCENARIOS, host, programs
from remit.engine.wasmtime.native import function_addresses
from remit.native import library
from remit.native.library import native_functions
from remit.recording.file import RecordingReader
from remit.recording.tape import METHODS
from remit.recording.values import Reader
from wat import wat

pytestmark = pytest.mark.skipif(
    not native_functions(function_addresses), reason="the native library was not built (no C compiler, or not Linux)"
)
VARYING = ("now", "fill", "key", "stat", "lookup", "entries", "resolution", "ready")
"""Methods whose answers are others in each run."""


def entries(path: Path) -> list[tuple[bytes, bytes]]:
    reader = RecordingReader(path)
    found = []
    while (entry := reader.next()) is not None:
        call, outcome = entry
        head = Reader(call)
        head.length()
        found.append((call, b"" if METHODS[head.byte()] in VARYING else outcome))
    assert reader.ended is not None
    reader.close()
    return found


def recorded(program: Any, arguments: list[str], place: Path, **options: Any) -> list[tuple[bytes, bytes]]:
    run = place.with_suffix(".rec")
    try:
        remit.run([program, *arguments], stdout=remit.DEVNULL, stderr=remit.DEVNULL, record=run, **options)
    except remit.Trap:
        assert run.exists()
    return entries(run)


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each not in ("clocks", "sleeping", "waiting")])
def test_both_write_the_same(scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [program, _] = programs()
    found = []
    for name in ("native", "python"):
        if name == "python":
            monkeypatch.setattr(library, "_address_of", {})
        place = tmp_path / name
        place.mkdir()
        fixed = remit.fs.ReadOnly(remit.fs.Memory({"text.txt": "fixed"}))
        options = {
            "dirs": {"/data": host(place), "/read-only": fixed, "/small": remit.fs.Memory()},
            "input": b"first\nsecond\n",
            "random": 1,
        }
        found.append(recorded(program, [scenario, "a", "b"], place, **options))
    assert found[0] == found[1]


PIECES = """(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 64)
  (data (i32.const 256) "it")
  (func $vectors (param $count i32) (param $length i32) (local $at i32)
    (loop $again
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $at) (i32.const 8)))
                 (i32.add (i32.const 65536) (i32.mul (local.get $at) (i32.const 7))))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get $at) (i32.const 8))) (local.get $length))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $at) (local.get $count)))))
  (func (export "_start") (local $n i32)
    (drop (call $open (i32.const 3) (i32.const 0) (i32.const 256) (i32.const 2) (i32.const 9)
                      (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 128)))
    (loop $fill
      (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $n) (i32.const 4)))
                 (i32.mul (local.get $n) (i32.const 2654435761)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $n) (i32.const 400000))))
    (call $vectors (i32.const 1) (i32.const 1))
    (drop (call $write (i32.const 4) (i32.const 1024) (i32.const 1) (i32.const 0)))
    (call $vectors (i32.const 5) (i32.const 1003))
    (drop (call $write (i32.const 4) (i32.const 1024) (i32.const 5) (i32.const 0)))
    (call $vectors (i32.const 1) (i32.const 1500000))
    (drop (call $pwrite (i32.const 4) (i32.const 1024) (i32.const 1) (i64.const 0x123456789) (i32.const 0)))
    (drop (call $pread (i32.const 4) (i32.const 1024) (i32.const 1) (i64.const 3) (i32.const 0)))
    (call $vectors (i32.const 3) (i32.const 300000))
    (drop (call $pread (i32.const 4) (i32.const 1024) (i32.const 3) (i64.const 0x12345678a) (i32.const 0)))
    (drop (call $pread (i32.const 4) (i32.const 1024) (i32.const 3) (i64.const 0x7000000000) (i32.const 0)))))"""


def test_pieces_of_all_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also such as need more room than native code has, and numbers of many bytes."""
    found = []
    for name in ("native", "python"):
        if name == "python":
            monkeypatch.setattr(library, "_address_of", {})
        (tmp_path / name).mkdir()
        found.append(recorded(wat(PIECES), [], tmp_path / name, dirs={"/": tmp_path / name}))
        with (tmp_path / name / "it").open("rb") as file:  # which has gigabytes of nothing in it
            assert found[-1][1][0].endswith(zlib.crc32(file.read(1)).to_bytes(4, "little"))
    assert found[0] == found[1]
    assert len(found[0]) == 7


def test_the_limit_holds_for_native_code_too(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    (tmp_path / "files").mkdir()
    with pytest.raises(remit.recording.RecordingFull):
        remit.run([wat(PIECES)], dirs={"/": tmp_path / "files"}, record=run, limits=remit.Limits(recorded_bytes=20_000))
    assert run.stat().st_size < 20_100
    assert remit.replay(run, wat(PIECES)).ended == "full"


LOOKS = wat("""(module
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat_at (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 256) "file")
  (data (i32.const 264) "none")
  (data (i32.const 272) "link")
  (data (i32.const 280) "deep/file")
  (func $opened (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $open (i32.const 3) (i32.const 1) (local.get $path) (local.get $length) (local.get $oflags)
                (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 128)))
  (func (export "_start")
    (drop (call $stat_at (i32.const 3) (i32.const 1) (i32.const 256) (i32.const 4) (i32.const 512)))
    (drop (call $stat_at (i32.const 3) (i32.const 0) (i32.const 264) (i32.const 4) (i32.const 512)))
    (drop (call $stat_at (i32.const 3) (i32.const 1) (i32.const 272) (i32.const 4) (i32.const 512)))
    (drop (call $stat_at (i32.const 3) (i32.const 0) (i32.const 272) (i32.const 4) (i32.const 512)))
    (drop (call $stat_at (i32.const 3) (i32.const 1) (i32.const 280) (i32.const 9) (i32.const 512)))
    (drop (call $stat_at (i32.const 3) (i32.const 1) (i32.const 280) (i32.const 4) (i32.const 512)))
    (drop (call $opened (i32.const 256) (i32.const 4) (i32.const 0) (i64.const 0x200002)))
    (drop (call $stat (i32.const 4) (i32.const 512)))
    (drop (call $opened (i32.const 272) (i32.const 4) (i32.const 0) (i64.const 0x200002)))
    (drop (call $opened (i32.const 280) (i32.const 9) (i32.const 0) (i64.const 0x200002)))
    (drop (call $opened (i32.const 264) (i32.const 4) (i32.const 0) (i64.const 0x200002)))
    (drop (call $opened (i32.const 256) (i32.const 4) (i32.const 5) (i64.const 0x200042)))
    (drop (call $opened (i32.const 256) (i32.const 4) (i32.const 0) (i64.const 0)))
    (drop (call $renumber (i32.const 4) (i32.const 5)))
    (drop (call $stat (i32.const 5) (i32.const 512)))
    (drop (call $fdstat (i32.const 5) (i32.const 512)))
    (drop (call $opened (i32.const 256) (i32.const 4) (i32.const 4) (i64.const 0x200002)))
    (drop (call $close (i32.const 5)))
    (drop (call $close (i32.const 6)))
    (drop (call $opened (i32.const 256) (i32.const 4) (i32.const 0) (i64.const 0x42)))
    (drop (call $close (i32.const 7)))))""")


def test_what_is_told_of_files_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attributes and all: the files are the same ones."""
    files = tmp_path / "files"
    (files / "deep").mkdir(parents=True)
    (files / "file").write_bytes(b"text")
    (files / "deep" / "file").write_bytes(b"deep")
    (files / "link").symlink_to("file")
    remit.run([LOOKS], dirs={"/": files})  # which reads the link: the time of that changes now, and not below
    found = []
    for name in ("native", "python"):
        if name == "python":
            monkeypatch.setattr(library, "_address_of", {})
        run = tmp_path / f"{name}.rec"
        remit.run([LOOKS], dirs={"/": files}, record=run)
        reader = RecordingReader(run)
        found.append(list(iter(reader.next, None)))
        reader.close()
        assert remit.replay(run, LOOKS).calls == len(found[-1])
    assert found[0] == found[1]
    methods = []
    for call, _ in found[0]:
        head = Reader(call)
        head.length()
        methods.append(METHODS[head.byte()])
    assert methods.count("open_file") >= 7
    assert {"lookup", "stat", "close", "walk"} <= {*methods}


def test_native_code_takes_its_part(tmp_path: Path) -> None:
    """Otherwise the comparisons above would compare Python with itself."""
    calls: list[tuple[Any, ...]] = []
    real = remit.recording.recorder.Recorder.call

    def counted(self: Any, it: Any, method: str, arguments: tuple[Any, ...], *rest: Any) -> Any:
        calls.append((method, *arguments))
        return real(self, it, method, arguments, *rest)

    files = tmp_path / "files"
    files.mkdir()
    (files / "file").write_bytes(b"text")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remit.recording.recorder.Recorder, "call", counted)
        remit.run([LOOKS], dirs={"/": files}, record=tmp_path / "run.rec")
    told = []
    for call, _ in entries(tmp_path / "run.rec"):
        head = Reader(call)
        head.length()
        told.append((METHODS[head.byte()], *head.value()))
    for served in (("lookup", "file"), ("open_file", "file", 1)):
        assert served in told
        assert served not in calls
