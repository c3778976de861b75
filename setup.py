"""Builds the optional native library; everything else is in pyproject.toml.

It is a plain shared library that Python loads with ctypes: no CPython API, so one build serves every Python. Where
there is no C compiler, or no openat2 (anything but Linux), the package installs without it and does all in Python.
"""

import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class BuildSharedLibrary(build_ext):
    """Names the library plainly: it is no Python module and depends on no Python version."""

    def get_ext_filename(self, fullname: str) -> str:
        return fullname.replace(".", "/") + ".so"


native = Extension(
    "remit.native.fastpath",
    ["src/remit/native/fastpath.c", "src/remit/native/streams.c", "src/remit/native/tape.c"],
    depends=["src/remit/native/engine.h", "src/remit/native/tape.h"],
    extra_compile_args=["-O2", "-std=c11", "-Wall", "-Wextra", "-fvisibility=default"],
    optional=True,
)

setup(
    ext_modules=[native] if sys.platform == "linux" else [],
    cmdclass={"build_ext": BuildSharedLibrary},
)
