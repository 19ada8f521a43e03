"""One filter of a list, as an SQL condition."""

from __future__ import annotations

import re

from hansa.model.errors import BadRequest
from hansa.model.listing import Filter
from hansa.rules import patterns
from hansa.storage.postgres import paths
from hansa.storage.postgres.paths import Piece, Reach

_NUMBER = re.compile(r'-?[0-9]{1,64}(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?')
_LITERAL = re.compile('[A-Za-z0-9 _@:-]+')
_SIGNS = {'gt': '>', 'ge': '>=', 'lt': '<', 'le': '<='}
_FLAGS = re.compile(r'\(\?([aimsu]+)\)')
# What PostgreSQL writes in another way: a word's edge, a group with a name and the way back to it.
_ESCAPE = re.compile(r'\\[bB]|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P<\w+>|\(\?P=(\w+)\)', re.DOTALL)
_OTHERWISE = {r'\b': r'\y', r'\B': r'\Y'}


def condition(filter: Filter) -> Piece:
    """SQL that is true where the filter holds. Raises BadRequest for one that cannot be understood."""
    at, values = paths.reach(filter.path), filter.values
    match filter.operator:
        case 'in':
            return at.any(_equal(at, values))
        case 'not_in':
            return _not(at.any(_equal(at, values)))
        case 'has':
            return _all([at.any(_equal(at, (value,))) for value in dict.fromkeys(values)])
        case 'null':
            return _null(at)
        case 'not_null':
            return at.any(Piece(f"{at.text.sql} <> ''", at.text.args))
        case 'regex':
            patterns.check(_only(filter))
            if _LITERAL.fullmatch(filter.values[0]):
                return at.any(Piece(f'strpos(left({at.text.sql}, {patterns.LENGTH}), ?::text) > 0', (*at.text.args, *values)))
            # With this collation letters and digits are those of all scripts.
            sql = f'(left({at.text.sql}, {patterns.LENGTH}) COLLATE "und-x-icu") ~ ?::text'
            return at.any(Piece(sql, (*at.text.args, dialect(filter.values[0]))))
        case 'like':
            return at.any(Piece(f'strpos(hansa_fold({at.text.sql}), hansa_fold(?::text)) > 0', (*at.text.args, _only(filter))))
        case 'gt' | 'ge' | 'lt' | 'le':
            return at.any(_compare(at, _SIGNS[filter.operator], _only(filter)))


def dialect(pattern: str) -> str:
    """A regular expression as PostgreSQL writes it. It has no flags but at the beginning, as Python has none elsewhere."""
    flags = _FLAGS.match(pattern)
    given = flags[1] if flags else ''
    newlines = {(False, False): 'p', (True, False): 's', (False, True): 'n', (True, True): 'w'}['s' in given, 'm' in given]
    rest = pattern[flags.end() :] if flags else pattern

    def written(found: re.Match[str]) -> str:
        sign = found.group()
        if sign.startswith('(?P<'):
            return '('
        if found[1]:
            raise BadRequest('A regular expression cannot go back to a group by its name here; leave it out.')
        return _OTHERWISE.get(sign, sign)

    return f'(?{newlines}{"i" if "i" in given else ""}){_ESCAPE.sub(written, rest)}'


def _only(filter: Filter) -> str:
    if len(filter.values) != 1:
        raise BadRequest(f'A filter by {filter.operator} takes one value, not {len(filter.values)}.')
    return filter.values[0]


def _equal(at: Reach, values: tuple[str, ...]) -> Piece:
    return Piece(f'{at.text.sql} = ANY (?::text[])', (*at.text.args, values))


def _null(at: Reach) -> Piece:
    empty = at.any(Piece(f"coalesce({at.text.sql}, '') = ''", at.text.args))
    if not at.many:
        return empty
    anything = at.any(Piece('true'))
    return Piece(f'({empty.sql} OR NOT {anything.sql})', (*empty.args, *anything.args))


def _compare(at: Reach, sign: str, value: str) -> Piece:
    as_text = Piece(f'{at.text.sql} {sign} ?::text', (*at.text.args, value))
    if at.column or not _NUMBER.fullmatch(value):
        return as_text
    json = at.value
    return Piece(
        f"CASE WHEN json_typeof({json.sql}) = 'number' THEN hansa_number({json.sql}) {sign} ?::text::numeric ELSE {as_text.sql} END",
        (*json.args, *json.args, value, *as_text.args),
    )


def _not(piece: Piece) -> Piece:
    return Piece(f'NOT {piece.sql}', piece.args)


def _all(pieces: list[Piece]) -> Piece:
    return Piece(f'({" AND ".join(piece.sql for piece in pieces) or "true"})', tuple(arg for piece in pieces for arg in piece.args))
