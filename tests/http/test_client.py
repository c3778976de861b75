"""What the client refuses to send, and what goes over the wire of the rest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from http_peer import Names, Server, failure, read_all, request, send, wait, write_all
from remit.http.client import Client
from remit.kernel.errors import WouldBlock
from remit.kernel.http import FRAMING, HttpError, Request, RequestOptions
from remit.kernel.network import SocketAddress, TcpSocket
from remit.kernel.poll import NEVER, Condition, Pollable


def refused(wanted: Request, allow: list[str] | None = None) -> str:
    network = Names()
    with pytest.raises(HttpError) as caught:
        Client(network, allow=allow).send(wanted, RequestOptions(), has_body=False)
    assert not network.asked or caught.value.kind != "HTTP-request-denied"
    return caught.value.kind


@pytest.mark.parametrize(
    "path", ["http://evil/", "evil", "", "@evil/", ":80@evil/", "/a b", "/a\r\nhost: evil", "/é", "/#"]
)
def test_a_path_cannot_name_another_server(path: str) -> None:
    assert refused(request("example.test", path=path)) == "HTTP-request-URI-invalid"


@pytest.mark.parametrize("path", ["//evil/", "/http://evil/", "/\\evil", "/..//evil"])
def test_a_path_that_looks_like_another_server_goes_to_this_one(path: str) -> None:
    with Server() as server:
        authority = f"example.test:{server.port}"
        network = Names()
        exchange = server.client = Client(network).send(request(authority, path=path), RequestOptions(), has_body=False)
        head = server.take_head()
        assert head.startswith(f"GET {path} HTTP/1.1\r\n".encode())
        assert f"\r\nhost: {authority}\r\n".encode() in head.lower()
        assert network.asked == ["example.test"]
        exchange.close()


@pytest.mark.parametrize("authority", ["user@example.test", "example.test@evil", "example.test/../evil"])
def test_what_an_authority_may_not_hide(authority: str) -> None:
    assert refused(request(authority)) == "HTTP-request-URI-invalid"


@pytest.mark.parametrize("name", sorted(FRAMING))
def test_fields_of_the_connection_are_not_for_programs(name: str) -> None:
    for spelled in (name, name.upper()):
        wanted = Request("GET", "http", "example.test", "/", [(spelled, b"evil")])
        assert refused(wanted) == "HTTP-request-denied"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("a", b"b\r\nc: d"), ("a", b"b\nc: d"), ("a", b"b\0"), ("a", b"b\r"), ("a", b"b\r\n c")),
        *(("a b", b""), ("a:", b""), ("", b""), ("a\r\n", b""), ("\u212aeep-alive", b""), ("content-length", b"+1")),
        *(("content-length", b"1, 2"), ("content-length", b"-1")),
    ],
)
def test_fields_that_would_be_others(name: str, value: bytes) -> None:
    wanted = Request("GET", "http", "example.test", "/", [(name, value)])
    assert refused(wanted) in ("HTTP-protocol-error", "HTTP-request-denied")


@pytest.mark.parametrize("method", ["", "G ET", "GET\r\n", "CONNECT", "connect", "GÉT", "GET /evil HTTP/1.1\r\n"])
def test_methods_that_are_none(method: str) -> None:
    assert refused(request("example.test", method=method)) == "HTTP-request-method-invalid"


def test_two_lengths() -> None:
    wanted = Request("POST", "http", "a.test", "/", [("content-length", b"1"), ("Content-Length", b"2")])
    assert refused(wanted) == "HTTP-protocol-error"


def test_a_length_however_it_is_spelled_is_never_sent_with_chunks() -> None:
    with Server() as server:
        wanted = Request("POST", "http", f"a.test:{server.port}", "/", [("Content-Length", b"1")])
        exchange = server.client = Client(Names()).send(wanted, RequestOptions(), has_body=True)
        assert b"transfer-encoding" not in server.take_head().lower()
        exchange.close()
        exchange.body.abort()


def test_an_unknown_scheme_and_a_path_without_end() -> None:
    assert refused(request("a.test", scheme="ftp")) == "HTTP-protocol-error"
    assert refused(request("a.test", path="/" + "x" * 70000)) == "HTTP-request-URI-too-long"


def test_only_allowed_authorities() -> None:
    assert refused(request("evil.test"), allow=["example.test"]) == "HTTP-request-denied"
    assert refused(request("example.test:81"), allow=["example.test"]) == "HTTP-request-denied"
    assert refused(request("example.test", scheme="https"), allow=["http://example.test"]) == "HTTP-request-denied"
    with Server() as server:
        client = Client(Names(), allow=[f"example.test:{server.port}"])
        exchange = server.client = client.send(request(f"EXAMPLE.test:{server.port}"), RequestOptions(), has_body=False)
        assert b"\r\nhost: example.test" in server.take_head().lower()
        exchange.close()


def test_the_network_checks_what_is_connected_to() -> None:
    network = Names("192.0.2.1")  # whatever it was looked up by: only 127.0.0.0/8 may be reached
    exchange = Client(network).send(request("example.test"), RequestOptions(), has_body=False)
    assert failure(exchange.response) == "destination-IP-prohibited"


def test_the_next_address_is_tried() -> None:
    with Server() as server:
        exchange = send(server, network=Names("192.0.2.1", "127.0.0.1"))
        server.take_head()
        server.say(b"HTTP/1.1 204 \r\n\r\n")
        assert wait(exchange.response).status == 204


def test_nobody_listens() -> None:
    with Server() as server:
        pass
    assert failure(send(server).response) == "connection-refused"


def test_a_body_of_chunks_and_trailers() -> None:
    with Server() as server:
        exchange = send(server, method="POST", has_body=True)
        assert b"transfer-encoding: chunked" in server.take_head().lower()
        write_all(exchange.body.stream(), b"hello")
        exchange.body.finish([("sum", b"1")])
        assert server.take_head() == b"5\r\nhello\r\n0\r\nsum: 1\r\n\r\n"
        server.say(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        assert read_all(wait(exchange.response).body.stream()) == b"ok"


@pytest.mark.parametrize("name", ["Host", "transfer-encoding", "content-length", "Trailer", "connection"])
def test_trailers_are_checked_like_heads(name: str) -> None:
    with Server() as server:
        exchange = send(server, method="POST", has_body=True)
        with pytest.raises(HttpError) as caught:
            exchange.body.finish([(name, b"1")])
        assert caught.value.kind == "HTTP-request-denied"
        assert failure(exchange.response) == "HTTP-request-denied"


def test_more_and_less_than_was_declared() -> None:
    with Server() as server:
        more = send(server, method="POST", has_body=True, content_length="3")
        assert failure(lambda: more.body.stream().write([memoryview(b"four")])) == "HTTP-request-body-size"
        assert failure(more.response) == "HTTP-request-body-size"
        less = send(server, method="POST", has_body=True, content_length="3")
        write_all(less.body.stream(), b"ab")
        assert failure(lambda: less.body.finish(None)) == "HTTP-request-body-size"


def test_what_goes_out_waits_for_the_server_in_bounded_memory() -> None:
    with Server() as server:
        exchange = send(server, method="POST", has_body=True)
        server.take_head()
        stream = exchange.body.stream()

        sent = 0
        with pytest.raises(WouldBlock):  # noqa: PT012 - until nothing fits any more
            while True:
                sent += stream.write([memoryview(bytes(1 << 20))])
        assert sent < 1 << 26
        assert not stream.when_writable().ready()
        exchange.body.abort()


def test_an_answer_before_the_request_is_whole() -> None:
    with Server() as server:
        exchange = send(server, method="POST", has_body=True)
        server.take_head()
        server.say(b"HTTP/1.1 413 \r\ncontent-length: 3\r\n\r\nbig")
        response = wait(exchange.response)
        exchange.body.abort()
        assert (response.status, read_all(response.body.stream())) in [(413, b"big")]


class _JustInTime(Names):
    """Connections that come about between the question whether there is an answer and the one what to wait for."""

    def __init__(self, attempts: int) -> None:
        super().__init__()
        self._attempts = attempts
        self.is_there = False
        self.written = b""

    def tcp_socket(self, family: int) -> TcpSocket:
        network = self

        class Socket(TcpSocket):
            def connect(self, address: SocketAddress | None) -> None:
                if network._attempts:
                    network._attempts -= 1
                    raise WouldBlock(NEVER)
                network.is_there = True

            def read(self, buffers: Sequence[memoryview]) -> int:
                raise WouldBlock(NEVER)

            def write(self, buffers: Sequence[memoryview]) -> int:
                network.written += b"".join(buffers)
                return sum(map(len, buffers))

            def when_readable(self) -> Pollable:
                return NEVER

            def when_writable(self) -> Pollable:
                return NEVER

            def close(self) -> None:
                return

        return Socket()


@pytest.mark.parametrize("attempts", range(6))
def test_a_request_goes_out_whenever_the_connection_comes_about(attempts: int) -> None:
    network = _JustInTime(attempts)
    exchange = Client(network).send(request("example.test"), RequestOptions(), has_body=False)
    answered = exchange.when_response()
    assert isinstance(answered, Condition)
    for _ in range(attempts + 1):
        assert not answered.ready()
        waits_for = answered.next_step()
        if network.is_there and not network.written:
            assert waits_for.ready(), "there is nobody whom it could wait for"
    assert network.written.startswith(b"GET / HTTP/1.1\r\n")
    exchange.abandon()
