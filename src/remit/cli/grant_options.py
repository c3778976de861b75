"""Options that hand a program something, limit it, or log what it does: the same for all commands that run programs."""

from __future__ import annotations

from remit.cli.options import Option
from remit.cli.values import (
    parse_archive,
    parse_count,
    parse_directory,
    parse_environment,
    parse_fsspec,
    parse_interface,
    parse_memory_directory,
    parse_network,
    parse_network_rule,
    parse_overlay,
    parse_seed,
    parse_size,
    parse_time,
)

GRANTS = (
    Option(
        "--remit",
        value="FILE",
        help="Hand it what the remit file FILE says (docs/remit-file.md), and what the options say besides. A "
        "directory, a variable, a rule or an address is one more; another option replaces what FILE says.",
    ),
    Option(
        "--dir",
        value="HOST[::GUEST][:ro|:rw]",
        parse=parse_directory,
        repeated=True,
        help="Hand it the directory HOST, to be seen as GUEST (default: HOST); with :ro, it cannot change it "
        "(:rw is the default).",
    ),
    Option(
        "--memory-dir",
        value="GUEST[:SIZE]",
        parse=parse_memory_directory,
        repeated=True,
        help="An empty directory in memory, of at most SIZE, gone when the program ends.",
    ),
    Option(
        "--overlay",
        value="HOST[::GUEST]",
        parse=parse_overlay,
        repeated=True,
        help="The directory HOST, copied on write: the program can change all of it, and HOST stays as it is.",
    ),
    Option(
        "--archive",
        value="FILE[::GUEST]",
        parse=parse_archive,
        repeated=True,
        help="What is in the zip or tar archive FILE (gzip, bzip2, xz), as a directory that it cannot change.",
    ),
    Option(
        "--fsspec",
        value="URL::GUEST",
        parse=parse_fsspec,
        repeated=True,
        help="What fsspec opens by URL (s3://bucket/models), as a directory that it cannot change. It needs "
        "pip install 'remit[fsspec]'.",
    ),
    Option(
        "--env",
        value="NAME[=VALUE]",
        parse=parse_environment,
        repeated=True,
        help="An environment variable; without VALUE, the one that is set here.",
    ),
    Option(
        "--net",
        value="none|host",
        parse=parse_network,
        help="What network it may reach by itself, by sockets and HTTP: none (the default), or all that this "
        "machine reaches. Programs of WASI 0.1 cannot ask for any.",
    ),
    Option(
        "--allow-net",
        value="RULE",
        parse=parse_network_rule,
        repeated=True,
        help="Let it reach these addresses only: example.com:443, *.example.com, 10.0.0.0/8:80-90, [::1]:8080, "
        "*:443 (any public one), or listen there: listen:127.0.0.1:8080.",
    ),
    Option(
        "--interfaces",
        value="NAME[=OBJECT]",
        parse=parse_interface,
        repeated=True,
        help="It may import this interface, or this function of one (NAME#FUNCTION), and no others that are not named "
        "so. -NAME: all but this one. NAME=MODULE:OBJECT: an object of Python's answers it; its code is run, "
        "outside of any sandbox.",
    ),
    Option("--argv0", value="NAME", help="What it is told as its own name (default: the file's)."),
    Option("--fuel", value="N", parse=parse_count, help="Stop it after about N instructions."),
    Option("--max-memory", value="SIZE", parse=parse_size, help="What its memory may grow to in total: 64MiB, 1G."),
    Option("--max-descriptors", value="N", parse=parse_count, help="How many files and sockets it may have open."),
    Option(
        "--max-disk",
        value="SIZE",
        parse=parse_size,
        help="What each memory directory and overlay may hold, unless it has a SIZE of its own, and what each "
        "writable --dir may grow by. Those that overlap share it.",
    ),
    Option(
        "--max-files",
        value="N",
        parse=parse_count,
        help="As --max-disk, for the number of files, directories and links (with --max-disk alone: 100,000).",
    ),
    Option("--seed", value="N", parse=parse_seed, help="Make its random numbers from N: the same in every run."),
    Option("--clock", value="TIME", parse=parse_time, help="Its time of day stands still: 2026-01-31T12:00:00Z."),
)

AUDIT = (
    Option(
        "--audit",
        value="FILE",
        help="Write there, a line of JSON each, what it does with what it was handed, and what it is refused.",
    ),
    Option("--max-audit", value="SIZE", parse=parse_size, help="Stop it when that log has so much (default: 64MiB)."),
)
