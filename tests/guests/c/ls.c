/* A recursive, sorted long listing: kind, links, size, modification time, name, link target.
 *
 * Without "..": above a granted directory each system refuses in words of its own. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int compare(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static const char *kind(const struct stat *status) {
    if (S_ISREG(status->st_mode))
        return "file";
    if (S_ISDIR(status->st_mode))
        return "directory";
    return S_ISLNK(status->st_mode) ? "link" : "other";
}

static void list(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) {
        printf("%s: %s\n", path, strerror(errno));
        return;
    }
    char *names[1000];
    size_t count = 0;
    for (struct dirent *entry; count < 1000 && (entry = readdir(directory)) != NULL;)
        if (strcmp(entry->d_name, "..") != 0)
            names[count++] = strdup(entry->d_name);
    closedir(directory);
    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++) {
        char whole[4096], target[4096];
        struct stat status;
        snprintf(whole, sizeof whole, "%s/%s", path, names[i]);
        if (lstat(whole, &status) != 0) {
            printf("%s: %s\n", whole, strerror(errno));
            continue;
        }
        /* Sizes and link counts of directories are the host's own affair. */
        int plain = S_ISREG(status.st_mode);
        printf("%-9s %llu %8lld %lld.%09ld %s", kind(&status), plain ? (unsigned long long)status.st_nlink : 0,
               plain ? (long long)status.st_size : 0, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec, whole);
        if (S_ISLNK(status.st_mode)) {
            ssize_t length = readlink(whole, target, sizeof target);
            printf(" -> %.*s", (int)(length < 0 ? 0 : length), target);
            struct stat reached;
            printf(" (%s)", stat(whole, &reached) == 0 ? kind(&reached) : strerror(errno));
        }
        putchar('\n');
        if (S_ISDIR(status.st_mode) && strcmp(names[i], ".") != 0)
            list(whole);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        list(argv[i]);
    return 0;
}
