"""Checks for those who write parts of the virtual operating system themselves. They need no test framework."""

from remit.testing.filesystem import check_filesystem, fill_sample

__all__ = ["check_filesystem", "fill_sample"]
