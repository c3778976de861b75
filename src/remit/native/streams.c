/* The fast path of components: streams of wasi:io over plain host files, without the Python interpreter.
 *
 * As in fastpath.c, it does only what surely succeeds, and hands everything else to the Python implementation of the
 * same call: the end of a file, errors, wrong handles and pointers. What it may work on is said by Python, handle by
 * handle: a handle that is not in `streams` is none of its.
 *
 * A guest's allocator runs in the middle of a read, as the canonical ABI has it. While it does, `may_leave` is 0, here
 * as in Python, and whatever it calls of the host traps; so nothing changes in the meantime but the guest's memory.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"

/* ---- Shared with Python: remit/native/streams.py declares the same structures. ---- */

enum kind { CLOSED = 0, INPUT = 1, OUTPUT = 2 };

struct stream {
    int32_t host;     /* the host's descriptor */
    uint32_t kind;    /* CLOSED: Python's alone */
    int64_t offset;   /* where in the file it is */
    uint64_t most;    /* bytes that one call moves at most */
};

/* One import of one instance, with its canonical options. */
struct call {
    struct import import;
    uint8_t *may_leave;       /* of the instance */
    struct stream **streams;  /* by handle; NULL: Python's alone */
    uint64_t capacity;        /* handles that are in `streams` */
    struct memory memory;
    struct func realloc;
};

/* ---- The canonical ABI: result<list<u8>, stream-error> and result<_, stream-error> in memory. ---- */

struct result {
    uint32_t is_error;
    uint32_t address;
    uint32_t length;
};

static int inside(size_t size, uint64_t address, uint64_t length)
{
    return address <= size && length <= size - address;
}

/* The stream that a handle stands for, if the call may be served here. */
static struct stream *stream_of(const struct call *call, uint32_t handle, enum kind kind)
{
    if (!*call->may_leave || handle >= call->capacity)
        return NULL;
    struct stream *stream = call->streams[handle];
    return stream != NULL && stream->kind == kind ? stream : NULL;
}

/* What the guest's allocator gives for `length` bytes; a trap, or NULL. */
static void *allocate(const struct call *call, void *context, uint32_t length, uint32_t *address)
{
    value cells[4] = { { .i64 = 0 }, { .i64 = 0 }, { .i64 = 1 }, { .i64 = length } };
    void *trap = NULL;
    *call->may_leave = 0;
    void *error = func_call(context, &call->realloc, cells, 4, &trap);
    if (error != NULL) {
        static const char message[] = "realloc could not be called";
        error_delete(error);
        trap = trap_new(message, sizeof message - 1);
    }
    if (trap == NULL)
        /* As in Python, an instance that trapped is not to be left again. */
        *call->may_leave = 1;
    *address = cells[0].i32;
    return trap;
}

/* [method]input-stream.read and .blocking-read: (handle, length, result). */
void *remit_stream_read(void *env, void *caller, value *args, size_t count)
{
    struct call *call = env;
    struct stream *stream = stream_of(call, args[0].i32, INPUT);
    if (stream == NULL)
        FALL_BACK;
    void *context = caller_context(caller);
    uint64_t wanted = args[1].i64 < stream->most ? args[1].i64 : stream->most;
    uint32_t result = args[2].i32, address;
    struct stat stat;
    if (result % 4 || !inside(memory_data_size(context, &call->memory), result, sizeof(struct result)) ||
        fstat(stream->host, &stat) != 0 || stream->offset >= stat.st_size)
        FALL_BACK;
    uint64_t left = (uint64_t)(stat.st_size - stream->offset), length = wanted < left ? wanted : left;
    if (length == 0 || length > UINT32_MAX / 16)
        FALL_BACK;
    void *trap = allocate(call, context, (uint32_t)length, &address);
    if (trap != NULL)
        return trap;
    uint8_t *memory = memory_data(context, &call->memory);
    /* A bad address, an error, or a file that has become shorter: Python begins anew. */
    if (!inside(memory_data_size(context, &call->memory), address, length) ||
        pread(stream->host, memory + address, length, stream->offset) != (ssize_t)length)
        FALL_BACK;
    stream->offset += (int64_t)length;
    struct result done = { .is_error = 0, .address = address, .length = (uint32_t)length };
    memcpy(memory + result, &done, sizeof done);
    return NULL;
}

/* [method]output-stream.blocking-write-and-flush: (handle, address, length, result). */
void *remit_stream_write(void *env, void *caller, value *args, size_t count)
{
    struct call *call = env;
    struct stream *stream = stream_of(call, args[0].i32, OUTPUT);
    if (stream == NULL)
        FALL_BACK;
    void *context = caller_context(caller);
    uint8_t *memory = memory_data(context, &call->memory);
    size_t size = memory_data_size(context, &call->memory);
    uint32_t address = args[1].i32, length = args[2].i32, result = args[3].i32;
    if (length == 0 || length > stream->most || !inside(size, address, length) || result % 4 ||
        !inside(size, result, sizeof(struct result)) || stream->offset > INT64_MAX - (int64_t)length)
        FALL_BACK;
    /* What was written of it is written again, to the same place. */
    if (pwrite(stream->host, memory + address, length, stream->offset) != (ssize_t)length)
        FALL_BACK;
    stream->offset += length;
    memset(memory + result, 0, sizeof(struct result));
    return NULL;
}

/* For Python to check that both sides mean the same structures. */
size_t remit_streams_sizes(size_t which)
{
    const size_t sizes[] = { sizeof(struct stream), sizeof(struct call) };
    return which < sizeof sizes / sizeof sizes[0] ? sizes[which] : 0;
}
