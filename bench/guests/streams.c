// Reads the file "data" in the directory that it is granted through streams of WASI 0.2, and tells the time per 64 KiB.
// The names and flat signatures are those of the canonical ABI: no adapter is in between.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define STREAMS "wasi:io/streams@0.2.12"
#define FILES "wasi:filesystem/types@0.2.12"

typedef int32_t handle;
enum { BLOCK = 65536, PASSES = 4 };

IMPORT("wasi:filesystem/preopens@0.2.12", "get-directories") void get_directories(void *list);
IMPORT(FILES, "[method]descriptor.open-at")
void open_at(handle directory, int32_t links, const char *path, size_t length, int32_t open, int32_t flags, int32_t *result);
IMPORT(FILES, "[method]descriptor.read-via-stream") void read_via_stream(handle file, int64_t offset, int32_t *result);
IMPORT(STREAMS, "[method]input-stream.blocking-read") void blocking_read(handle stream, int64_t length, int32_t *result);
IMPORT(STREAMS, "[resource-drop]input-stream") void drop_input(handle stream);
IMPORT("wasi:clocks/monotonic-clock@0.2.12", "now") int64_t now(void);
IMPORT("wasi:cli/stdout@0.2.12", "get-stdout") handle get_stdout(void);
IMPORT(STREAMS, "[method]output-stream.blocking-write-and-flush")
void write_and_flush(handle stream, const char *text, size_t length, int32_t *result);

// What the host lowers goes here, over what it lowered before.
static char arena[2 * BLOCK];
static size_t used;

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old, (void)old_size;
  used = (used + align - 1) & ~(align - 1);
  if (size > sizeof arena - used) __builtin_trap();
  used += size;
  return arena + used - size;
}

EXPORT("wasi:cli/run@0.2.12#run") int32_t run(void) {
  int32_t list[2], result[4];
  get_directories(list);
  if (list[1] < 1) return 1;
  handle directory = *(handle *)(uintptr_t)list[0];
  open_at(directory, 0, "data", 4, 0, 1, result);
  if (result[0] & 0xff) return 1;
  handle file = result[1];
  int64_t bytes = 0, start = now();
  for (int pass = 0; pass < PASSES; pass++) {
    read_via_stream(file, 0, result);
    if (result[0] & 0xff) return 1;
    handle stream = result[1];
    for (;;) {
      used = 0;
      blocking_read(stream, BLOCK, result);
      if (result[0] & 0xff) break;  // the end
      bytes += result[2];
    }
    drop_input(stream);
  }
  if (!bytes) return 1;
  int64_t per_block = (now() - start) * BLOCK / bytes;
  char text[64] = "read of 64 KiB by a stream\t", digits[20];
  size_t length = strlen(text), count = 0;
  do digits[count++] = '0' + per_block % 10;
  while (per_block /= 10);
  while (count) text[length++] = digits[--count];
  text[length++] = '\n';
  write_and_flush(get_stdout(), text, length, result);
  return 0;
}
