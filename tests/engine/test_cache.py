from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.engine import artifact
from remit.engine.api import InvalidModule
from remit.engine.cache import Cache, default_directory, load_compiled_unchecked, save_compiled
from remit.engine.wasmtime import Config, engine
from wat import wat

if TYPE_CHECKING:
    from remit.engine.wasmtime import Engine
    from remit.engine.wasmtime.module import Module

WASM = wat(
    '(module (memory (export "memory") 1) (data (i32.const 0) "data") (func (export "f") (result i32) i32.const 42))'
)
LONG_AGO = 1_000_000_000

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")


class Counting:
    """The engine, counting what it compiles."""

    def __init__(self, config: Config | None = None) -> None:
        self._engine = engine(config)
        self.compiled = 0

    def compile(self, wasm: bytes, *, name: str = "") -> Module:
        self.compiled += 1
        return self._engine.compile(wasm, name=name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def load(cache: Cache, program: str | bytes, config: Config | None = None) -> tuple[int, Module]:
    """How many modules were compiled, and the module, which must work."""
    counting = Counting(config)
    stand_in: Engine = counting  # type: ignore[assignment]  # the same, with a counter
    module = cache.load(stand_in, program)
    store = module.engine.store()
    if config is not None and config.fuel:
        store.fuel = 1000
    instance = module.engine.linker().prepare(module).instantiate(store)
    assert instance.export("f")() == 42
    assert instance.store.memory.read(0, 4) == b"data"
    return counting.compiled, module


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "cache"))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.wasm"
    path.write_bytes(WASM)
    return path


def age(path: Path) -> None:
    os.utime(path, (LONG_AGO, LONG_AGO))


def pretend_to_be_later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time
    monkeypatch.setattr("remit.engine.cache.time.time", lambda: now() + seconds)


def entry_files(cache: Cache, suffix: str = ".cwasm") -> list[Path]:
    return sorted(Path(cache.directory).glob(f"*{suffix}"))


def test_a_second_start_compiles_nothing(cache: Cache) -> None:
    assert load(cache, WASM)[0] == 1
    compiled, module = load(cache, WASM)
    assert compiled == 0
    assert module.info.to_tuple() == engine().compile(WASM).info.to_tuple()
    assert load(Cache(cache.directory), WASM)[0] == 0
    assert cache.refusal is None


def test_each_configuration_has_its_own_entry(cache: Cache) -> None:
    assert load(cache, WASM)[0] == 1
    assert load(cache, WASM, Config(fuel=True))[0] == 1
    assert load(cache, WASM, Config(fuel=True))[0] == 0
    assert len(entry_files(cache)) == 2


def test_a_file_and_its_content_are_one_entry(cache: Cache, program: Path) -> None:
    assert load(cache, str(program))[0] == 1
    assert load(cache, WASM)[0] == 0
    assert [entry.name for entry in cache.entries()] == ["program.wasm"]


def test_a_program_that_was_indexed_is_not_read(cache: Cache, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_to_be_later(monkeypatch, 10)
    load(cache, str(program))
    assert len(entry_files(cache, ".index")) == 1
    reads: list[str] = []
    real = open

    def watched(file: Any, *arguments: Any, **options: Any) -> Any:
        reads.append(str(file))
        return real(file, *arguments, **options)

    monkeypatch.setattr("builtins.open", watched)
    assert load(cache, str(program))[0] == 0
    assert str(program) not in reads


def test_a_file_that_was_just_written_is_not_trusted(cache: Cache, program: Path) -> None:
    load(cache, str(program))
    assert entry_files(cache, ".index") == []


@pytest.mark.parametrize("keep_times", [True, False])
def test_a_program_that_changed_is_compiled_again(
    cache: Cache, program: Path, monkeypatch: pytest.MonkeyPatch, keep_times: bool
) -> None:
    pretend_to_be_later(monkeypatch, 10)
    load(cache, str(program))
    before = program.stat()
    program.write_bytes(WASM.replace(b"data", b"DATA"))
    if keep_times:
        # The time of change cannot be set back.
        os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))
    module = cache.load(engine(), str(program))
    store = engine().store()
    engine().linker().prepare(module).instantiate(store)
    assert store.memory.read(0, 4) == b"DATA"


