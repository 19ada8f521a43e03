"""From a Query to SQL: who may see it, which filters hold, in what order, from which marker on."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import json
import sqlite3
from typing import Any

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.listing import Query, Sheet
from hansa.storage import bounds
from hansa.storage.sqlite import conditions, merging, paths
from hansa.storage.sqlite.paths import Piece

FIELDS = 'h.site, h.kind, h.id, h.site_id, h.project, h.name, d.doc, h.status, h.created, h.updated, h.public, h.prime, h.seen'

# What is gone, with the columns of `hot`.
_GONE = (
    "(SELECT row, site, kind, id, site_id, project, name, 'DELETED' AS status, created, "
    "strftime('%Y-%m-%dT%H:%M:%SZ', gone, 'unixepoch') AS updated, 0 AS public, 1 AS prime, gone AS seen FROM tombstone)"
)
_EITHER = ', '.join(f'COALESCE({field}, {"gone" if field[0] == "h" else "last"}{field[1:]})' for field in FIELDS.split(', '))

# As many rows are looked at one by one; more are walked in order.
_FEW = 500

# So many owners are walked each by an index of its own and merged; more are sorted together.
_BRANCHES = 4


class _Branch(msgspec.Struct, frozen=True):
    """What of one kind of owner a query wants. `index` is the one that has to be walked, where SQLite would choose another."""

    sql: str
    args: tuple[object, ...]
    index: str = ''


class _Key(msgspec.Struct, frozen=True):
    value: Piece
    descending: bool
    nullable: bool


def page(db: sqlite3.Connection, query: Query) -> list[Any]:
    """Rows of FIELDS that a query asks for, in order. Raises BadRequest for a query that cannot be understood."""
    columns = FIELDS
    source = 'CROSS JOIN hot AS h ON h.row = p.row CROSS JOIN document AS d ON d.row = p.row'
    if query.gone:
        columns = _EITHER
        source = (
            'LEFT JOIN hot AS h ON h.row = p.row LEFT JOIN document AS d ON d.row = p.row '
            f'LEFT JOIN {_GONE} AS gone ON gone.row = -p.row LEFT JOIN tombstone AS last ON last.row = -p.row'
        )
    return _chosen(db, query, columns, source)


def sheets(db: sqlite3.Connection, query: Query) -> list[Sheet]:
    """The same as their answer needs them; of what is gone there are none. Raises BadRequest like `page`."""
    return _chosen(db, query, 'd.doc, d.ends', 'CROSS JOIN document AS d ON d.row = p.row')


def _chosen(db: sqlite3.Connection, query: Query, fields: str, source: str) -> list[Any]:
    bounds.check(query)
    keys, branches = _keys(query), _branches(query)
    if not branches:
        return []
    start = _start(keys, _marker(db, query, keys)) if query.marker else Piece('1')
    if query.projects is None and not query.filters and not query.gone and query.limit is not None and (merged := _merged(keys)):
        found = merging.rows(db, merging.Wanted(query.kind, merged, keys[0].descending, start, query.limit))
        return _taken(db, query, f'SELECT {fields} FROM (SELECT value AS row FROM json_each(?)) AS p {source}', (json.dumps(found),))
    few = _few(db, query)
    columns = ', '.join(f'{key.value.sql} AS k{place}' for place, key in enumerate(keys))
    key_args = [arg for key in keys for arg in key.value.args]
    selects, args = [], []
    for branch in branches:
        alive = 'h.row', _source(query, index=_index(branch, few)), few
        for row, rows, among in (alive, ('-h.row', _source(query, _GONE, 'tombstone'), '1')) if query.gone else (alive,):
            selects.append(f'SELECT {row} AS row, {columns} FROM {rows} WHERE {branch.sql} AND {among} AND {start.sql}')
            args += [*key_args, *branch.args, *start.args]
    order = ', '.join(f'{place} {"DESC" if key.descending else "ASC"}' for place, key in enumerate(keys, 2))
    # The page is chosen by narrow rows; CROSS JOIN walks it as it is ordered and fetches documents for it alone.
    sql = f'SELECT {fields} FROM ({" UNION ALL ".join(selects)} ORDER BY {order} LIMIT ?) AS p {source}'
    return _taken(db, query, sql, (*args, -1 if query.limit is None else query.limit))


def _taken(db: sqlite3.Connection, query: Query, sql: str, args: tuple[object, ...]) -> list[Any]:
    found: list[Any] = db.execute(sql, args).fetchall()
    return found[::-1] if query.backwards else found


def _merged(keys: list[_Key]) -> tuple[str, ...]:
    """The columns of an order that is merged from those of all owners; none where it is another."""
    columns = tuple(key.value.sql for key in keys)
    return columns if len({key.descending for key in keys}) == 1 and columns[0] in merging.INDICES and columns[1:] == merging.REST else ()


def _few(db: sqlite3.Connection, query: Query) -> str:
    """A condition that leaves the few rows whose names can pass; '1' where they are many, or names do not matter."""
    words = ' '.join(filter(None, (conditions.trigrams(each) for each in query.filters)))
    if not words:
        return '1'
    rows = db.execute('SELECT rowid FROM names WHERE names MATCH ? LIMIT ?', (words, _FEW + 1)).fetchall()
    return f'h.row IN ({", ".join(str(row) for row, in rows)})' if len(rows) <= _FEW else '1'


def count(db: sqlite3.Connection, query: Query) -> int:
    """How many records a query has without limit and marker. Raises BadRequest like `page`."""
    bounds.check(query)
    lines = bounds.counter(query)
    if lines:
        table = 'held' if lines == 'held' else '(SELECT *, 1 AS prime FROM owned)'
        sums = [(f'SELECT coalesce(sum(h.amount), 0) FROM {table} AS h WHERE {branch.sql}', branch.args) for branch in _branches(query)]
        return sum(int(db.execute(sql, args).fetchone()[0]) for sql, args in sums)
    few = _few(db, query)
    return sum(
        int(db.execute(f'SELECT count(*) FROM {_source(query, index=_index(branch, few))} WHERE {branch.sql} AND {few}', branch.args).fetchone()[0])
        for branch in _branches(query)
    )


def _index(branch: _Branch, few: str) -> str:
    """How SQLite is to come to the rows, where it would choose another way: few are fetched one by one, whatever order is wanted."""
    if few != '1':
        return 'NOT INDEXED'
    return f'INDEXED BY {branch.index}' if branch.index else ''


def _source(query: Query, hot: str = 'hot', document: str = 'document', index: str = '') -> str:
    parts = [part.path for part in query.filters] + [part.path for part in query.sorts]
    deep = any(len(path) > 1 for path in parts)
    rows = f'{hot} AS h {index}'
    return f'{rows} CROSS JOIN {document} AS d ON d.row = h.row' if deep else rows


def _keys(query: Query) -> list[_Key]:
    keys: list[_Key] = []
    descending = False
    for sort in query.sorts:
        at = paths.reach(sort.path)
        if at.many:
            raise BadRequest(f"Nothing can be sorted by {'.'.join(sort.path)[:80]!r}: '*' leads to many values.")
        descending = sort.descending
        keys.append(_Key(at.single, descending is not query.backwards, bool(at.type)))
        if sort.path == ('id',):
            return keys
    return [*keys, _Key(Piece('h.id'), descending is not query.backwards, False)]


def _branches(query: Query) -> list[_Branch]:
    filters = [conditions.condition(filter) for filter in query.filters]
    wanted = ' AND '.join(['h.kind = ? AND h.prime = 1', *(piece.sql for piece in filters)])
    args = (query.kind, *(arg for piece in filters for arg in piece.args))
    if query.projects is None:
        # In which order they are wanted would count for more with SQLite, and all of a kind be looked at.
        by_id = any(each.path == ('id',) and each.operator == 'in' for each in query.filters)
        return [_Branch(wanted, args, 'hot_object' if by_id else '')]
    owners = tuple(dict.fromkeys(query.projects))
    marks = ', '.join('?' * len(owners))
    if len(owners) <= _BRANCHES:
        by_name = any(each.path == ('name',) and each.operator == 'in' for each in query.filters)
        branches = [_Branch(f'h.project = ? AND {wanted}', (owner, *args), 'hot_owned_name' if by_name else '') for owner in owners]
    else:
        branches = [_Branch(f'h.project IN ({marks}) AND {wanted}', (*owners, *args))]
    if query.public:
        branches.append(_Branch(f'h.public = 1 AND h.project NOT IN ({marks}) AND {wanted}', (*owners, *args), 'hot_public'))
    if query.also:
        others = f'h.project NOT IN ({marks})' + (' AND h.public = 0' if query.public else '')
        named = f'h.id IN ({", ".join("?" * len(query.also))})'
        branches.append(_Branch(f'{named} AND {others} AND {wanted}', (*query.also, *owners, *args)))
    return branches


def _marker(db: sqlite3.Connection, query: Query, keys: list[_Key]) -> tuple[object, ...]:
    columns = ', '.join(key.value.sql for key in keys)
    args = [arg for key in keys for arg in key.value.args]
    for source, alive in ((_source(query), ' AND h.prime = 1'), (_source(query, _GONE if query.gone else 'tombstone', 'tombstone'), '')):
        sql = f'SELECT {columns} FROM {source} WHERE h.kind = ? AND h.id = ?{alive}'
        row: tuple[object, ...] | None = db.execute(sql, (*args, query.kind, query.marker)).fetchone()
        if row is not None:
            return row
    raise BadRequest(f'The marker {query.marker[:80]!r} is not known; begin again with the first page.')


def _start(keys: list[_Key], values: tuple[object, ...]) -> Piece:
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        # A row value of plain columns is what an index can start from.
        names = ', '.join(key.value.sql for key in keys)
        return Piece(f'({names}) {"<" if keys[0].descending else ">"} ({", ".join("?" * len(keys))})', values)
    return _after(keys, values)


def _after(keys: list[_Key], values: tuple[object, ...]) -> Piece:
    key, value, name = keys[0], values[0], keys[0].value
    beyond = Piece(f'{name.sql} {"<" if key.descending else ">"} ?', (*name.args, value))
    if value is None:
        beyond = Piece('0') if key.descending else Piece(f'{name.sql} IS NOT NULL', name.args)
    elif key.nullable and key.descending:
        beyond = Piece(f'({beyond.sql} OR {name.sql} IS NULL)', (*beyond.args, *name.args))
    if len(keys) == 1:
        return beyond
    rest = _after(keys[1:], values[1:])
    sql = f'({beyond.sql} OR ({name.sql} IS ? AND {rest.sql}))'
    return Piece(sql, (*beyond.args, *name.args, value, *rest.args))
