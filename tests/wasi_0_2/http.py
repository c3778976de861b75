"""Scenarios: ``wasi:http/types`` and ``outgoing-handler``, against a server on this machine's loopback."""

from __future__ import annotations

import functools
import socketserver
import threading
from typing import Any

import remit
from wasi_0_2.runner import Scenario


class _Handler(socketserver.StreamRequestHandler):
    """Answers by the path: no library, as what is asked for is what goes over the wire."""

    def handle(self) -> None:
        self.connection.settimeout(10)
        head = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head.append(line.rstrip())
        if not head:
            return
        method, path, _ = head[0].decode().split(" ")
        body = self._body(head)
        getattr(self, path.strip("/").partition("?")[0].replace("-", "_") or "plain")(method, head, body)

    def _body(self, head: list[bytes]) -> bytes:
        fields = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in head[1:]}
        if fields.get(b"transfer-encoding") == b"chunked":
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                body += b"[trailer " + line.strip() + b"]"
            return body
        return self.rfile.read(int(fields.get(b"content-length", b"0")))

    def _say(self, data: bytes) -> None:
        self.wfile.write(data)

    def plain(self, method: str, head: list[bytes], body: bytes) -> None:
        text = b"\n".join(head) + b"\n\n" + body
        self._say(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: %d\r\n\r\n" % len(text))
        if method != "HEAD":
            self._say(text)

    def chunks(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(
            b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"
        )

    def closes(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    def nonsense(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(b"no HTTP at all\r\n\r\n")

    def nothing(self, method: str, head: list[bytes], body: bytes) -> None:
        return

    def huge(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * (200 << 10) + b"\r\n\r\n")

    def many_trailers(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: " + b"y" * (200 << 10) + b"\r\n\r\n"
        )

    def stalls(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        threading.Event().wait(2)

    def informs(self, method: str, head: list[bytes], body: bytes) -> None:
        self._say(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")

    def slow(self, method: str, head: list[bytes], body: bytes) -> None:
        threading.Event().wait(2)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@functools.cache
def server_port() -> int:
    """Of one server, for all scenarios of this process."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def to_server() -> dict[str, Any]:
    return {"network": [f"127.0.0.1:{server_port()}"], "env": {"SERVER": f"127.0.0.1:{server_port()}"}}


def few_connections() -> dict[str, Any]:
    # Three are the standard streams, one is the directory.
    return {**to_server(), "dirs": {"/": remit.fs.Memory({"a": ""})}, "limits": remit.Limits(descriptors=7)}


H = """
from wit_world.imports.wasi_http_types import *
SERVER = dict(environment.get_environment()).get("SERVER", "")
def request(path="/", method=None, fields=(), authority=SERVER, scheme=Scheme_Http()):
    made = OutgoingRequest(Fields.from_list(list(fields)))
    made.set_scheme(scheme); made.set_authority(authority); made.set_path_with_query(path)
    if method is not None:
        made.set_method(method)
    return made
def send(made, options=None):
    with outgoing_handler.handle(made, options) as future:
        wait(future.subscribe())
        outcome = future.get().value
        if isinstance(outcome, Err):
            raise outcome
        return outcome.value
def text(response):
    body = response.consume()
    got = b""
    with body.stream() as source:
        try:
            while True:
                got += source.blocking_read(3)
        except Err as end:
            assert isinstance(end.value, StreamError_Closed), end.value
    return got, body
"""

SCENARIOS = [
    Scenario(
        "fields",
        H
        + """
f = Fields()
assert not f.has("a") and f.get("a") == [] and f.entries() == []
f.append("A", b"1"); f.append("a", b"2"); f.append("b", b"")
assert f.get("a") == f.get("A") == [b"1", b"2"] and f.has("B")
f.set("a", [b"3"])
assert f.get("a") == [b"3"]
f.delete("b")
assert not f.has("b")
copy = f.clone()
copy.append("c", b"4")
assert not f.has("c")
assert sorted(Fields.from_list([("x", b"1"), ("x", b"2")]).entries()) == [("x", b"1"), ("x", b"2")]
for name in ("", "a b", "a:b", "a\\n", "\\u00e4"):
    refused(HeaderError_InvalidSyntax, f.append, name, b"1")
    refused(HeaderError_InvalidSyntax, Fields.from_list, [(name, b"1")])
for value in (b"a\\nb", b"a\\rb", b"a\\0b"):
    refused(HeaderError_InvalidSyntax, f.append, "a", value)
    refused(HeaderError_InvalidSyntax, f.set, "a", [value])
for name in ("Host", "connection", "Transfer-Encoding", "keep-alive", "upgrade", "proxy-connection"):
    refused(HeaderError_Forbidden, f.append, name, b"1")
    refused(HeaderError_Forbidden, f.set, name, [b"1"])
    refused(HeaderError_Forbidden, f.delete, name)
fixed = OutgoingRequest(Fields.from_list([("a", b"1")])).headers()
for attempt in (lambda: fixed.append("a", b"1"), lambda: fixed.set("a", []), lambda: fixed.delete("a")):
    refused(HeaderError_Immutable, attempt)
assert fixed.get("a") == [b"1"]
""",
    ),
    Scenario(
        "so many fields are enough",
        H
        + """
f = Fields()
for number in range(2000):
    f.append("x", b"y" * 10)
""",
        trap="header fields of one message",
    ),
    Scenario(
        "so long fields are enough", H + "Fields().append('x', bytes([65]) * (1 << 20))", trap="header fields of one"
    ),
    Scenario(
        "requests in the making",
        H
        + """
r = OutgoingRequest(Fields())
assert r.method() == Method_Get() and r.path_with_query() is None and r.scheme() is None and r.authority() is None
for method in (Method_Post(), Method_Other("PURGE")):
    r.set_method(method)
    assert r.method() == method
refused(type(None), r.set_method, Method_Other("a b"))
refused(type(None), r.set_method, Method_Other(""))
r.set_path_with_query("/a?b=c"); r.set_authority("example.com:80"); r.set_scheme(Scheme_Other("ftp"))
assert (r.path_with_query(), r.authority(), r.scheme()) == ("/a?b=c", "example.com:80", Scheme_Other("ftp"))
for wrong in ("/a b", "/a\\r\\nX: y", "/\\u00e4"):
    refused(type(None), r.set_path_with_query, wrong)
for wrong in ("", "a b", "a\\r\\nHost: b", "a/b", "\\u00e4"):
    refused(type(None), r.set_authority, wrong)
refused(type(None), r.set_scheme, Scheme_Other("a b"))
r.set_scheme(None); r.set_authority(None); r.set_path_with_query(None)
with r.body() as body:
    refused(type(None), r.body)
o = RequestOptions()
for name in ("connect_timeout", "first_byte_timeout", "between_bytes_timeout"):
    assert getattr(o, name)() is None
    for value in (0, 2**64 - 1, None, 5):
        getattr(o, "set_" + name)(value)
        assert getattr(o, name)() == value
s = OutgoingResponse(Fields())
assert s.status_code() == 200
s.set_status_code(404)
assert s.status_code() == 404
refused(type(None), s.set_status_code, 99)
assert s.headers().entries() == []
with s.body() as body:
    with body.write() as out:
        refused(type(None), body.write)
        out.blocking_write_and_flush(b"kept until the response is sent")
refused(type(None), s.body)
""",
    ),
    Scenario(
        "a request and its response",
        H
        + """
response = send(request(fields=[("X-Mine", b"yes")]))
assert response.status() == 200
assert response.headers().get("x-a") == [b"1", b"2"]
refused(HeaderError_Immutable, response.headers().append, "x", b"1")
got, body = text(response)
refused(type(None), response.consume)
refused(type(None), body.stream)
lines = got.decode().split("\\n")
assert lines[0] == "GET / HTTP/1.1" and ("host: " + SERVER) in lines and "x-mine: yes" in lines, lines
trailers = IncomingBody.finish(body)
wait(trailers.subscribe())
assert trailers.get().value.value is None
""",
        to_server,
    ),
    Scenario(
        "a body and trailers both ways",
        H
        + """
r = request("/plain", Method_Post())
body = r.body()
with body.write() as out:
    out.blocking_write_and_flush(b"hello ")
    future = outgoing_handler.handle(r, None)
    out.blocking_write_and_flush(b"world")
OutgoingBody.finish(body, Fields.from_list([("x-end", b"1")]))
wait(future.subscribe())
got, _ = text(future.get().value.value)
assert got.endswith(b"hello world[trailer x-end: 1]"), got
response = send(request("/chunks"))
assert response.status() == 201
got, body = text(response)
assert got == b"abcde"
trailers = IncomingBody.finish(body)
wait(trailers.subscribe())
assert trailers.get().value.value.entries() == [("x-sum", b"5")]
""",
        to_server,
    ),
    Scenario(
        "lengths that are kept",
        H
        + """
r = request("/plain", Method_Put(), [("content-length", b"5")])
body = r.body()
with body.write() as out:
    out.blocking_write_and_flush(b"hello")
OutgoingBody.finish(body, None)
assert text(send(r))[0].endswith(b"hello")
r = request("/plain", Method_Put(), [("content-length", b"5")])
body = r.body()
future = outgoing_handler.handle(r, None)
with body.write() as out:
    out.blocking_write_and_flush(b"hell")
refused(ErrorCode_HttpRequestBodySize, OutgoingBody.finish, body, None)
r = request("/plain", Method_Put(), [("content-length", b"2")])
body = r.body()
future = outgoing_handler.handle(r, None)
with body.write() as out:
    error = refused(StreamError_LastOperationFailed, out.blocking_write_and_flush, b"hello").value
    assert isinstance(http.http_error_code(error), ErrorCode_HttpRequestBodySize)
""",
        to_server,
    ),
    Scenario(
        "methods without bodies",
        H
        + """
response = send(request("/plain", Method_Head()))
assert text(response)[0] == b""
assert send(request("/informs")).status() == 204
""",
        to_server,
    ),
    Scenario(
        "servers that do not keep to the rules",
        H
        + """
got, body = b"", send(request("/closes")).consume()
with body.stream() as source:
    assert source.blocking_read(100) == b"abc"
    error = refused(StreamError_LastOperationFailed, source.blocking_read, 100).value
    assert isinstance(http.http_error_code(error), ErrorCode_HttpResponseIncomplete)
refused(ErrorCode_HttpProtocolError, send, request("/nonsense"))
refused(ErrorCode_HttpResponseIncomplete, send, request("/nothing"))
refused(ErrorCode_HttpResponseHeaderSectionSize, send, request("/huge"))
""",
        to_server,
    ),
    Scenario(
        "servers that take too long",
        H
        + """
o = RequestOptions()
o.set_first_byte_timeout(10**8)
refused(ErrorCode_HttpResponseTimeout, send, request("/slow"), o)
o = RequestOptions()
o.set_connect_timeout(0)
refused(ErrorCode_ConnectionTimeout, send, request("/"), o)
""",
        to_server,
    ),
    Scenario(
        "bodies that do not go on, or end in too much",
        H
        + """
def failing(path, options=None):
    body = send(request(path), options).consume()
    with body.stream() as source:
        try:
            while True:
                source.blocking_read(100)
        except Err as end:
            return http.http_error_code(end.value.value)
o = RequestOptions()
o.set_between_bytes_timeout(10**8)
assert isinstance(failing("/stalls", o), ErrorCode_ConnectionReadTimeout)
assert isinstance(failing("/many-trailers"), ErrorCode_HttpResponseTrailerSectionSize)
""",
        to_server,
    ),
    Scenario(
        "requests that are no requests of a program's, or are given up",
        H
        + """
refused(ErrorCode_HttpRequestMethodInvalid, outgoing_handler.handle, request("/", Method_Connect()), None)
r = request("/plain", Method_Post())
body = r.body()
future = outgoing_handler.handle(r, None)
with body:
    pass
wait(future.subscribe())
assert isinstance(future.get().value.value, ErrorCode_ConnectionTerminated)
assert isinstance(future.get(), Err), "it is given once"
""",
        to_server,
    ),
    Scenario(
        "where no request goes",
        H
        + """
refused(ErrorCode_DestinationIpProhibited, send, request(authority="127.0.0.1:1"))
refused(ErrorCode_HttpRequestDenied, send, request(authority="example.com"))
r = OutgoingRequest(Fields())
refused(ErrorCode_HttpRequestUriInvalid, outgoing_handler.handle, r, None)
refused(ErrorCode_HttpProtocolError, outgoing_handler.handle, request(scheme=Scheme_Other("ftp")), None)
for path in ("http://example.com/", "example.com/"):
    refused(ErrorCode_HttpRequestUriInvalid, outgoing_handler.handle, request(path), None)
got, _ = text(send(request("/plain?x=http://example.com/")))
assert got.startswith(b"GET /plain?x=http://example.com/ HTTP/1.1"), got
""",
        to_server,
    ),
    Scenario(
        "so many connections may be open",
        H
        + """
kept = []
def handle():
    kept.append(outgoing_handler.handle(request("/slow"), None))
def many():
    for _ in range(20):
        handle()
refused(ErrorCode_ConnectionLimitReached, many)
assert len(kept) == 3, len(kept)
refused(F.ErrorCode.INSUFFICIENT_MEMORY, opened, root(), "a")
with kept.pop():
    pass
opened(root(), "a").__exit__(None, None, None)
handle()
""",
        few_connections,
    ),
    Scenario(
        "nobody listens there",
        H
        + """
refused(ErrorCode_ConnectionRefused, send, request(authority="127.0.0.1:9"))
""",
        lambda: {"network": ["127.0.0.1:9"]},
    ),
]
