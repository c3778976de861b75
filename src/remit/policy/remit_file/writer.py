"""Writing a remit file: tidy, with a comment for each part."""

from __future__ import annotations

import errno
import os
import tempfile

from remit.policy.remit_file.keys import TABLES
from remit.policy.remit_grants import READ_KINDS, StreamFile
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.policy.remit import Remit

HEAD = (
    "# What a WebAssembly program may do. It is given this, and nothing else: `remit run` and this file.\n"
    "# docs/remit-file.md of Remit describes every key. Relative paths begin at the directory of this file.\n"
)

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_LARGEST_INTEGER = (1 << 63) - 1
_SIZES = ("max_bytes", "memory", "disk", "captured_bytes", "io_bytes", "recorded_bytes")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_WIDTH = 100


def save(remit: Remit, path: str) -> None:
    """Write the file for `remit`, in place of what is at `path`. RemitError, OSError; then nothing is changed."""
    replace(path, text_of(remit.based_on(os.path.dirname(path))))


def replace(path: str, text: str) -> None:
    """Put `text` in place of what is in the file at `path`, all at once. OSError, also for what is no regular file."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(errno.EINVAL, "no regular file, and it would be replaced by one", path)
    descriptor, other = tempfile.mkstemp(prefix=".remit-", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(other, _mode(path))
        os.replace(other, path)
    except BaseException:
        os.unlink(other)
        raise


def _mode(path: str) -> int:
    """Of the file that is there, or what the host gives a new one."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def text_of(remit: Remit) -> str:
    """The file for `remit`. RemitError for what is no Unicode text."""
    content = to_dict(remit)
    blocks = [
        HEAD,
        "".join([f"{_key(name)} = {value_text(value)}\n" for name, value in content.items() if _plain(value)]),
    ]
    for table in TABLES:
        if table.name not in content:
            continue
        lines = "".join([f"# {line}\n" for line in _wrapped(table.help)])
        value = content[table.name]
        for number, each in enumerate(value if table.many else [value]):
            header = f"[[{table.name}]]" if table.many else f"[{table.name}]"
            pairs = "".join([f"{_key(name)} = {value_text(inner)}\n" for name, inner in each.items()])
            blocks.append(f"{'' if number else lines}{header}\n{pairs}")
    return "\n".join([block for block in blocks if block])


def to_dict(remit: Remit) -> dict[str, Any]:
    """As TOML has it, in the order of the file; what is left at its default is left out."""
    content: dict[str, Any] = {
        "program": remit.program,
        "sha256": remit.sha256,
        "name": remit.name,
        "arguments": list(remit.arguments) or None,
        "deterministic": remit.deterministic or None,
        "strict": remit.strict or None,
    }
    content["env"] = {name: {"inherit": True} if value is None else value for name, value in remit.env.items()}
    content["streams"] = {
        name: _stream(getattr(remit, name))
        for name in ("stdin", "stdout", "stderr")
        if getattr(remit, name) != "inherit"
    }
    content["dir"] = [_directory(each) for each in remit.dirs]
    content["file"] = [{"guest": each.guest, "path": each.path, "rights": each.rights} for each in remit.files]
    content["network"] = _given(
        allow=None if remit.network == "none" else remit.network if remit.network == "host" else list(remit.network),
        http=None if remit.http else False,
        listen=list(remit.listen) or None,
    )
    content["clocks"] = {} if remit.time is None else {"time": time_text(remit.time)}
    content["random"] = {} if remit.seed is None else {"seed": _number(remit.seed)}
    content["interfaces"] = _given(
        allow=None if remit.allow_interfaces is None else list(remit.allow_interfaces),
        deny=list(remit.deny_interfaces) or None,
        **remit.replaced_interfaces,
    )
    content["limits"] = {name: _limit(name, value) for name, value in remit.limits.items()}
    return {name: value for name, value in content.items() if value not in (None, {}, [])}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _directory(grant: Any) -> dict[str, Any]:
    implied = None if grant.kind == "host" else "read" if grant.kind in READ_KINDS else "all"
    return _given(
        guest=grant.guest,
        kind=None if grant.kind == "host" else grant.kind,
        path=grant.path,
        url=grant.url,
        rights=None if grant.rights == implied else grant.rights,
        rules=None if grant.rules is None else list(grant.rules),
        max_bytes=None if grant.max_bytes is None else _limit("max_bytes", grant.max_bytes),
        max_files=None if grant.max_files is None else _number(grant.max_files),
    )


def _stream(value: str | StreamFile) -> str | dict[str, str]:
    return {"append" if value.append else "file": value.path} if isinstance(value, StreamFile) else value


def _limit(name: str, value: Any) -> Any:
    if name in _SIZES:
        return size_text(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return _number(value)


def _number(value: int) -> int | str:
    """TOML's integers have 64 bits."""
    return value if -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER else hex(value) if value < 0 else str(value)


def size_text(size: int) -> int | str:
    """``64MiB``; plain bytes where no unit fits."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size and not size % (1 << power):
            return f"{size >> power}{unit}"
    return _number(size)


def time_text(nanoseconds: int) -> str:
    """The moment, in a form that says it whole."""
    seconds, rest = divmod(nanoseconds, 10**9)
    if rest % 1000:
        return f"{seconds}.{rest:09}"
    from datetime import UTC, datetime, timedelta

    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=rest // 1000)
    return moment.isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> bool:
    return not isinstance(value, dict) and not (isinstance(value, list) and isinstance(value[0], dict))


def value_text(value: Any) -> str:
    """One value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{ " + ", ".join([f"{_key(name)} = {value_text(each)}" for name, each in value.items()]) + " }"
    if isinstance(value, list):
        items = [value_text(each) for each in value]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= _WIDTH else "[\n" + "".join([f"    {item},\n" for item in items]) + "]"
    return repr(value)


def _key(name: str) -> str:
    return name if name and all(each in _BARE for each in name) else _quoted(name)


def _quoted(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise RemitError(f"{text!r} is no Unicode text, so it cannot be written to a file of TOML") from None
    return f'"{"".join([_escaped(each) for each in text])}"'


def _escaped(each: str) -> str:
    if each in _ESCAPES:
        return _ESCAPES[each]
    # What moves a cursor or turns the direction of writing is shown as what it is.
    return each if each.isprintable() else f"\\u{ord(each):04x}" if ord(each) < 1 << 16 else f"\\U{ord(each):08x}"


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, _WIDTH)
