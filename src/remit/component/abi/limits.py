"""What the canonical ABI bounds, and what Remit bounds beyond it.

Source: ``CanonicalABI.md``, "Flattening", "Loading".
"""

from __future__ import annotations

MAX_FLAT_PARAMS = 16
"""Core parameters of a function; more are passed in memory."""

MAX_FLAT_RESULTS = 1

MAX_STRING_BYTE_LENGTH = (1 << 28) - 1

MAX_LIST_BYTE_LENGTH = (1 << 28) - 1

MAX_LIFTED_BYTES = 1 << 29
"""What the values of one lift may take in the host, in bytes, as estimated from their types.

The specification bounds each list and string, but not their sum: a list of a million strings may name the same bytes a
million times, and a byte of guest memory may be a record, which takes sixty here. Any one string or list of bytes
that the specification allows fits.
"""
