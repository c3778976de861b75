from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from remit.engine.api import EngineError
from remit.engine.wasmtime import library
from remit.engine.wasmtime.location import check_version, find


def test_the_installed_library_is_found_without_importing_its_package() -> None:
    path, version = find()
    assert path == library.PATH
    assert version == library.VERSION


@pytest.mark.parametrize("version", ["50.0.1", "50.0.3", "50.9.9.post1"])
def test_versions_that_are_taken(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize("version", ["50.0.0", "49.0.0", "47.0.1", "1.0"])
def test_versions_with_known_holes_are_refused(version: str) -> None:
    with pytest.raises(EngineError, match=r"known holes: pip install 'wasmtime>=50.0.1,<51'"):
        check_version(version)


def test_the_package_asks_for_what_is_taken() -> None:
    """Otherwise an installation works that stops at the first program."""
    project = tomllib.loads(Path(__file__).parents[3].joinpath("pyproject.toml").read_text(encoding="utf-8"))
    asked = [each for each in project["project"]["dependencies"] if each.startswith("wasmtime")]
    with pytest.raises(EngineError, match=re.escape(f"pip install {asked[0]!r}")):
        check_version("0.0.0")


def test_versions_of_the_future_are_refused() -> None:
    with pytest.raises(EngineError, match=r"51.0.0 is newer"):
        check_version("51.0.0")


def test_nothing_installed(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="wasmtime is not installed"):
        find([str(tmp_path)])


def test_a_package_for_another_platform(tmp_path: Path) -> None:
    (tmp_path / "wasmtime" / "plan9-mips").mkdir(parents=True)
    (tmp_path / "wasmtime" / "__init__.py").touch()
    with pytest.raises(EngineError, match="does not support"):
        find([str(tmp_path)])


def test_a_folder_that_only_has_the_name_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "wasmtime").mkdir()
    with pytest.raises(EngineError, match="not installed"):
        find([str(tmp_path)])
