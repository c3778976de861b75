/* Sleeps 20 times for 10 ms. */
#include <time.h>

int main(void) {
    struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < 20; i++)
        nanosleep(&nap, 0);
    return 0;
}
