/* All that a program can find out which differs from run to run, and from machine to machine: time, random numbers,
 * the order of directories, numbers of files, bits of what is no number. It sleeps for hours meanwhile. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void tell_time(const char *name, clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) == 0)
        printf("%s %lld.%09ld\n", name, (long long)time.tv_sec, time.tv_nsec);
}

static void tell_stat(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    printf("%llu %llu %o %llu %lld", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
           (unsigned)status.st_mode, S_ISDIR(status.st_mode) ? 0 : (unsigned long long)status.st_nlink,
           S_ISDIR(status.st_mode) ? 0 : (long long)status.st_size);
    const struct timespec times[] = {status.st_atim, status.st_mtim, status.st_ctim};
    for (int i = 0; i < 3; i++)
        printf(" %lld.%09ld", (long long)times[i].tv_sec, times[i].tv_nsec);
    printf(" %s\n", path);
}

static void list(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char whole[4096];
        printf("%llu %d %s\n", (unsigned long long)entry->d_ino, entry->d_type, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(whole, sizeof whole, "%s/%s", path, entry->d_name);
        tell_stat(whole);
        if (entry->d_type == DT_DIR)
            list(whole);
    }
    closedir(directory);
}

static volatile double zero = 0;
static volatile float one = 1;
static volatile uint32_t odd = 0x7fc12345;

int main(void) {
    tell_time("wall", CLOCK_REALTIME);
    tell_time("monotonic", CLOCK_MONOTONIC);
    unsigned char random[8];
    getentropy(random, sizeof random);
    for (int i = 0; i < 8; i++)
        printf("%02x", random[i]);
    double none = zero / zero;
    uint64_t bits;
    memcpy(&bits, &none, sizeof bits);
    uint32_t sum = odd;
    float number;
    memcpy(&number, &sum, sizeof number);
    number += one;
    memcpy(&sum, &number, sizeof sum);
    printf("\n%016llx %08x\n", (unsigned long long)bits, sum);
    list("/");
    struct timespec nap = {.tv_sec = 7200};
    nanosleep(&nap, NULL);
    poll(NULL, 0, 3600 * 1000);
    tell_time("three hours later", CLOCK_MONOTONIC);
    int file = open("/new", O_RDWR | O_CREAT, 0666);
    write(file, "new", 3);
    close(file);
    unlink("/sub/also z");
    mkdir("/made", 0777);
    rename("/new", "/made/renamed");
    symlink("nowhere", "/made/link");
    list("/");
    time_t busy = time(NULL) + 2;
    while (time(NULL) < busy)
        ;
    tell_time("after being busy", CLOCK_REALTIME);
    return 0;
}
