"""Labels of the component model as Python names."""

from __future__ import annotations


def python_name(label: str) -> str:
    """``content-type`` as ``content_type``, ``class`` as ``class_``. ValueError for what is no kebab-case label."""
    name = label.replace("-", "_").lower()
    if not (name.isascii() and name.isidentifier()) or name.startswith("_"):
        raise ValueError(f"not a kebab-case name: {label!r}")
    return f"{name}_" if _is_keyword(name) else name


def constant_name(label: str) -> str:
    """``no-entry`` as ``NO_ENTRY``. ValueError for what is no kebab-case label."""
    return python_name(label).rstrip("_").upper()


def class_name(label: str) -> str:
    """``directory-entry`` as ``DirectoryEntry``. ValueError for what is no kebab-case label."""
    python_name(label)
    name = "".join([word[:1].upper() + word[1:] for word in label.split("-")])
    return f"{name}_" if name in ("None", "True", "False") else name


def _is_keyword(name: str) -> bool:
    from keyword import iskeyword

    return iskeyword(name)
