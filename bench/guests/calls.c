/* Times single WASI calls from inside, in the directory "/": one line for each, the name and nanoseconds per call.
 *
 * calls [COUNT]. It calls the imports themselves, so that no C library is measured. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>

enum { ROOT = 3, BLOCK = 4096, SMALL = 64 };

static uint8_t buffer[BLOCK];
static __wasi_fd_t file;

static uint64_t now(void) {
    __wasi_timestamp_t time = 0;
    (void)__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &time);
    return time;
}

static __wasi_errno_t pread_4096(void) {
    __wasi_iovec_t vector = {buffer, BLOCK};
    __wasi_size_t size;
    return __wasi_fd_pread(file, &vector, 1, 0, &size);
}

static __wasi_errno_t write_64(void) {
    __wasi_ciovec_t vector = {buffer, SMALL};
    __wasi_size_t size;
    return __wasi_fd_write(file, &vector, 1, &size);
}

static __wasi_errno_t fd_stat(void) {
    __wasi_filestat_t status;
    return __wasi_fd_filestat_get(file, &status);
}

static __wasi_errno_t path_stat(void) {
    __wasi_filestat_t status;
    return __wasi_path_filestat_get(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "file", &status);
}

static __wasi_errno_t open_close(void) {
    __wasi_fd_t opened;
    __wasi_errno_t error = __wasi_path_open(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "file", 0, __WASI_RIGHTS_FD_READ,
                                            0, 0, &opened);
    return error ? error : __wasi_fd_close(opened);
}

static __wasi_errno_t fd_status(void) {
    __wasi_fdstat_t status;
    return __wasi_fd_fdstat_get(file, &status);
}

static __wasi_errno_t seek(void) {
    __wasi_filesize_t place;
    return __wasi_fd_seek(file, 100, __WASI_WHENCE_SET, &place);
}

static __wasi_errno_t clock_now(void) {
    __wasi_timestamp_t time;
    return __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &time);
}

static __wasi_errno_t random_16(void) { return __wasi_random_get(buffer, 16); }

static const struct {
    const char *name;
    __wasi_errno_t (*call)(void);
} calls[] = {
    {"fd_pread of 4 KiB", pread_4096},   {"fd_write of 64 B", write_64},      {"fd_filestat_get", fd_stat},
    {"path_open + fd_close", open_close}, {"path_filestat_get", path_stat},    {"fd_fdstat_get", fd_status},
    {"fd_seek", seek},                    {"clock_time_get", clock_now},       {"random_get of 16 B", random_16},
};

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1000;
    int opened = open("/file", O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (opened < 0 || write(opened, buffer, BLOCK) != BLOCK)
        return 1;
    file = (__wasi_fd_t)opened;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (int warm = 0; warm < count / 10; warm++)
            if (calls[i].call() != 0)
                return 2;
        uint64_t start = now();
        for (int n = 0; n < count; n++)
            (void)calls[i].call();
        printf("%s\t%.1f\n", calls[i].name, (double)(now() - start) / count);
    }
    return 0;
}
