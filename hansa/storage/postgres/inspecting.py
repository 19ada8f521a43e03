"""Looking through the whole store: schema, counts, digests, and whatever does not fit together."""

from __future__ import annotations

from hansa.storage import reports
from hansa.storage.postgres import migrations
from hansa.storage.postgres.transacting import Session
from hansa.storage.reports import Report, Sums

BOTH = 'd.site = h.site AND d.row = h.row'

_CHUNK = 1000
_ODD = {
    f'SELECT count(*) FROM hot AS h LEFT JOIN document AS d ON {BOTH} WHERE d.row IS NULL': 'records have no document',  # noqa: S608 - words of ours
    f'SELECT count(*) FROM document AS d LEFT JOIN hot AS h ON {BOTH} WHERE h.row IS NULL': 'documents belong to no record',  # noqa: S608 - as above
    'SELECT count(*) FROM (SELECT FROM hot GROUP BY kind, id HAVING count(*) FILTER (WHERE prime) <> 1) AS odd': (
        'objects have no primary record, or several'
    ),
    'SELECT count(*) FROM prime AS p FULL JOIN (SELECT kind, id, site FROM hot WHERE prime) AS h USING (kind, id, site) '
    'WHERE p.kind IS NULL OR h.kind IS NULL': 'entries for primary records lead astray',
}


async def report(db: Session) -> Report:
    """What a transaction of one moment sees; a league may be running meanwhile."""
    now, newest = await migrations.version(db), migrations.steps()[-1][0]
    if now != newest:
        return reports.behind(now, newest)
    sums = Sums()
    for table, sql in reports.TABLES.items():
        cursor = await db.raw.cursor(sql.format(both=BOTH))
        while rows := await cursor.fetch(_CHUNK):
            sums.add(table, rows)
    faults = [sentence for sql, what in _ODD.items() for sentence in reports.odd(int(await db.value(sql)), what)]
    for sql, what in reports.COUNTED.items():
        faults += reports.odd(int(await db.value(sql)), what)
    faults += sums.used(await db.rows(reports.USED))
    return Report(now, newest, sums.parts(), tuple(faults))
