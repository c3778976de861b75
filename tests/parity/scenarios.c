/* One thing of an operating system after the other, by the C library: which one, the argument says. What came of each
 * call is printed, so that two versions of WASI can be told apart by it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

/* Prints the call, and what it gave, or why not. */
#define SAY(call)                                                          \
    do {                                                                   \
        errno = 0;                                                         \
        long long value_ = (long long)(call);                              \
        if (value_ < 0)                                                    \
            printf("%s: %s\n", #call, strerror(errno));                    \
        else                                                               \
            printf("%s: %lld\n", #call, value_);                           \
    } while (0)

static char buffer[10000], spoken[1 << 18];
static struct stat status;

static int opened(const char *path, int flags) {
    errno = 0;
    int file = open(path, flags, 0666);
    printf("open %s: %s\n", path, file < 0 ? strerror(errno) : "ok");
    return file;
}

static void say_size(const char *path) {
    if (stat(path, &status) != 0)
        printf("stat %s: %s\n", path, strerror(errno));
    else
        printf("stat %s: %lld bytes, %s, %d links\n", path, (long long)status.st_size,
               S_ISDIR(status.st_mode) ? "directory" : S_ISREG(status.st_mode) ? "file" : "other", (int)status.st_nlink);
}

static void files(void) {
    int file = opened("/data/text.txt", O_RDONLY);
    SAY(read(file, buffer, 4));
    SAY(lseek(file, 2, SEEK_CUR));
    SAY(read(file, buffer, 100));
    SAY(read(file, buffer, 100));
    SAY(pread(file, buffer, 3, 1));
    SAY(lseek(file, 0, SEEK_END));
    SAY(lseek(file, -100, SEEK_SET));
    SAY(write(file, "x", 1));
    SAY(close(file));
    SAY(close(file));
}

static void writing(void) {
    int file = opened("/data/new.txt", O_RDWR | O_CREAT | O_EXCL);
    SAY(write(file, "hello", 5));
    SAY(pwrite(file, "J", 1, 0));
    SAY(lseek(file, 10, SEEK_SET));
    SAY(write(file, "after a hole", 12));
    SAY(ftruncate(file, 8));
    SAY(fsync(file));
    SAY(fdatasync(file));
    SAY(close(file));
    say_size("/data/new.txt");
    opened("/data/new.txt", O_RDWR | O_CREAT | O_EXCL);
    file = opened("/data/new.txt", O_WRONLY | O_TRUNC);
    SAY(close(file));
    say_size("/data/new.txt");
}

static void appending(void) {
    int file = opened("/data/text.txt", O_WRONLY | O_APPEND);
    SAY(write(file, "one more\n", 9));
    SAY(lseek(file, 0, SEEK_SET));
    SAY(write(file, "and one\n", 8));
    SAY(read(file, buffer, 1));
    SAY(close(file));
    say_size("/data/text.txt");
}

static void large(void) {
    int file = opened("/data/large", O_RDWR | O_CREAT);
    memset(buffer, 'x', sizeof buffer);
    for (int i = 0; i < 20; i++)
        if (write(file, buffer, sizeof buffer) != sizeof buffer)
            printf("short\n");
    SAY(lseek(file, 0, SEEK_SET));
    long long sum = 0, got;
    while ((got = read(file, buffer, sizeof buffer)) > 0)
        sum += got;
    printf("%lld bytes\n", sum);
    SAY(close(file));
}

static void directories(void) {
    SAY(mkdir("/data/made", 0777));
    SAY(mkdir("/data/made", 0777));
    SAY(mkdir("/data/none/such", 0777));
    SAY(mkdir("/data/made/inner", 0777));
    SAY(rmdir("/data/made"));
    SAY(rmdir("/data/made/inner"));
    SAY(rmdir("/data/made"));
    SAY(rmdir("/data/text.txt"));
    SAY(rmdir("/data/none"));
    say_size("/data/deep");
}

static int by_name(const void *one, const void *other) { return strcmp(*(char **)one, *(char **)other); }

static void listing(void) {
    DIR *directory = opendir("/data");
    char *names[100];
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < 100;)
        names[count++] = strdup(entry->d_name);
    qsort(names, count, sizeof *names, by_name);
    for (int i = 0; i < count; i++)
        printf("%s\n", names[i]);
    SAY(closedir(directory));
    errno = 0;
    printf("%s\n", opendir("/data/none") ? "?" : strerror(errno));
    printf("%s\n", opendir("/data/text.txt") ? "?" : strerror(errno));
}

static void names(void) {
    SAY(rename("/data/text.txt", "/data/other.txt"));
    SAY(rename("/data/text.txt", "/data/again.txt"));
    SAY(rename("/data/other.txt", "/data/deep/bytes"));
    SAY(rename("/data/deep", "/data/deep/deeper/deepest"));
    SAY(rename("/data/deep", "/data/moved"));
    SAY(link("/data/moved/bytes", "/data/twin"));
    SAY(link("/data/moved", "/data/no-twin"));
    say_size("/data/twin");
    SAY(unlink("/data/twin"));
    SAY(unlink("/data/twin"));
    SAY(unlink("/data/moved"));
    say_size("/data/moved/bytes");
}

static void links(void) {
    SAY(symlink("deep/bytes", "/data/link"));
    SAY(symlink("deep/bytes", "/data/link"));
    SAY(readlink("/data/link", buffer, sizeof buffer));
    SAY(readlink("/data/text.txt", buffer, sizeof buffer));
    say_size("/data/link");
    SAY(lstat("/data/link", &status));
    printf("%s\n", S_ISLNK(status.st_mode) ? "a link" : "no link");
    SAY(symlink("../outside", "/data/escape"));
    opened("/data/escape", O_RDONLY);
    SAY(symlink("loop", "/data/loop"));
    opened("/data/loop", O_RDONLY);
    opened("/data/link", O_RDONLY | O_NOFOLLOW);
    SAY(close(opened("/data/link", O_RDONLY)));
}

static void refused(void) {
    opened("/data/../../etc/passwd", O_RDONLY);
    opened("/etc/passwd", O_RDONLY);
    opened("/data/none", O_RDONLY);
    opened("/data/text.txt/more", O_RDONLY);
    opened("/data/deep", O_WRONLY);
    opened("/data/text.txt", O_RDONLY | O_DIRECTORY);
    opened("/read-only/text.txt", O_WRONLY);
    opened("/read-only/text.txt", O_RDONLY | O_TRUNC);
    opened("/read-only/new.txt", O_WRONLY | O_CREAT);
    SAY(mkdir("/read-only/made", 0777));
    SAY(unlink("/read-only/text.txt"));
    SAY(rename("/read-only/text.txt", "/data/stolen"));
    SAY(link("/read-only/text.txt", "/data/writable"));
    SAY(read(opened("/read-only/text.txt", O_RDONLY), buffer, 100));
}

static void times(void) {
    struct timespec both[2] = {{1000, 5}, {2000, 7}};
    SAY(utimensat(AT_FDCWD, "/data/text.txt", both, 0));
    SAY(stat("/data/text.txt", &status));
    printf("%lld.%09ld %lld.%09ld\n", (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
           (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    int file = opened("/data/text.txt", O_RDWR);
    both[0].tv_nsec = UTIME_OMIT;
    both[1].tv_sec = 3000;
    SAY(futimens(file, both));
    SAY(fstat(file, &status));
    printf("%lld %lld\n", (long long)status.st_atim.tv_sec, (long long)status.st_mtim.tv_sec);
    SAY(utimensat(AT_FDCWD, "/data/none", both, 0));
}

static void clocks(void) {
    struct timespec now, step;
    SAY(clock_gettime(CLOCK_REALTIME, &now));
    printf("%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    SAY(clock_gettime(CLOCK_MONOTONIC, &now));
    printf("%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    SAY(clock_getres(CLOCK_REALTIME, &step));
    printf("%lld.%09ld\n", (long long)step.tv_sec, step.tv_nsec);
    SAY(clock_getres(CLOCK_MONOTONIC, &step));
    printf("%lld.%09ld\n", (long long)step.tv_sec, step.tv_nsec);
}

static void sleeping(void) {
    struct timespec little = {0, 3000000};
    SAY(nanosleep(&little, NULL));
}

static void randoms(void) {
    unsigned char got[300];
    SAY(getentropy(got, 16));
    for (int i = 0; i < 16; i++)
        printf("%d ", got[i]);
    printf("\n");
    SAY(getentropy(got, 256));
    printf("%d\n", got[255]);
    SAY(getentropy(got, 300));
}

static void streams(void) {
    char line[100];
    while (fgets(line, sizeof line, stdin))
        printf("got %s", line);
    printf("%s\n", feof(stdin) ? "the end" : "no end");
    fflush(stdout);
    fprintf(stderr, "said on the other stream\n");
    SAY(write(1, "raw\n", 4));
    SAY(write(0, "x", 1) < 0 ? 0 : 1);
    SAY(lseek(1, 0, SEEK_SET));
    SAY(isatty(1));
}

static void world(int argc, char **argv) {
    extern char **environ;
    for (int i = 2; i < argc; i++)
        printf("argument <%s>\n", argv[i]);
    for (char **each = environ; *each; each++)
        printf("variable <%s>\n", *each);
    printf("%s\n", getcwd(buffer, sizeof buffer));
}

static void sizes(void) {
    SAY(truncate("/data/text.txt", 5));
    say_size("/data/text.txt");
    SAY(truncate("/data/text.txt", 9000));
    say_size("/data/text.txt");
    SAY(truncate("/data/none", 1));
    SAY(truncate("/data/deep", 1));
    SAY(truncate("/read-only/text.txt", 1));
    int file = opened("/data/text.txt", O_RDONLY);
    SAY(close(file));
    file = opened("/data/text.txt", O_RDWR);
    SAY(ftruncate(file, -1));
    SAY(posix_fadvise(file, 0, 100, POSIX_FADV_SEQUENTIAL));
    SAY(posix_fadvise(file, 0, 100, POSIX_FADV_DONTNEED));
    SAY(close(file));
}

static void seeking(void) {
    int file = opened("/data/text.txt", O_RDWR);
    SAY(lseek(file, 0, SEEK_CUR));
    SAY(lseek(file, -3, SEEK_END));
    SAY(read(file, buffer, 100));
    SAY(lseek(file, 1000, SEEK_CUR));
    SAY(read(file, buffer, 100));
    SAY(lseek(file, -2000, SEEK_CUR));
    SAY(lseek(file, 0, 9));
    SAY(lseek(file, 0x7fffffffffffffff, SEEK_SET));
    SAY(pread(file, buffer, 10, 5));
    SAY(pread(file, buffer, 10, -1));
    SAY(pread(file, buffer, 10, 5000));
    SAY(pwrite(file, "beyond", 6, 5000));
    SAY(pwrite(file, "x", 1, -1));
    SAY(lseek(file, 0, SEEK_END));
    SAY(close(file));
    file = opened("/data", O_RDONLY);
    SAY(lseek(file, 0, SEEK_SET));
    SAY(read(file, buffer, 1));
    SAY(write(file, "x", 1));
    SAY(close(file));
}

static void vectors(void) {
    char a[5] = {0}, b[100] = {0};
    struct iovec out[3] = {{"one", 3}, {"", 0}, {"three", 5}}, in[2] = {{a, sizeof a}, {b, sizeof b}};
    int file = opened("/data/vectors", O_RDWR | O_CREAT);
    /* A system may do less than all of it in one call: as often as needed, then. */
    for (ssize_t done = 0; done < 8;) {
        struct iovec rest[2] = {{&"onethree"[done], done < 3 ? 3 - done : 8 - done}, {"three", done < 3 ? 5 : 0}};
        ssize_t count = writev(file, rest, 2);
        if (count <= 0)
            break;
        done += count;
    }
    say_size("/data/vectors");
    SAY(pwritev(file, out, 1, 2));
    SAY(lseek(file, 0, SEEK_SET));
    ssize_t sum = 0;
    for (ssize_t got; (got = readv(file, in, 2)) > 0;)
        sum += got;
    printf("%d bytes\n", (int)sum);
    SAY(preadv(file, in, 1, 3));
    printf("%.5s\n", a);
    SAY(writev(file, out + 1, 1));
    SAY(close(file));
}

static void modes(void) {
    static char longest[301];
    memset(longest, 'n', 300);
    char path[400];
    int file = opened("/data/text.txt", O_RDONLY);
    SAY(write(file, "x", 1));
    SAY(pwrite(file, "x", 1, 0));
    SAY(close(file));
    file = opened("/data/text.txt", O_WRONLY);
    SAY(read(file, buffer, 1));
    SAY(pread(file, buffer, 1, 0));
    SAY(fcntl(file, F_GETFL) & (O_ACCMODE | O_APPEND));
    SAY(close(file));
    file = opened("/data/text.txt", O_RDWR | O_CREAT | O_APPEND);
    SAY(fcntl(file, F_GETFL) & O_APPEND);
    SAY(close(file));
    SAY(read(file, buffer, 1));
    SAY(fstat(file, &status));
    opened("/data/", O_RDONLY | O_DIRECTORY);
    opened("/data/text.txt/", O_RDONLY);
    opened("/data/new/", O_WRONLY | O_CREAT);
    opened("/data/deep/", O_RDONLY);
    opened("/data//deep///bytes", O_RDONLY);
    opened("/data/./deep/../deep/./bytes", O_RDONLY);
    opened("/data/deep/..", O_RDONLY);
    opened("/data/deep/deeper/../../text.txt", O_RDONLY);
    opened("/data/none/../text.txt", O_RDONLY);
    opened("", O_RDONLY);
    opened("/data/gr\xc3\xbc\xc3\x9f", O_WRONLY | O_CREAT);
    opened("/data/two\nlines", O_WRONLY | O_CREAT);
    opened("/data/deep", O_WRONLY | O_CREAT);
    opened("/data/deep", O_WRONLY | O_CREAT | O_EXCL);
    snprintf(path, sizeof path, "/data/%s", longest);
    SAY(open(path, O_WRONLY | O_CREAT, 0666));
    SAY(mkdir(path, 0777));
    SAY(stat(path, &status));
    SAY(access("/data/text.txt", R_OK | W_OK));
    SAY(access("/data/none", F_OK));
}

static int made(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0)
        return -1;
    ssize_t size = write(file, path, strlen(path));
    return close(file) != 0 || size < 0 ? -1 : 0;
}

static void replacing(void) {
    SAY(made("/data/a"));
    SAY(made("/data/b"));
    SAY(mkdir("/data/d", 0777));
    SAY(mkdir("/data/e", 0777));
    SAY(made("/data/e/f"));
    SAY(rename("/data/a", "/data/b"));
    SAY(rename("/data/b", "/data/b"));
    SAY(rename("/data/b", "/data/d"));
    SAY(rename("/data/d", "/data/b"));
    SAY(rename("/data/d", "/data/e"));
    SAY(rename("/data/e", "/data/d"));
    SAY(rename("/data/d", "/data/d/inside"));
    SAY(rename("/data/d/", "/data/slash/"));
    SAY(rename("/data/b/", "/data/c"));
    SAY(rename("/data/b", "/data/none/c"));
    SAY(rename("/data/slash/.", "/data/c"));
    SAY(rename("/data/b", "/read-only/b"));
    SAY(rename("/data/b", "/elsewhere"));
    SAY(link("/data/b", "/data/slash/f"));
    SAY(link("/data/b", "/data/slash/g"));
    SAY(rename("/data/b", "/data/slash/g"));
    say_size("/data/b");
    SAY(link("/data/none", "/data/c"));
    SAY(unlink("/data/slash/"));
    SAY(rmdir("/data/slash/."));
    SAY(rmdir("/data/slash/"));
}

static void many(void) {
    char path[40], seen[300] = {0};
    SAY(mkdir("/data/many", 0777));
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "/data/many/a-rather-long-name-%d", i);
        if (made(path) != 0)
            printf("%s: %s\n", path, strerror(errno));
    }
    DIR *directory = opendir("/data/many");
    int twice = 0, dots = 0, count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        int number = 0;
        if (sscanf(entry->d_name, "a-rather-long-name-%d", &number) != 1) {
            dots += entry->d_type == DT_DIR;
            continue;
        }
        count += entry->d_type == DT_REG && entry->d_ino != 0;
        twice += seen[number]++;
    }
    printf("%d names, %d twice, %d dots\n", count, twice, dots);
    rewinddir(directory);
    for (count = 0; readdir(directory) != NULL;)
        count++;
    printf("%d again\n", count);
    SAY(closedir(directory));
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "/data/many/a-rather-long-name-%d", i);
        if (unlink(path) != 0)
            printf("%s: %s\n", path, strerror(errno));
    }
    SAY(rmdir("/data/many"));
}

