"""The public names of `remit.fs`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import remit.fs


def test_every_public_name_is_there() -> None:
    assert dir(remit.fs) == sorted(remit.fs.__all__)
    for name in remit.fs.__all__:
        assert getattr(remit.fs, name) is getattr(remit.fs, name)
    assert issubclass(remit.fs.Memory, remit.fs.Filesystem)
    assert issubclass(remit.fs.Host, remit.fs.Filesystem)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        remit.fs.__getattr__("Nothing")


def test_naming_one_filesystem_does_not_load_the_others() -> None:
    code = "import sys, remit.fs; remit.fs.Memory; print(*sorted(n for n in sys.modules if 'remit.filesystems.' in n))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == [f"remit.filesystems.{name}" for name in ("arguments", "direct", "inodes", "memory")]


def test_filesystems_do_not_slow_down_the_start() -> None:
    heavy = ["typing", "dataclasses", "re", "json", "inspect", "contextlib", "threading"]
    code = (
        "import sys; before = set(sys.modules)\n"
        "import remit.fs; remit.fs.Overlay; remit.fs.Mounts; remit.fs.Quota; remit.fs.ReadOnly; remit.fs.Subdirectory\n"
        "remit.fs.Union; remit.fs.Fsspec\n"
        f"print(*[name for name in {heavy} if name in sys.modules and name not in before])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", _PATH + code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


_PATH = f"import sys; sys.path[:0] = {[path for path in sys.path if path]!r}\n"
