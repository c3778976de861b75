/* ACCESSES times a file of FILES is looked at, or opened, read and closed, or looked for where there is none. In the
 * directory "/". The files are made by the first of these programs that runs there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORIES = 20 };

static char buffer[256];
static struct stat status;

static void name(char *path, size_t size, const char *what, int number) {
    snprintf(path, size, "/d%d/%s-%d.txt", number % DIRECTORIES, what, number);
}

int main(int count, char **arguments) {
    if (count != 3)
        return 64;
    int accesses = atoi(arguments[1]), files = atoi(arguments[2]);
    char path[64];
    if (stat("/d0", &status) != 0) {
        for (int i = 0; i < DIRECTORIES; i++) {
            snprintf(path, sizeof path, "/d%d", i);
            if (mkdir(path, 0777) != 0)
                return 1;
        }
        for (int i = 0; i < files; i++) {
            name(path, sizeof path, "file", i);
            int file = open(path, O_WRONLY | O_CREAT, 0666);
            if (file < 0 || write(file, buffer, sizeof buffer) != sizeof buffer || close(file) != 0)
                return 2;
        }
    }
    for (int i = 0; i < accesses; i++) {
        if (i % 10 == 0) {
            name(path, sizeof path, "none", i / 10 % files);
            if (stat(path, &status) == 0 || errno != ENOENT)
                return 3;
        } else if (i % 10 < 4) {
            name(path, sizeof path, "file", i / 10 % files);
            if (stat(path, &status) != 0)
                return 4;
        } else {
            name(path, sizeof path, "file", i % files);
            int file = open(path, O_RDONLY);
            if (file < 0 || read(file, buffer, sizeof buffer) != sizeof buffer || close(file) != 0)
                return 5;
        }
    }
    return 0;
}