static void relative(void) {
    int deep = opened("/data/deep", O_RDONLY | O_DIRECTORY);
    SAY(mkdirat(deep, "made", 0777));
    int file = openat(deep, "made/new", O_RDWR | O_CREAT | O_EXCL, 0666);
    SAY(write(file, "hello", 5));
    SAY(close(file));
    SAY(fstatat(deep, "made/new", &status, 0));
    printf("%d bytes\n", (int)status.st_size);
    SAY(symlinkat("made/new", deep, "soft"));
    SAY(fstatat(deep, "soft", &status, AT_SYMLINK_NOFOLLOW));
    printf("%d bytes\n", (int)status.st_size);
    SAY(readlinkat(deep, "soft", buffer, 4));
    SAY(linkat(deep, "made/new", deep, "hard", 0));
    SAY(renameat(deep, "hard", deep, "made/harder"));
    SAY(openat(deep, "../text.txt", O_RDONLY));
    SAY(openat(deep, "..", O_RDONLY));
    SAY(openat(deep, "/text.txt", O_RDONLY));
    SAY(openat(deep, "made/../bytes", O_RDONLY) >= 0);
    SAY(faccessat(deep, "bytes", R_OK, 0));
    SAY(unlinkat(deep, "made", AT_REMOVEDIR));
    SAY(unlinkat(deep, "made/new", 0));
    SAY(unlinkat(deep, "soft", AT_REMOVEDIR));
    SAY(unlinkat(deep, "soft", 0));
    SAY(fstat(deep, &status));
    printf("%s\n", S_ISDIR(status.st_mode) ? "a directory" : "?");
    SAY(close(deep));
    SAY(chdir("/data/deep"));
    SAY(opened("bytes", O_RDONLY) >= 0);
    SAY(opened("../text.txt", O_RDONLY) >= 0);
    SAY(chdir("/data/none"));
}

