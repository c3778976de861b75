"""``remit.run(…, remit=…)``: what a remit grants, and what is said besides."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import remit
from cli import guests
from remit import Remit
from runtime.components.replaced import CLOCK


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    if os.path.exists("/proc/self/fd"):
        assert str(tmp_path / "out") not in [
            os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
        ]


def output(wasm: bytes, given: Remit, *arguments: str, **options: Any) -> bytes:
    done = remit.run([wasm, *arguments], remit=given, stdout=remit.PIPE, check=True, **options)
    asynchronous = asyncio.run(remit.run_async([wasm, *arguments], remit=given, stdout=remit.PIPE, **options))
    assert asynchronous.stdout == done.stdout
    return bytes(done.stdout)


def test_arguments_and_names() -> None:
    wasm = guests.printing("args")
    given = Remit(name="tool", arguments=["one", "two"])
    assert output(wasm, given) == b"tool\0one\0two\0"
    assert output(wasm, given, "three") == b"tool\0three\0"


def test_the_program_of_the_remit(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/hello.wasm").write_bytes(guests.HELLO)
    (tmp_path / "sub/remit.toml").write_text('program = "hello.wasm"\n')
    done = remit.run([], remit=Remit.load("sub/remit.toml"), stdout=remit.PIPE)
    assert done.stdout == b"hello\n"
    with pytest.raises(ValueError, match="the remit has no program"):
        remit.run([], remit=Remit())


def test_what_is_given_besides_is_added_or_replaces() -> None:
    given = Remit(env={"A": "1", "B": "2"}, dirs=[Remit.Directory("/m", kind="memory")], limits={"timeout": 1})
    assert output(guests.printing("environ"), given, env={"B": "3", "C": "4"}) == b"A=1\0B=3\0C=4\0"
    assert output(guests.DIRECTORIES, given, dirs={"/n": remit.fs.Memory()}) == b"/m\n/n\n/\n"
    assert output(guests.DIRECTORIES, given, dirs={"/": remit.fs.Memory()}) == b"/m\n/\n"
    with pytest.raises(ValueError, match=r"the remit has a directory '/m' already"):
        remit.run([guests.DIRECTORIES], remit=given, dirs={"/m": remit.fs.Memory()})
    with pytest.raises(remit.TimeoutExpired, match=r"0.05"):
        remit.run([guests.SPIN], remit=given, timeout=0.05, stdout=remit.DEVNULL)
    with pytest.raises(ValueError, match="limits: the remit has some of these"):
        remit.run([guests.HELLO], remit=Remit(limits={"descriptors": 9}), limits=remit.Limits())
    with pytest.raises(TypeError, match=r"a remit.Remit is wanted"):
        remit.run([guests.HELLO], remit="remit.toml")  # type: ignore[arg-type]  # that is what is tested


def test_a_variable_that_is_replaced_need_not_be_set() -> None:
    given = Remit(env={"REMIT_UNSET_HERE": None})
    assert output(guests.printing("environ"), given, env={"REMIT_UNSET_HERE": "x"}) == b"REMIT_UNSET_HERE=x\0"
    with pytest.raises(remit.RemitError, match="is not set here"):
        remit.run([guests.HELLO], remit=given)


def test_streams_that_are_replaced_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("precious")
    given = Remit(stdout=Remit.Stream("out"), stderr="stdout")
    for options in ({"stdout": remit.PIPE}, {"capture_output": True}):
        assert remit.run([guests.HELLO], remit=given, **options).stdout == b"hello\n"
    assert (tmp_path / "out").read_text() == "precious"
    remit.run([guests.HELLO], remit=given)
    assert (tmp_path / "out").read_text() == "hello\n"


def test_what_the_host_does_not_have_is_told_with_its_place() -> None:
    given = Remit.from_toml('\n[[dir]]\nguest = "/d"\npath = "missing"\nrights = "all"\n', name="x.toml")
    with pytest.raises(FileNotFoundError) as caught:
        remit.run([guests.HELLO], remit=given)
    assert caught.value.__notes__ == ["It is granted by x.toml:2"]


def test_digests(tmp_path: Path) -> None:
    digest = hashlib.sha256(guests.HELLO).hexdigest()
    given = Remit(sha256=digest)
    assert output(guests.HELLO, given) == b"hello\n"
    other = hashlib.sha256(guests.TRAP).hexdigest()
    with pytest.raises(ValueError, match=f"its SHA-256 is {other}, and {digest} was said"):
        remit.run([guests.TRAP], remit=given)
    with pytest.raises(ValueError, match=r"load it by remit.load\(path, sha256=…\)"):
        remit.run([remit.load(guests.HELLO)], remit=given)
    loaded = remit.load(guests.HELLO, sha256=digest.upper())
    assert output(loaded, given) == b"hello\n"
    with pytest.raises(ValueError, match=f"its SHA-256 is {digest}, and {other} was said"):
        remit.run([loaded], remit=Remit(sha256=other))
    (tmp_path / "x.wasm").write_bytes(guests.HELLO)
    with pytest.raises(ValueError, match=r"x\.wasm is not the program that was meant"):
        remit.load(tmp_path / "x.wasm", sha256=other)
    with pytest.raises(TypeError, match="64 hexadecimal digits"):
        remit.load(guests.HELLO, sha256=1)  # type: ignore[arg-type]  # that is what is tested


def test_interfaces() -> None:
    given = Remit(deny_interfaces=["wasi_snapshot_preview1#path_open"])
    with pytest.raises(remit.LinkError, match=r"does not allow: wasi_snapshot_preview1#path_open$"):
        remit.run([guests.CREATE], remit=given)
    assert output(guests.HELLO, given) == b"hello\n"
    with pytest.raises(remit.LinkError, match="wasi_snapshot_preview1#fd_write"):
        remit.run([guests.HELLO], remit=Remit(allow_interfaces=[]))


def test_interfaces_of_components() -> None:
    component = remit.load(Path(__file__).parents[2] / "examples/hello_http/hello.wasm")
    with pytest.raises(remit.LinkError, match=r"does not allow: .*wasi:http/types@0\.2\.\d+#"):
        component.instantiate(remit=Remit(deny_interfaces=["wasi:http/types"]))
    with pytest.raises(remit.LinkError, match="does not allow"):
        component.instantiate(remit=Remit(allow_interfaces=["wasi:http/types@0.2.0#[constructor]fields"]))
    with pytest.raises(remit.RemitError, match=r"'wasi:http/typs', number 1, is no interface .* wasi:http/types"):
        component.instantiate(remit=Remit(deny_interfaces=["wasi:http/typs"]))


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module of Python objects."""
    name = f"objects_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(
        """import remit

class Random:
    @remit.with_instance
    def random_get(self, guest, address, length):
        guest.memory.write(address, b"r" * length)
        return 0

class Clock:
    def now(self):
        return {"seconds": 5, "nanoseconds": 0}
"""
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def test_interfaces_that_python_objects_answer(objects: str) -> None:
    given = Remit(replaced_interfaces={"wasi_snapshot_preview1": f"{objects}:Random"})
    assert objects not in sys.modules, "a remit imports nothing"
    assert output(guests.RANDOM, given) == b"r" * 16
    one = given.changed(replaced_interfaces={"wasi_snapshot_preview1#random_get": f"{objects}:Random.random_get"})
    with pytest.raises(remit.LinkError, match="missing a required argument"):
        remit.run([guests.RANDOM], remit=one)
    denied = given.changed(deny_interfaces=["wasi_snapshot_preview1#random_get"])
    with pytest.raises(remit.LinkError, match="does not allow: wasi_snapshot_preview1#random_get"):
        remit.run([guests.RANDOM], remit=denied)
    only = Remit(
        replaced_interfaces={"wasi_snapshot_preview1#random_get": f"{objects}:Random.random_get"},
        allow_interfaces=["wasi_snapshot_preview1#fd_write", "wasi_snapshot_preview1#proc_exit"],
    )
    with pytest.raises(remit.LinkError, match="missing a required argument"):
        remit.run([guests.RANDOM], remit=only)


