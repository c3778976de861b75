"""Whole programs that live on files: SQLite, and many small files and one large one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.contenders import whole_process
from bench.rows import Row
from bench.works.setting import Setting, guest
from tools.guests import sqlite
from tools.guests.catalogue import GUESTS

SESSION = b"""
drop table if exists item;
create table item (id integer primary key, name text, size real);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
    insert into item select i, 'name ' || (i * 7919 % 30011), i / 7.0 from n;
commit;
create index by_name on item (name);
select count(*), min(name), max(size) from item where name between 'name 1' and 'name 2';
""" + b"".join(
    b"insert into item (name, size) values ('late', %d); select size from item where id = %d;\n" % (i, i * 97)
    for i in range(100)
)


def rows(setting: Setting) -> Iterator[Row]:
    yield from _both(setting, "2,000 small files, 64 MiB in 4 KiB calls", guest("files"), [], b"")
    if GUESTS["sqlite"].present:
        yield from _both(setting, "SQLite: inserts, index, selects", sqlite.program(), ["/bench.db"], SESSION)


def _both(setting: Setting, work: str, program: Path, arguments: list[str], stdin: bytes) -> Iterator[Row]:
    rounds = max(1, setting.rounds // 2)
    seconds = whole_process(setting.contenders, rounds, program, arguments, directory=setting.scratch, stdin=stdin)
    for peer in setting.contenders[1:]:
        yield Row(work, "s", seconds[setting.remit.name], peer.name, seconds[peer.name])