static void together(void) {
    int one = opened("/data/text.txt", O_RDWR), other = opened("/data/text.txt", O_RDONLY);
    SAY(read(one, buffer, 4));
    SAY(write(one, "TWO", 3));
    SAY(read(other, buffer, 100));
    printf("%.14s", buffer);
    SAY(unlink("/data/text.txt"));
    SAY(opened("/data/text.txt", O_RDONLY));
    SAY(lseek(other, 0, SEEK_SET));
    SAY(read(other, buffer, 3));
    SAY(write(one, "still there", 11));
    SAY(fstat(one, &status));
    printf("%d bytes\n", (int)status.st_size);
    SAY(close(one));
    SAY(close(other));
}

static void outside(void) {
    SAY(symlink("/etc/passwd", "/data/absolute"));
    SAY(symlink("../../data/text.txt", "/data/deep/deeper/back"));
    opened("/data/deep/deeper/back", O_RDONLY);
    SAY(symlink("..", "/data/up"));
    opened("/data/up/etc", O_RDONLY);
    say_size("/data/up/data");
    SAY(mkdir("/data/up/made", 0777));
    SAY(symlink("../made-outside", "/data/creates"));
    opened("/data/creates", O_WRONLY | O_CREAT);
    SAY(unlink("/data/../data/text.txt"));
    SAY(rename("/data/text.txt", "/data/../stolen"));
    SAY(symlink("text.txt", "/data/../link"));
    SAY(readlink("/data/../data/link", buffer, sizeof buffer));
    SAY(rmdir("/data/.."));
    SAY(stat("/data/..", &status));
    SAY(stat("/", &status));
    SAY(symlink("new-by-link", "/data/dangling"));
    say_size("/data/dangling");
    opened("/data/dangling", O_WRONLY | O_CREAT);
    SAY(unlink("/data/up"));
}