def test_options_replace_objects_of_the_remit(objects: str) -> None:
    given = Remit(replaced_interfaces={"wasi_snapshot_preview1": f"{objects}:Random"})
    own = {"wasi_snapshot_preview1": {"random_get": lambda address, length: 0}}
    assert output(guests.RANDOM, given, imports=own) == bytes(16)


def test_a_loaded_program_has_the_objects_already(objects: str) -> None:
    given = Remit(replaced_interfaces={"wasi:clocks/wall-clock#now": f"{objects}:Clock.now"})
    with pytest.raises(
        ValueError, match=r"loaded without them: load it by remit.load\(path, imports=remit.imports\(\)\)"
    ):
        remit.load(CLOCK, cache=False).instantiate(remit=given)
    whole = Remit(replaced_interfaces={"wasi:clocks/wall-clock": f"{objects}:Clock"})
    with remit.load(CLOCK, imports=whole.imports(), cache=False).instantiate(remit=whole) as instance:
        assert instance.exports.now() == 5
        assert instance.exports.resolution() > 0


def test_instances(tmp_path: Path) -> None:
    plugin = remit.load(
        Path(__file__).parents[2] / "examples/plugin/plugin.wasm", imports={"host": {"log": lambda *_: None}}
    )
    given = Remit(stdout=Remit.Stream("out"), limits={"timeout": 0.05})
    with plugin.instantiate(remit=given) as instance, pytest.raises(TimeoutError):
        instance.call("hang")
    with pytest.raises(ValueError, match="load it by"):
        plugin.instantiate(remit=Remit(sha256="0" * 64, stdout=Remit.Stream("out")))


def test_what_lies_outside_of_all_grants_is_told(tmp_path: Path) -> None:
    """Its C library would not have asked, without a root."""
    given = Remit(dirs=[Remit.Directory("/m", kind="memory", rights="read")])
    done = remit.run([guests.CREATE], remit=given)
    assert [str(each.subject) for each in done.refusals] == ["/m/new"]
