"""SQLite, built from its amalgamation: locks, journals and temporary files through WASI."""

from __future__ import annotations

from pathlib import Path

import pytest

from guests.side_by_side import Work, both
from tools.guests import sqlite

SESSION = b"""
create table person (id integer primary key, name text, born real);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
    insert into person select i, 'name ' || (i * 7919 % 2003), i / 7.0 from n;
commit;
create index by_name on person (name);
select count(*), min(name), max(born) from person;
select name, born from person where name between 'name 10' and 'name 11' order by name limit 5;
begin; delete from person; select count(*) from person; rollback;
delete from person where id % 2;
vacuum;
select count(*), sum(id) from person;
pragma integrity_check;
"""


@pytest.mark.guest("sqlite")
def test_a_session_gives_the_same_rows_and_the_same_database(tmp_path: Path) -> None:
    outcome = both(Work(sqlite.program(), ["/people.db"], stdin=SESSION, directory=tmp_path))
    assert outcome.stderr == b""
    assert outcome.stdout.decode().splitlines()[-2:] == ["1000|1001000", "ok"]
    assert list(outcome.files) == ["people.db"]


@pytest.mark.guest("sqlite")
def test_an_error_is_told(tmp_path: Path) -> None:
    outcome = both(Work(sqlite.program(), ["/people.db"], stdin=b"select 1; select nonsense;", directory=tmp_path))
    assert (outcome.status, outcome.stdout) == (1, b"1\n")
    assert b"nonsense" in outcome.stderr
