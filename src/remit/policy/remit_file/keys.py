"""All keys of a remit file: what each may be, in one table, from which files are read and the JSON Schema is made."""

from __future__ import annotations

from remit.filesystems.rules import RIGHTS as _RIGHTS
from remit.filesystems.rules import FileRule, rights_text
from remit.policy.remit import LIMITS
from remit.policy.remit_grants import KINDS
from remit.policy.remit_values import LARGEST, MAX_ENTRIES, reference
from remit.policy.values import parse_count, parse_duration, parse_seed, parse_size, parse_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Kind:
    """What a value may be. `parse` makes it a value of the model's; it raises ValueError."""

    __slots__ = ("items", "parse", "schema")

    def __init__(self, parse: Callable[[Any], Any], schema: Mapping[str, Any], *, items: Kind | None = None) -> None:
        self.parse = parse
        self.schema = schema
        self.items = items
        """Of each value of a list."""


class Key:
    """One key of a table."""

    __slots__ = ("example", "help", "kind", "name")

    def __init__(self, name: str, kind: Kind, help: str, example: str) -> None:
        self.name = name
        self.kind = kind
        self.help = help
        self.example = example
        """A value, in TOML."""


class Table:
    """A table, or with `many` an array of tables. `any_key`: what the values of other keys are."""

    __slots__ = ("any_key", "help", "keys", "many", "name")

    def __init__(
        self, name: str, help: str, keys: tuple[Key, ...] = (), *, many: bool = False, any_key: Kind | None = None
    ) -> None:
        self.name = name
        self.help = help
        self.keys = {key.name: key for key in keys}
        self.many = many
        self.any_key = any_key


def sort_of(value: Any) -> str:
    """What TOML calls it."""
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "an integer", float: "a float", list: "an array", dict: "a table"}
    return names.get(type(value), "a date or time")


def _wrong(value: Any, wanted: str) -> ValueError:
    return ValueError(f"{sort_of(value)} cannot be it: {wanted} is wanted")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "a string")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(value, "an array")
    if len(value) > MAX_ENTRIES:
        raise ValueError(f"{len(value):,} entries: {MAX_ENTRIES:,} are possible")
    return value


def _number(value: Any, parse: Callable[[str], Any], wanted: str) -> Any:
    """An integer, or a text as the command line takes it."""
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, wanted)
    return parse(_digits(value))


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python makes no text of thousands of digits
        raise ValueError("the number is far too large") from None


def _count(value: Any) -> Any:
    return _number(value, parse_count, "an integer")


def _size(value: Any) -> Any:
    return _number(value, parse_size, "a number of bytes, or a size such as '64MiB',")


def _seed(value: Any) -> Any:
    return _number(value, parse_seed, "an integer")


def _duration(value: Any) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(value, "a number of seconds, or a duration such as '500ms',")
    if not 0 < value * 10**9 <= LARGEST:
        raise ValueError(f"{value} is not a duration; write seconds, more than 0, or leave it out for no limit")
    return value


