/* Sets and reads times of files, to the nanosecond, on both sides of a symbolic link. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(const char *path, int flags) {
    struct stat status;
    if (fstatat(AT_FDCWD, path, &status, flags) != 0)
        printf("%s: %s\n", path, strerror(errno));
    else
        printf("%-6s %lld.%09ld %lld.%09ld\n", path, (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
               (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

int main(void) {
    int file = open("f", O_RDWR | O_CREAT, 0666);
    symlink("f", "soft");
    struct timespec both[] = {{.tv_sec = 1000000000, .tv_nsec = 123456789}, {.tv_sec = 1, .tv_nsec = 1}};
    printf("%d\n", futimens(file, both));
    show("f", 0);
    struct timespec only[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 2000000000, .tv_nsec = 999999999}};
    printf("%d\n", utimensat(AT_FDCWD, "soft", only, 0));
    show("f", 0);
    show("soft", 0);
    struct timespec link[] = {{.tv_sec = 5}, {.tv_sec = 6}};
    printf("%d\n", utimensat(AT_FDCWD, "soft", link, AT_SYMLINK_NOFOLLOW));
    show("soft", AT_SYMLINK_NOFOLLOW);
    show("f", 0);
    struct timespec now[] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    printf("%d\n", futimens(file, now));
    struct stat status;
    fstat(file, &status);
    printf("%d %lld\n", status.st_atim.tv_sec > 1600000000, (long long)status.st_mtim.tv_sec);
    show("none", 0);
    struct timespec wrong[] = {{.tv_nsec = 1000000000}, {.tv_nsec = 0}};
    printf("%d\n", futimens(file, wrong));
    return 0;
}
