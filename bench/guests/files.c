/* Many small files, and one large one in small pieces: written, read back, removed. In the directory "/". */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 2000, SMALL = 300, BLOCK = 4096, BLOCKS = 64 * 1024 * 1024 / BLOCK };

static char buffer[BLOCK];

int main(void) {
    char path[64];
    struct stat status;
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "/small-%d", i);
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (file < 0 || write(file, buffer, SMALL) != SMALL || close(file) != 0)
            return 1;
    }
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "/small-%d", i);
        if (stat(path, &status) != 0 || status.st_size != SMALL)
            return 2;
        int file = open(path, O_RDONLY);
        if (file < 0 || read(file, buffer, BLOCK) != SMALL || close(file) != 0 || unlink(path) != 0)
            return 3;
    }
    int file = open("/large", O_RDWR | O_CREAT | O_TRUNC, 0666);
    for (int i = 0; i < BLOCKS; i++)
        if (write(file, buffer, BLOCK) != BLOCK)
            return 4;
    lseek(file, 0, SEEK_SET);
    for (int i = 0; i < BLOCKS; i++)
        if (read(file, buffer, BLOCK) != BLOCK)
            return 5;
    return close(file) != 0 || unlink("/large") != 0;
}
