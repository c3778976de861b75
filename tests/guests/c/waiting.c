/* Clocks, sleeping, and poll on standard input: prints only what every run shares.
 *
 * With an argument it ends with a poll of a descriptor that is not open. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
    (void)argv;
    struct timespec step;
    printf("resolution %d\n", clock_getres(CLOCK_MONOTONIC, &step) == 0 && step.tv_sec == 0 && step.tv_nsec > 0);
    printf("after 2020 %d\n", now(CLOCK_REALTIME) > 1577836800LL * 1000000000);
    long long before = now(CLOCK_MONOTONIC);
    struct timespec nap = {.tv_nsec = 3000000};
    printf("sleep %d\n", nanosleep(&nap, NULL));
    printf("slept %d\n", now(CLOCK_MONOTONIC) - before >= 3000000);
    long long until = now(CLOCK_MONOTONIC) + 3000000;
    struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    printf("sleep until %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL));
    long long late = now(CLOCK_MONOTONIC) - until;
    printf("in time %d\n", late >= 0 && late < 60000000000);
    printf("yield %d\n", sched_yield());
    before = now(CLOCK_MONOTONIC);
    printf("poll nothing %d\n", poll(NULL, 0, 2));
    printf("waited %d\n", now(CLOCK_MONOTONIC) - before >= 2000000);
    for (int round = 0; round < 4; round++) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        int ready = poll(&input, 1, -1);
        char line[8];
        ssize_t size = read(STDIN_FILENO, line, sizeof line);
        printf("ready %d, read %zd: %.*s\n", ready, size, size > 0 ? (int)size : 0, line);
        if (size <= 0)
            break;
    }
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    int ready = poll(&output, 1, 1000);
    printf("output ready %d, events %d\n", ready, (output.revents & POLLOUT) != 0);
    if (argc == 1)
        return 0;
    struct pollfd closed = {.fd = 99, .events = POLLIN};
    ready = poll(&closed, 1, 0);
    printf("closed: %d, %s\n", ready, ready < 0 ? strerror(errno) : (closed.revents & POLLNVAL) ? "invalid" : "else");
    return 0;
}
