"""A guest that answers requests: how, their path says."""

import sys

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import monotonic_clock, outgoing_handler
from wit_world.imports.wasi_http_types import (
    ErrorCode_InternalError,
    Fields,
    IncomingBody,
    OutgoingBody,
    OutgoingRequest,
    OutgoingResponse,
    ResponseOutparam,
    Scheme_Http,
)

COUNT = 0


def answer(out, status=200, fields=(), chunks=(), trailers=None):
    response = OutgoingResponse(Fields.from_list(list(fields)))
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(out, Ok(response))
    with body.write() as stream:
        for chunk in chunks:
            write(stream, chunk)
    OutgoingBody.finish(body, None if trailers is None else Fields.from_list(list(trailers)))


def write(stream, data):
    while data:
        permitted = stream.check_write()
        if not permitted:
            with stream.subscribe() as ready:
                ready.block()
            continue
        stream.write(data[:permitted])
        data = data[permitted:]
    stream.blocking_flush()


def read(incoming):
    chunks = []
    with incoming.consume() as body, body.stream() as stream:
        try:
            while True:
                chunks.append(stream.blocking_read(1 << 20))
        except Err:
            pass
    return b"".join(chunks)


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request, out):
        global COUNT
        COUNT += 1
        path, _, query = (request.path_with_query() or "").partition("?")
        getattr(self, path.strip("/").replace("-", "_") or "hello", self.missing)(request, out, query)

    def hello(self, request, out, query):
        answer(out, fields=[("content-type", b"text/plain")], chunks=[b"hello\n"])

    def missing(self, request, out, query):
        answer(out, 404, chunks=[b"nothing here\n"])

    def count(self, request, out, query):
        answer(out, chunks=[b"%d" % COUNT])

    def about(self, request, out, query):
        lines = [repr((request.method(), request.path_with_query(), request.scheme(), request.authority()))]
        lines += [repr(each) for each in request.headers().entries()]
        answer(out, chunks=["\n".join(lines).encode()])

    def echo(self, request, out, query):
        response = OutgoingResponse(Fields())
        body = response.body()
        ResponseOutparam.set(out, Ok(response))
        with request.consume() as incoming, incoming.stream() as source, body.write() as target:
            try:
                while True:
                    target.blocking_splice(source, 1 << 20)
            except Err:
                pass
        OutgoingBody.finish(body, None)

    def trailers(self, request, out, query):
        incoming = request.consume()
        with incoming.stream() as source:
            try:
                while True:
                    source.blocking_read(1 << 16)
            except Err:
                pass
        future = IncomingBody.finish(incoming)
        with future.subscribe() as ready:
            ready.block()
        got = future.get().value.value
        said = b"" if got is None else repr(got.entries()).encode()
        answer(out, chunks=[said], trailers=[("x-sum", b"42")])

    def large(self, request, out, query):
        answer(out, chunks=[b"x" * (1 << 16)] * int(query))

    def slow(self, request, out, query):
        with monotonic_clock.subscribe_duration(int(query)) as ready:
            ready.block()
        answer(out, chunks=[b"at last\n"])

    def slow_half(self, request, out, query):
        response = OutgoingResponse(Fields())
        body = response.body()
        ResponseOutparam.set(out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(b"half\n")
            with monotonic_clock.subscribe_duration(int(query)) as ready:
                ready.block()
            stream.blocking_write_and_flush(b"at last\n")
        OutgoingBody.finish(body, None)

    def busy(self, request, out, query):
        while True:
            pass

    def never(self, request, out, query):
        pass

    def crash(self, request, out, query):
        raise ValueError("on purpose")

    def crash_late(self, request, out, query):
        response = OutgoingResponse(Fields())
        body = response.body()
        ResponseOutparam.set(out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(b"half")
        raise ValueError("on purpose")

    def short(self, request, out, query):
        answer(out, fields=[("content-length", b"10")], chunks=[b"four"])

    def long(self, request, out, query):
        answer(out, fields=[("content-length", b"2")], chunks=[b"four"])

    def hungry(self, request, out, query):
        kept = []
        try:
            while True:
                kept.append(bytearray(1 << 20))
        except MemoryError:
            count = len(kept)
            kept.clear()
        answer(out, chunks=[b"%d" % count])

    def error(self, request, out, query):
        ResponseOutparam.set(out, Err(ErrorCode_InternalError("on purpose")))

    def fields(self, request, out, query):
        found = []
        for name, value in [
            ("Host", b"x"),
            ("connection", b"x"),
            ("transfer-encoding", b"x"),
            ("a b", b"x"),
            ("x", b"a\nb"),
        ]:
            try:
                Fields.from_list([(name, value)])
            except Err as refused:
                found.append(f"{name}: {type(refused.value).__name__}")
        answer(out, chunks=["\n".join(found).encode()])

    def proxy(self, request, out, query):
        outgoing = OutgoingRequest(Fields())
        outgoing.set_scheme(Scheme_Http())
        outgoing.set_authority(query)
        outgoing.set_path_with_query("/")
        try:
            with outgoing_handler.handle(outgoing, None) as future:
                with future.subscribe() as ready:
                    ready.block()
                outcome = future.get().value
                if isinstance(outcome, Err):
                    raise outcome
                response = outcome.value
        except Err as refused:
            answer(out, 502, chunks=[type(refused.value).__name__.encode()])
            return
        answer(out, response.status(), chunks=[read(response)])

    def exit(self, request, out, query):
        sys.exit(3)