def test_a_missing_program_and_a_broken_one(cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        cache.load(engine(), str(tmp_path / "nothing.wasm"))
    (tmp_path / "broken.wasm").write_bytes(b"\0asm broken")
    with pytest.raises(InvalidModule):
        cache.load(engine(), str(tmp_path / "broken.wasm"))
    assert entry_files(cache) == []


@pytest.mark.parametrize("keep", [0, 10, 40, 5000, -1, -30])
def test_a_truncated_entry_is_compiled_again(cache: Cache, keep: int) -> None:
    load(cache, WASM)
    [file] = entry_files(cache)
    # Replaced, not changed: a module that is still alive has it mapped.
    data = file.read_bytes()[:keep] if keep else b""
    file.unlink()
    file.write_bytes(data)
    file.chmod(0o600)
    assert [entry.name for entry in cache.entries()] == ["(damaged)"]
    assert load(cache, WASM)[0] == 1
    assert load(cache, WASM)[0] == 0


def test_damage_in_the_description_and_in_the_header_is_noticed(cache: Cache) -> None:
    load(cache, WASM)
    [file] = entry_files(cache)
    data = file.read_bytes()
    code_length = int.from_bytes(data[-40:-32], "little")
    for place in (0, 4, code_length, code_length + 5, len(data) - 1, len(data) - 9, len(data) - 33):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        file.unlink()
        file.write_bytes(damaged)
        file.chmod(0o600)
        assert load(cache, WASM)[0] == 1, place


def test_a_damaged_index_is_not_used(cache: Cache, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_to_be_later(monkeypatch, 10)
    load(cache, str(program))
    [file] = entry_files(cache, ".index")
    for damaged in (b"", b"x" * 10, file.read_bytes()[:-1]):
        file.write_bytes(damaged)
        assert load(cache, str(program))[0] == 0


@posix
def test_the_directory_is_private(cache: Cache) -> None:
    load(cache, WASM)
    assert stat.S_IMODE(os.stat(cache.directory).st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in entry_files(cache))


@posix
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_directory_that_others_can_write_is_not_used(tmp_path: Path, mode: int) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)
    cache = Cache(str(tmp_path / "open"))
    assert "can be written by others" in (cache.refusal or "")
    assert load(cache, WASM)[0] == 1
    assert load(cache, WASM)[0] == 1
    assert list((tmp_path / "open").iterdir()) == []
    assert (cache.entries(), cache.size, cache.prune(max_bytes=0)) == ([], 0, (0, 0))


@posix
def test_a_link_in_place_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    cache = Cache(str(tmp_path / "link"))
    assert cache.refusal is not None
    assert load(cache, WASM)[0] == 1
    assert list((tmp_path / "real").iterdir()) == []


@posix
def test_entries_that_others_can_write_and_links_are_not_loaded(cache: Cache, tmp_path: Path) -> None:
    load(cache, WASM)
    [file] = entry_files(cache)
    file.chmod(0o666)
    assert load(cache, WASM)[0] == 1
    [file] = entry_files(cache)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert load(cache, WASM)[0] == 1


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 12345, 12345)
    assert "belongs to another user" in (Cache(str(tmp_path / "theirs")).refusal or "")


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(str(tmp_path / "file" / "below"))
    assert cache.refusal is not None
    assert load(cache, WASM)[0] == 1


