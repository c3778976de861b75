/* Entries of recordings, byte for byte as remit/recording writes them: a test compares the two. */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "tape.h"

/* More than a call or the beginning of an outcome takes. */
#define HEAD 256

static uint8_t *put_length(uint8_t *at, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

/* A number from 0 up, as a value. */
static uint8_t *put_number(uint8_t *at, uint64_t number)
{
    *at++ = 'i';
    return put_length(at, number << 1);
}


int tape_has_room(const struct tape *tape, uint64_t bytes)
{
    uint64_t left = tape->capacity - tape->used;
    return left >= 3 * HEAD && bytes <= left - 3 * HEAD;
}

static uint32_t crc_table[8][256];
static int crc_ready;

static void make_crc_table(void)
{
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t crc = n;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
        crc_table[0][n] = crc;
    }
    for (int slice = 1; slice < 8; slice++)
        for (uint32_t n = 0; n < 256; n++)
            crc_table[slice][n] = crc_table[0][crc_table[slice - 1][n] & 0xff] ^ (crc_table[slice - 1][n] >> 8);
}

uint32_t tape_checksum(const struct iovec *iov, int count)
{
    /* Threads that come here at once write the same numbers. */
    if (!__atomic_load_n(&crc_ready, __ATOMIC_ACQUIRE)) {
        make_crc_table();
        __atomic_store_n(&crc_ready, 1, __ATOMIC_RELEASE);
    }
    uint32_t crc = 0xffffffffu;
    for (int i = 0; i < count; i++) {
        const uint8_t *data = iov[i].iov_base;
        size_t length = iov[i].iov_len;
        for (; length >= 8; length -= 8, data += 8) {
            uint32_t low, high;
            memcpy(&low, data, 4);
            memcpy(&high, data + 4, 4);
            low ^= crc;
            crc = crc_table[7][low & 0xff] ^ crc_table[6][(low >> 8) & 0xff] ^ crc_table[5][(low >> 16) & 0xff] ^
                  crc_table[4][low >> 24] ^ crc_table[3][high & 0xff] ^ crc_table[2][(high >> 8) & 0xff] ^
                  crc_table[1][(high >> 16) & 0xff] ^ crc_table[0][high >> 24];
        }
        for (; length > 0; length--)
            crc = crc_table[0][(crc ^ *data++) & 0xff] ^ (crc >> 8);
    }
    return crc ^ 0xffffffffu;
}

/* The call: which object, which method, and how many arguments follow. */
static uint8_t *begin_call(uint8_t *at, uint32_t object, uint8_t method, uint8_t arguments)
{
    at = put_length(at, object);
    *at++ = method;
    *at++ = 't';
    *at++ = arguments;
    return at;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    size_t length = strlen(text);
    *at++ = 's';
    at = put_length(at, length);
    memcpy(at, text, length);
    return at + length;
}

/* The beginning of an outcome that went well: what was answered follows. */
static uint8_t *begin_outcome(uint8_t *at)
{
    *at++ = 't';
    *at++ = 2;
    return put_number(at, 0);
}

/* `bytes` of the buffers follow the outcome. */
static void add(struct tape *tape, const uint8_t *call, const uint8_t *call_end, const uint8_t *outcome,
                const uint8_t *outcome_end, uint64_t bytes, const struct iovec *iov)
{
    uint8_t *at = tape->buffer + tape->used;
    size_t call_length = (size_t)(call_end - call), outcome_length = (size_t)(outcome_end - outcome);
    at = put_length(at, call_length);
    memcpy(at, call, call_length);
    at = put_length(at + call_length, outcome_length + bytes);
    memcpy(at, outcome, outcome_length);
    at += outcome_length;
    for (; bytes > 0; iov++) {
        size_t piece = iov->iov_len < bytes ? iov->iov_len : (size_t)bytes;
        memcpy(at, iov->iov_base, piece);
        at += piece;
        bytes -= piece;
    }
    tape->used = (uint64_t)(at - tape->buffer);
}