def _time(value: Any) -> int | None:
    if value == "host":
        return None
    if isinstance(value, str):
        return parse_time(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return parse_time(_digits(value))
    if hasattr(value, "isoformat") and hasattr(value, "hour") and hasattr(value, "year"):
        return parse_time(value.isoformat())
    raise _wrong(value, "a date with a time, or 'host',")


def _file_rule(value: Any) -> str:
    return FileRule(_text(value)).text


def _rights(value: Any) -> str:
    return rights_text(FileRule(f"{_text(value)} **").rights)


def _network_rule(value: Any) -> str:
    from remit.network.rules import Rule

    return Rule(_text(value)).text


def _network(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("none", "host"):
            raise ValueError(f"{value!r} is not a network; write 'none', 'host', or rules: ['example.com:443']")
        return value
    if not isinstance(value, list):
        raise _wrong(value, "an array of rules, 'none' or 'host'")
    return _list(value)


def _address(value: Any) -> str:
    if ":" not in _text(value):
        raise ValueError(f"{value!r} is no address; write HOST:PORT, as in 127.0.0.1:8080")
    return str(value)


def _variable(value: Any) -> str | None:
    if value == {"inherit": True}:
        return None
    if isinstance(value, dict):
        raise ValueError("write a string, or { inherit = true } for the value that is set where it runs")
    return _text(value)


def _reference(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{sort_of(value)} cannot be it: an object of Python's is wanted, 'module:object'")
    return reference(value)


def _stream(*words: str, output: bool) -> Kind:
    shown = ", ".join(f"'{word}'" for word in words)

    def parse(value: Any) -> Any:
        if isinstance(value, dict):
            keys = ("file", "append") if output else ("file",)
            [key] = [*value] if len(value) == 1 else [""]
            if key not in keys or not isinstance(value[key], str):
                forms = " or ".join(f'{{ {each} = "PATH" }}' for each in keys)
                raise ValueError(f"of a file, write {forms}")
            return value
        if _text(value) not in words:
            raise ValueError(f"{value!r} is no stream; write {shown}, or {{ file = {value!r} }}")
        return value

    files = [
        {"type": "object", "properties": {key: {"type": "string"}}, "required": [key], "additionalProperties": False}
        for key in (("file", "append") if output else ("file",))
    ]
    return Kind(parse, {"anyOf": [{"enum": [*words]}, *files]})


def _word(*words: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if _text(value) not in words:
            from difflib import get_close_matches

            close = get_close_matches(str(value), words, n=1)
            raise ValueError(
                f"{value!r} is none of {', '.join(words)}" + (f"; did you mean {close[0]}?" if close else "")
            )
        return str(value)

    return parse


def _many(items: Kind) -> Kind:
    return Kind(_list, {"type": "array", "items": items.schema, "maxItems": MAX_ENTRIES}, items=items)


TEXT = Kind(_text, {"type": "string"})
NAME = Kind(_text, {"type": "string", "minLength": 1})
FLAG = Kind(_flag, {"type": "boolean"})
URL = Kind(_text, {"type": "string", "pattern": "://|::"})
COUNT = Kind(_count, {"type": ["integer", "string"], "minimum": 0})
SIZE = Kind(_size, {"type": ["integer", "string"], "minimum": 0})
DURATION = Kind(_duration, {"type": ["number", "string"], "exclusiveMinimum": 0})
_RIGHTS_PATTERN = f"({'|'.join([*_RIGHTS, 'all'])})"
RULE = Kind(_file_rule, {"type": "string", "pattern": f"^{_RIGHTS_PATTERN}(,{_RIGHTS_PATTERN})* ."})
RIGHTS = Kind(_rights, {"type": "string", "pattern": f"^{_RIGHTS_PATTERN}(,{_RIGHTS_PATTERN})*$"})
NET_RULE = Kind(_network_rule, {"type": "string", "minLength": 1})
NETWORK = Kind(
    _network, {"anyOf": [{"enum": ["none", "host"]}, {"type": "array", "items": NET_RULE.schema}]}, items=NET_RULE
)
ADDRESS = Kind(_address, {"type": "string", "pattern": ":"})
VARIABLE = Kind(
    _variable,
    {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"inherit": {"const": True}},
                "required": ["inherit"],
                "additionalProperties": False,
            },
        ]
    },
)
REFERENCE = Kind(_reference, {"type": "string", "pattern": r"^[^:]+:[^:]+$"})
DIGEST = Kind(_text, {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"})
TIME = Kind(_time, {"type": ["string", "integer"]})

TOP = Table(
    "",
    "What a WebAssembly program may do: `remit run` gives it this, and nothing else.",
    (
        Key("program", NAME, "The program; paths are relative to the directory of this file.", '"tool.wasm"'),
        Key("sha256", DIGEST, "The digest of the program's file: another one is refused.", f'"{"0" * 64}"'),
        Key("name", NAME, "What it is told as its own name; otherwise the file's name.", '"tool"'),
        Key("arguments", _many(TEXT), "Its arguments, if the command line has none.", '["--verbose"]'),
        Key(
            "deterministic",
            FLAG,
            "It does the same in every run: numbers from seed of [random] or 0, time that begins at time of [clocks] "
            "or in 2000 and jumps over waits, directories in order, one kind of NaN.",
            "true",
        ),
        Key("strict", FLAG, "The first thing that it is refused ends it.", "true"),
    ),
)

_LIMITS = {
    "timeout": (DURATION, "It is stopped after this: seconds, or for example '500ms', '2m'.", '"30s"'),
    "fuel": (COUNT, "It is stopped after about so many instructions.", "1_000_000"),
    "memory": (SIZE, "What its memory may grow to in total.", '"64MiB"'),
    "disk": (
        SIZE,
        "What each directory in memory and each overlay may hold, unless it says so itself, and what each host "
        "directory that it can write to may grow by. Those that overlap share it.",
        '"1GiB"',
    ),
    "files": (COUNT, "As disk, for the number of files, directories and links.", "1000"),
    "captured_bytes": (SIZE, "What is kept of each captured output.", '"1MiB"'),
    "descriptors": (COUNT, "How many files and sockets it may have open.", "512"),
    "io_bytes": (SIZE, "What one read or write moves at most.", '"1MiB"'),
    "io_vectors": (COUNT, "Buffers used by one read or write.", "1024"),
    "listing_entries": (COUNT, "Directory entries kept for listings that are under way.", "10000"),
    "path_bytes": (SIZE, "The length of a path.", "4096"),
    "poll_subscriptions": (COUNT, "What it may wait for at once.", "4096"),
    "random_bytes": (SIZE, "Random bytes made between two chances to interrupt.", "65536"),
    "recorded_bytes": (SIZE, "The size of a recording of it; then it is stopped.", '"100MiB"'),
}

TABLES = (
    Table(
        "env",
        "Environment variables. { inherit = true } hands on the value that is set where it runs.",
        any_key=VARIABLE,
    ),
    Table(
        "streams",
        "Standard streams: inherit, null, or a file.",
        (
            Key("stdin", _stream("inherit", "null", output=False), "What it reads.", '"null"'),
            Key("stdout", _stream("inherit", "null", output=True), "What it writes.", '{ file = "out.txt" }'),
            Key("stderr", _stream("inherit", "null", "stdout", output=True), "Its complaints.", '"inherit"'),
        ),
    ),
    Table(
        "dir",
        "A directory that it finds.",
        (
            Key("guest", NAME, "What it knows the directory by.", '"/data"'),
            Key(
                "kind",
                Kind(_word(*KINDS), {"enum": [*KINDS]}),
                "Where its files come from; host is the default.",
                '"host"',
            ),
            Key("path", NAME, "The directory or archive on this machine.", '"data"'),
            Key("url", URL, "What fsspec opens; of the kind fsspec.", '"s3://bucket/models"'),
            Key(
                "rights",
                RIGHTS,
                "What it may do with all of it: rights with commas between them, as in a rule, or all.",
                '"read"',
            ),
            Key("rules", _many(RULE), "What it may do with which paths in it.", '["read **", "all out/**"]'),
            Key("max_bytes", SIZE, "How much it may put there.", '"64MiB"'),
            Key("max_files", COUNT, "How many files, directories and links it may make there.", "1000"),
        ),
        many=True,
    ),
    Table(
        "file",
        "A single file that it finds.",
        (
            Key("guest", NAME, "What it knows the file by.", '"/etc/tool.conf"'),
            Key("path", NAME, "The file on this machine, of the same name.", '"conf/tool.conf"'),
            Key("rights", RIGHTS, "What it may do with it; read is the default.", '"read"'),
        ),
        many=True,
    ),
    Table(
        "network",
        "What it may reach by sockets and HTTP, and where it listens.",
        (
            Key("allow", NETWORK, "Rules; or none, or host for all that this machine reaches.", '["example.com:443"]'),
            Key("http", FLAG, "Whether it may send HTTP requests over that.", "true"),
            Key("listen", _many(ADDRESS), "It gets sockets that listen there.", '["127.0.0.1:8080"]'),
        ),
    ),
    Table(
        "clocks",
        "Its time of day.",
        (Key("time", TIME, "host, or a time at which its clock stands still.", "2026-01-31T12:00:00Z"),),
    ),
    Table(
        "random",
        "Its random numbers.",
        (
            Key(
                "seed",
                Kind(_seed, {"type": ["integer", "string"]}),
                "They are made from this, the same in every run.",
                "42",
            ),
        ),
    ),
    Table(
        "interfaces",
        "What it may import. NAME#FUNCTION is a single function. 'NAME' = \"module:object\" has an object of Python's "
        "answer it, which is imported when the program runs: that is code outside of any sandbox.",
        (
            Key("allow", _many(NAME), "These and no others.", '["wasi:cli/stdout@0.2.0"]'),
            Key("deny", _many(NAME), "All but these.", '["wasi:sockets/tcp@0.2.0"]'),
        ),
        any_key=REFERENCE,
    ),
    Table("limits", "How much of this machine it may use.", tuple([Key(name, *_LIMITS[name]) for name in LIMITS])),
)
