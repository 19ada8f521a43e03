"""Leases as rows, measured by the database's clock."""

from __future__ import annotations

import datetime

from hansa.storage.postgres.transacting import Pool, Session


class PostgresLeases:
    """The port's Leases; never part of a transaction over several calls, as others would wait for its end."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, name: str, holder: str, seconds: float) -> bool:
        # The clock is read when the statement is done with waiting for others; who took meanwhile is seen as it is then.
        sql = (
            'INSERT INTO lease (name, holder, until) VALUES ($1, $2, clock_timestamp() + $3::interval) ON CONFLICT (name) DO UPDATE '
            'SET holder = excluded.holder, until = clock_timestamp() + $3::interval '
            'WHERE lease.holder = excluded.holder OR lease.until <= clock_timestamp() RETURNING true'
        )
        span = datetime.timedelta(seconds=seconds)

        async def work(db: Session) -> bool:
            return bool(await db.value(sql, name, holder, span))

        return await self._pool.write(work, apart=True)

    async def give_up(self, name: str, holder: str) -> None:
        await self._pool.write(lambda db: db.run('DELETE FROM lease WHERE name = $1 AND holder = $2', name, holder), apart=True)

    async def holders(self, prefix: str = '') -> dict[str, str]:
        sql = 'SELECT name, holder FROM lease WHERE name ^@ $1 AND until > clock_timestamp() ORDER BY name'
        return dict(await self._pool.read(lambda db: db.rows(sql, prefix), apart=True))
