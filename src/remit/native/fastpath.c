/* The fast path: the hot calls of wasi_snapshot_preview1 on plain host files, without the Python interpreter.
 *
 * It does only what surely succeeds. Everything else (a descriptor that is not a plain host file, a bad pointer, a
 * missing right, an error from the host) goes, before anything has happened, to the Python
 * implementation of the same call: so errors, limits and their order are written once, in Python.
 * The one exception is "no such file": a program's search for its modules asks for hundreds of absent files.
 *
 * What is done in a directory with a watcher, Python is told at once, in the same call: what the watcher raises ends the
 * program, and what is told is what the Python implementation would tell. So it is done here only where no link is on
 * the way, and the path says by itself what it leads to.
 *
 * Nothing here allocates, holds a lock, or keeps state outside of the program's own `struct table`. No CPython API is
 * used; the interpreter lock is not held while guests run, so these calls run in parallel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "tape.h"

/* ---- Shared with Python: remit/native/table.py declares the same structures. ---- */

enum kind { FREE = 0, OTHER = 1, REGULAR_FILE = 2, DIRECTORY = 3, WATCHED = 4, TAPED = 5, TAPED_DIRECTORY = 6 };

struct slot {
    int32_t host;          /* the host's descriptor */
    uint8_t kind;          /* FREE, OTHER (Python's alone), REGULAR_FILE, DIRECTORY, WATCHED (the same, with a watcher) */
    uint8_t known;         /* Python has an object for it, and must be told when it is closed */
    uint16_t flags;        /* WASI fdflags */
    uint64_t rights;       /* what may be done with it */
    uint64_t inheriting;   /* what may be done with what is opened through it */
    int64_t position;      /* of a REGULAR_FILE; of a WATCHED directory, the number of its path */
    uint32_t object;       /* of a TAPED one, a regular file whose calls are recorded, and a TAPED_DIRECTORY: its number;
                              of a directory with rules likewise */
    uint8_t read_only;     /* nothing is changed through it: a REGULAR_FILE that is open to be read, or a directory */
    uint8_t restricted;    /* a directory, WATCHED or not, that has rules */
    uint8_t reserved[2];
};

/* What was done with a path, for Python to tell. */
enum { CREATED = 1, READ = 2, WRITTEN = 4, SEEN = 8 };

/* Uses that were told: see `told` of the table. */
#define MAX_TOLD_PATH 116
struct told {
    int64_t place;         /* the number of the directory's path, from 1 */
    uint16_t uses;
    uint16_t length;
    char path[MAX_TOLD_PATH];
};

/* What the rules of a directory say of a path: see `verdicts` of the table. */
#define MAX_JUDGED_PATH 108
enum { MAY_READ = 2, MAY_WRITE = 4, MAY_CREATE = 8 };
struct verdict {
    uint64_t place;        /* the number of the directory, from 1 */
    uint64_t stamp;        /* that of the table when it was asked for */
    uint16_t rights;       /* none: Python's turn */
    uint16_t length;
    char path[MAX_JUDGED_PATH];
};

struct table {
    struct slot *slots;
    uint32_t capacity;     /* slots that exist: the program's descriptor limit */
    uint32_t lowest_free;  /* no slot below it is free */
    uint32_t used;         /* no slot from here on was ever taken */
    uint32_t reserved1;
    uint64_t io_bytes;     /* what one call moves at most */
    uint64_t file_rights;  /* the rights that make sense for a REGULAR_FILE */
    uint64_t all_rights;   /* the rights that exist */
    uint32_t path_bytes;   /* the longest path */
    uint32_t io_vectors;   /* buffers used of one call */
    uint8_t host_clock[2]; /* the wall clock, the monotonic clock: it is the host's own */
    uint8_t host_random;   /* random bytes come from the host */
    uint8_t has_memory;    /* `memory` is set */
    uint64_t clock_origin[2]; /* what each of them counts from, in nanoseconds of the host's clock */
    struct memory memory;
    struct tape *tape;     /* what is recorded goes there */
    /* Tells Python what was done with a path below a WATCHED directory. A trap, or NULL. */
    void *(*tell)(void *caller, uint32_t descriptor, uint32_t uses, const char *path);
    struct told *told;     /* what need not be told again, in sets by its hash; NULL: all is told each time */
    uint32_t told_count;
    uint8_t seeing;        /* what is only looked at is told, too */
    uint8_t reserved2[3];
    /* Asks Python what the rules of a directory say of a path. A trap, or NULL. */
    void *(*judge)(void *caller, uint32_t descriptor, const char *path, uint32_t *rights);
    struct verdict *verdicts; /* what it has said, in sets by its hash */
    uint64_t verdict_count;
    uint64_t stamp;        /* another one whenever what was said may not be true any more */
};

