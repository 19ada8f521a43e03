"""What stands, as far as sites tell: versions of which enough shares are there, and listings that are never too short."""

from __future__ import annotations

import itertools
import random

from hansa.rules.containers.merging import Page, Query
from hansa.rules.containers.merging import Row as Listed
from hansa.rules.dispersal import evidence, labels
from hansa.rules.dispersal.evidence import Shown
from hansa.rules.dispersal.labels import Box, Mark, Row
from hansa.rules.dispersal.scheme import Scheme

TWO, THREE = Scheme(2, 3), Scheme(3, 5)
OLD, NEW = Mark('0' * 32, 5), Mark('1' * 32, 7)
SITES = ('east', 'west', 'north')


def test_a_version_is_there_when_k_sites_have_it() -> None:
    told = evidence.verdict(TWO, {'east': NEW, 'west': OLD, 'north': NEW}, 0)
    assert (told.answer, told.mark, told.holders) == ('here', NEW, ('east', 'north'))
    later = Mark(NEW.generation, 9)
    assert evidence.verdict(TWO, {'east': NEW, 'west': later}, 1).mark == later
    assert evidence.verdict(TWO, {'east': NEW, 'west': OLD}, 1).answer == 'unknown'
    assert evidence.verdict(TWO, {'east': NEW, 'west': None}, 1).answer == 'unknown'
    assert evidence.verdict(TWO, {'east': NEW, 'west': None, 'north': None}, 0).answer == 'absent'
    assert evidence.verdict(TWO, {'east': None, 'west': None}, 1).answer == 'absent'
    assert evidence.verdict(TWO, {}, 3).answer == 'unknown'


def test_while_sites_change_over_one_version_is_always_whole() -> None:
    for chosen in (TWO, THREE, Scheme(4, 7)):
        names = [str(number) for number in range(chosen.n)]
        for changed in range(chosen.n + 1):
            told: dict[str, Mark | None] = {name: NEW if at < changed else OLD for at, name in enumerate(names)}
            assert evidence.verdict(chosen, told, 0).answer == 'here'


def listed(name: str, mark: Mark) -> Listed:
    label = Box(bytes(32)).row(name, mark, Row(1, 'e', 'text/plain'), bytes(12))
    return {'name': name, 'bytes': 300, 'hash': 'x', 'content_type': labels.media(label), 'last_modified': ''}


def shown(pages: list[Page], unknown: int, missed: frozenset[tuple[str, str]] = frozenset()) -> Shown:
    return evidence.page(TWO, Query(100), pages, unknown, missed)


def names(told: Shown) -> list[str]:
    return [str(row.get('name') or row['subdir']) for row in told.rows]


def test_what_two_sites_have_is_listed_and_what_one_has_is_not_unless_another_might() -> None:
    pages = [Page('east', [listed('a', NEW), listed('b', NEW)]), Page('west', [listed('a', NEW), listed('c', OLD)]), Page('north', [listed('a', OLD)])]
    told = shown(pages, 0)
    assert names(told) == ['a']
    assert told.uneven == ['a', 'b', 'c']
    assert told.rows[0]['content_type'] == listed('a', NEW)['content_type']
    told = shown(pages[:2], 1)
    assert (names(told), told.doubtful) == (['a', 'b', 'c'], ['b', 'c'])
    assert names(shown(pages[:2], 1, frozenset({('west', 'c')}))) == ['a', 'b']


def test_prefixes_are_listed_where_enough_sites_might_have_something_below_them() -> None:
    pages = [Page('east', [{'subdir': 'a/'}, {'subdir': 'b/'}]), Page('west', [{'subdir': 'a/'}])]
    assert names(shown(pages, 0)) == ['a/']
    assert names(shown(pages, 1)) == ['a/', 'b/']


def test_pages_compose_for_any_two_of_three_sites() -> None:
    lot = random.Random(3)
    everything = sorted({''.join(lot.choices('abcé', k=3)) for _ in range(30)})
    for away, limit, reverse in itertools.product(('', *SITES), (1, 4, 50), (False, True)):
        found: list[str] = []
        while True:
            query = Query(limit, marker=found[-1] if found else '', reverse=reverse)
            pages = {site: page(site, everything, query) for site in SITES if site != away}
            while (told := evidence.page(TWO, query, list(pages.values()), 3 - len(pages), {(site, f'{name}{site}') for site in SITES for name in everything})).behind:
                for site, marker in told.behind:
                    pages[site] = pages[site].then(page(site, everything, Query(limit, marker=marker, reverse=reverse)))
            if not told.rows:
                break
            found += names(told)
        assert found == sorted(everything, reverse=reverse)


def page(site: str, everything: list[str], query: Query) -> Page:
    """What a site lists: of all objects, and of some that were deleted while it was away."""
    stale = [f'{name}{site}' for name in everything[:: 3 + SITES.index(site)]]
    held = sorted((name for name in [*everything, *stale] if query.covers(name)), reverse=query.reverse)
    return Page(site, [listed(name, OLD) for name in held[: query.limit]], held[query.limit - 1] if len(held) > query.limit else '')