def test_a_full_disk_only_makes_it_slow(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("remit.engine.cache.os.fsync", full)
    assert load(cache, WASM)[0] == 1
    assert list(Path(cache.directory).iterdir()) == []


def test_pruning_by_size_and_age(cache: Cache) -> None:
    modules = [wat(f'(module (func (export "f") (result i32) i32.const {n}))') for n in range(4)]
    for number, wasm in enumerate(modules):
        cache.load(engine(), wasm, name=f"n{number}")
        for file in entry_files(cache):
            if b"n%d" % number in file.read_bytes()[-400:]:
                os.utime(file, (LONG_AGO + number, LONG_AGO + number))
    entries = cache.entries()
    assert [entry.name for entry in entries] == ["n3", "n2", "n1", "n0"]
    assert cache.size == sum(entry.size for entry in entries)
    assert cache.prune(max_bytes=entries[0].size * 2 + 100) == (2, entries[2].size + entries[3].size)
    assert [entry.name for entry in cache.entries()] == ["n3", "n2"]
    assert cache.prune() == (0, 0)
    assert cache.prune(older_than=86400)[0] == 2
    assert cache.entries() == []


def test_pruning_removes_what_died_processes_left(cache: Cache) -> None:
    old, new = (Path(cache.directory) / own_name(f"{name}.tmp") for name in ("0", "1"))
    old.touch()
    new.touch()
    age(old)
    cache.prune()
    assert not old.exists()
    assert new.exists()


def own_name(short: str) -> str:
    """A name that the cache itself could have given: ``a.cwasm`` with the digit as often as it takes."""
    digit, _, kind = short.partition(".")
    return f"{digit * (16 if kind == 'tmp' else 64)}.{kind}"


def test_what_is_not_the_caches_own_stays(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        "program-of-mine.cwasm",
        "my notes.index",
        "report.tmp",
        "0" * 63 + ".cwasm",
        "G" * 64 + ".cwasm",
        "cwasm",
    ]
    fill(cache, others)
    monkeypatch.setattr("remit.engine.cache.MAX_BYTES", 1)
    load(cache, WASM)
    cache.prune(max_bytes=0)
    assert names_in(cache) == sorted(others)


def test_a_file_that_is_put_in_its_place_while_pruning(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    name = own_name("0.tmp")
    monkeypatch.setattr("os.listdir", lambda _: [name])
    assert cache.prune() == (0, 0)


def test_an_entry_is_kept_even_if_no_room_can_be_made(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> list[str]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("os.listdir", fail)
    assert load(cache, WASM)[0] == 1
    assert cache.refusal is None
    assert load(cache, WASM)[0] == 0


def fill(cache: Cache, names: list[str], size: int = 100_000) -> None:
    """Files that were used in the order of `names`, long ago. They take no disk."""
    for number, name in enumerate(names):
        file = Path(cache.directory) / name
        file.touch(mode=0o600)
        os.truncate(file, size)
        os.utime(file, (LONG_AGO + number, LONG_AGO + number))


def names_in(cache: Cache) -> list[str]:
    return sorted(os.listdir(cache.directory))


def test_what_is_added_makes_room_for_itself(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    load(cache, WASM)
    [own] = names_in(cache)
    own_size = Path(cache.directory, own).stat().st_size // 4096 * 4096 + 4096
    Path(cache.directory, own).unlink()
    fill(cache, [own_name(each) for each in ("d.cwasm", "a.index", "c.tmp", "b.cwasm", "e.cwasm")])
    Path(cache.directory, "other").touch()
    monkeypatch.setattr("remit.engine.cache.MAX_BYTES", 2 * 102_400 + own_size)
    load(cache, WASM)
    assert names_in(cache) == sorted([own_name("b.cwasm"), own_name("e.cwasm"), "other", own])
    # It can be less than one entry.
    monkeypatch.setattr("remit.engine.cache.MAX_BYTES", 100)
    assert load(cache, WASM, Config(fuel=True))[0] == 1
    assert names_in(cache) == ["other"]


def test_there_are_not_too_many_files(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(cache, [own_name(f"{number}.index") for number in range(9)], size=0)
    monkeypatch.setattr("remit.engine.cache.MAX_FILES", 4)
    load(cache, WASM)
    assert [file.name for file in entry_files(cache, ".index")] == [own_name(f"{number}.index") for number in (6, 7, 8)]
    assert load(cache, WASM)[0] == 0


def test_a_hit_looks_at_no_other_entry(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    load(cache, WASM)
    fill(cache, [own_name("a.cwasm")])
    monkeypatch.setattr("remit.engine.cache.MAX_BYTES", 1)
    assert load(cache, WASM)[0] == 0
    assert len(entry_files(cache)) == 2


def test_what_is_being_written_stays(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(cache.directory, own_name("0.tmp")).write_bytes(b"x" * 100_000)
    monkeypatch.setattr("remit.engine.cache.MAX_BYTES", 50_000)
    load(cache, WASM)
    assert own_name("0.tmp") in names_in(cache)
    assert len(entry_files(cache)) == 1


def test_it_is_given_up_even_when_python_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules are taken apart then, in any order."""
    cache = Cache(str(tmp_path / "cache"))
    descriptor = cache._descriptor
    monkeypatch.setattr("remit.engine.cache.os", None)
    cache.__del__()
    monkeypatch.undo()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_use_is_recorded(cache: Cache) -> None:
    load(cache, WASM)
    [file] = entry_files(cache)
    age(file)
    load(cache, WASM)
    assert cache.entries()[0].last_used > LONG_AGO + 1000


def test_removing_an_entry_does_not_disturb_who_runs_it(cache: Cache) -> None:
    load(cache, WASM)
    _, module = load(cache, WASM)
    cache.prune(max_bytes=0)
    instance = engine().linker().prepare(module).instantiate(engine().store())
    assert instance.export("f")() == 42


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REMIT_CACHE_DIR", "/somewhere")
    assert default_directory() == "/somewhere"
    monkeypatch.delenv("REMIT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_directory() == str(tmp_path / "remit")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert os.path.isabs(default_directory())


def test_modules_compiled_ahead_of_time(tmp_path: Path) -> None:
    path = str(tmp_path / "program.cwasm")
    for _ in range(2):
        save_compiled(engine().compile(WASM, name="program.wasm"), path)
    module = load_compiled_unchecked(engine(), path)
    assert engine().linker().prepare(module).instantiate(engine().store()).export("f")() == 42
    with pytest.raises(InvalidModule, match=r"compiled for wasmtime=.*fuel=0.*compile it again"):
        load_compiled_unchecked(engine(Config(fuel=True)), path)
    with pytest.raises(FileNotFoundError):
        save_compiled(module, str(tmp_path / "nowhere" / "x"))
    (tmp_path / "other").write_bytes(b"something else that is long enough to have a footer")
    with pytest.raises(InvalidModule, match="not a module compiled by Remit"):
        load_compiled_unchecked(engine(), str(tmp_path / "other"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other", "program.cwasm"]


def test_an_artifact_tells_what_it_is(tmp_path: Path) -> None:
    module = engine().compile(WASM)
    path = tmp_path / "x"
    path.write_bytes(artifact.pack(b"code", module.info, engine_key="key", name="name"))
    with path.open("rb") as file:
        read = artifact.read(file.fileno())
    assert (read.code_length, read.engine_key, read.name) == (4, "key", "name")
    assert read.facts == module.info.to_tuple() == module.facts


def test_two_processes_fill_one_cache(tmp_path: Path) -> None:
    program = f"""
import sys
from remit.engine.cache import Cache
from remit.engine.wasmtime import engine
for number in range(20):
    module = Cache({str(tmp_path / "cache")!r}).load(engine(), {WASM!r})
    store = engine().store()
    assert engine().linker().prepare(module).instantiate(store).export("f")() == 42
"""
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]
