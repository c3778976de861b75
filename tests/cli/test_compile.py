from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import guests
from remit.cli.main import main
from remit.engine.cache import Cache
from wat import wat

Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]


def test_into_the_cache(guest: Guest, cache_of_its_own: Path, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    assert main(["compile", path]) == 0
    assert capfd.readouterr() == (f"{path}: compiled, in the cache\n", "")
    assert any(each.is_file() for each in cache_of_its_own.rglob("*"))


def test_into_a_file(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path, out = guest(guests.HELLO), tmp_path / "out.cwasm"
    assert main(["compile", path, "-o", str(out)]) == 0
    assert f"in {out}\n" in capfd.readouterr().out
    assert [each.name for each in tmp_path.iterdir() if each.name not in ("guest.wasm", "out.cwasm")] == []
    assert main(["run", "--allow-precompiled", str(out), "x"]) == 0
    assert capfd.readouterr() == ("hello\n", "")


def test_native_code_is_run_only_if_that_is_allowed(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    out = str(tmp_path / "out.cwasm")
    assert main(["compile", guest(guests.HELLO), "--output", out]) == 0
    capfd.readouterr()
    assert main(["run", out]) == 2
    said, err = capfd.readouterr()
    assert said == ""
    assert err.startswith(f"remit: {out}: native code, compiled ahead of time")
    assert "--allow-precompiled" in err
    assert err.count("\n") == 1
    assert main(["run", "--allow-precompiled", guest(guests.HELLO)]) == 0  # A module may be run with it, too.


def test_fuel_must_be_compiled_in(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    out = str(tmp_path / "out.cwasm")
    path = guest(guests.SPIN)
    assert main(["compile", path, "-o", out]) == 0
    assert main(["run", "--allow-precompiled", "--fuel=1000", out]) == 2
    assert "fuel=0" in capfd.readouterr().err
    assert main(["compile", path, "--fuel", "-o", out]) == 0
    assert main(["run", "--allow-precompiled", "--fuel=1000", out]) == 134
    assert "fuel" in capfd.readouterr().err


@pytest.mark.parametrize("cut", [0, 100, -9])
def test_a_damaged_file(cut: int, guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    out = tmp_path / "out.cwasm"
    assert main(["compile", guest(guests.HELLO), "-o", str(out)]) == 0
    data = out.read_bytes()
    out.write_bytes(data[:cut] + data[-8:])
    capfd.readouterr()
    assert main(["run", "--allow-precompiled", str(out)]) == 2
    err = capfd.readouterr().err
    assert err.startswith(f"remit: {out}: ")
    assert err.count("\n") == 1


def test_refusals(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    def refused(*arguments: str) -> str:
        assert main(["compile", *arguments]) == 2
        out, err = capfd.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err.removeprefix("remit: ").rstrip("\n")

    path = guest(guests.HELLO)
    nowhere = tmp_path / "no" / "where.cwasm"
    assert refused(str(nowhere)) == f"{nowhere}: No such file or directory"
    assert refused(path, "-o", str(nowhere)) == f"{nowhere}: No such file or directory"
    assert refused(path, "-o", "a\0b") == "'a\\x00b': embedded null byte"
    assert refused("a\0b") == "'a\\x00b': embedded null byte"
    assert refused(guest(b"hello there")) == f"{path}: a text file; a WebAssembly binary is needed"
    component = guest(wat("(component)"))
    assert main(["compile", component]) == 0
    capfd.readouterr()
    assert "a component, which is many modules" in refused(component, "-o", str(tmp_path / "c.cwasm"))


def test_the_program_is_not_overwritten(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    before = Path(path).read_bytes()
    assert main(["compile", path, "-o", path]) == 2
    assert "the program itself" in capfd.readouterr().err
    assert Path(path).read_bytes() == before


def test_a_cache_that_keeps_nothing(
    guest: Guest, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: str) -> str:
        assert main(["compile", path, *arguments]) == (0 if arguments else 2)
        out, err = capfd.readouterr()
        assert (out + err).count("\n") == 1
        return out + err

    path = guest(guests.HELLO)
    beginning = f"remit: {path}: compiled, but the cache does not keep it: "
    with monkeypatch.context() as patch:

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(os, "fsync", full)
        assert said() == f"{beginning}{Cache().directory}: No space left on device\n"
    not_a_directory = tmp_path / "file"
    not_a_directory.touch()
    monkeypatch.setenv("REMIT_CACHE_DIR", str(not_a_directory))
    assert said().startswith(f"{beginning}{not_a_directory}")
    # What was asked for is there, with or without a cache.
    assert "compiled, " in said("-o", str(tmp_path / "out.cwasm"))
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("REMIT_CACHE_DIR", str(shared))
    assert said() == f"{beginning}{shared} can be written by others: chmod go-w it\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX files")
def test_only_files_are_replaced(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "null").symlink_to("/dev/null")
    for output in (pipe, tmp_path, tmp_path / "null"):
        assert main(["compile", guest(guests.HELLO), "-o", str(output)]) == 2
        assert capfd.readouterr().err == (
            f"remit: {output}: this is no regular file, and would be replaced by one; name another\n"
        )


def test_objects_are_off_unless_they_are_asked_for(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path, out = guest(guests.OBJECTS), str(tmp_path / "out.cwasm")
    for command in ("run", "compile"):
        assert main([command, path]) == 2
        assert "--allow-gc" in capfd.readouterr().err
    assert main(["run", "--allow-gc", path]) == 0
    assert main(["compile", "--allow-gc", "-o", out, path]) == 0
    assert main(["run", "--allow-precompiled", out]) == 2
    assert main(["run", "--allow-precompiled", "--allow-gc", out]) == 0


def test_for_deterministic_runs(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    out = str(tmp_path / "out.cwasm")
    assert main(["compile", "--deterministic", guest(guests.RANDOM), "-o", out]) == 0
    capfd.readouterr()
    assert main(["run", "--deterministic", "--allow-precompiled", out]) == 0
    assert len(capfd.readouterr().out.encode("utf-8", "surrogateescape")) >= 16
    assert main(["run", "--allow-precompiled", out]) == 2
    assert capfd.readouterr().err.startswith(f"remit: {out}: ")


def test_a_component_that_nobody_can_link_is_one_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "lonely.wasm"
    path.write_bytes(wat('(component (import "docs:lonely/thing" (instance (export "f" (func)))))'))
    assert main(["compile", str(path)]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "an interface that nobody provides" in err
