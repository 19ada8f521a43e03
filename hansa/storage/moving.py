"""From the file in a state folder to a PostgreSQL database: all of it or nothing, and only what came out the same as it went in."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sqlite3
from typing import Any

from hansa.model import secret
from hansa.model.errors import ConfigError, HansaError
from hansa.storage import folder
from hansa.storage.postgres import documents
from hansa.storage.postgres import inspecting as there
from hansa.storage.postgres import opening as database
from hansa.storage.postgres.transacting import Session, clean
from hansa.storage.reports import Report
from hansa.storage.sqlite import inspecting as here
from hansa.storage.sqlite import opening as embedded

FILE = 'hansa.db'
MOVED = 'hansa.db.moved'

_CHUNK = 2000
_HOT = 'row, site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, charge, intent'
_GONE = 'site, kind, id, site_id, project, name, status, created, updated, gone, doc'
_INTENT = 'row, id, kind, project, "user", site, marker, detail, state, found, created, generation, charge, after'
# Table, its columns, and where they come from; `document` has a column that is made on the way.
_TABLES = (
    ('hot', _HOT, 'hot'),
    ('prime', 'kind, id, site', 'hot WHERE prime = 1'),
    ('document', 'row, site, ends, doc', 'document JOIN hot USING (row)'),
    ('tombstone', _GONE, 'tombstone'),
    ('alias', 'site, kind, league, project, local', 'alias'),
    ('intent', _INTENT, 'intent'),
    ('decision', 'kind, id, decision', 'decision'),
    ('site', 'name, kind, landlord, projects, settings', 'site'),
    ('state', 'key, value, sealed', 'state'),
    ('seal', 'word', 'seal'),
    ('quota', 'project, site, resource, most', 'quota'),
    ('home', 'project, container, site, registered', 'home'),
    ('twin', 'project, container, site, registered', 'twin'),
    ('spread', 'project, container, kind, sites, need, registered, filling, leaving, generation', 'spread'),
    ('debt', 'project, container, object, site, since, generation, missed', 'debt'),
)
_TRUTHS = {'public', 'prime', 'sealed', 'missed'}


async def move(directory: pathlib.Path, dsn: str) -> Report:
    """Copy the store of a state folder into a database that is empty or holds this very copy, and put the file aside as MOVED.

    Returns what the database holds, which is what the file holds. Raises ConfigError where a league runs on the folder, there is no store in
    it, or the database cannot be used or holds something else; HansaError where the copy is not the same: then it is not kept.
    """
    file = directory / FILE
    here.version(file)
    with contextlib.ExitStack() as held:
        held.callback(os.close, folder.lock(directory))
        source = embedded.writer(file)
        held.callback(source.close)
        embedded.sealed(source, directory / 'seal.key')
        before = here.report(source)
        if before.faults:
            raise HansaError(f'{file} is not in order: {" ".join(before.faults)} Nothing was moved.')
        pool = await database.connect(dsn)
        try:
            after = await pool.write(lambda db: _moved(db, source, before, secret.veiled(dsn)))
        finally:
            await pool.close()
        source.close()
        file.rename(directory / MOVED)
    return after


async def _moved(db: Session, source: sqlite3.Connection, before: Report, place: str) -> Report:
    # Nobody else may begin with the database meanwhile.
    await db.run('SELECT version FROM hansa FOR UPDATE')
    found = await there.report(db)
    if not found.parts and await db.value('SELECT count(*) FROM seal') == 0:
        for table, columns, rows in _TABLES:
            await _copy(db, source, table, columns, rows)
        await db.run("SELECT setval('hot_row', greatest(1, max(row)), count(*) > 0) FROM hot")
        await db.run('UPDATE turn SET last = (SELECT coalesce(max(row), 0) FROM intent)')
        turn = source.execute('SELECT last + 1 FROM debt_turn').fetchone()[0]
        await db.value("SELECT setval('debt_turn', $1, false)", turn)
        found = await there.report(db)
        if found.parts != before.parts or found.faults:
            raise HansaError(f'What came to {place} is not what the file holds: {_difference(before, found)} Nothing was moved.')
    elif found.parts != before.parts:
        raise ConfigError(f'{place} is not empty and holds another store; name an empty database.')
    return found


def _difference(before: Report, found: Report) -> str:
    parts = sorted({f'{part.table} {part.site} {part.kind}'.strip() for part in {*before.parts} ^ {*found.parts}})
    return ' '.join([*found.faults, *([f'{", ".join(parts[:5])} differ.'] if parts else [])])


async def _copy(db: Session, source: sqlite3.Connection, table: str, columns: str, rows: str) -> None:
    names = [column.strip('"') for column in columns.split(', ')]
    truths = [name in _TRUTHS for name in names]
    said = ['said'] if 'doc' in names else []
    cursor = source.execute(f'SELECT {columns} FROM {rows}')  # noqa: S608 - words of ours
    while chunk := cursor.fetchmany(_CHUNK):
        records = [_record(row, truths, bool(said)) for row in chunk]
        await db.raw.copy_records_to_table(table, records=records, columns=[*names, *said])


def _record(row: tuple[Any, ...], truths: list[bool], said: bool) -> tuple[object, ...]:
    words = tuple(clean(value) if isinstance(value, str) else bool(value) if truth else value for value, truth in zip(row, truths, strict=True))
    return (*words, documents.said(row[-1])) if said else words