/* ---- WASI preview 1: the numbers that are used. ---- */

enum { SUCCESS = 0, MFILE = 33, NOENT = 44 };
enum {
    RIGHT_FD_READ = 1 << 1,
    RIGHT_FD_SEEK = 1 << 2,
    RIGHT_FD_TELL = 1 << 5,
    RIGHT_FD_WRITE = 1 << 6,
    RIGHT_PATH_CREATE_FILE = 1 << 10,
    RIGHT_PATH_OPEN = 1 << 13,
    RIGHT_PATH_FILESTAT_GET = 1 << 18,
    RIGHT_PATH_FILESTAT_SET_SIZE = 1 << 19,
    RIGHT_FD_FILESTAT_GET = 1 << 21,
};
enum { FDFLAG_APPEND = 1, FDFLAG_DSYNC = 2, FDFLAG_NONBLOCK = 4, FDFLAG_RSYNC = 8, FDFLAG_SYNC = 16 };
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };
enum { LOOKUP_SYMLINK_FOLLOW = 1 };
enum { FILETYPE_BLOCK_DEVICE = 1, FILETYPE_CHARACTER_DEVICE = 2, FILETYPE_DIRECTORY = 3, FILETYPE_REGULAR_FILE = 4,
       FILETYPE_SOCKET_STREAM = 6, FILETYPE_SYMBOLIC_LINK = 7 };

#define MAX_VECTORS 64
#define MAX_PATH 4096

/* ---- The guest's memory. ---- */

struct guest {
    struct table *table;
    uint8_t *memory;
    size_t size;
};

static int enter(struct guest *guest, void *caller)
{
    void *context = caller_context(caller);
    struct table *table = context_get_data(context);
    if (table == NULL || !table->has_memory)
        return 0;
    guest->table = table;
    guest->memory = memory_data(context, &table->memory);
    guest->size = memory_data_size(context, &table->memory);
    return 1;
}

static int inside(const struct guest *guest, uint64_t address, uint64_t length)
{
    return address <= guest->size && length <= guest->size - address;
}

static void put_u32(const struct guest *guest, uint32_t address, uint32_t number)
{
    memcpy(guest->memory + address, &number, sizeof number);
}

static void put_u64(const struct guest *guest, uint32_t address, uint64_t number)
{
    memcpy(guest->memory + address, &number, sizeof number);
}

static struct slot *slot_of(const struct guest *guest, uint32_t descriptor, enum kind kind, uint64_t rights)
{
    if (descriptor >= guest->table->capacity)
        return NULL;
    struct slot *slot = &guest->table->slots[descriptor];
    if (slot->kind != kind || (slot->rights & rights) != rights)
        return NULL;
    return slot;
}

/* A regular file, recorded or not. */
static struct slot *file_of(const struct guest *guest, uint32_t descriptor, uint64_t rights)
{
    struct slot *slot = slot_of(guest, descriptor, REGULAR_FILE, rights);
    return slot != NULL ? slot : slot_of(guest, descriptor, TAPED, rights);
}

/* A directory, with a watcher or without. */
static struct slot *directory_of(const struct guest *guest, uint32_t descriptor, uint64_t rights)
{
    struct slot *slot = slot_of(guest, descriptor, DIRECTORY, rights);
    return slot != NULL ? slot : slot_of(guest, descriptor, WATCHED, rights);
}

/* Gather the guest's buffers; the number of them, or -1 if Python must look at it. */
static int vectors(const struct guest *guest, uint32_t address, uint32_t count, struct iovec *out, uint64_t *total)
{
    if (count > MAX_VECTORS || count > guest->table->io_vectors || !inside(guest, address, (uint64_t)count * 8))
        return -1;
    *total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pair[2];
        memcpy(pair, guest->memory + address + (size_t)i * 8, sizeof pair);
        if (!inside(guest, pair[0], pair[1]))
            return -1;
        out[i].iov_base = guest->memory + pair[0];
        out[i].iov_len = pair[1];
        *total += pair[1];
    }
    return *total > guest->table->io_bytes ? -1 : (int)count;
}

#define RETURN(number) do { args[0].i64 = 0; args[0].i32 = (number); return NULL; } while (0)

/* ---- Reading and writing. ---- */

