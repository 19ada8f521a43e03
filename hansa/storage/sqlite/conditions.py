"""One filter of a list, as an SQL condition."""

from __future__ import annotations

import math
import re

from hansa.model.errors import BadRequest
from hansa.model.listing import Filter
from hansa.rules import patterns
from hansa.storage.sqlite import paths
from hansa.storage.sqlite.paths import Piece, Reach

_NUMBER = re.compile(r'-?[0-9]{1,64}(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,4})?')
_LITERAL = re.compile('[A-Za-z0-9 _@:-]+')
_PART = 3
_SIGNS = {'gt': '>', 'ge': '>=', 'lt': '<', 'le': '<='}


def condition(filter: Filter) -> Piece:
    """SQL that is 1 where the filter holds. Raises BadRequest for one that cannot be understood."""
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
            return at.any(Piece(f"{at.value} <> ''"))
        case 'regex':
            patterns.check(_only(filter))
            if _LITERAL.fullmatch(filter.values[0]):
                # Most patterns are plain names: SQLite finds these itself, many times faster and without holding up the process.
                return at.any(Piece(f'coalesce(instr(substr({at.text}, 1, {patterns.LENGTH}), ?), 0) > 0', values))
            return at.any(Piece(f'matches(?, CAST({at.text} AS BLOB))', values))
        case 'like':
            return at.any(Piece(f'contains(?, CAST({at.text} AS BLOB))', (_only(filter).casefold(),)))
        case 'gt' | 'ge' | 'lt' | 'le':
            return at.any(_compare(at, _SIGNS[filter.operator], _only(filter)))


def trigrams(filter: Filter) -> str:
    """What the index of names can be asked for so that it finds all that a filter lets pass, and perhaps more; '' where it cannot help."""
    if filter.path != ('name',) or filter.operator not in {'in', 'regex', 'like'} or len(filter.values) != 1:
        return ''
    word = filter.values[0]
    if filter.operator == 'regex':
        word = word.removeprefix('(?i)').removeprefix('^').removesuffix('$')
        word = word if _LITERAL.fullmatch(word) else ''
    word = word.casefold()
    if len(word) < _PART or not word.isprintable() or '"' in word:
        return ''
    return ' '.join(f'"{word[at : at + _PART]}"' for at in range(len(word) - _PART + 1))


def _only(filter: Filter) -> str:
    if len(filter.values) != 1:
        raise BadRequest(f'A filter by {filter.operator} takes one value, not {len(filter.values)}.')
    return filter.values[0]


def _equal(at: Reach, values: tuple[str, ...]) -> Piece:
    # A condition that is plainly false is none that a named index can serve, which SQLite takes for an error.
    return Piece(f'{at.text} IN ({", ".join("?" * len(values)) or "NULL"})', values)


def _null(at: Reach) -> Piece:
    empty = at.any(Piece(f"{at.value} IS NULL OR {at.value} = ''"))
    if not at.many:
        return empty
    anything = at.any(Piece('1'))
    return Piece(f'({empty.sql} OR NOT {anything.sql})', (*empty.args, *anything.args))


def _compare(at: Reach, sign: str, value: str) -> Piece:
    as_text = f'{at.text} {sign} ?'
    number = _number(value)
    if not at.type or number is None:
        return Piece(as_text, (value,))
    return Piece(f"CASE WHEN {at.type} IN ('integer', 'real') THEN {at.value} {sign} ? ELSE {as_text} END", (number, value))


def _number(word: str) -> int | float | None:
    if not _NUMBER.fullmatch(word):
        return None
    number = int(word) if len(word) < 19 and word.lstrip('-').isdecimal() else float(word)
    return number if math.isfinite(number) else None


def _not(piece: Piece) -> Piece:
    return Piece(f'NOT {piece.sql}', piece.args)


def _all(pieces: list[Piece]) -> Piece:
    return Piece(f'({" AND ".join(piece.sql for piece in pieces) or "1"})', tuple(arg for piece in pieces for arg in piece.args))
