"""Nothing that the kernel's objects can be asked is left out of recordings."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from remit.kernel.clocks import Clock
from remit.kernel.files import Directory, File
from remit.kernel.http import Exchange, HttpClient, IncomingBody, OutgoingBody
from remit.kernel.network import Network, Resolution, TcpSocket, UdpSocket
from remit.kernel.poll import Condition
from remit.kernel.random import RandomSource
from remit.kernel.sockets import Socket
from remit.recording import http_objects as http
from remit.recording import objects
from remit.recording.tape import METHODS, PLACE

PAIRS = [
    (Clock, objects.TapedClock),
    (RandomSource, objects.TapedRandom),
    (File, objects.TapedFile),
    (Directory, objects.TapedDirectory),
    (Socket, objects.TapedSocket),
    (TcpSocket, objects.TapedTcpSocket),
    (UdpSocket, objects.TapedUdpSocket),
    (Resolution, objects.TapedResolution),
    (Network, objects.TapedNetwork),
    (Condition, objects.TapedPollable),
    (HttpClient, http.TapedHttpClient),
    (Exchange, http.TapedExchange),
    (IncomingBody, http.TapedIncomingBody),
    (OutgoingBody, http.TapedOutgoingBody),
]
NOT_ASKED = {
    "host_descriptor": "nobody goes around the recording",
    "allowed_by": "is for those who watch, on the other side",
    "request_rules": "is asked by HTTP clients, on the other side",
}


@pytest.mark.parametrize(("contract", "taped"), PAIRS, ids=lambda kind: kind.__name__)
def test_each_method_goes_to_the_tape(contract: type[Any], taped: type[Any]) -> None:
    for name, function in inspect.getmembers(contract, inspect.isfunction):
        if not name.startswith("_") and name not in NOT_ASKED:
            mine = getattr(taped, name)
            assert mine is not function, name
            assert inspect.signature(mine).parameters.keys() == inspect.signature(function).parameters.keys(), name


@pytest.mark.parametrize(("contract", "taped"), PAIRS, ids=lambda kind: kind.__name__)
def test_attributes_are_known(contract: type[Any], taped: type[Any]) -> None:
    for name, value in vars(contract).items():
        if not name.startswith("_") and isinstance(value, (bool, int, str)):
            assert name in taped.attributes, name


def test_a_recording_has_the_places_of_methods() -> None:
    assert len(set(METHODS)) == len(METHODS) == len(PLACE) < 256
