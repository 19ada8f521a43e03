"""The change feed: news are written by the transaction that makes them, under numbers that have no gaps."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec

from hansa.model.alias import Alias
from hansa.model.errors import Gone
from hansa.ports.feed import News, Topic
from hansa.storage.postgres.transacting import Pool, Session, clean

KEPT = 100_000
PRUNED_EVERY = 256

_CHUNK = 500
_PRUNE = (
    "WITH young AS (SELECT number FROM news WHERE told > now() - interval '1 hour' ORDER BY number LIMIT 1), "
    'cut AS (SELECT greatest(f.pruned, f.number - $1, young.number - 1) AS number FROM feed AS f, young), '
    'gone AS (DELETE FROM news WHERE number <= (SELECT number FROM cut)) UPDATE feed SET pruned = (SELECT number FROM cut)'
)


def tell(db: Session, topic: Topic, name: str) -> None:
    """Tell at the end of the transaction that is open: until the commit all others who tell something have to wait."""
    db.at_last(functools.partial(_write, topic=topic, body=clean(name).encode()))


def tell_aliases(db: Session, topic: Topic, aliases: Sequence[Alias]) -> None:
    """The same of aliases."""
    for start in range(0, len(aliases), _CHUNK):
        db.at_last(functools.partial(_write, topic=topic, body=msgspec.json.encode(aliases[start : start + _CHUNK])))


async def _write(db: Session, topic: Topic, body: bytes) -> None:
    number = await db.value(
        'WITH next AS (UPDATE feed SET number = number + 1 RETURNING number) '
        'INSERT INTO news (number, topic, body, told) SELECT number, $1, $2, clock_timestamp() FROM next RETURNING number',
        topic, body,
    )  # fmt: skip
    if number % PRUNED_EVERY == 0:
        await db.run(_PRUNE, KEPT)


class PostgresFeed:
    """The port's Feed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def latest(self) -> int:
        return int(await self._pool.read(lambda db: db.value('SELECT number FROM feed'), apart=True))

    async def since(self, number: int, limit: int) -> list[News]:
        sql = (
            'SELECT f.number AS newest, f.pruned, n.number, n.topic, n.body FROM feed AS f LEFT JOIN '
            '(SELECT number, topic, body FROM news WHERE number > $1 ORDER BY number LIMIT $2) AS n ON true ORDER BY n.number'
        )
        rows = await self._pool.read(lambda db: db.rows(sql, number, limit), apart=True)
        if not rows[0]['pruned'] <= number <= rows[0]['newest']:
            raise Gone(f'News after {number} are not kept; read all anew.')
        return [News(number, topic, body) for _, _, number, topic, body in rows if number is not None]
