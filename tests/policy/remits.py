"""Any remit, for Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from remit.policy.remit import LIMITS, Remit
from remit.policy.remit_grants import READ_KINDS, DirectoryGrant, FileGrant, StreamFile

# What can be in a path or an argument: no NUL, and nothing that is no Unicode.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
NAMES = TEXTS.filter(lambda text: "/" not in text and text not in (".", ".."))
COUNTS = st.integers(0, 2**64 - 1)
RIGHTS = st.sampled_from(["read", "all", "read,write", "write", "create,delete", "delete,read"])
RULES = st.lists(
    st.sampled_from(["read **", "all out/**", "read,write a\\*b/*.txt", "create ."]), min_size=1, max_size=4
)
NETWORK = st.sampled_from(["none", "host"]) | st.lists(
    st.sampled_from(["example.com:443", "*.example.com", "10.0.0.0/8:80-90", "listen:127.0.0.1:8080"]), max_size=3
)
INTERFACES = st.lists(
    st.sampled_from(["wasi:cli/stdout@0.2.0", "wasi_snapshot_preview1#path_open", "wasi:http/types"]), max_size=3
)


@st.composite
def directories(draw: st.DrawFn) -> DirectoryGrant:
    kind = draw(st.sampled_from(["host", "memory", "overlay", "archive", "fsspec"]))
    rights, rules = draw(st.one_of(st.tuples(RIGHTS, st.none()), st.tuples(st.none(), RULES)))
    sizes: dict[str, Any] = {
        name: draw(st.none() | COUNTS) for name in ("max_bytes", "max_files") if kind not in READ_KINDS
    }
    path = None if kind in ("memory", "fsspec") else draw(TEXTS)
    url = draw(TEXTS.map(lambda text: f"memory://{text}")) if kind == "fsspec" else None
    return DirectoryGrant(draw(TEXTS), path, kind=kind, url=url, rights=rights, rules=rules, **sizes)


def streams(*words: str) -> st.SearchStrategy[str | StreamFile]:
    files = st.builds(lambda path, append: StreamFile(path, append=append), TEXTS, st.booleans())
    return st.sampled_from(words) | files


@st.composite
def remits(draw: st.DrawFn) -> Remit:
    limits = {}
    for name in draw(st.lists(st.sampled_from(LIMITS), unique=True)):
        low = 1 if name in ("io_bytes", "io_vectors", "random_bytes") else 0
        high = 2**31 - 1 if name == "descriptors" else 2**64 - 1
        limits[name] = (
            draw(st.floats(0.001, 1e9) | st.integers(1, 10**9)) if name == "timeout" else draw(st.integers(low, high))
        )
    files = [
        FileGrant(f"/files/{name}", f"there/{name}", rights=draw(RIGHTS)) for name in draw(st.sets(NAMES, max_size=3))
    ]
    stdin = draw(streams("inherit", "null").filter(lambda stream: not getattr(stream, "append", False)))
    return Remit(
        program=draw(st.none() | TEXTS),
        sha256=draw(st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)),
        name=draw(st.none() | TEXTS),
        arguments=draw(st.lists(TEXTS | st.just(""), max_size=3)),
        env=draw(
            st.dictionaries(TEXTS.filter(lambda name: "=" not in name), st.none() | TEXTS | st.just(""), max_size=3)
        ),
        stdin=stdin,
        stdout=draw(streams("inherit", "null")),
        stderr=draw(streams("inherit", "null", "stdout")),
        dirs=draw(st.lists(directories(), max_size=3, unique_by=lambda each: each.guest).map(_without_files)),
        files=files,
        network=draw(NETWORK),
        http=draw(st.booleans()),
        listen=draw(st.lists(st.sampled_from(["127.0.0.1:8080", "[::1]:0"]), max_size=2)),
        time=draw(st.none() | COUNTS),
        seed=draw(st.none() | st.integers(-(2**70), 2**70)),
        allow_interfaces=draw(st.none() | INTERFACES),
        deny_interfaces=draw(INTERFACES),
        replaced_interfaces=draw(
            st.dictionaries(
                st.sampled_from(["wasi:cli/stdout@0.2.0", "wasi_snapshot_preview1#path_open", "my-env"]),
                st.sampled_from(["package.module:Thing", "a:b.c"]),
                max_size=3,
            )
        ),
        deterministic=draw(st.booleans()),
        strict=draw(st.booleans()),
        limits=limits,
    )


def _without_files(dirs: list[DirectoryGrant]) -> list[DirectoryGrant]:
    return [each for each in dirs if each.guest != "/files"]
