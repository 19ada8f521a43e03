"""The schema, one numbered SQL file for each step it took; opening a database takes the steps it lacks."""

from __future__ import annotations

import pathlib
import sqlite3

from hansa.model.errors import ConfigError

APPLICATION = 0x48414E53  # 'HANS' in the file's header tells our databases from others


def steps() -> list[tuple[int, str]]:
    """(version, SQL) of each step, in order; versions count from 1."""
    files = sorted(pathlib.Path(__file__).parent.glob('[0-9][0-9][0-9][0-9]_*.sql'))
    return [(int(file.name[:4]), file.read_text('utf-8')) for file in files]


def apply(db: sqlite3.Connection, place: str) -> None:
    """Bring a database to the newest schema; `place` names it in errors.

    Raises ConfigError for a database of another program, or of a newer Hansa.
    """
    version = int(db.execute('PRAGMA user_version').fetchone()[0])
    application = int(db.execute('PRAGMA application_id').fetchone()[0])
    todo = steps()
    newest = todo[-1][0]
    filled = db.execute('SELECT 1 FROM sqlite_schema LIMIT 1').fetchone() is not None
    if filled and application != APPLICATION:
        raise ConfigError(f'{place} is a database of another program; name another directory or move that file away.')
    if version > newest:
        raise ConfigError(
            f'{place} has schema version {version} and this Hansa knows versions up to {newest}; '
            'run the Hansa that wrote it or a newer one.'
        )
    for number, sql in todo:
        if number > version:
            marks = f'PRAGMA application_id = {APPLICATION};\nPRAGMA user_version = {number};'
            db.executescript(f'BEGIN IMMEDIATE;\n{sql}\n{marks}\nCOMMIT;')
