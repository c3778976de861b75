"""Interfaces of components in Python: how one is declared, checked against what a component imports, and called."""
