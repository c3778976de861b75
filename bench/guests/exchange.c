// Values across the border of a component: many small calls out, and a large list in and out.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define WORK "bench:exchange/work@1.0.0"

IMPORT("bench:exchange/host@1.0.0", "tell") uint32_t tell(uint32_t first, uint32_t second, const char *text, size_t length);

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old_size, (void)align;
  void *made = realloc(old, size ? size : 1);
  if (!made) __builtin_trap();
  return made;
}

EXPORT(WORK "#calls") uint32_t calls(uint32_t count) {
  static const char text[] = "a text of 24 characters.";
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += tell(i, count, text, sizeof text - 1);
  return sum;
}

EXPORT(WORK "#echo") void *echo(void *data, size_t length) {
  static struct { void *data; size_t length; } result;
  result.data = data, result.length = length;
  return &result;
}

EXPORT("cabi_post_" WORK "#echo") void free_echo(void **result) { free(*result); }