static void *transfer(void *env, void *caller, value *args, size_t count, int writing, int at_offset)
{
    struct guest guest;
    struct iovec iov[MAX_VECTORS];
    uint64_t total;
    if (!enter(&guest, caller))
        FALL_BACK;
    uint32_t result = args[at_offset ? 4 : 3].i32;
    uint64_t rights = (writing ? RIGHT_FD_WRITE : RIGHT_FD_READ) | (at_offset ? RIGHT_FD_SEEK : 0);
    struct slot *slot = file_of(&guest, args[0].i32, rights);
    if (slot == NULL || !inside(&guest, result, 4))
        FALL_BACK;
    if (slot->flags & (FDFLAG_DSYNC | FDFLAG_RSYNC | FDFLAG_SYNC))
        FALL_BACK;
    if (writing && ((slot->flags & FDFLAG_APPEND) || slot->read_only))
        FALL_BACK;
    int vector_count = vectors(&guest, args[1].i32, args[2].i32, iov, &total);
    int64_t offset = at_offset ? (int64_t)args[3].i64 : slot->position;
    if (vector_count < 0 || total == 0 || offset < 0 || offset > INT64_MAX - (int64_t)total)
        FALL_BACK;
    struct tape *tape = slot->kind == TAPED ? guest.table->tape : NULL;
    if (tape != NULL && !tape_has_room(tape, writing ? 0 : total))
        FALL_BACK;
    uint32_t checksum = tape != NULL && writing ? tape_checksum(iov, vector_count) : 0;
    ssize_t done;
    if (writing)
        done = vector_count == 1 ? pwrite(slot->host, iov[0].iov_base, iov[0].iov_len, offset)
                                 : pwritev(slot->host, iov, vector_count, offset);
    else
        done = vector_count == 1 ? pread(slot->host, iov[0].iov_base, iov[0].iov_len, offset)
                                 : preadv(slot->host, iov, vector_count, offset);
    if (done < 0)
        FALL_BACK;
    if (tape != NULL && writing)
        tape_written(tape, slot->object, offset, total, checksum, (uint64_t)done);
    else if (tape != NULL)
        tape_read(tape, slot->object, offset, total, (uint64_t)done, iov);
    if (!at_offset)
        slot->position = offset + done;
    put_u32(&guest, result, (uint32_t)done);
    RETURN(SUCCESS);
}

void *remit_fd_read(void *env, void *caller, value *args, size_t count)
{
    return transfer(env, caller, args, count, 0, 0);
}

void *remit_fd_write(void *env, void *caller, value *args, size_t count)
{
    return transfer(env, caller, args, count, 1, 0);
}

void *remit_fd_pread(void *env, void *caller, value *args, size_t count)
{
    return transfer(env, caller, args, count, 0, 1);
}

void *remit_fd_pwrite(void *env, void *caller, value *args, size_t count)
{
    return transfer(env, caller, args, count, 1, 1);
}

void *remit_fd_seek(void *env, void *caller, value *args, size_t count)
{
    enum { SET = 0, CURRENT = 1, END = 2 };
    struct guest guest;
    if (!enter(&guest, caller))
        FALL_BACK;
    int64_t offset = (int64_t)args[1].i64, base, position;
    uint32_t whence = args[2].i32, result = args[3].i32;
    struct slot *slot = file_of(&guest, args[0].i32, RIGHT_FD_SEEK | RIGHT_FD_TELL);
    if (slot == NULL || !inside(&guest, result, 8))
        FALL_BACK;
    if (whence == SET) {
        base = 0;
    } else if (whence == CURRENT) {
        base = slot->position;
    } else if (whence == END && slot->kind != TAPED) {
        struct stat stat;
        if (fstat(slot->host, &stat) != 0)
            FALL_BACK;
        base = stat.st_size;
    } else {
        FALL_BACK;
    }
    if (__builtin_add_overflow(base, offset, &position) || position < 0)
        FALL_BACK;
    slot->position = position;
    put_u64(&guest, result, (uint64_t)position);
    RETURN(SUCCESS);
}

void *remit_fd_tell(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    if (!enter(&guest, caller))
        FALL_BACK;
    struct slot *slot = file_of(&guest, args[0].i32, RIGHT_FD_TELL);
    if (slot == NULL || !inside(&guest, args[1].i32, 8))
        FALL_BACK;
    put_u64(&guest, args[1].i32, (uint64_t)slot->position);
    RETURN(SUCCESS);
}

/* ---- Attributes. ---- */

static uint8_t filetype(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFBLK: return FILETYPE_BLOCK_DEVICE;
    case S_IFCHR: return FILETYPE_CHARACTER_DEVICE;
    case S_IFDIR: return FILETYPE_DIRECTORY;
    case S_IFREG: return FILETYPE_REGULAR_FILE;
    case S_IFLNK: return FILETYPE_SYMBOLIC_LINK;
    case S_IFSOCK: return FILETYPE_SOCKET_STREAM;
    default: return 0;
    }
}

/* Nanoseconds since the epoch, if they fit WASI's unsigned 64 bits. */
static int timestamp(const struct timespec *time, uint64_t *out)
{
    return time->tv_sec >= 0 && !__builtin_mul_overflow((uint64_t)time->tv_sec, (uint64_t)1000000000, out) &&
           !__builtin_add_overflow(*out, (uint64_t)time->tv_nsec, out);
}

