"""A league id that changes at a site: in the key of its record, and in every document of the site that names it."""

from __future__ import annotations

import re

import msgspec

from hansa.storage.postgres import documents, inventory
from hansa.storage.postgres.transacting import Session, clean

_BATCH = 500


async def rename(db: Session, site: str, kind: str, old: str, new: str) -> None:
    """Give a record another league id, in its key and in all documents of its site."""
    old, new = clean(old), clean(new)
    if old != new:
        await inventory.move(db, site, kind, old, new)
        await _rewrite(db, site, msgspec.json.encode(old), msgspec.json.encode(new))


async def _rewrite(db: Session, site: str, old: bytes, new: bytes) -> None:
    # After a backslash the first quote is part of a longer string.
    whole = re.compile(rb'(?<!\\)' + re.escape(old))
    sql = f'SELECT row, doc FROM document WHERE site = $1 AND row > $2 AND position($3::bytea IN doc) > 0 ORDER BY row LIMIT {_BATCH}'  # noqa: S608 - a number of ours
    last = -1
    while rows := await db.rows(sql, site, last, old):
        last = rows[-1]['row']
        changed = [(site, row, whole.sub(lambda _: new, doc)) for row, doc in rows]
        update = 'UPDATE document SET doc = $3, said = $4 WHERE site = $1 AND row = $2'
        await db.each(update, [(*one, documents.said(one[2])) for one in changed])
