/* Accepts one connection on the socket that it was handed, answers what it hears, and says how it went. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    char heard[100];
    int connection = accept(3, NULL, NULL);
    if (connection < 0)
        return 1;
    size_t length = 0;
    for (ssize_t got; (got = recv(connection, heard + length, sizeof heard - length, 0)) > 0;)
        length += got;
    printf("heard %.*s\n", (int)length, heard);
    send(connection, "well done", 9, 0);
    shutdown(connection, SHUT_WR);
    close(connection);
    return 0;
}