struct filestat {
    uint64_t device, inode;
    uint8_t type, padding[7];
    uint64_t links, size, accessed, modified, changed;
};
_Static_assert(sizeof(struct filestat) == 64, "filestat is 64 bytes");

static int make_filestat(struct filestat *out, const struct stat *stat)
{
    *out = (struct filestat){ .device = stat->st_dev, .inode = stat->st_ino, .type = filetype(stat->st_mode),
                              .links = stat->st_nlink, .size = (uint64_t)stat->st_size };
    return timestamp(&stat->st_atim, &out->accessed) && timestamp(&stat->st_mtim, &out->modified) &&
           timestamp(&stat->st_ctim, &out->changed);
}

static int put_filestat(const struct guest *guest, uint32_t address, const struct filestat *filestat)
{
    if (!inside(guest, address, sizeof *filestat))
        return 0;
    memcpy(guest->memory + address, filestat, sizeof *filestat);
    return 1;
}

void *remit_fd_filestat_get(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    struct stat stat;
    struct filestat found;
    if (!enter(&guest, caller))
        FALL_BACK;
    struct slot *slot = file_of(&guest, args[0].i32, RIGHT_FD_FILESTAT_GET);
    if (slot == NULL || !inside(&guest, args[1].i32, sizeof found) || fstat(slot->host, &stat) != 0 ||
        !make_filestat(&found, &stat))
        FALL_BACK;
    struct tape *tape = slot->kind == TAPED ? guest.table->tape : NULL;
    if (tape != NULL && (!tape_has_room(tape, 0) || !tape_stat(tape, slot->object, NULL, &stat)))
        FALL_BACK;
    put_filestat(&guest, args[1].i32, &found);
    RETURN(SUCCESS);
}

void *remit_fd_fdstat_get(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    if (!enter(&guest, caller))
        FALL_BACK;
    struct slot *slot = slot_of(&guest, args[0].i32, REGULAR_FILE, 0);
    struct slot *directory = directory_of(&guest, args[0].i32, 0);
    if (slot == NULL)
        slot = directory != NULL ? directory : slot_of(&guest, args[0].i32, TAPED_DIRECTORY, 0);
    if (slot == NULL || !inside(&guest, args[1].i32, 24))
        FALL_BACK;
    struct { uint8_t type, padding1; uint16_t flags; uint8_t padding2[4]; uint64_t rights, inheriting; } out = {
        .type = slot->kind == REGULAR_FILE ? FILETYPE_REGULAR_FILE : FILETYPE_DIRECTORY, .flags = slot->flags, .rights = slot->rights, .inheriting = slot->inheriting,
    };
    _Static_assert(sizeof out == 24, "fdstat is 24 bytes");
    memcpy(guest.memory + args[1].i32, &out, sizeof out);
    RETURN(SUCCESS);
}

/* ---- Paths. ---- */

/* Copy a path that needs no judgement: relative, plain UTF-8 without NUL, no trailing slash or dot. */
static int plain_path(const struct guest *guest, uint32_t address, uint32_t length, char out[MAX_PATH + 1])
{
    if (length == 0 || length > MAX_PATH || length > guest->table->path_bytes || !inside(guest, address, length))
        return 0;
    const uint8_t *path = guest->memory + address;
    if (path[0] == '/' || path[length - 1] == '/' || path[length - 1] == '.')
        return 0;
    for (uint32_t i = 0; i < length; i++)
        if (path[i] == 0 || path[i] >= 0x80)
            return 0;
    memcpy(out, path, length);
    out[length] = 0;
    return 1;
}

/* Whether a plain path is one name, and not too long to be an argument in a recording. */
static int short_name(const char *path)
{
    return strchr(path, '/') == NULL && strlen(path) <= 63;
}

/* Whether a plain path is names and nothing else: then it says where it leads, if no name is that of a link. */
static int only_names(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length == 0 || (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.'))
            return 0;
        if (path[length] == 0)
            return 1;
        path += length + 1;
    }
}

static int open_resolved(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct open_how how = { .flags = flags, .mode = mode, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static int open_beneath(int directory, const char *path, uint64_t flags, uint64_t mode)
{
    return open_resolved(directory, path, flags, mode, 0);
}

/* The attributes of what a path names, resolved beneath the directory: 0, or an errno. With RESOLVE_NO_SYMLINKS in
 * `resolve`, ELOOP if a link is followed. */
static int stat_beneath(int directory, const char *path, int follow, uint64_t resolve, struct stat *out)
{
    if (strchr(path, '/') == NULL) {
        if (fstatat(directory, path, out, AT_SYMLINK_NOFOLLOW) != 0)
            return errno;
        if (!follow || !S_ISLNK(out->st_mode))
            return 0;
    }
    int opened = open_resolved(directory, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0, resolve);
    if (opened < 0)
        return errno;
    int failed = fstat(opened, out) != 0 ? errno : 0;
    close(opened);
    return failed;
}

/* A use that need not be told twice has its place in one set of `told`, in which it replaces any. */
#define TOLD_WAYS 4

static uint64_t hash_of(int64_t place, uint32_t uses, const char *path, size_t length)
{
    uint64_t hash = 14695981039346656037u ^ (uint64_t)place ^ ((uint64_t)uses << 32); /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)path[i]) * 1099511628211u;
    return hash ^ (hash >> 29);
}

