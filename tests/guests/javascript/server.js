// A server, by the interfaces themselves: the language's own way to serve is tied to one older version of WASI.
import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.12";

export const incomingHandler = {
  handle(request, out) {
    const path = request.pathWithQuery() ?? "/";
    if (path === "/echo") {
      answer(out, 200, read(request));
    } else {
      answer(out, path === "/" ? 200 : 404, new TextEncoder().encode(path === "/" ? "hello from JavaScript\n" : "no\n"));
    }
  },
};

function read(request) {
  const body = request.consume();
  const stream = body.stream();
  const parts = [];
  for (;;) {
    try {
      parts.push(...stream.blockingRead(65536n));
    } catch {
      return new Uint8Array(parts);
    }
  }
}

function answer(out, status, bytes) {
  const response = new OutgoingResponse(Fields.fromList([["content-type", new TextEncoder().encode("text/plain")]]));
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(out, { tag: "ok", val: response });
  const stream = body.write();
  for (let at = 0; at < bytes.length; at += 4096) {
    stream.blockingWriteAndFlush(bytes.subarray(at, at + 4096));
  }
  stream[Symbol.dispose]();
  OutgoingBody.finish(body, undefined);
}
