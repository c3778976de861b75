"""Archives made in memory, also such as no tool makes."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from remit import fs

FIXED = (2001, 2, 3, 4, 5, 6)


def zipped(files: Mapping[str, Any], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of what :class:`remit.fs.Memory` takes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, contents in flat(files):
            add_to_zip(archive, path, contents, method)
    return made.getvalue()


def add_to_zip(archive: zipfile.ZipFile, path: str, contents: Any, method: int = zipfile.ZIP_DEFLATED) -> None:
    """Add a file, a link (:class:`remit.fs.SymbolicLink`), or a directory (None)."""
    info = zipfile.ZipInfo("x", FIXED)
    # As it is, whatever it is: zipfile would shorten it at a NUL.
    info.filename = path
    info.create_system = 3
    info.compress_type = method
    if contents is None:
        info.filename += "/"
        info.external_attr = (stat.S_IFDIR | 0o755) << 16
        archive.writestr(info, b"")
    elif isinstance(contents, fs.SymbolicLink):
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, contents.target.encode("utf-8", "surrogateescape"))
    else:
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        archive.writestr(info, contents)


def tarred(files: Mapping[str, Any], packing: str = "", format: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of what :class:`remit.fs.Memory` takes; `packing` is gz, bz2, xz or nothing."""
    return tar_of((member(path, contents) for path, contents in flat(files)), packing, format)


def tar_of(
    members: Iterable[tuple[tarfile.TarInfo, bytes]], packing: str = "", format: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar archive of these members."""
    made = io.BytesIO()
    mode: Any = f"w:{packing}"
    with tarfile.open(fileobj=made, mode=mode, format=format) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def member(path: str, contents: Any = b"", **attributes: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A member of a tar archive: a file, a link or a directory (None), with other attributes set afterwards."""
    info = tarfile.TarInfo(path)
    info.mtime = 981173106
    data = b""
    if contents is None:
        info.type = tarfile.DIRTYPE
    elif isinstance(contents, fs.SymbolicLink):
        info.type = tarfile.SYMTYPE
        info.linkname = contents.target
    else:
        data = contents.encode() if isinstance(contents, str) else bytes(contents)
        info.size = len(data)
    for name, value in attributes.items():
        setattr(info, name, value)
    return info, data


def flat(files: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    """Each path and what it is; a directory is None, and comes before what is in it."""
    for name, contents in files.items():
        path = f"{above}{name}"
        if isinstance(contents, Mapping):
            yield path, None
            yield from flat(contents, f"{path}/")
        else:
            yield path, contents
