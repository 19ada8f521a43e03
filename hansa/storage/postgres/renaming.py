"""A league id that changes at a site: in the key of its record, and in every document of the site that names it."""

from __future__ import annotations

import re

import msgspec

from hansa.rules.views import layout
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
    found = 'document AS d JOIN hot AS h ON h.site = d.site AND h.row = d.row WHERE d.site = $1 AND d.row > $2 AND position($3::bytea IN d.doc) > 0'
    sql = f'SELECT h.kind, h.id, d.row, d.doc FROM {found} ORDER BY d.row LIMIT {_BATCH}'  # noqa: S608 - words of ours
    last = -1
    while rows := await db.rows(sql, site, last, old):
        last = rows[-1]['row']
        changed = [(kind, id, row, whole.sub(lambda _: new, doc)) for kind, id, row, doc in rows]
        update = 'UPDATE document SET doc = $3, said = $4, ends = $5 WHERE site = $1 AND row = $2'
        await db.each(update, [(site, row, doc, documents.said(doc), layout.ends(kind, id, site, doc)) for kind, id, row, doc in changed])
