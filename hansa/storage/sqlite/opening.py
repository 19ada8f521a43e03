"""From a directory to open connections: the file, the settings of each connection, the schema, the seal."""

from __future__ import annotations

import pathlib
import sqlite3

from hansa.model.errors import ConfigError
from hansa.storage import seal
from hansa.storage.sqlite import matching, migrations, reserving

# NORMAL does not sync the log with each transaction: the store does that (disk), off the event loop and for many at once, before it tells
# anybody that they are done. It folds the log into the file likewise; that shrinks when it is used again, so that its size tells whether it is time.
_SETTINGS = (
    'page_size=8192',
    'journal_mode=WAL',
    'synchronous=NORMAL',
    'wal_autocheckpoint=0',
    f'journal_size_limit={40 << 20}',
    f'mmap_size={1 << 30}',
)


def connect(file: pathlib.Path | None, reads: bool = False, cache: int = 2) -> sqlite3.Connection:
    """A connection with our settings and functions; `cache` in MiB. None opens a database in memory."""
    db = sqlite3.connect(
        ':memory:' if file is None else file, timeout=5, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    matching.register(db)
    reserving.register(db)
    if file is not None:
        for setting in _SETTINGS:
            db.execute(f'PRAGMA {setting}').fetchall()
    # What the file holds is read where it is mapped; a cache fills, in its time, with what the log holds beside it, and so much is not asked for.
    db.execute(f'PRAGMA cache_size=-{cache * 1024}')
    db.execute('PRAGMA temp_store=MEMORY')
    if reads:
        db.execute('PRAGMA query_only=1')
    return db


def writer(file: pathlib.Path | None) -> sqlite3.Connection:
    """The writing connection, with the schema brought up to date.

    Raises ConfigError for a file that is no database, not ours, of a newer schema, or not accessible.
    """
    place = 'The database in memory' if file is None else str(file)
    try:
        if file is not None:
            file.touch(mode=0o600)
        db = connect(file, cache=8)
        try:
            migrations.apply(db, place)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname == 'SQLITE_NOTADB':
            raise ConfigError(f'{place} is not a database; move that file away or name another directory.') from error
        raise ConfigError(f'{place} cannot be opened: {error}.') from error
    except OSError as error:
        raise ConfigError(f'{place} cannot be opened: {error.strerror}.') from error
    return db


def sealed(db: sqlite3.Connection, key: pathlib.Path | None) -> seal.Seal:
    """The seal that belongs to the database; None makes one that is kept nowhere.

    Raises ConfigError where the key file is missing or is another database's.
    """
    if key is None:
        return seal.fresh()
    row = db.execute('SELECT word FROM seal').fetchone()
    known, word = seal.belonging(key, None if row is None else row[0])
    if row is None:
        db.execute('INSERT INTO seal (word) VALUES (?)', (word,))
    return known
