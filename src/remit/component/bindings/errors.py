"""Why there are no bindings."""

from __future__ import annotations


class BindingsError(ValueError):
    """The module cannot be written; the message says why."""
