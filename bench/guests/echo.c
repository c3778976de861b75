// Answers each request with its body.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define TYPES "wasi:http/types@0.2.12"
#define STREAMS "wasi:io/streams@0.2.12"

typedef int32_t handle;
enum { BLOCK = 65536 };

IMPORT(TYPES, "[constructor]fields") handle new_fields(void);
IMPORT(TYPES, "[constructor]outgoing-response") handle new_response(handle headers);
IMPORT(TYPES, "[method]outgoing-response.body") void response_body(handle response, int32_t *result);
IMPORT(TYPES, "[method]outgoing-body.write") void body_write(handle body, int32_t *result);
IMPORT(TYPES, "[static]response-outparam.set")
void set_response(handle outparam, int32_t is_error, int32_t response, int32_t, int64_t, int32_t, int32_t, int32_t, int32_t);
IMPORT(TYPES, "[static]outgoing-body.finish")
void finish_body(handle body, int32_t has_trailers, handle trailers, void *result);
IMPORT(TYPES, "[method]incoming-request.consume") void consume(handle request, int32_t *result);
IMPORT(TYPES, "[method]incoming-body.stream") void body_stream(handle body, int32_t *result);
IMPORT(TYPES, "[resource-drop]incoming-body") void drop_body(handle body);
IMPORT(TYPES, "[resource-drop]incoming-request") void drop_request(handle request);
IMPORT(STREAMS, "[method]input-stream.blocking-read") void blocking_read(handle stream, int64_t length, int32_t *result);
IMPORT(STREAMS, "[method]output-stream.check-write") void check_write(handle stream, void *result);
IMPORT(STREAMS, "[method]output-stream.write") void write_some(handle stream, const char *data, size_t length, void *result);
IMPORT(STREAMS, "[method]output-stream.blocking-flush") void flush(handle stream, void *result);
IMPORT(STREAMS, "[method]output-stream.subscribe") handle subscribe(handle stream);
IMPORT(STREAMS, "[resource-drop]input-stream") void drop_input(handle stream);
IMPORT(STREAMS, "[resource-drop]output-stream") void drop_output(handle stream);
IMPORT("wasi:io/poll@0.2.12", "[method]pollable.block") void block(handle pollable);
IMPORT("wasi:io/poll@0.2.12", "[resource-drop]pollable") void drop_pollable(handle pollable);

static char arena[2 * BLOCK];
static size_t used;

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old, (void)old_size;
  used = (used + align - 1) & ~(align - 1);
  if (size > sizeof arena - used) __builtin_trap();
  used += size;
  return arena + used - size;
}

static void write_all(handle stream, const char *data, size_t length) {
  struct { uint8_t is_error; uint64_t permit; } allowed;
  int32_t result[4];
  while (length) {
    check_write(stream, &allowed);
    if (allowed.is_error) return;
    if (!allowed.permit) {
      handle ready = subscribe(stream);
      block(ready);
      drop_pollable(ready);
      continue;
    }
    size_t part = allowed.permit < length ? allowed.permit : length;
    write_some(stream, data, part, result);
    if (result[0] & 0xff) return;
    data += part, length -= part;
  }
}

EXPORT("wasi:http/incoming-handler@0.2.12#handle") void handle_request(handle request, handle outparam) {
  int32_t result[16];
  consume(request, result);
  handle incoming = result[1];
  body_stream(incoming, result);
  handle input = result[1];
  handle response = new_response(new_fields());
  response_body(response, result);
  handle outgoing = result[1];
  set_response(outparam, 0, response, 0, 0, 0, 0, 0, 0);
  body_write(outgoing, result);
  handle output = result[1];
  for (;;) {
    used = 0;
    blocking_read(input, BLOCK, result);
    if (result[0] & 0xff) break;
    write_all(output, (const char *)(uintptr_t)result[1], result[2]);
  }
  flush(output, result);
  drop_input(input);
  drop_body(incoming);
  drop_request(request);
  drop_output(output);
  finish_body(outgoing, 0, 0, result);
}