static void linktimes(void) {
    struct timespec both[2] = {{1000, 5}, {2000, 7}}, now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    SAY(symlink("text.txt", "/data/link"));
    SAY(utimensat(AT_FDCWD, "/data/link", both, AT_SYMLINK_NOFOLLOW));
    SAY(lstat("/data/link", &status));
    printf("%lld\n", (long long)status.st_mtim.tv_sec);
    SAY(utimensat(AT_FDCWD, "/data/link", both, 0));
    SAY(stat("/data/text.txt", &status));
    printf("%lld\n", (long long)status.st_mtim.tv_sec);
    SAY(utimensat(AT_FDCWD, "/data/deep", both, 0));
    SAY(utimensat(AT_FDCWD, "/data/text.txt", now, 0));
    SAY(stat("/data/text.txt", &status));
    printf("%d\n", status.st_mtim.tv_sec > 1600000000);
    SAY(utimensat(AT_FDCWD, "/read-only/text.txt", both, 0));
    int file = opened("/read-only/text.txt", O_RDONLY);
    SAY(futimens(file, both));
}

static void full(void) {
    int file = opened("/small/file", O_RDWR | O_CREAT);
    memset(buffer, 'x', sizeof buffer);
    errno = 0;
    /* How much of the write that does not fit is told may differ; not how much there is in the end. */
    while (write(file, buffer, 3000) > 0)
        continue;
    printf("%s\n", strerror(errno));
    SAY(fstat(file, &status));
    printf("%d bytes\n", (int)status.st_size);
    SAY(ftruncate(file, 100));
    SAY(pwrite(file, "again", 5, 100));
    SAY(ftruncate(file, 100000));
    SAY(mkdir("/small/a", 0777));
    SAY(mkdir("/small/b", 0777));
    SAY(mkdir("/small/c", 0777));
    SAY(close(file));
}

