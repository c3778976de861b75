/* Copies the named files, or standard input, to standard output. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int copy(int from) {
    char buffer[1000];
    for (;;) {
        ssize_t size = read(from, buffer, sizeof buffer);
        if (size <= 0)
            return size < 0;
        for (ssize_t done = 0; done < size;) {
            ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(size - done));
            if (written < 0)
                return 1;
            done += written;
        }
    }
}

int main(int argc, char **argv) {
    int status = argc < 2 ? copy(STDIN_FILENO) : 0;
    for (int i = 1; i < argc; i++) {
        int file = open(argv[i], O_RDONLY);
        if (file < 0 || copy(file)) {
            fprintf(stderr, "cat: %s: %s\n", argv[i], strerror(errno));
            status = 1;
        }
        if (file >= 0)
            close(file);
    }
    return status;
}
