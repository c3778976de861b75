/* notes: count the words of every note in /notes, write a summary there, then try what was not granted.
 *
 * An ordinary C program: it knows nothing of the sandbox it runs in, and prints what the system answers. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_NOTES = 64 };

static int by_name(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static long words_in(FILE *file) {
    long words = 0;
    int inside = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) {
        int letter = !isspace(c);
        words += letter && !inside;
        inside = letter;
    }
    return words;
}

/* The names of the notes, sorted: each system lists a directory in an order of its own. */
static int find_notes(const char *directory, char **names) {
    DIR *dir = opendir(directory);
    if (dir == NULL) {
        printf("  list %-28s refused: %s\n", directory, strerror(errno));
        return -1;
    }
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL && count < MOST_NOTES; entry = readdir(dir)) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0 && strcmp(entry->d_name, "summary.txt") != 0)
            names[count++] = strdup(entry->d_name);
    }
    closedir(dir);
    qsort(names, (size_t)count, sizeof *names, by_name);
    return count;
}

/* How many words each note has; -1 for one that cannot be read. */
static void count_words(const char *directory, char **names, int count, long *words) {
    char path[4096];
    for (int i = 0; i < count; i++) {
        words[i] = -1;
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        FILE *note = fopen(path, "r");
        if (note == NULL) {
            printf("  read %-28s refused: %s\n", path, strerror(errno));
            continue;
        }
        words[i] = words_in(note);
        fclose(note);
        printf("  read %-28s %ld words\n", path, words[i]);
    }
}

/* Whether all of the summary was written; errno says why not. */
static int write_summary(const char *path, char **names, int count, const long *words) {
    FILE *summary = fopen(path, "w");
    if (summary == NULL)
        return 0;
    for (int i = 0; i < count; i++) {
        if (words[i] >= 0 && fprintf(summary, "%s: %ld words\n", names[i], words[i]) < 0) {
            int reason = errno;
            fclose(summary);
            errno = reason;
            return 0;
        }
    }
    /* Until now, it may only have been kept in a buffer: this is where a full disk shows. */
    return fclose(summary) == 0;
}

static int summarise(const char *directory) {
    char *names[MOST_NOTES];
    long words[MOST_NOTES];
    char path[4096];
    int count = find_notes(directory, names);
    if (count < 0)
        return 1;
    count_words(directory, names, count, words);
    snprintf(path, sizeof path, "%s/summary.txt", directory);
    if (!write_summary(path, names, count, words)) {
        printf("  write %-27s refused: %s\n", path, strerror(errno));
        return 1;
    }
    printf("  write %s\n", path);
    return 0;
}

static void try_to_read(const char *path) {
    char first[64];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        printf("  read %-28s refused: %s\n", path, strerror(errno));
        return;
    }
    if (fgets(first, sizeof first, file) == NULL)
        first[0] = '\0';
    printf("  read %-28s ALLOWED: %s\n", path, first);
    fclose(file);
}

static void try_the_environment(const char *name) {
    const char *value = getenv(name);
    printf("  variable %-24s %s\n", name, value == NULL ? "not there" : value);
}

/* Programs of WASI 0.1 open no sockets of their own; they can only use one that they were handed. */
static void try_a_socket(int first, int last) {
    for (int descriptor = first; descriptor <= last; descriptor++) {
        int connection = accept(descriptor, NULL, NULL);
        if (connection >= 0 || errno == EAGAIN) {
            printf("  a listening socket, descriptor %d\n", descriptor);
            return;
        }
    }
    puts("  network                           refused: it was handed no socket");
}

int main(void) {
    puts("The notes:");
    int status = summarise("/notes");
    puts("What else it tries:");
    try_to_read("/etc/passwd");
    try_to_read("/notes/../outside.txt");
    try_to_read("/notes/link-to-outside");
    try_the_environment("GREETING");
    try_the_environment("HOME");
    try_a_socket(3, 9);
    return status;
}