static struct told *set_of(const struct table *table, uint64_t hash)
{
    return &table->told[hash % (table->told_count / TOLD_WAYS) * TOLD_WAYS];
}

/* Whether Python was told of it, and need not be again. */
static int is_told(const struct table *table, uint32_t descriptor, uint32_t uses, const char *path, size_t length)
{
    if (table->told == NULL)
        return 0;
    int64_t place = table->slots[descriptor].position;
    const struct told *set = set_of(table, hash_of(place, uses, path, length));
    for (int i = 0; i < TOLD_WAYS; i++)
        if (set[i].place == place && set[i].uses == uses && set[i].length == length &&
            memcmp(set[i].path, path, length) == 0)
            return 1;
    return 0;
}

/* Tell Python what was done with a path below a WATCHED directory: a trap, or NULL. The watcher may do anything, so what
 * is known of the guest's memory and of slots is not true any more then. */
static void *tell(struct guest *guest, void *caller, uint32_t descriptor, uint32_t uses, const char *path)
{
    const struct table *table = guest->table;
    int64_t place = table->slots[descriptor].position;
    size_t length = strlen(path);
    if (is_told(table, descriptor, uses, path, length))
        return NULL;
    void *trap = table->tell(caller, descriptor, uses, path);
    if (trap != NULL)
        return trap;
    enter(guest, caller);
    if (table->told != NULL && length <= MAX_TOLD_PATH) {
        uint64_t hash = hash_of(place, uses, path, length);
        struct told *told = set_of(table, hash) + (hash >> 40) % TOLD_WAYS;
        for (int i = 0; i < TOLD_WAYS; i++)
            if (set_of(table, hash)[i].place == 0)
                told = &set_of(table, hash)[i];
        *told = (struct told){ .place = place, .uses = (uint16_t)uses, .length = (uint16_t)length };
        memcpy(told->path, path, length);
    }
    return NULL;
}

/* Tell that the directories on the way to a path were seen, before anything is done with it. Where all is told each
 * time that is Python's, which knows what it has told when something fails afterwards. 0: Python's turn, or a trap. */
static int tell_way(struct guest *guest, void *caller, uint32_t descriptor, const char *path, void **trap)
{
    char way[MAX_PATH + 1];
    const struct table *table = guest->table;
    size_t length = (size_t)(strrchr(path, '/') - path);
    *trap = NULL;
    if (table->told == NULL)
        return 0;
    if (is_told(table, descriptor, SEEN, path, length))
        return 1;
    memcpy(way, path, length);
    way[length] = 0;
    int opened = open_resolved(table->slots[descriptor].host, way, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS);
    if (opened < 0)
        return 0;
    close(opened);
    *trap = tell(guest, caller, descriptor, SEEN, way);
    return *trap == NULL && table->slots[descriptor].kind == WATCHED;
}

/* What the rules of a directory say of a path that is names and nothing else, or 0 and perhaps a trap. Where a
 * link is on the way it is of no use: what counts is where a path leads. */
static uint32_t judged(struct guest *guest, void *caller, uint32_t descriptor, const char *path, void **trap)
{
    const struct table *table = guest->table;
    const struct slot *slot = &table->slots[descriptor];
    size_t length = strlen(path);
    uint64_t place = slot->object, stamp = table->stamp, hash = hash_of((int64_t)place, 0, path, length);
    struct verdict *set = &table->verdicts[hash % (table->verdict_count / TOLD_WAYS) * TOLD_WAYS];
    struct verdict *kept = &set[(hash >> 40) % TOLD_WAYS];
    *trap = NULL;
    for (int i = 0; i < TOLD_WAYS; i++) {
        if (set[i].place == place && set[i].stamp == stamp && set[i].length == length &&
            memcmp(set[i].path, path, length) == 0)
            return set[i].rights;
        if (set[i].place == 0 || set[i].stamp != stamp)
            kept = &set[i];
    }
    uint32_t rights = 0;
    *trap = table->judge(caller, descriptor, path, &rights);
    if (*trap != NULL)
        return 0;
    enter(guest, caller);
    if (length <= MAX_JUDGED_PATH) {
        *kept = (struct verdict){ .place = place, .stamp = stamp, .rights = (uint16_t)rights, .length = (uint16_t)length };
        memcpy(kept->path, path, length);
    }
    return slot->restricted && slot->object == place ? rights : 0;
}

