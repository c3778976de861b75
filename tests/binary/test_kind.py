from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.binary.kind import COMPONENT, HEAD, MODULE, OTHER, PRECOMPILED, TEXT, describe, kind_of
from wat import wat

CASES = {
    "a core WebAssembly module": (wat("(module)"), MODULE),
    "a WebAssembly component": (wat("(component)"), COMPONENT),
    "WebAssembly in the text format": (b"\xef\xbb\xbf\n;; a comment\n(; another (; nested ;) ;) (module (func))", TEXT),
    "native code, compiled ahead of time": (b"\x7fELF\x02\x01\x01\xc8" + bytes(56), PRECOMPILED),
    "an empty file": (b"", OTHER),
    "a gzip archive: unpack it first": (gzip.compress(b"x"), OTHER),
    "an HTML page: perhaps a failed download": (b"\n<!DOCTYPE html><title>404</title>", OTHER),
    "a script": (b"#!/bin/sh\nexec true\n", OTHER),
    "a JSON document": (b'{"error": "not found"}', OTHER),
    "an XML document": (b"<Error>AccessDenied</Error>", OTHER),
    "a text file": (b"print('hello')", OTHER),
    "a static library: link it into a program first": (b"!<arch>\nx.o/", OTHER),
    "a tar archive: unpack it first": (b"name".ljust(257, b"\0") + b"ustar\x0000", OTHER),
    "a Git LFS pointer: fetch the real file with `git lfs pull`": (b"version https://git-lfs.example/spec/v1\n", OTHER),
    "not WebAssembly, nor any format known here": (b"\x01\x02\xff\xfe\0\0", OTHER),
}


@pytest.mark.parametrize("words", CASES)
def test_in_words(words: str) -> None:
    head, kind = CASES[words]
    assert describe(head) == words
    assert kind_of(head) == kind


@pytest.mark.skipif(sys.platform != "linux", reason="needs an ELF program")
def test_a_real_native_program() -> None:
    with Path(sys.executable).open("rb") as file:
        assert describe(file.read(HEAD)) == "a native program or library (ELF)"


@pytest.mark.parametrize("text", ["(func)", "(module)", "(module $name", '(import "a" "b" (func))', "(component\n"])
def test_forms_of_the_text_format(text: str) -> None:
    assert kind_of(text.encode()) == TEXT


@pytest.mark.parametrize("text", ["(define x 1)", "()", "(", ";; only a comment", "(; not closed", "module"])
def test_other_text(text: str) -> None:
    assert kind_of(text.encode()) == OTHER
    assert describe(text.encode()) == "a text file"


def test_a_head_that_ends_inside_of_a_character() -> None:
    head = ("é" * HEAD).encode()[1 : HEAD + 1]
    assert describe(b"x" + head[1:HEAD]) == "a text file"


@given(st.binary(max_size=80))
def test_anything_has_a_description(head: bytes) -> None:
    assert describe(head)
