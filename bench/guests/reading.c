/* Many small files and one large one, which are there: looked at, opened, and read in small pieces. In the directory "/". */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1000, TURNS = 4, BLOCK = 4096 };

static char buffer[BLOCK];

static int read_all(const char *path) {
    int file = open(path, O_RDONLY);
    ssize_t got = file < 0 ? -1 : 1;
    while (got > 0)
        got = read(file, buffer, BLOCK);
    return got < 0 || close(file) != 0;
}

int main(void) {
    char path[64];
    struct stat status;
    for (int turn = 0; turn < TURNS; turn++)
        for (int i = 0; i < FILES; i++) {
            snprintf(path, sizeof path, "/small-%d", i);
            if (stat(path, &status) != 0 || read_all(path))
                return 1;
        }
    return read_all("/large");
}