void *remit_path_filestat_get(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    struct stat stat;
    struct filestat found;
    char path[MAX_PATH + 1];
    if (!enter(&guest, caller))
        FALL_BACK;
    struct slot *slot = directory_of(&guest, args[0].i32, RIGHT_PATH_FILESTAT_GET);
    struct slot *taped = slot_of(&guest, args[0].i32, TAPED_DIRECTORY, RIGHT_PATH_FILESTAT_GET);
    uint32_t lookup = args[1].i32, result = args[4].i32;
    if (taped != NULL) {
        struct tape *tape = guest.table->tape;
        if ((lookup & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW) || !inside(&guest, result, 64) ||
            !plain_path(&guest, args[2].i32, args[3].i32, path) || !short_name(path) || !tape_has_room(tape, 0) ||
            fstatat(taped->host, path, &stat, AT_SYMLINK_NOFOLLOW) != 0 || S_ISLNK(stat.st_mode) ||
            !make_filestat(&found, &stat) || !tape_stat(tape, taped->object, path, &stat))
            FALL_BACK;
        put_filestat(&guest, result, &found);
        RETURN(SUCCESS);
    }
    if (slot == NULL || (lookup & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW) || !inside(&guest, result, 64) ||
        !plain_path(&guest, args[2].i32, args[3].i32, path))
        FALL_BACK;
    int seeing = slot->kind == WATCHED && guest.table->seeing, restricted = slot->restricted;
    if ((seeing || restricted) && !only_names(path))
        FALL_BACK;
    void *trap = NULL;
    if (restricted && !judged(&guest, caller, args[0].i32, path, &trap)) {
        if (trap != NULL)
            return trap;
        FALL_BACK;
    }
    int failed = stat_beneath(slot->host, path, lookup & LOOKUP_SYMLINK_FOLLOW,
                              seeing || restricted ? RESOLVE_NO_SYMLINKS : 0, &stat);
    if (failed == ENOENT && (!seeing || strchr(path, '/') == NULL || tell_way(&guest, caller, args[0].i32, path, &trap)))
        RETURN(NOENT);
    if (trap != NULL)
        return trap;
    if (failed || !make_filestat(&found, &stat))
        FALL_BACK;
    if (seeing)
        trap = tell(&guest, caller, args[0].i32, SEEN, path);
    if (trap != NULL)
        return trap;
    put_filestat(&guest, result, &found);
    RETURN(SUCCESS);
}

/* The lowest free slot, or NULL when the program's limit is reached. */
static struct slot *free_slot(struct table *table)
{
    for (uint32_t i = table->lowest_free; i < table->capacity; i++)
        if (table->slots[i].kind == FREE) {
            table->lowest_free = i;
            return &table->slots[i];
        }
    return NULL;
}

static int open_without_links(int directory, const char *path, uint64_t flags)
{
    if (strchr(path, '/') == NULL)
        return openat(directory, path, (int)flags | O_NOFOLLOW, 0666);
    return open_resolved(directory, path, flags | O_NOFOLLOW, flags & O_CREAT ? 0666 : 0, RESOLVE_NO_SYMLINKS);
}

/* Open a regular file: its descriptor, or -1 and an errno, and nothing has happened that Python's turn would not do. */
static int open_file(int directory, const char *path, uint64_t flags, int without_links)
{
    struct stat stat;
    int host = -1;
    errno = ELOOP;
    /* A single name that is no link cannot lead outside, and openat is the cheaper call. */
    if (without_links || strchr(path, '/') == NULL)
        host = open_without_links(directory, path, flags);
    if (host < 0 && errno == ELOOP && !without_links)
        host = open_beneath(directory, path, flags, flags & O_CREAT ? 0666 : 0);
    if (host >= 0 && (fstat(host, &stat) != 0 || !S_ISREG(stat.st_mode))) {
        close(host);
        errno = EISDIR;
        return -1;
    }
    return host;
}

/* The same below a WATCHED directory: where no link is on the way, and so that it is known whether the file was made. */
static int open_watched(int directory, const char *path, uint64_t flags, int *created)
{
    struct stat stat;
    *created = 0;
    if (flags & O_CREAT) {
        int host = open_without_links(directory, path, flags | O_EXCL);
        if (host >= 0)
            *created = 1;
        if (host >= 0 || errno != EEXIST || (flags & O_EXCL))
            return host;
    }
    /* It is not cut before it is known what it is, and that it may be opened at all: to open a file of somebody else
     * with O_CREAT can be forbidden (fs.protected_regular), and we do not ask with O_CREAT again, as it might be made. */
    int host = open_without_links(directory, path, flags & ~(uint64_t)(O_CREAT | O_TRUNC));
    if (host < 0)
        return -1;
    if (fstat(host, &stat) == 0 && S_ISREG(stat.st_mode) && (!(flags & O_CREAT) || stat.st_uid == geteuid()) &&
        (!(flags & O_TRUNC) || ftruncate(host, 0) == 0))
        return host;
    close(host);
    errno = EISDIR;
    return -1;
}

