"""Rights: what may be done through one descriptor, as a set of bits that can only shrink.

A descriptor carries two sets: what it may do itself (`rights`), and the most that descriptors
opened through it may do (`inheriting`). They narrow what a program does to itself; what it was
granted at all is decided by the file and directory objects.

The bits stand in the order in which CloudABI, where these rights come from, numbers them. WASI 0.1
took that order over, so the interfaces need no translation, and a test says that it stays so.
"""

from __future__ import annotations

FILE_DATASYNC = 1 << 0
FILE_READ = 1 << 1
FILE_SEEK = 1 << 2
FILE_SET_FLAGS = 1 << 3
FILE_SYNC = 1 << 4
FILE_TELL = 1 << 5
FILE_WRITE = 1 << 6
FILE_ADVISE = 1 << 7
FILE_ALLOCATE = 1 << 8
PATH_CREATE_DIRECTORY = 1 << 9
PATH_CREATE_FILE = 1 << 10
PATH_LINK_SOURCE = 1 << 11
PATH_LINK_TARGET = 1 << 12
PATH_OPEN = 1 << 13
DIRECTORY_READ = 1 << 14
PATH_READ_LINK = 1 << 15
PATH_RENAME_SOURCE = 1 << 16
PATH_RENAME_TARGET = 1 << 17
PATH_STAT = 1 << 18
PATH_RESIZE = 1 << 19
PATH_SET_TIMES = 1 << 20
FILE_STAT = 1 << 21
FILE_RESIZE = 1 << 22
FILE_SET_TIMES = 1 << 23
PATH_SYMLINK = 1 << 24
PATH_REMOVE_DIRECTORY = 1 << 25
PATH_UNLINK = 1 << 26
POLL = 1 << 27
SOCKET_SHUTDOWN = 1 << 28
SOCKET_ACCEPT = 1 << 29

ALL = (1 << 30) - 1

ANY_NODE = FILE_DATASYNC | FILE_SYNC | FILE_STAT | FILE_SET_TIMES | FILE_SET_FLAGS
"""What makes sense for every open thing."""

FILE = ANY_NODE | FILE_READ | FILE_WRITE | FILE_SEEK | FILE_TELL | FILE_ADVISE | FILE_ALLOCATE | FILE_RESIZE | POLL
"""What makes sense for a file with a position."""

SOCKET = SOCKET_SHUTDOWN | SOCKET_ACCEPT
STREAM = (ANY_NODE | FILE_READ | FILE_WRITE | POLL | SOCKET) & ~FILE_SET_TIMES
"""What makes sense for a pipe, a terminal or a socket. Without a position: that is how C libraries tell a terminal."""

DIRECTORY = (
    (ANY_NODE & ~FILE_SET_FLAGS)
    | PATH_CREATE_DIRECTORY
    | PATH_CREATE_FILE
    | PATH_LINK_SOURCE
    | PATH_LINK_TARGET
    | PATH_OPEN
    | DIRECTORY_READ
    | PATH_READ_LINK
    | PATH_RENAME_SOURCE
    | PATH_RENAME_TARGET
    | PATH_STAT
    | PATH_RESIZE
    | PATH_SET_TIMES
    | PATH_SYMLINK
    | PATH_REMOVE_DIRECTORY
    | PATH_UNLINK
)
"""What makes sense for a directory itself; the files opened through it have the rights that it passes on."""
