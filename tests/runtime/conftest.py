"""Every test that asks for a `way` runs synchronously, on fibers, and on threads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from remit.engine.wasmtime.fibers import fibers_supported
from remit.runtime import suspension
from runtime.ways import Way


@pytest.fixture(params=["fibers", "threads"])
def suspended_on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What programs on asyncio loops run on."""
    kind: str = request.param
    if kind == "threads":
        monkeypatch.setattr(suspension, "fibers_supported", lambda: False)
    elif not fibers_supported():
        pytest.skip("this Python cannot suspend calls on fibers")
    return kind


@pytest.fixture(params=["sync", "fibers", "threads"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    if request.param == "sync":
        yield Way("sync", None)
        return
    if request.param == "threads":
        monkeypatch.setattr(suspension, "fibers_supported", lambda: False)
    elif not fibers_supported():
        pytest.skip("this Python cannot suspend calls on fibers")
    loop = asyncio.new_event_loop()
    try:
        yield Way(request.param, loop)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
