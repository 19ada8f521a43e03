"""What the list requests of all APIs have in common: the result of reading one, and the words in which values come."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

import msgspec

from hansa.model.listing import Filter, Query, Sort

Items = Sequence[tuple[str, str]]
"""Decoded query items, in order, repeated keys kept."""

MAX_PAGE = 1000

NOTHING = Filter(('id',), 'in', ('',))
"""Holds for no object: no id is empty."""

CREATED = ('created',)
_TRUE = frozenset(('1', 't', 'true', 'on', 'y', 'yes'))
_FALSE = frozenset(('0', 'f', 'false', 'off', 'n', 'no'))
_PATTERN = frozenset('.^$*+?{}[]\\|()')


class Listing(msgspec.Struct, frozen=True):
    """A list request, understood.

    `limit` is the page size (None: all); it stands in `query` too. `fields` are the ones wanted (all, if none are
    named); `all_projects` says that an administrator asked for everybody's; `with_count` that the answer tells how
    many there are in all; `offset` how many to pass over after the marker.
    """

    query: Query
    limit: int | None
    fields: tuple[str, ...] = ()
    all_projects: bool = False
    with_count: bool = False
    offset: int = 0


def values(items: Items, key: str) -> tuple[str, ...]:
    """All values of a key, in order."""
    return tuple(value for name, value in items if name == key)


def boolean(text: str) -> bool | None:
    """The truth value of a word that OpenStack takes for one; None for any other."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def equals(path: tuple[str, ...], *texts: str) -> Filter:
    """Equal to one of the texts."""
    return Filter(path, 'in', texts)


def truth(path: tuple[str, ...], value: bool) -> Filter:
    """Equal to a truth value, as documents have it."""
    return Filter(path, 'in', ('true' if value else 'false',))


def pattern(path: tuple[str, ...], text: str) -> Filter:
    """Found by a regular expression whatever the case, as the services' databases do; plain words need none."""
    if _PATTERN.isdisjoint(text):
        return Filter(path, 'like', (text,))
    return Filter(path, 'regex', (text if text.startswith('(?i)') else '(?i)' + text,))


def moment(text: str) -> datetime.datetime:
    """A point in time in ISO 8601, without a zone that of UTC. Raises ValueError."""
    when = datetime.datetime.fromisoformat(text.strip())
    return when.astimezone(datetime.UTC) if when.tzinfo else when.replace(tzinfo=datetime.UTC)


def at_site(names: Sequence[str], sites: Collection[str], ending: str = '') -> tuple[tuple[str, ...], tuple[Filter, ...]]:
    """Names without their `@site` or `@site:zone`, and the filter that this means.

    Only known sites count, and only if every name has one: 'you@home' is a name like any other. `ending` may
    stand behind the whole ('$' of a pattern) and is kept.
    """
    cut, found = [], []
    for name in names:
        word, _, place = name.removesuffix(ending).rpartition('@')
        site = place.partition(':')[0]
        if not word or site not in sites:
            return tuple(names), ()
        cut.append(word + (ending if name.endswith(ending) else ''))
        found.append(site)
    if not found:
        return (), ()
    return tuple(cut), (equals(('site',), *dict.fromkeys(found)),)


def with_created(sorts: Sequence[Sort]) -> tuple[Sort, ...]:
    """Ties are broken by age, in the direction of the first key, as Nova, Cinder and Glance do."""
    if not sorts:
        return (Sort(CREATED, descending=True),)
    return (*sorts, *(() if any(sort.path == CREATED for sort in sorts) else (Sort(CREATED, sorts[0].descending),)))
