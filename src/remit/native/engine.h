/* What the native library uses of wasmtime's C API. The addresses are given by remit_native_init. */
#ifndef REMIT_NATIVE_ENGINE_H
#define REMIT_NATIVE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#define HIDDEN __attribute__((visibility("hidden")))

typedef union {
    uint32_t i32;
    uint64_t i64;
    uint8_t v128[16];
} value; /* wasmtime_val_raw_t */

struct memory { /* wasmtime_memory_t */
    struct {
        uint64_t store_id;
        uint32_t private1;
    };
    uint32_t private2;
};

struct func { /* wasmtime_func_t */
    uint64_t store_id;
    void *private1;
};

/* What is returned is a trap, or NULL. */
typedef void *(*host_function)(void *env, void *caller, value *args, size_t count);

HIDDEN extern void *(*caller_context)(void *caller);
HIDDEN extern void *(*context_get_data)(const void *context);
HIDDEN extern uint8_t *(*memory_data)(const void *context, const struct memory *memory);
HIDDEN extern size_t (*memory_data_size)(const void *context, const struct memory *memory);
/* An error, or NULL; and a trap, or NULL. */
HIDDEN extern void *(*func_call)(void *context, const struct func *func, value *cells, size_t count, void **trap);
HIDDEN extern void *(*trap_new)(const char *message, size_t length);
HIDDEN extern void (*error_delete)(void *error);

/* One per import that is taken over: where the Python implementation is. */
struct import {
    host_function python;
    void *python_env;
};

/* Also for what begins with a `struct import`. */
#define FALL_BACK return ((struct import *)env)->python(((struct import *)env)->python_env, caller, args, count)

#endif
