/* A plugin: a library without a main. The host calls its exports, and it may call the one function it is given. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

__attribute__((import_module("host"), import_name("log"))) void host_log(const char *text, size_t length);

/* Room for the host to put text into. */
EXPORT("allocate") void *allocate(size_t size) { return malloc(size); }

EXPORT("release") void release(void *text) { free(text); }

/* Turns the words of a text around, in place; returns how many there are. */
EXPORT("reverse_words") uint32_t reverse_words(char *text, size_t length) {
    static const char message[] = "turning words around";
    host_log(message, strlen(message));
    uint32_t words = 0;
    for (size_t start = 0; start < length;) {
        size_t end = start;
        while (end < length && text[end] != ' ')
            end++;
        words += end > start;
        for (size_t left = start, right = end; left + 1 < right; left++) {
            char kept = text[left];
            text[left] = text[--right];
            text[right] = kept;
        }
        start = end + 1;
    }
    return words;
}

/* A plugin that goes wrong: it never returns. */
EXPORT("hang") void hang(void) {
    for (volatile int forever = 1; forever;)
        ;
}

/* And another: it writes where it has no memory. */
EXPORT("crash") void crash(void) { *(volatile char *)0xfffffff0u = 1; }
