/* The smallest program that shows itself. */
#include <stdio.h>

int main(void) {
    puts("hello");
    return 0;
}
