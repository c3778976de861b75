"""Text format to binary, for tests, by the C library that the engine uses anyway."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path


class _ByteVec(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_void_p))


@cache
def _library() -> ctypes.CDLL:
    spec = find_spec("wasmtime")
    assert spec is not None
    assert spec.origin is not None
    [path] = Path(spec.origin).parent.glob("*-*/_*wasmtime.*")
    library = ctypes.CDLL(str(path))
    library.wasmtime_wat2wasm.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(_ByteVec)]
    library.wasmtime_wat2wasm.restype = ctypes.c_void_p
    library.wasmtime_error_message.argtypes = [ctypes.c_void_p, ctypes.POINTER(_ByteVec)]
    library.wasmtime_error_message.restype = None
    library.wasmtime_error_delete.argtypes = [ctypes.c_void_p]
    library.wasmtime_error_delete.restype = None
    library.wasm_byte_vec_delete.argtypes = [ctypes.POINTER(_ByteVec)]
    library.wasm_byte_vec_delete.restype = None
    return library


def _take(vec: _ByteVec) -> bytes:
    try:
        return ctypes.string_at(vec.data, vec.size)
    finally:
        _library().wasm_byte_vec_delete(ctypes.byref(vec))


@cache
def wat(text: str) -> bytes:
    """The module (or component) that `text` describes. ValueError with the parser's own message."""
    source = text.encode()
    out = _ByteVec()
    error = _library().wasmtime_wat2wasm(source, len(source), ctypes.byref(out))
    if error:
        message = _ByteVec()
        _library().wasmtime_error_message(error, ctypes.byref(message))
        _library().wasmtime_error_delete(error)
        raise ValueError(_take(message).decode())
    return _take(out)
