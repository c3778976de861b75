// Answers every request with a line of text. The names and the flat signatures are those of the canonical ABI; a binding
// generator (wit-bindgen) writes such declarations for larger worlds.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define TYPES "wasi:http/types@0.2.12"
#define STREAMS "wasi:io/streams@0.2.12"

typedef int32_t handle;

IMPORT(TYPES, "[constructor]fields") handle new_fields(void);
IMPORT(TYPES, "[constructor]outgoing-response") handle new_response(handle headers);
IMPORT(TYPES, "[method]outgoing-response.body") void response_body(handle response, int32_t *result);
IMPORT(TYPES, "[method]outgoing-body.write") void body_write(handle body, int32_t *result);
// outparam, then result<outgoing-response, error-code>, flat.
IMPORT(TYPES, "[static]response-outparam.set")
void set_response(handle outparam, int32_t is_error, int32_t response, int32_t, int64_t, int32_t, int32_t, int32_t, int32_t);
// body, option<trailers>, result<_, error-code> in memory.
IMPORT(TYPES, "[static]outgoing-body.finish")
void finish_body(handle body, int32_t has_trailers, handle trailers, void *result);
IMPORT(STREAMS, "[method]output-stream.blocking-write-and-flush")
void write_and_flush(handle stream, const char *text, size_t length, int32_t *result);
IMPORT(STREAMS, "[resource-drop]output-stream") void drop_stream(handle stream);
IMPORT(TYPES, "[resource-drop]incoming-request") void drop_request(handle request);

static const char TEXT[] = "hello from inside the sandbox\n";

// There are no strings or lists that the host would put into this memory.
EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old, (void)old_size, (void)align, (void)size;
  __builtin_trap();
}

EXPORT("wasi:http/incoming-handler@0.2.12#handle") void handle_request(handle request, handle outparam) {
  int32_t result[12];
  drop_request(request);
  handle response = new_response(new_fields());
  response_body(response, result);  // Its first word is 0: this is the first time that it is asked for.
  handle body = result[1];
  set_response(outparam, 0, response, 0, 0, 0, 0, 0, 0);
  body_write(body, result);
  handle stream = result[1];
  write_and_flush(stream, TEXT, sizeof TEXT - 1, result);
  drop_stream(stream);
  finish_body(body, 0, 0, result);
}
