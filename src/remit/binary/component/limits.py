"""How much of one thing a component may have: as many as engines accept (wasm-tools, ``wasmparser/src/limits.rs``).

Vectors are checked against the bytes that are left, too; these keep what is made from a byte each within bounds.
"""

from __future__ import annotations

MODULES = 1_000
COMPONENTS = 1_000
INSTANCES = 1_000
"""Core instances, and as many instances of components."""
INDEX_SPACE = 1_000_000
"""Of types, functions, memories and so on."""
TYPE_DECLARATIONS = 100_000
"""Of a core module's, a component's or an instance's type."""
FIELDS = 10_000
"""Of a record; cases of a variant or enum; types of a tuple."""
FLAGS = 1_000
PARAMETERS = 1_000
ARGUMENTS = 100_000
"""Of an instantiation; exports of an instance that is put together."""
OPTIONS = 10
NAME = 100_000
"""Bytes of a name."""

TYPE_NESTING = 50
"""Types that are declared inside types, and COMPONENT_NESTING components in components: each level is a few Python
frames, of the thousand that there are. Real ones have three or four levels."""
COMPONENT_NESTING = 30
