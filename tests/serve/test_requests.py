"""What comes in: which requests get to a program, and as what; and what is said to all others."""

from __future__ import annotations

import pytest

from remit.serve.exchange import ServerExchange
from remit.serve.settings import ServerLimits
from serve_peer import CLOSE, GET, client, echo, hello, read_all, run, serving, talk


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def said(request: bytes) -> bytes:
    """The body of an echo, without its chunks."""
    found = []

    async def test() -> None:
        async with serving(echo) as server:
            found.append(await talk(server, request))

    run(test())
    head, _, rest = found[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK"), found
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not int(size, 16):
            return body + (b"[" + rest.strip() + b"]" if rest.strip() else b"")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (b"GET / HTTP/1.1\r\nhost: a", b"GET a /"),
        (b"GET /x?y=http://b/ HTTP/1.1\r\nHOST: a:8080", b"GET a:8080 /x?y=http://b/"),
        (b"OPTIONS * HTTP/1.1\r\nhost: a", b"OPTIONS a *"),
        (b"PURGE //b/ HTTP/1.1\r\nhost: a", b"PURGE a //b/"),
        (b"GET http://b/x HTTP/1.1\r\nhost: a", b"GET b /x"),
        (b"GET HTTP://b?x HTTP/1.1\r\nhost: a", b"GET b /?x"),
        (b"GET http://b HTTP/1.1\r\nhost: a", b"GET b /"),
        (b"GET / HTTP/1.1\r\nhost: [::1]:80", b"GET [::1]:80 /"),
        (b"GET / HTTP/1.0", b"GET  /"),
    ],
)
def test_what_a_program_sees_of_a_request(line: bytes, seen: bytes) -> None:
    if b"1.0" in line:
        found = []

        async def test() -> None:
            async with serving(echo) as server:
                found.append(await talk(server, line + b"\r\n\r\n"))

        run(test())
        assert found[0].partition(b"\r\n\r\n")[2] == seen + b"\n\n"
    else:
        assert said(line + b"\r\nconnection: close\r\n\r\n") == seen + b"\n\n"


def test_fields_of_the_connection_are_not_for_programs() -> None:
    fields = b"te: trailers\r\nupgrade: h2c\r\nkeep-alive: 5\r\ntrailer: x\r\nproxy-connection: x\r\n"
    assert said(CLOSE[:-2] + fields + b"x-mine: yes\r\nx-mine: 2\r\n\r\n") == b"GET a /\nx-mine: yes\nx-mine: 2\n\n"


def test_trailers_pass_and_those_that_are_none_do_not() -> None:
    chunks = b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nX-Sum: 4\r\nContent-Length: 9\r\nHost: b\r\nTE: x\r\n\r\n"
    request = CLOSE.replace(b"GET", b"POST")[:-2] + b"transfer-encoding: chunked\r\n\r\n" + chunks
    assert said(request) == b"POST a /\n\nabcd[x-sum: 4]"


