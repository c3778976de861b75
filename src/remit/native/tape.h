/* The entries that C adds to a recording: what it did with plain host files. See remit/recording/file.py. */
#ifndef REMIT_NATIVE_TAPE_H
#define REMIT_NATIVE_TAPE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "engine.h"

/* Shared with Python: remit/native/tape.py declares the same structure. */
struct tape {
    uint8_t *buffer;
    uint64_t capacity;
    uint64_t used;      /* Python takes it all before it adds anything of its own */
    uint32_t next;      /* the number of the next object, on either side */
    uint8_t read_at;    /* the places of these methods */
    uint8_t write_at;
    uint8_t open_file;
    uint8_t close;
    uint8_t lookup;
    uint8_t stat;
    uint8_t reserved[6];
};

/* Whether there is room for an entry with so many bytes. */
HIDDEN int tape_has_room(const struct tape *tape, uint64_t bytes);

/* The checksum of what is about to be written: crc32 as zlib has it. */
HIDDEN uint32_t tape_checksum(const struct iovec *iov, int count);

/* The program has read `done` of `wanted` bytes at `offset`: they are in the buffers. */
HIDDEN void tape_read(struct tape *tape, uint32_t object, int64_t offset, uint64_t wanted, uint64_t done,
                      const struct iovec *iov);

/* It has written `done` of `length` bytes with that checksum. */
HIDDEN void tape_written(struct tape *tape, uint32_t object, int64_t offset, uint64_t length, uint32_t checksum,
                         uint64_t done);

/* It has opened a file below a directory: the number of the file. `how` is made of the bits of the kernel's How. */
HIDDEN uint32_t tape_opened(struct tape *tape, uint32_t directory, const char *name, uint32_t how);

HIDDEN void tape_closed(struct tape *tape, uint32_t object);

/* It was told the attributes of a file, or (with a name) of what is in a directory. 0: they are Python's to tell. */
HIDDEN int tape_stat(struct tape *tape, uint32_t object, const char *name, const struct stat *stat);

#endif
