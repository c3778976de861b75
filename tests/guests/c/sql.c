/* Runs the SQL on standard input against the database that it is given, and prints every row. */
#include <stdio.h>
#include <stdlib.h>

#include "sqlite3.h"

static int print_row(void *unused, int columns, char **values, char **names) {
    (void)unused, (void)names;
    for (int i = 0; i < columns; i++)
        printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    putchar('\n');
    return 0;
}

int main(int argc, char **argv) {
    size_t size = 0, room = 1 << 16;
    char *script = malloc(room), *problem = NULL;
    for (size_t got; (got = fread(script + size, 1, room - size - 1, stdin)) > 0; size += got)
        if (size + got + 1 == room)
            script = realloc(script, room *= 2);
    script[size] = '\0';
    sqlite3 *database;
    if (argc != 2 || sqlite3_open(argv[1], &database) != SQLITE_OK) {
        fprintf(stderr, "sql: cannot open %s\n", argc > 1 ? argv[1] : "nothing");
        return 2;
    }
    int status = sqlite3_exec(database, script, print_row, NULL, &problem);
    if (status != SQLITE_OK)
        fprintf(stderr, "sql: %s\n", problem);
    sqlite3_close(database);
    return status != SQLITE_OK;
}
