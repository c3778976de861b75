/* Open modes and descriptor flags: what may be read, written, appended and truncated, and what is answered else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(const char *what, long long result) {
    printf("%-30s %lld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static long long size_of(int file) {
    struct stat status;
    return fstat(file, &status) == 0 ? (long long)status.st_size : -1;
}

int main(void) {
    char buffer[16];
    int writer = open("f", O_WRONLY | O_CREAT, 0666);
    show("write", write(writer, "0123456789", 10));
    show("read of a write-only file", read(writer, buffer, 4));
    int reader = open("f", O_RDONLY);
    show("read", read(reader, buffer, 4));
    show("write to a read-only file", write(reader, "x", 1));
    int appender = open("f", O_WRONLY | O_APPEND);
    show("seek of an appender", lseek(appender, 2, SEEK_SET));
    show("append", write(appender, "abc", 3));
    show("where it is then", lseek(appender, 0, SEEK_CUR));
    show("size", size_of(reader));
    show("flags of the appender", (fcntl(appender, F_GETFL) & O_APPEND) != 0);
    show("append off", fcntl(appender, F_SETFL, 0));
    show("seek", lseek(appender, 1, SEEK_SET));
    show("write in the middle", write(appender, "ZZ", 2));
    show("size", size_of(reader));
    show("read on", read(reader, buffer, sizeof buffer));
    show("at the end", read(reader, buffer, sizeof buffer));
    show("truncate by opening", open("f", O_WRONLY | O_TRUNC));
    show("size", size_of(reader));
    show("sync", fsync(writer));
    show("data sync", fdatasync(writer));
    show("advise", posix_fadvise(reader, 0, 0, POSIX_FADV_SEQUENTIAL));
    show("size", size_of(reader));
    show("close", close(writer));
    show("close again", close(writer));
    show("write to a closed one", write(writer, "x", 1));
    show("read of a directory", read(open(".", O_RDONLY | O_DIRECTORY), buffer, 4));
    show("open a directory to write", open(".", O_WRONLY));
    show("seek of standard input", lseek(STDIN_FILENO, 0, SEEK_CUR));
    show("is a terminal", isatty(STDOUT_FILENO));
    return 0;
}