void *remit_path_open(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    char path[MAX_PATH + 1];
    if (!enter(&guest, caller))
        FALL_BACK;
    uint32_t lookup = args[1].i32, oflags = args[4].i32, fdflags = args[7].i32, result = args[8].i32;
    uint64_t rights = args[5].i64 & guest.table->all_rights, inheriting = args[6].i64 & guest.table->all_rights;
    uint64_t needed = RIGHT_PATH_OPEN | (oflags & OFLAG_CREAT ? RIGHT_PATH_CREATE_FILE : 0) |
                      (oflags & OFLAG_TRUNC ? RIGHT_PATH_FILESTAT_SET_SIZE : 0);
    struct slot *directory = directory_of(&guest, args[0].i32, needed);
    struct tape *tape = NULL;
    if (directory == NULL && (directory = slot_of(&guest, args[0].i32, TAPED_DIRECTORY, needed)) != NULL)
        tape = guest.table->tape;
    if (directory == NULL || (lookup & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW) || !inside(&guest, result, 4))
        FALL_BACK;
    if ((oflags & ~(uint32_t)(OFLAG_CREAT | OFLAG_EXCL | OFLAG_TRUNC)) ||
        (fdflags & ~(uint32_t)(FDFLAG_APPEND | FDFLAG_NONBLOCK)))
        FALL_BACK;
    if ((rights | inheriting) & ~directory->inheriting)
        FALL_BACK;
    if (!plain_path(&guest, args[2].i32, args[3].i32, path))
        FALL_BACK;
    struct slot *slot = free_slot(guest.table);
    if (slot == NULL || (tape != NULL && (!short_name(path) || !tape_has_room(tape, 0))))
        FALL_BACK;

    int read = (rights & RIGHT_FD_READ) != 0;
    int write = (rights & RIGHT_FD_WRITE) != 0 || (oflags & OFLAG_TRUNC) != 0;
    uint64_t flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY);
    flags |= lookup & LOOKUP_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW;
    flags |= oflags & OFLAG_CREAT ? O_CREAT : 0;
    flags |= oflags & OFLAG_EXCL ? O_EXCL : 0;
    flags |= oflags & OFLAG_TRUNC ? O_TRUNC : 0;
    int watched = directory->kind == WATCHED, restricted = directory->restricted, created = 0;
    int has_way = watched && guest.table->seeing && strchr(path, '/') != NULL;
    uint8_t read_only = directory->read_only;
    void *trap = NULL;
    if (((watched || restricted) && !only_names(path)) || (read_only && (write || (flags & O_CREAT))))
        FALL_BACK;
    if (restricted) {
        uint32_t may = judged(&guest, caller, args[0].i32, path, &trap);
        uint32_t must = (read || !write ? MAY_READ : 0) | (write ? MAY_WRITE : 0) | (flags & O_CREAT ? MAY_CREATE : 0);
        if (trap != NULL)
            return trap;
        if ((may & must) != must)
            FALL_BACK;
        read_only = !(may & MAY_WRITE);
    }
    /* What raises when it is told of the way keeps the file from being made or cut. */
    if (has_way && (flags & (O_CREAT | O_TRUNC)) && !tell_way(&guest, caller, args[0].i32, path, &trap)) {
        if (trap != NULL)
            return trap;
        FALL_BACK;
    }
    /* Of what is recorded, only what leads nowhere else: the rest is several calls. */
    flags |= tape != NULL ? O_NOFOLLOW : 0;
    int host = watched ? open_watched(directory->host, path, flags, &created)
               : open_file(directory->host, path, flags, restricted);
    if (host < 0) {
        if (errno == ENOENT && tape == NULL && !(oflags & OFLAG_CREAT) && (!has_way || tell_way(&guest, caller, args[0].i32, path, &trap)))
            RETURN(NOENT);
        if (trap != NULL)
            return trap;
        FALL_BACK;
    }
    if (watched) {
        uint32_t uses = (created ? CREATED : 0) | (read || !write ? READ : 0) | (write ? WRITTEN : 0);
        trap = tell(&guest, caller, args[0].i32, uses, path);
        slot = free_slot(guest.table); /* the watcher may have used the program */
        if (trap != NULL || slot == NULL) {
            close(host);
            if (trap != NULL)
                return trap;
            RETURN(MFILE);
        }
    }
    uint32_t object = 0;
    if (tape != NULL) {
        enum { READ_IT = 1, WRITE_IT = 2, CREATE = 4, EXCLUSIVE = 8, TRUNCATE = 16 };
        uint32_t how = (rights & RIGHT_FD_READ ? READ_IT : 0) | (write ? WRITE_IT : 0) |
                       (oflags & OFLAG_CREAT ? CREATE : 0) | (oflags & OFLAG_TRUNC ? TRUNCATE : 0) |
                       ((oflags & (OFLAG_CREAT | OFLAG_EXCL)) == (OFLAG_CREAT | OFLAG_EXCL) ? EXCLUSIVE : 0);
        object = tape_opened(tape, directory->object, path, how & (READ_IT | WRITE_IT) ? how : how | READ_IT);
    }
    *slot = (struct slot){ .host = host, .object = object, .kind = tape != NULL ? TAPED : REGULAR_FILE, .flags = (uint16_t)fdflags,
                           .read_only = read_only,
                           .rights = rights & guest.table->file_rights, .inheriting = inheriting };
    uint32_t number = (uint32_t)(slot - guest.table->slots);
    guest.table->lowest_free = number + 1;
    if (guest.table->used <= number)
        guest.table->used = number + 1;
    put_u32(&guest, result, number);
    RETURN(SUCCESS);
}

