/* One thing of an operating system after the other, by the C library: which one, the argument says. What came of each
 * call is printed, so that two versions of WASI can be told apart by it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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

static char buffer[10000];
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

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    static const struct { const char *name; void (*run)(void); } table[] = {
        {"files", files}, {"writing", writing}, {"appending", appending}, {"large", large},
        {"directories", directories}, {"listing", listing}, {"names", names}, {"links", links},
        {"refused", refused}, {"times", times}, {"clocks", clocks}, {"sleeping", sleeping},
        {"random", randoms}, {"streams", streams},
    };
    setvbuf(stdout, NULL, _IOFBF, 4096);
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
