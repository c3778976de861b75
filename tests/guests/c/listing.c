/* Makes many files and lists them. With an argument, removes every third while it lists: nothing that stays may be
 * missed or seen twice. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 700 };

static void name_of(int i, char *path) {
    /* Names of many lengths, so that entries end everywhere in the guest's buffer. */
    sprintf(path, "many/%04d-%.*s", i, i % 180,
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
}

int main(int argc, char **argv) {
    (void)argv;
    char path[300];
    int seen[FILES] = {0};
    if (mkdir("many", 0777) != 0)
        return 1;
    for (int i = 0; i < FILES; i++) {
        name_of(i, path);
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (file < 0 || close(file) != 0)
            return 2;
    }
    DIR *directory = opendir("many");
    int others = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.') {
            others++;
            continue;
        }
        int i = atoi(entry->d_name);
        seen[i]++;
        if (entry->d_type != DT_REG || entry->d_ino == 0)
            printf("%d has type %d\n", i, entry->d_type);
        if (argc > 1 && i % 3 == 0) {
            name_of(i, path);
            unlink(path);
        }
    }
    int missed = 0, twice = 0;
    for (int i = 0; i < FILES; i++) {
        missed += (argc == 1 || i % 3 != 0) && seen[i] == 0;
        twice += seen[i] > 1;
    }
    printf("dots %d, missed %d, twice %d\n", others, missed, twice);
    rewinddir(directory);
    int left = 0;
    long middle = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL; left++)
        if (left == 100)
            middle = telldir(directory);
    printf("left %d\n", left);
    seekdir(directory, middle);
    int rest = 0;
    while (readdir(directory) != NULL)
        rest++;
    printf("after the middle %d\n", rest);
    return closedir(directory);
}
