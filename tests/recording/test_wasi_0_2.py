"""All that the conformance suite of WASI 0.2 does, recorded, and done again without files, network or clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import remit
from python_guests import component
from wasi_0_2.runner import Scenario
from wasi_0_2.scenarios import ALL, whole


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(each, id=f"{group}: {each.name}") for group, scenarios in ALL.items() for each in scenarios],
)
def test_it_replays(scenario: Scenario, tmp_path: Path) -> None:
    program = component("script")
    run = tmp_path / "run.rec"
    arguments: list[Any] = [program, whole(scenario).source]
    trapped = ""
    done: Any = None
    try:
        done = remit.run(arguments, capture_output=True, text=True, timeout=30, record=run, **scenario.grants())
    except remit.Trap as trap:
        trapped = str(trap)
    if trapped:
        with pytest.raises(remit.Trap) as again:
            remit.replay(run, program, stdout=remit.DEVNULL, stderr=remit.DEVNULL)
        assert str(again.value) == trapped
        return
    replayed = remit.replay(run, program, stdout=remit.PIPE, stderr=remit.PIPE, timeout=30)
    assert replayed.returncode == done.returncode
    assert (replayed.stdout, replayed.stderr) == (done.stdout.encode(), done.stderr.encode())
