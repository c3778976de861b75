"""WASI 0.2 on the kernel: a module for each interface or a few that belong together."""
