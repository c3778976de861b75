/* Ends the way that its argument says: a number is the exit status, anything else is a crash. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    printf("before the end\n");
    fflush(stdout);
    if (argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9')
        exit(atoi(argv[1]));
    __builtin_trap();
}