void tape_read(struct tape *tape, uint32_t object, int64_t offset, uint64_t wanted, uint64_t done,
               const struct iovec *iov)
{
    uint8_t call[HEAD], outcome[HEAD];
    uint8_t *call_end = put_number(begin_call(call, object, tape->read_at, 2), (uint64_t)offset);
    call_end = put_number(call_end, wanted);
    add(tape, call, call_end, outcome, put_number(begin_outcome(outcome), done), done, iov);
}

void tape_written(struct tape *tape, uint32_t object, int64_t offset, uint64_t length, uint32_t checksum, uint64_t done)
{
    uint8_t call[HEAD], outcome[HEAD];
    uint8_t *call_end = put_number(begin_call(call, object, tape->write_at, 2), (uint64_t)offset);
    *call_end++ = 'd';
    call_end = put_length(call_end, length);
    for (int byte = 0; byte < 4; byte++)
        *call_end++ = (uint8_t)(checksum >> (8 * byte));
    add(tape, call, call_end, outcome, put_number(begin_outcome(outcome), done), 0, NULL);
}

uint32_t tape_opened(struct tape *tape, uint32_t directory, const char *name, uint32_t how)
{
    uint8_t call[HEAD], outcome[HEAD];
    uint8_t *call_end = put_number(put_text(begin_call(call, directory, tape->open_file, 2), name), how);
    /* A file that can be read at offsets, the first of the kinds that there may be. */
    uint8_t *outcome_end = begin_outcome(outcome);
    *outcome_end++ = 't';
    *outcome_end++ = 2;
    outcome_end = put_number(outcome_end, 0);
    *outcome_end++ = 'T';
    add(tape, call, call_end, outcome, outcome_end, 0, NULL);
    return tape->next++;
}

void tape_closed(struct tape *tape, uint32_t object)
{
    uint8_t call[HEAD], outcome[HEAD], *outcome_end = begin_outcome(outcome);
    *outcome_end++ = 'N';
    add(tape, call, begin_call(call, object, tape->close, 0), outcome, outcome_end, 0, NULL);
}

/* The places of the kernel's FileType. */
static uint64_t file_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFBLK: return 1;
    case S_IFCHR: return 2;
    case S_IFDIR: return 3;
    case S_IFIFO: return 4;
    case S_IFREG: return 5;
    case S_IFSOCK: return 6;
    case S_IFLNK: return 7;
    default: return 0;
    }
}

/* Of which the nanoseconds are a number that can be doubled: the year 2096. */
#define LAST_SECOND 4000000000

int tape_stat(struct tape *tape, uint32_t object, const char *name, const struct stat *stat)
{
    const struct timespec *times[] = { &stat->st_atim, &stat->st_mtim, &stat->st_ctim };
    uint64_t told[8] = { file_type(stat->st_mode), stat->st_dev, stat->st_ino, stat->st_nlink, (uint64_t)stat->st_size };
    for (int i = 0; i < 3; i++) {
        if (times[i]->tv_sec < 0 || times[i]->tv_sec > LAST_SECOND)
            return 0;
        told[5 + i] = (uint64_t)times[i]->tv_sec * 1000000000u + (uint64_t)times[i]->tv_nsec;
    }
    uint8_t call[HEAD], outcome[HEAD];
    uint8_t *call_end = name == NULL ? begin_call(call, object, tape->stat, 0)
                                     : put_text(begin_call(call, object, tape->lookup, 1), name);
    uint8_t *outcome_end = begin_outcome(outcome);
    *outcome_end++ = 't';
    *outcome_end++ = 8;
    for (int i = 0; i < 8; i++) {
        if (told[i] >> 62)
            return 0;
        outcome_end = put_number(outcome_end, told[i]);
    }
    add(tape, call, call_end, outcome, outcome_end, 0, NULL);
    return 1;
}
