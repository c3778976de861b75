/* Links, renames and removals, also those that must fail: prints what each call answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRY(call) printf("%-44s %s\n", #call, (call) < 0 ? strerror(errno) : "done")

static int make(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0)
        return -1;
    ssize_t size = write(file, text, strlen(text));
    return close(file) != 0 || size < 0 ? -1 : 0;
}

int main(void) {
    TRY(mkdir("d", 0777));
    TRY(mkdir("d", 0777));
    TRY(mkdir("d/e", 0777));
    TRY(mkdir("missing/e", 0777));
    TRY(make("f", "one"));
    TRY(make("g", "two"));
    TRY(make("f", "three"));
    TRY(make("f/x", "below a file"));
    TRY(rename("f", "d/f"));
    TRY(rename("f", "d/g"));
    TRY(rename("d", "d/e/d"));
    TRY(rename("d/f", "d"));
    TRY(rename("d", "g"));
    TRY(rename("d/e", "e"));
    TRY(make("e/inside", "four"));
    TRY(rename("e", "d"));
    TRY(link("d/f", "hard"));
    TRY(link("d/f", "hard"));
    TRY(link("d", "hard-directory"));
    TRY(link("missing", "hard-missing"));
    TRY(symlink("d/f", "soft"));
    TRY(symlink("d/f", "soft"));
    TRY(symlink("nowhere", "dangling"));
    TRY(symlink("loop", "loop"));
    TRY(symlink("d", "soft-directory"));
    TRY(open("dangling", O_RDONLY));
    TRY(open("loop", O_RDONLY));
    TRY(open("soft", O_RDONLY));
    TRY(open("soft", O_RDONLY | O_NOFOLLOW));
    TRY(open("soft-directory/f", O_RDONLY));
    TRY(open("d/../g", O_RDONLY));
    TRY(open("d/./f", O_RDONLY));
    TRY(open("d//f", O_RDONLY));
    TRY(open("g/", O_RDONLY));
    TRY(open("", O_RDONLY));
    TRY(open("d", O_RDONLY | O_DIRECTORY));
    TRY(open("g", O_RDONLY | O_DIRECTORY));
    TRY(open("soft-directory", O_RDONLY | O_DIRECTORY));
    TRY(open("made", O_RDONLY | O_CREAT, 0666));
    TRY(open("made", O_RDONLY | O_CREAT | O_EXCL, 0666));
    TRY(open("soft", O_WRONLY | O_CREAT | O_EXCL, 0666));
    TRY(access("d/f", R_OK));
    TRY(access("d/none", R_OK));
    TRY(unlink("d"));
    TRY(unlink("missing"));
    TRY(rmdir("d"));
    TRY(rmdir("g"));
    TRY(rmdir("missing"));
    TRY(rmdir("soft-directory"));
    TRY(unlink("soft-directory"));
    TRY(unlink("hard"));
    TRY(unlink("e/inside"));
    TRY(rmdir("e"));
    TRY(rename("soft", "moved-link"));
    TRY(rename("missing", "x"));
    TRY(symlink("", "empty-target"));
    return 0;
}
