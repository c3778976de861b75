"""What this process holds: memory and descriptors (Linux; elsewhere what the system tells)."""

from __future__ import annotations

import os


def resident_kib() -> float:
    """Memory of this process that is in RAM."""
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def open_descriptors() -> int:
    """Descriptors that this process has open."""
    return len(os.listdir("/dev/fd"))
