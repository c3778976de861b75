"""The types of options and their names at run time agree."""

from __future__ import annotations

from remit.runtime import instance_base, run
from remit.runtime.options import InstanceOptions, RunOptions


def test_run_has_the_options_that_its_type_says() -> None:
    assert set(RunOptions.__annotations__) == run.OPTIONS


def test_instances_have_the_options_that_their_type_says() -> None:
    assert set(InstanceOptions.__annotations__) == instance_base.OPTIONS


def test_every_option_is_documented() -> None:
    documentation = run.run.__doc__ or ""
    assert [name for name in sorted(run.OPTIONS) if f":param {name}:" not in documentation] == ["encoding", "errors"]
    assert "`encoding` or `errors`" in documentation