static void handles(void) {
    int last = -1, count = 0;
    for (int file; (file = open("/data/text.txt", O_RDONLY)) >= 0; last = file)
        count++;
    printf("%d opened, then: %s\n", count, strerror(errno));
    SAY(close(last));
    SAY(close(opened("/data/text.txt", O_RDONLY)));
}

static void waiting(void) {
    int file = opened("/data/text.txt", O_RDONLY);
    struct pollfd all[3] = {{0, POLLIN, 0}, {1, POLLOUT, 0}, {file, POLLIN, 0}};
    SAY(poll(all, 3, 1000));
    for (int i = 0; i < 3; i++)
        printf("%d%s%s ", i, all[i].revents & POLLIN ? " in" : "", all[i].revents & POLLOUT ? " out" : "");
    printf("\n");
    SAY(poll(NULL, 0, 2));
}

static void pieces(void) {
    for (ssize_t got; (got = read(0, buffer, 5)) > 0;)
        printf("%d <%.*s>\n", (int)got, (int)got, buffer);
    SAY(read(0, buffer, 5));
    memset(buffer, 'o', sizeof buffer);
    fflush(stdout);
    for (size_t done = 0; done < sizeof buffer;) {
        ssize_t count = write(1, buffer + done, sizeof buffer - done);
        if (count <= 0)
            break;
        done += count;
    }
    for (int i = 0; i < 2000; i++)
        fprintf(i % 3 ? stdout : stderr, "line %d\n", i);
    SAY(fstat(1, &status));
    SAY(read(1, buffer, 1));
}

