/* Entries of recordings, byte for byte as remit/recording writes them: a test compares the two. */
#include <string.h>

#include "tape.h"

/* More than the call and the beginning of the outcome take. */
#define HEAD 128

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
    return left >= HEAD && bytes <= left - HEAD;
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

/* The call: which object, which method, where; `end` is where its last argument goes. */
static uint8_t *begin_call(uint8_t *at, uint32_t object, uint8_t method, int64_t offset)
{
    at = put_length(at, object);
    *at++ = method;
    *at++ = 't';
    *at++ = 2;
    return put_number(at, (uint64_t)offset);
}

/* The beginning of an outcome that went well: a number. */
static uint8_t *begin_outcome(uint8_t *at, uint64_t number)
{
    *at++ = 't';
    *at++ = 2;
    *at++ = 'i';
    *at++ = 0;
    return put_number(at, number);
}

static void add(struct tape *tape, const uint8_t *call, size_t call_length, uint64_t done, const struct iovec *iov)
{
    uint8_t outcome[HEAD], *at = tape->buffer + tape->used;
    size_t outcome_length = (size_t)(begin_outcome(outcome, done) - outcome);
    uint64_t left = iov == NULL ? 0 : done;
    at = put_length(at, call_length);
    memcpy(at, call, call_length);
    at = put_length(at + call_length, outcome_length + left);
    memcpy(at, outcome, outcome_length);
    at += outcome_length;
    for (; left > 0; iov++) {
        size_t piece = iov->iov_len < left ? iov->iov_len : (size_t)left;
        memcpy(at, iov->iov_base, piece);
        at += piece;
        left -= piece;
    }
    tape->used = (uint64_t)(at - tape->buffer);
}

void tape_read(struct tape *tape, uint32_t object, int64_t offset, uint64_t wanted, uint64_t done,
               const struct iovec *iov)
{
    uint8_t call[HEAD], *end = put_number(begin_call(call, object, tape->read_at, offset), wanted);
    add(tape, call, (size_t)(end - call), done, iov);
}

void tape_written(struct tape *tape, uint32_t object, int64_t offset, uint64_t length, uint32_t checksum, uint64_t done)
{
    uint8_t call[HEAD], *at = begin_call(call, object, tape->write_at, offset);
    *at++ = 'd';
    at = put_length(at, length);
    for (int byte = 0; byte < 4; byte++)
        *at++ = (uint8_t)(checksum >> (8 * byte));
    add(tape, call, (size_t)(at - call), done, NULL);
}
