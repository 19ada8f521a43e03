"""The queue of batches: given in one transaction, digested and acknowledged in another."""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import AsyncIterator, Collection

from hansa.model.batch import LANES, Lane, Receipt
from hansa.model.errors import Busy, Gone
from hansa.ports.queue import Parcel
from hansa.storage.postgres.transacting import Pool, Session

CREDIT = 2
HIGH_WATER = 256
RETRY_S = 1.0
PAUSE_S = 1.0

_TRIES = 8
_LONGEST_PAUSE = 6  # doublings
_UPTO = {lane: f'SELECT run, {lane} FROM line WHERE site = $1 FOR UPDATE' for lane in LANES}  # noqa: S608 - words of ours
_TAKEN = {lane: f'UPDATE line SET {lane} = $2 WHERE site = $1' for lane in LANES}  # noqa: S608 - as above
_TURN = (
    'SELECT s.site FROM served AS s CROSS JOIN LATERAL '
    '(SELECT b.lane FROM batch AS b WHERE b.site = s.site ORDER BY b.lane, b.row LIMIT 1) AS first '
    'WHERE s.site = ANY ($1::text[]) AND s.due <= now() ORDER BY first.lane, s.turn LIMIT 1 FOR UPDATE OF s SKIP LOCKED'
)
_FIRST = 'SELECT lane, row, run, number, body FROM batch WHERE site = $1 ORDER BY lane, row LIMIT 1'


class PostgresQueue:
    """The port's Queue; `pause` is how many seconds a batch waits whose digestion failed, doubled with each time."""

    def __init__(self, pool: Pool, pause: float = PAUSE_S) -> None:
        self._pool = pool
        self._pause = datetime.timedelta(seconds=pause)

    async def begin(self, site: str) -> str:
        run = secrets.token_hex(8)
        await self._pool.write(lambda db: _begin(db, site, run), apart=True)
        return run

    async def give(self, site: str, run: str, lane: Lane, number: int, body: bytes) -> Receipt:
        return await self._pool.write(lambda db: _give(db, site, run, lane, number, body), apart=True)

    @contextlib.asynccontextmanager
    async def next(self, sites: Collection[str]) -> AsyncIterator[Parcel | None]:
        site = ''
        try:
            async with self._pool.whole(lambda db: _take(db, sites)) as (db, found):
                if found is None:
                    yield None
                    return
                row, parcel = found
                site = parcel.site
                db.at_last(lambda session: _acknowledge(session, parcel, row))
                yield parcel
        except Exception:
            if site:
                with contextlib.suppress(Busy):
                    await self._pool.write(lambda db: _failed(db, site, self._pause), apart=True)
            raise

    async def run(self, site: str) -> str:
        return await self._pool.read(lambda db: db.value('SELECT run FROM line WHERE site = $1', site), apart=True) or ''

    async def backlog(self) -> dict[str, int]:
        sql = 'SELECT site, count(*) FROM batch GROUP BY site ORDER BY site'
        return dict(await self._pool.read(lambda db: db.rows(sql), apart=True))


async def _begin(db: Session, site: str, run: str) -> None:
    await db.run('INSERT INTO served (site, turn, failures, due) VALUES ($1, 0, 0, now()) ON CONFLICT (site) DO NOTHING', site)
    await db.run(
        'INSERT INTO line (site, run, command, hot, bulk) VALUES ($1, $2, 0, 0, 0) '
        'ON CONFLICT (site) DO UPDATE SET run = excluded.run, command = 0, hot = 0, bulk = 0',
        site, run,
    )  # fmt: skip


async def _give(db: Session, site: str, run: str, lane: Lane, number: int, body: bytes) -> Receipt:
    line = await db.row(_UPTO[lane], site)
    if line is None or line[0] != run:
        raise Gone(f'The run {run} of the agent of {site} is over.')
    upto = int(line[1])
    if number <= upto:
        return Receipt(upto, CREDIT)
    mine, everybody = await db.row('SELECT count(*) FILTER (WHERE site = $1), count(*) FROM batch', site)
    # Above the mark a site may still have one batch wait, so that none is kept out by the others for ever.
    full = lane != 'command' and mine and everybody >= HIGH_WATER
    if number > upto + 1 or mine >= CREDIT or full:
        return Receipt(upto, CREDIT, RETRY_S)
    sql = 'INSERT INTO batch (site, lane, run, number, body) VALUES ($1, $2, $3, $4, $5)'
    await db.run(sql, site, LANES.index(lane), run, number, body)
    await db.run(_TAKEN[lane], site, number)
    return Receipt(number, CREDIT)


async def _take(db: Session, sites: Collection[str]) -> tuple[int, Parcel] | None:
    """Lock the site whose turn it is; then look what of it waits, as another worker may have finished between the two."""
    for _ in range(_TRIES):
        site = await db.value(_TURN, list(sites))
        if site is None:
            return None
        first = await db.row(_FIRST, site)
        if first is not None:
            # A worker that hangs, or whose machine was cut off, must not hold its site for ever.
            await db.run("SET LOCAL idle_in_transaction_session_timeout = '20s'")
            lane, row, run, number, body = first
            return row, Parcel(site, run, LANES[lane], number, body)
    return None


async def _acknowledge(db: Session, parcel: Parcel, row: int) -> None:
    await db.run('DELETE FROM batch WHERE site = $1 AND lane = $2 AND row = $3', parcel.site, LANES.index(parcel.lane), row)
    await db.run("UPDATE served SET turn = nextval('served_turn'), failures = 0 WHERE site = $1", parcel.site)


async def _failed(db: Session, site: str, pause: datetime.timedelta) -> None:
    sql = 'UPDATE served SET failures = failures + 1, due = now() + $2::interval * power(2, least(failures, $3)) WHERE site = $1'
    await db.run(sql, site, pause, _LONGEST_PAUSE)


async def forget(db: Session, site: str) -> None:
    """Drop what waits of a site; waits for whoever digests some of it, so that nothing is digested after it."""
    await db.run('DELETE FROM served WHERE site = $1', site)
    await db.run('DELETE FROM line WHERE site = $1', site)
    await db.run('DELETE FROM batch WHERE site = $1', site)