static void closed(void) {
    SAY(close(0));
    SAY(read(0, buffer, 1));
    SAY(close(2));
    SAY(fprintf(stderr, "unheard"));
    SAY(close(1));
    fflush(stdout);
}

static void last_words(void) { printf("last words\n"); }

static void ending(void) {
    atexit(last_words);
    printf("not flushed, ");
    exit(0);
}

static void processor(void) {
    /* The C library has no clock for it. */
    __wasi_timestamp_t now;
    printf("%s\n", strerror(__wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 1, &now)));
}

static void bytes(void) {
    SAY(open("/data/\xff", O_WRONLY | O_CREAT, 0666));
}

static void errors(void) {
    int deep = opened("/data/deep", O_RDONLY | O_DIRECTORY);
    SAY(fsync(deep));
    SAY(fsync(1));
    SAY(ftruncate(1, 0));
    int file = opened("/data/text.txt", O_RDONLY);
    SAY(ftruncate(file, 3));
    SAY(lseek(file, 0x7fffffffffffffff, SEEK_SET));
    SAY(lseek(file, 1, SEEK_CUR));
}

static void told(void) {
    int file = opened("/small/file", O_RDWR | O_CREAT);
    ssize_t sum = 0;
    for (ssize_t count; (count = write(file, buffer, 3000)) > 0;)
        sum += count;
    SAY(lseek(file, 0, SEEK_END));
    SAY(sum);
}

