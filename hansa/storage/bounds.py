"""How much one list may ask for, and which counters can tell how long it is, whichever database it is asked of."""

from __future__ import annotations

from typing import Literal

from hansa.model.errors import BadRequest
from hansa.model.listing import Query

FILTERS = 100
VALUES = 1000
ALSO = 1000
SORTS = 16

_COUNTED = {('project',), ('site',), ('status',)}


def check(query: Query) -> None:
    """Raises BadRequest for a query that asks too much, or by what is no text."""
    if len(query.filters) > FILTERS or len(query.sorts) > SORTS:
        raise BadRequest(f'A list may have {FILTERS} filters and {SORTS} sort keys.')
    if len(query.also) > ALSO:
        raise BadRequest(f"At most {ALSO} objects of others can be listed beside one's own.")
    if query.limit is not None and not 0 <= query.limit < 2**63:
        raise BadRequest(f'A page cannot have {query.limit} objects.')
    for filter in query.filters:
        if len(filter.values) > VALUES:
            raise BadRequest(f'A filter may have {VALUES} values, this one has {len(filter.values)}.')
    words = [query.marker, *(word for filter in query.filters for word in (*filter.path, *filter.values))]
    words += [word for sort in query.sorts for word in sort.path]
    if any(not word.isascii() and word.encode('utf-8', 'replace').decode() != word for word in words):
        raise BadRequest('A filter, sort key or marker is not valid text.')


def counter(query: Query) -> Literal['', 'held', 'owned']:
    """The table of counters that knows how many a query has; '' where they have to be counted."""
    by = {filter.path for filter in query.filters}
    if query.also or not by <= _COUNTED:
        return ''
    return 'held' if query.projects is None and ('project',) not in by else 'owned'
