"""Looking through the whole store: schema, counts, digests, and whatever does not fit together."""

from __future__ import annotations

import pathlib
import sqlite3

from hansa.model.errors import ConfigError
from hansa.storage import reports
from hansa.storage.reports import Report, Sums
from hansa.storage.sqlite import migrations, opening

BOTH = 'd.row = h.row'

_CHUNK = 1000
_ODD = {
    'SELECT count(*) FROM hot WHERE row NOT IN (SELECT row FROM document)': 'records have no document',
    'SELECT count(*) FROM document WHERE row NOT IN (SELECT row FROM hot)': 'documents belong to no record',
    'SELECT count(*) FROM (SELECT 1 FROM hot GROUP BY kind, id HAVING sum(prime) <> 1)': 'objects have no primary record, or several',
}


def version(file: pathlib.Path) -> int:
    """The schema version of a file. Raises ConfigError where there is none, or it is no store of ours."""
    if not file.exists():
        raise ConfigError(f'There is no store in {file.parent}.')
    try:
        db = opening.connect(file, reads=True)
        try:
            ours = int(db.execute('PRAGMA application_id').fetchone()[0]) == migrations.APPLICATION
            found = int(db.execute('PRAGMA user_version').fetchone()[0])
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        raise ConfigError(f'{file} cannot be read: {error}.') from error
    if not ours:
        raise ConfigError(f'{file} is no store of Hansa.')
    return found


def inspect(file: pathlib.Path) -> Report:
    """What is in a file, of one moment; a league may be running on it. Raises ConfigError like `version`."""
    now, newest = version(file), migrations.steps()[-1][0]
    if now != newest:
        return reports.behind(now, newest)
    db = opening.connect(file, reads=True)
    try:
        db.execute('BEGIN')
        return report(db)
    except sqlite3.DatabaseError as error:
        return Report(now, newest, faults=(f'The file is damaged: {error}.',))
    finally:
        db.close()


def report(db: sqlite3.Connection) -> Report:
    """What a connection to the newest schema sees."""
    newest = migrations.steps()[-1][0]
    sums = Sums()
    for table, sql in reports.TABLES.items():
        cursor = db.execute(sql.format(both=BOTH))
        while rows := cursor.fetchmany(_CHUNK):
            sums.add(table, rows)
    faults = [sentence for sql, what in _ODD.items() for sentence in reports.odd(int(db.execute(sql).fetchone()[0]), what)]
    for sql, what in reports.COUNTED.items():
        faults += reports.odd(int(db.execute(sql).fetchone()[0]), what)
    faults += sums.used(db.execute(reports.USED))
    faults += [f'The file is damaged: {word}.' for (word,) in db.execute('PRAGMA quick_check(10)') if word != 'ok']
    return Report(newest, newest, sums.parts(), tuple(faults))