void *remit_fd_close(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    if (!enter(&guest, caller))
        FALL_BACK;
    struct slot *slot = file_of(&guest, args[0].i32, 0);
    if (slot == NULL || slot->known)
        FALL_BACK;
    if (slot->kind == TAPED) {
        if (!tape_has_room(guest.table->tape, 0))
            FALL_BACK;
        tape_closed(guest.table->tape, slot->object);
    }
    close(slot->host);
    memset(slot, 0, sizeof *slot);
    if (args[0].i32 < guest.table->lowest_free)
        guest.table->lowest_free = args[0].i32;
    RETURN(SUCCESS);
}

/* ---- Clocks and random numbers. ---- */

void *remit_clock_time_get(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    struct timespec now;
    uint64_t time;
    if (!enter(&guest, caller))
        FALL_BACK;
    uint32_t clock = args[0].i32;
    if (clock > 1 || !guest.table->host_clock[clock] || !inside(&guest, args[2].i32, 8) ||
        clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now) != 0 || !timestamp(&now, &time))
        FALL_BACK;
    put_u64(&guest, args[2].i32, time - guest.table->clock_origin[clock]);
    RETURN(SUCCESS);
}

void *remit_random_get(void *env, void *caller, value *args, size_t count)
{
    struct guest guest;
    if (!enter(&guest, caller))
        FALL_BACK;
    uint32_t address = args[0].i32, length = args[1].i32;
    if (!guest.table->host_random || length > 256 || !inside(&guest, address, length))
        FALL_BACK;
    /* Up to 256 bytes come whole or not at all, getrandom(2). */
    if (getrandom(guest.memory + address, length, GRND_NONBLOCK) != (ssize_t)length)
        FALL_BACK;
    RETURN(SUCCESS);
}

/* ---- Set up. ---- */

void *(*caller_context)(void *caller);
void *(*context_get_data)(const void *context);
uint8_t *(*memory_data)(const void *context, const struct memory *memory);
size_t (*memory_data_size)(const void *context, const struct memory *memory);
void *(*func_call)(void *context, const struct func *func, value *cells, size_t count, void **trap);
void *(*trap_new)(const char *message, size_t length);
void (*error_delete)(void *error);

/* Give the addresses of wasmtime's functions, in the order above. 0, or -1 where the host cannot confine paths (no
 * openat2). */
int remit_native_init(void *const *functions)
{
    memcpy(&caller_context, &functions[0], sizeof functions[0]);
    memcpy(&context_get_data, &functions[1], sizeof functions[1]);
    memcpy(&memory_data, &functions[2], sizeof functions[2]);
    memcpy(&memory_data_size, &functions[3], sizeof functions[3]);
    memcpy(&func_call, &functions[4], sizeof functions[4]);
    memcpy(&trap_new, &functions[5], sizeof functions[5]);
    memcpy(&error_delete, &functions[6], sizeof functions[6]);
    int probe = open_beneath(AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0);
    if (probe < 0)
        return -1;
    close(probe);
    return 0;
}

/* For Python to check that both sides mean the same structures. */
size_t remit_native_sizes(size_t which)
{
    const size_t sizes[] = { sizeof(struct slot), sizeof(struct table), sizeof(struct import), sizeof(struct told),
                             sizeof(struct tape), sizeof(struct verdict) };
    return which < sizeof sizes / sizeof sizes[0] ? sizes[which] : 0;
}