REFUSED = [
    (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
    (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nhost: user@a\r\n\r\n", 400),
    (b"GET http://user@b/ HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"GET http:///x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"GET ftp://b/ HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"GET b:80 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"GET * HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"CONNECT b:80 HTTP/1.1\r\nhost: a\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\nhost: a\r\n\r\n", 505),
    (b"GET /\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"G\0T / HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\0\x01\0\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nhost: a\r\n folded: x\r\nb : c\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 2\r\n\r\nab", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\na", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999999999\r\n\r\na", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 70000000\r\n\r\n", 413),
    (b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * (1 << 20), 431),
    (b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 100_000, 431),
    (b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 201 + b"\r\n", 431),
    (b"GET /" + b"y" * (1 << 20), 431),
    (b"x" * (1 << 20), 431),
    # All there at once, so that it is never incomplete.
    (b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 33_000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: %s\r\n" % (b"y" * 400) * 90 + b"\r\n", 431),
    (b"G" * 33_000 + b" / HTTP/1.1\r\nhost: a\r\n\r\n", 431),
    (b"GET /" + b"y" * 33_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 414),
]


@pytest.mark.parametrize(("request_", "expected"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_gets_to_no_program(request_: bytes, expected: int) -> None:
    asked: list[ServerExchange] = []

    async def handler(exchange: ServerExchange) -> None:
        asked.append(exchange)

    async def test() -> None:
        async with serving(handler) as server:
            answer = await talk(server, request_)
            # One that is still sending when it is refused may be cut off before it has seen why.
            if answer or len(request_) < 1 << 20:
                assert status(answer) == expected, answer
                assert b"connection: close" in answer.lower()
            assert server.metrics.refusals == {expected: 1}

    run(test())
    assert not asked


@pytest.mark.parametrize(
    "body",
    [
        b"transfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"transfer-encoding: chunked\r\n\r\n-1\r\n",
        b"transfer-encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n",
        b"transfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: " + b"y" * 40_000 + b"\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + b"x: y\r\n" * 300 + b"\r\n",
    ],
)
def test_a_body_that_is_malformed_ends_its_request(body: bytes) -> None:
    async def test() -> None:
        async with serving(echo, failures=1) as server:
            answer = await talk(server, b"POST / HTTP/1.1\r\nhost: a\r\n" + body)
            # The echo had begun to answer, so the connection is cut; it never looks whole.
            assert not answer.endswith(b"0\r\n\r\n")

    run(test())


async def read_first(exchange: ServerExchange) -> None:
    await read_all(exchange.body.stream())
    await hello(exchange)


def test_a_body_larger_than_allowed_is_cut_off_though_no_length_was_declared() -> None:
    async def test() -> None:
        async with serving(read_first, ServerLimits(body_bytes=1000), failures=1) as server:
            chunk = b"ff\r\n" + b"x" * 255 + b"\r\n"
            request = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 4
            assert status(await talk(server, request)) == 413

    run(test())


def test_requests_in_a_row_are_answered_in_a_row() -> None:
    async def test() -> None:
        async with serving(echo) as server:
            post = b"POST /%d HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"
            answer = await talk(server, b"".join(post % number for number in range(50)) + CLOSE)
            assert answer.count(b"HTTP/1.1 200 OK") == 51
            places = [answer.index(b"POST a /%d\n" % number) for number in range(50)]
            assert places == sorted(places)

    run(test())


def test_one_byte_at_a_time() -> None:
    async def test() -> None:
        async with serving(echo) as server, client(server) as peer:
            request = (
                CLOSE.replace(b"GET", b"POST")[:-2] + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n"
            )
            for at in range(len(request)):
                await peer.send(request[at : at + 1])
            assert b"a\r\n0\r\nx: y\r\n\r\n" in await peer.rest()

    run(test())


def test_leave_to_send_a_body_is_given_when_it_is_asked_for() -> None:
    async def test() -> None:
        async with serving(read_first) as server, client(server) as peer:
            await peer.send(CLOSE[:-2] + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\n")
            assert (await peer.head()).startswith(b"HTTP/1.1 100 ")
            await peer.send(b"abc")
            assert b"hello" in await peer.rest()

    run(test())


def test_no_leave_where_nobody_reads_the_body() -> None:
    async def test() -> None:
        async with serving(hello) as server:
            request = GET[:-2] + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\n"
            answer = await talk(server, request)
            assert answer.startswith(b"HTTP/1.1 200 OK")
            assert b"HTTP/1.1 100" not in answer

    run(test())


def test_the_rest_of_a_body_that_nobody_reads_is_never_taken_for_a_request() -> None:
    async def test() -> None:
        async with serving(hello) as server:
            hidden = b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"
            answer = await talk(server, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n" + hidden)
            assert answer.count(b"HTTP/1.1") == 1
            assert server.metrics.begun == 1

    run(test())
