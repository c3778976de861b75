// The world of words.wit, by hand: the names and the flat signatures are those of the canonical ABI.
// A binding generator (wit-bindgen) writes such code for larger worlds.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define TEXT "examples:words/text@1.0.0"

IMPORT("examples:words/journal@1.0.0", "note") void note(const char *remark, size_t length);
IMPORT("[export]" TEXT, "[resource-new]counter") int32_t new_counter(void *counter);

// What the host lowers into this memory goes where this says.
EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old_size, (void)align;
  void *made = size ? realloc(old, size) : (void *)align;
  if (!made) __builtin_trap();
  return made;
}

enum { MAX_LENGTH = 1 << 20, EMPTY = 0, TOO_LONG = 1 };

static uint32_t count(const char *text, size_t length, const char **longest, size_t *longest_length) {
  uint32_t words = 0;
  *longest = text, *longest_length = 0;
  for (size_t at = 0; at < length;) {
    while (at < length && text[at] == ' ') at++;
    size_t start = at;
    while (at < length && text[at] != ' ') at++;
    if (at == start) continue;
    words++;
    if (at - start > *longest_length) *longest = text + start, *longest_length = at - start;
  }
  return words;
}

// result<summary, problem>, as it lies in memory.
struct outcome {
  uint8_t is_error;
  union {
    struct {
      uint32_t words;
      const char *longest;
      size_t length;
    } summary;
    uint8_t problem;
  };
};

EXPORT(TEXT "#summarize") struct outcome *summarize(char *text, size_t length) {
  static struct outcome outcome;
  const char *longest;
  size_t longest_length;
  uint32_t words = count(text, length, &longest, &longest_length);
  if (words == 0 || length > MAX_LENGTH) {
    outcome.is_error = 1;
    outcome.problem = words == 0 ? EMPTY : TOO_LONG;
  } else {
    note(longest, longest_length);
    outcome.is_error = 0;
    outcome.summary.words = words;
    outcome.summary.longest = memcpy(cabi_realloc(0, 0, 1, longest_length), longest, longest_length);
    outcome.summary.length = longest_length;
  }
  free(text);
  return &outcome;
}

// The host has taken the result.
EXPORT("cabi_post_" TEXT "#summarize") void after_summarize(struct outcome *outcome) {
  if (!outcome->is_error) free((void *)outcome->summary.longest);
}

EXPORT(TEXT "#[constructor]counter") int32_t make_counter(uint32_t start) {
  uint32_t *counter = cabi_realloc(0, 0, 4, sizeof *counter);
  *counter = start;
  return new_counter(counter);
}

EXPORT(TEXT "#[method]counter.add") uint32_t add(uint32_t *counter, char *text, size_t length) {
  const char *longest;
  size_t longest_length;
  *counter += count(text, length, &longest, &longest_length);
  free(text);
  return *counter;
}

EXPORT(TEXT "#[dtor]counter") void drop_counter(uint32_t *counter) { free(counter); }
