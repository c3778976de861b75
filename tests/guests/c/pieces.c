/* Writes a file in pieces of odd sizes, rewrites parts of it, cuts it, and reads it back in other pieces. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TOTAL = 3 * 1024 * 1024 };

static uint32_t state = 12345;

static uint32_t next(void) {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

int main(int argc, char **argv) {
    static unsigned char data[TOTAL], back[TOTAL + 1];
    int file = open(argc > 1 ? argv[1] : "pieces.bin", O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (file < 0)
        return 1;
    for (size_t i = 0; i < TOTAL; i++)
        data[i] = (unsigned char)next();
    for (size_t done = 0; done < TOTAL;) {
        size_t first = next() % 70000, second = next() % 11;
        if (first + second > TOTAL - done)
            first = TOTAL - done, second = 0;
        struct iovec parts[] = {{data + done, first}, {NULL, 0}, {data + done + first, second}};
        ssize_t written = writev(file, parts, 3);
        if (written < 0)
            return 2;
        done += (size_t)written;
    }
    for (int i = 0; i < 200; i++) {
        size_t at = next() % (TOTAL - 100);
        for (size_t j = 0; j < 100; j++)
            data[at + j] = (unsigned char)i;
        if (pwrite(file, data + at, 100, (off_t)at) != 100)
            return 3;
    }
    printf("end %lld\n", (long long)lseek(file, 0, SEEK_END));
    printf("start %lld\n", (long long)lseek(file, -TOTAL, SEEK_CUR));
    size_t done = 0;
    for (ssize_t size; (size = read(file, back + done, 1 + next() % 50000)) > 0;)
        done += (size_t)size;
    int equal = done == TOTAL;
    for (size_t i = 0; i < TOTAL; i++)
        equal = equal && back[i] == data[i];
    printf("read %zu, %s\n", done, equal ? "equal" : "different");
    if (ftruncate(file, 1000) != 0 || ftruncate(file, 5000) != 0)
        return 4;
    struct stat status;
    fstat(file, &status);
    printf("cut and grown to %lld, at %lld\n", (long long)status.st_size, (long long)lseek(file, 0, SEEK_CUR));
    printf("beyond the end: %zd\n", pread(file, back, 10, 5000));
    printf("the hole: %zd, %d\n", pread(file, back, 10, 4000), back[0]);
    printf("before the start: %lld\n", (long long)lseek(file, -1, SEEK_SET));
    return close(file);
}
