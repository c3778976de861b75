"""Yosys, nextpnr and the IceStorm tools: from Verilog to the bitstream of an FPGA, each step from the one before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from guests.side_by_side import Work, both
from tools.guests.catalogue import GUESTS, Guest

ICESTORM = GUESTS["icestorm"]
YOSYS = GUESTS["yosys"]
SOURCE = Path(__file__).parent / "adder.v"
SYNTHESISE = ["-q", "-p", "read_verilog /adder.v; synth_ice40 -json /adder.json"]
PLACE = ["--hx1k", "--package", "tq144", "--seed", "1", "--quiet", "--json", "/adder.json", "--asc", "/adder.asc"]
PACK = ["/adder.asc", "/adder.bin"]


@pytest.mark.guest("icestorm")
@pytest.mark.parametrize(
    "arguments", [["-i", "12", "-o", "60"], ["-i", "12", "-o", "9000"], ["-m", "-i", "16", "-o", "48"]]
)
def test_icepll(arguments: list[str]) -> None:
    outcome = both(Work(ICESTORM.path("icepll.wasm"), arguments))
    assert outcome.stdout + outcome.stderr


@pytest.mark.guest("icestorm")
@pytest.mark.guest("yosys")
@pytest.mark.slow
def test_from_verilog_to_a_bitstream(tmp_path: Path) -> None:
    netlist = step(tmp_path / "1", "adder.v", SOURCE.read_bytes(), YOSYS, "yosys.wasm", SYNTHESISE)
    layout = step(tmp_path / "2", "adder.json", netlist["adder.json"], ICESTORM, "nextpnr-ice40.wasm", PLACE)
    bitstream = step(tmp_path / "3", "adder.asc", layout["adder.asc"], ICESTORM, "icepack.wasm", PACK)["adder.bin"]
    assert len(bitstream) == 32_220


def step(
    directory: Path, name: str, content: bytes | str, guest: Guest, program: str, arguments: list[str]
) -> Mapping[str, bytes | str]:
    """Run one tool on one file; what the directory holds afterwards."""
    assert isinstance(content, bytes)
    # Yosys hands a file to itself by way of /tmp.
    (directory / "tmp").mkdir(parents=True)
    (directory / name).write_bytes(content)
    share = {"/share": guest.path("share")} if guest.path("share").is_dir() else {}
    outcome = both(Work(guest.path(program), arguments, directory=directory, more_directories=share, timeout=400))
    assert outcome.status == 0, outcome.stderr
    return outcome.files
