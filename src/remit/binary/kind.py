"""What a file is, from its first bytes: so that an error can name it instead of saying "bad magic"."""

from __future__ import annotations

MODULE = "module"
COMPONENT = "component"
TEXT = "text"
PRECOMPILED = "precompiled"
OTHER = "other"

HEAD = 4096
"""How many bytes from the start are enough to tell."""

_ELF_OS_WASMTIME = 200  # Byte 7 of the object files that wasmtime keeps compiled code in.

# fmt: off
_WAT_FORMS = frozenset((
    "module", "component", "core", "instance", "type", "rec", "import", "export", "func", "table", "memory", "global",
    "tag", "start", "elem", "data",
))
# fmt: on

# What people pass by mistake, by how it starts.
_SIGNATURES = (
    (b"\x7fELF", "a native program or library (ELF)"),
    (b"MZ", "a Windows program or library (PE)"),
    (b"\xcf\xfa\xed\xfe", "a macOS program or library (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "a macOS universal binary or a Java class"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive: unpack it first"),
    (b"\xfd7zXZ\0", "an xz archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"!<arch>\n", "a static library: link it into a program first"),
    (b"BC\xc0\xde", "LLVM bitcode: compile and link it first"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the real file with `git lfs pull`"),
    (b"#!", "a script"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
)


def kind_of(head: bytes) -> str:
    """MODULE, COMPONENT, TEXT (the text format), PRECOMPILED (native code, by wasmtime) or OTHER.

    `head` is the start of the file, HEAD bytes if it has so many. A module or component may still be damaged.
    """
    if head[:4] == b"\0asm":
        return COMPONENT if head[6:8] == b"\x01\0" else MODULE
    if head[:4] == b"\x7fELF" and head[7:8] == bytes([_ELF_OS_WASMTIME]):
        return PRECOMPILED
    return TEXT if _is_wat(head) else OTHER


def describe(head: bytes) -> str:
    """In words, with an article: ``a gzip archive: unpack it first``."""
    kind = kind_of(head)
    if kind == MODULE:
        return "a core WebAssembly module"
    if kind == COMPONENT:
        return "a WebAssembly component"
    if kind == PRECOMPILED:
        return "native code, compiled ahead of time"
    if kind == TEXT:
        return "WebAssembly in the text format"
    if not head:
        return "an empty file"
    for start, name in _SIGNATURES:
        if head.startswith(start):
            return name
    if head[257:262] == b"ustar":
        return "a tar archive: unpack it first"
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if words.startswith((b"<!doctype html", b"<html")):
        return "an HTML page: perhaps a failed download"
    if words.startswith((b"<?xml", b"<")):
        return "an XML document"
    if words.startswith((b"{", b"[")):
        return "a JSON document"
    return "a text file" if _is_text(head) else "not WebAssembly, nor any format known here"


def _is_wat(head: bytes) -> bool:
    """Whether the first thing after blanks and comments is a form that a text module or component starts with."""
    if not _is_text(head):
        return False
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    while text.startswith((";;", "(;", "(@")):
        text = _after_comment(text).lstrip()
    if not text.startswith("("):
        return False
    word = text[1:].lstrip().split(maxsplit=1)[:1]
    return bool(word) and word[0].rstrip("()") in _WAT_FORMS


def _after_comment(text: str) -> str:
    if text.startswith(";;"):
        return text.partition("\n")[2]
    depth = 0
    opening, closing = text[:2], ";)" if text.startswith("(;") else ")"
    position = 0
    while position < len(text):
        if text.startswith(opening, position):
            depth += 1
            position += len(opening)
        elif text.startswith(closing, position):
            depth -= 1
            position += len(closing)
            if depth == 0:
                return text[position:]
        else:
            position += 1
    return ""


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end inside of a character.
        return len(head) >= HEAD and error.start >= len(head) - 3
    return True
