/* Prints its arguments and its environment, in the order in which they arrive. */
#include <stdio.h>

extern char **environ;

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        printf("argument %d: <%s>\n", i, argv[i]);
    for (char **variable = environ; *variable != NULL; variable++)
        printf("variable: <%s>\n", *variable);
    return 0;
}
