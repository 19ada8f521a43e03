"""The book of aliases answers as a plain list of them would, however it was written, and without walking through it."""

from __future__ import annotations

import string
from typing import Any, NoReturn

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.alias import Alias, AliasKind
from hansa.rules.aliases import AliasBook

KINDS: tuple[AliasKind, ...] = ('flavor', 'image', 'keypair')


class Naive:
    """What the book means: a list in the order of arrival."""

    def __init__(self) -> None:
        self.all: list[Alias] = []

    def add(self, alias: Alias) -> None:
        if alias not in self.all:
            self.all = [one for one in self.all if msgspec.structs.replace(one, local=alias.local) != alias] + [alias]

    def drop(self, alias: Alias) -> None:
        self.all = [one for one in self.all if one != alias]

    def local(self, site: str, league: str, project: str) -> str:
        for owner in (project, ''):
            for one in self.all:
                if (one.site, one.league, one.project) == (site, league, owner):
                    return one.local
        return ''

    def league(self, site: str, local: str, kind: str) -> str:
        names = kind == 'keypair'
        return next((one.league for one in self.all if (one.site, one.local, one.kind == 'keypair') == (site, local, names)), '')

    def of(self, kind: str, league: str, site: str) -> list[Alias]:
        return [one for one in self.all if one.kind == kind and league in {'', one.league} and site in {'', one.site}]


words = st.sampled_from(string.ascii_lowercase[:4])
aliases = st.builds(Alias, words, st.sampled_from(KINDS), words, words, st.sampled_from(['', 'p', 'q']))


@given(st.lists(st.tuples(st.booleans(), aliases), max_size=40))
def test_it_answers_as_a_list_would(steps: list[tuple[bool, Alias]]) -> None:
    book, naive = AliasBook(), Naive()
    for added, alias in steps:
        if added:
            book.add([alias])
            naive.add(alias)
        else:
            book.drop([alias])
            naive.drop(alias)
    for site in 'abcd':
        for word in 'abcd':
            for project in ('', 'p', 'q', 'other'):
                assert book.local(site, word, project) == naive.local(site, word, project)
            for kind in KINDS:
                assert book.league(site, word, kind) == naive.league(site, word, kind)
    for kind in KINDS:
        for league in ('', 'a', 'b'):
            for site in ('', 'a', 'b'):
                assert book.of(kind, league, site) == naive.of(kind, league, site)


@given(st.lists(aliases))
def test_nothing_is_left_of_what_is_dropped(all: list[Alias]) -> None:
    book = AliasBook(all)
    book.drop([alias for kind in KINDS for alias in book.of(kind)])
    assert [value for name, value in vars(book).items() if value and name not in {'_of_kind', '_changes'}] == []
    assert not any(book._of_kind.values())


def test_what_comes_and_goes_at_a_site_is_counted_there() -> None:
    one, other = Alias('a', 'flavor', 'x', 'y'), Alias('a', 'flavor', 'x', 'z')
    book = AliasBook([one])
    before = book.changes('a')
    book.add([one])
    assert (book.changes('a'), book.changes('b')) == (before, 0)
    book.add([other])
    changed = book.changes('a')
    assert changed > before
    book.drop([other])
    assert book.changes('a') > changed


def test_a_project_has_its_own_replica_before_the_common_one() -> None:
    book = AliasBook(
        [
            Alias('west', 'image', 'cirros', 'of all'),
            Alias('west', 'image', 'cirros', 'of p', 'p'),
            Alias('west', 'image', 'cirros', 'of q', 'q'),
            Alias('east', 'image', 'cirros', 'elsewhere'),
        ]
    )
    assert [book.local('west', 'cirros', project) for project in ('p', 'q', 'r', '')] == ['of p', 'of q', 'of all', 'of all']
    assert {book.league('west', local) for local in ('of all', 'of p', 'of q')} == {'cirros'}
    book.drop([Alias('west', 'image', 'cirros', 'of p', 'p')])
    assert book.local('west', 'cirros', 'p') == 'of all'
    assert book.league('west', 'of p') == ''


def test_one_project_has_no_part_in_the_replica_of_another() -> None:
    book = AliasBook([Alias('west', 'image', 'cirros', 'of p', 'p')])
    assert book.local('west', 'cirros', 'q') == ''


def test_what_is_replaced_stands_for_nothing_any_more() -> None:
    book = AliasBook([Alias('west', 'flavor', '1', 'old')])
    book.add([Alias('west', 'flavor', '1', 'new')])
    assert book.local('west', '1') == 'new'
    assert (book.league('west', 'old'), book.league('west', 'new')) == ('', '1')
    book.drop([Alias('west', 'flavor', '1', 'old')])
    assert book.local('west', '1') == 'new'


def test_an_id_that_served_two_still_serves_the_other() -> None:
    first, second = Alias('west', 'image', 'a', 'same'), Alias('west', 'image', 'b', 'same')
    book = AliasBook([first, second])
    assert book.league('west', 'same') == 'a'
    book.drop([first])
    assert book.league('west', 'same') == 'b'


def test_a_key_that_is_called_as_a_flavor_is_no_flavor() -> None:
    for aliases in ([Alias('east', 'flavor', 'w-10', '1'), Alias('east', 'keypair', 'u/1', '1')],) * 2:
        book = AliasBook(reversed(aliases))
        assert book.league('east', '1') == 'w-10'
        assert book.league('east', '1', 'keypair') == 'u/1'


class Closed(dict[Any, Any]):
    """An index of everything that may be looked up in, and never walked through."""

    def refuse(self, *_: object) -> NoReturn:
        raise AssertionError('a look-up went through all aliases')

    __iter__ = keys = values = items = refuse


def test_no_look_up_goes_through_all_aliases() -> None:
    book = AliasBook(Alias(f's{n % 2}', 'image', str(n // 2), f'l{n}') for n in range(1000))
    assert (len(book.of('image')), len(book.of('image', site='s1')), book.of('flavor', site='s1')) == (1000, 500, [])
    for name, index in vars(book).items():
        closed = Closed(index) if name in {'_all', '_local', '_league', '_of_league'} else {}
        setattr(book, name, closed)
    assert book.local('s1', '7') == 'l15'
    assert book.league('s1', 'l15') == '7'
    assert [alias.local for alias in book.of('image', '7')] == ['l14', 'l15']
    assert [alias.local for alias in book.of('image', '7', 's1')] == ['l15']
    assert book.of('image', '7', 's2') == book.of('flavor', '7') == []
