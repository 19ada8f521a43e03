"""From a Query to SQL: who may see it, which filters hold, in what order, from which marker on."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.listing import Query, Sheet
from hansa.storage import bounds
from hansa.storage.postgres import conditions, paths
from hansa.storage.postgres.paths import Piece
from hansa.storage.postgres.transacting import Session

_COLUMNS = 'site, kind, id, site_id, project, name, status, created, updated, public, prime, seen'.split(', ')
_HOT = ', '.join(f'h.{column}' for column in (*_COLUMNS, 'row'))

# What hansa.storage.postgres.inventory makes records of.
FIELDS = ', '.join([*(f'h.{column}' for column in _COLUMNS), 'd.doc'])


def _tombstones(status: str, updated: str) -> str:
    """What is gone, with the columns of `hot`."""
    return (
        f'(SELECT row, site, kind, id, site_id, project, name, {status} AS status, created, {updated} AS updated, '
        'false AS public, true AS prime, gone AS seen, doc, said FROM tombstone) AS h'
    )


_ALIVE = 'hot AS h'
_LAST = _tombstones('status', 'updated')
_GONE = _tombstones(
    "'DELETED'::text COLLATE \"C\"",
    "to_char(to_timestamp(gone) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') COLLATE \"C\"",
)

# So many owners are walked each by an index of its own and merged; more are sorted together.
_BRANCHES = 4


class _Key(msgspec.Struct, frozen=True):
    """A value that is never null; `cast` makes it of a text again."""

    value: Piece
    descending: bool
    cast: str = '?::text'


async def page(db: Session, query: Query) -> list[Any]:
    """Rows of FIELDS that a query asks for, in order. Raises BadRequest for a query that cannot be understood."""
    # The page is chosen by narrow rows; documents are fetched for it alone, one by one, whatever the planner would think of.
    doc = 'coalesce(h.last, (SELECT d.doc FROM document AS d WHERE d.site = h.site AND d.row = h.row))'
    return await _chosen(db, query, FIELDS.replace('d.doc', doc), '')


async def sheets(db: Session, query: Query) -> list[Sheet]:
    """The same as their answer needs them; of what is gone there are none. Raises BadRequest like `page`."""
    document = 'CROSS JOIN LATERAL (SELECT d.doc, d.ends FROM document AS d WHERE d.site = h.site AND d.row = h.row OFFSET 0) AS d'
    return await _chosen(db, query, 'd.doc, d.ends', document)


async def _chosen(db: Session, query: Query, fields: str, source: str) -> list[Any]:
    bounds.check(query)
    keys, branches = _keys(query), _branches(query)
    if not branches:
        return []
    start = _start(keys, await _marker(db, query, keys)) if query.marker else Piece('true')
    order = ', '.join(f'k{place} {"DESC" if key.descending else "ASC"}' for place, key in enumerate(keys))
    # The planner has to know how many are wanted, so the number stands in the statement.
    end = f'ORDER BY {order}' + ('' if query.limit is None else f' LIMIT {int(query.limit)}')
    columns = _together([Piece(f'{key.value.sql} AS k{place}', key.value.args) for place, key in enumerate(keys)], ', ')
    selects = []
    for branch in branches:
        for rows in (_ALIVE, _GONE) if query.gone else (_ALIVE,):
            doc = 'NULL::bytea' if rows is _ALIVE else 'h.doc'
            sql = f'(SELECT {_HOT}, {doc} AS last, {columns.sql} FROM {_source(query, rows)} WHERE {branch.sql} AND {start.sql} {end})'
            selects.append(Piece(sql, (*columns.args, *branch.args, *start.args)))
    chosen = _together(selects, ' UNION ALL ')
    outer = f'SELECT {fields} FROM (SELECT * FROM ({chosen.sql}) AS every {end}) AS h {source}'
    found = await _asked(db, Piece(outer, chosen.args))
    return found[::-1] if query.backwards else found


async def count(db: Session, query: Query) -> int:
    """How many records a query has without limit and marker. Raises BadRequest like `page`."""
    bounds.check(query)
    lines = bounds.counter(query)
    what, source = 'count(*)', _source(query, _ALIVE)
    if lines:
        what, source = 'coalesce(sum(h.amount), 0)', 'held AS h' if lines == 'held' else '(SELECT *, true AS prime FROM owned) AS h'
    parts = [Piece(f'(SELECT {what} FROM {source} WHERE {branch.sql})', branch.args) for branch in _branches(query)]
    if not parts:
        return 0
    whole = _together(parts, ' + ')
    return int((await _asked(db, Piece(f'SELECT {whole.sql}', whole.args)))[0][0])


async def _asked(db: Session, piece: Piece) -> list[Any]:
    sql, args = piece.numbered()
    return await db.rows(sql, *args)


def _together(pieces: list[Piece], between: str) -> Piece:
    return Piece(between.join(piece.sql for piece in pieces), tuple(arg for piece in pieces for arg in piece.args))


def _source(query: Query, rows: str) -> str:
    parts = [part.path for part in query.filters] + [part.path for part in query.sorts]
    if not any(len(path) > 1 for path in parts):
        return rows
    # OFFSET 0 keeps the planner from reading a document anew for each value of it, and from reading those of others.
    if rows is _ALIVE:
        whose = 'd', 'FROM document AS d WHERE d.site = h.site AND d.row = h.row OFFSET 0'
    else:
        whose = 'h', 'OFFSET 0'
    return f"{rows} CROSS JOIN LATERAL (SELECT coalesce({whose[0]}.said, convert_from({whose[0]}.doc, 'UTF8'))::json AS doc {whose[1]}) AS j"


def _keys(query: Query) -> list[_Key]:
    keys: list[_Key] = []
    descending = False
    for sort in query.sorts:
        at = paths.reach(sort.path)
        if at.many:
            raise BadRequest(f"Nothing can be sorted by {'.'.join(sort.path)[:80]!r}: '*' leads to many values.")
        descending = sort.descending
        if at.column:
            keys.append(_Key(at.value, descending is not query.backwards))
        else:
            keys += _ranked(at.value, descending is not query.backwards)
        if sort.path == ('id',):
            return keys
    return [*keys, _Key(Piece('h.id'), descending is not query.backwards)]


def _ranked(value: Piece, descending: bool) -> list[_Key]:
    """Nothing before numbers before texts, and each among its like."""
    rank = Piece(f'coalesce(hansa_rank({value.sql}), 0)', value.args)
    number = Piece(f'coalesce(hansa_number({value.sql}), 0)', value.args)
    text = f"coalesce(CASE WHEN hansa_rank({value.sql}) = 2 THEN hansa_text({value.sql}) END, '') COLLATE \"C\""
    words = Piece(text, (*value.args, *value.args))
    return [_Key(rank, descending, '?::text::int'), _Key(number, descending, '?::text::numeric'), _Key(words, descending)]


def _branches(query: Query) -> list[Piece]:
    wanted = _together([Piece('h.kind = ?::text AND h.prime', (query.kind,)), *map(conditions.condition, query.filters)], ' AND ')
    if query.projects is None:
        return [wanted]
    owners = tuple(dict.fromkeys(query.projects))

    def branch(sql: str, *args: object) -> Piece:
        return Piece(f'{sql} AND {wanted.sql}', (*args, *wanted.args))

    if len(owners) <= _BRANCHES:
        branches = [branch('h.project = ?::text', owner) for owner in owners]
    else:
        branches = [branch('h.project = ANY (?::text[])', owners)]
    if query.public:
        branches.append(branch('h.public AND h.project <> ALL (?::text[])', owners))
    if query.also:
        others = 'h.project <> ALL (?::text[])' + (' AND NOT h.public' if query.public else '')
        branches.append(branch(f'h.id = ANY (?::text[]) AND {others}', query.also, owners))
    return branches


async def _marker(db: Session, query: Query, keys: list[_Key]) -> tuple[str, ...]:
    columns = _together([Piece(f'({key.value.sql})::text', key.value.args) for key in keys], ', ')
    for source, alive in ((_ALIVE, ' AND h.prime'), (_GONE if query.gone else _LAST, '')):
        sql = f'SELECT {columns.sql} FROM {_source(query, source)} WHERE h.kind = ?::text AND h.id = ?::text{alive}'
        rows = await _asked(db, Piece(sql, (*columns.args, query.kind, query.marker)))
        if rows:
            return tuple(rows[0])
    raise BadRequest(f'The marker {query.marker[:80]!r} is not known; begin again with the first page.')


def _start(keys: list[_Key], values: tuple[str, ...]) -> Piece:
    if len({key.descending for key in keys}) == 1:
        # A row value is what an index can start from.
        names = _together([key.value for key in keys], ', ')
        return Piece(f'({names.sql}) {"<" if keys[0].descending else ">"} ({", ".join(key.cast for key in keys)})', (*names.args, *values))
    return _after(keys, values)


def _after(keys: list[_Key], values: tuple[str, ...]) -> Piece:
    key, name = keys[0], keys[0].value
    beyond = Piece(f'{name.sql} {"<" if key.descending else ">"} {key.cast}', (*name.args, values[0]))
    if len(keys) == 1:
        return beyond
    rest = _after(keys[1:], values[1:])
    sql = f'({beyond.sql} OR ({name.sql} = {key.cast} AND {rest.sql}))'
    return Piece(sql, (*beyond.args, *name.args, values[0], *rest.args))