static void allocating(void) {
    int file = opened("/data/text.txt", O_RDWR);
    SAY(posix_fallocate(file, 0, 100));
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    static const struct { const char *name; void (*run)(void); } table[] = {
        {"files", files}, {"writing", writing}, {"appending", appending}, {"large", large},
        {"directories", directories}, {"listing", listing}, {"names", names}, {"links", links},
        {"refused", refused}, {"times", times}, {"clocks", clocks}, {"sleeping", sleeping},
        {"random", randoms}, {"streams", streams}, {"sizes", sizes}, {"seeking", seeking}, {"vectors", vectors},
        {"modes", modes}, {"replacing", replacing}, {"many", many}, {"relative", relative}, {"together", together},
        {"outside", outside}, {"linktimes", linktimes}, {"full", full}, {"handles", handles}, {"waiting", waiting},
        {"pieces", pieces}, {"closed", closed}, {"ending", ending}, {"processor", processor}, {"bytes", bytes},
        {"allocating", allocating}, {"told", told}, {"errors", errors},
    };
    setvbuf(stdout, spoken, _IOFBF, sizeof spoken); /* So that what is said does not come between what is done. */
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(name, table[i].name) == 0) {
            table[i].run();
            return 0;
        }
    if (strcmp(name, "world") == 0) {
        world(argc, argv);
        return 0;
    }
    if (strcmp(name, "failing") == 0)
        return 1;
    if (strcmp(name, "status") == 0)
        return 7;
    if (strcmp(name, "crash") == 0)
        __builtin_trap();
    return 2;
}
