"""What was told of an object is known by its question; what is gone is remembered for a while."""

from __future__ import annotations

import uuid

import pytest

from hansa.model.resource import Record
from hansa.sync import memory
from hansa.sync.memory import Memory


def record(id: str, name: str = 'n') -> Record:
    return Record('east', 'server', id, id, 'p', name, b'{}')


@pytest.mark.parametrize('id', [str(uuid.UUID(int=7)), 'm1.small', str(uuid.UUID(int=7)).upper(), uuid.UUID(int=7).hex, ''])
def test_an_answer_to_an_earlier_question_is_no_news(id: str) -> None:
    known = Memory()
    assert id not in known
    known.note(record(id), 5)
    assert id in known
    assert [known.news(id, ticket) for ticket in (4, 5, 6)] == [False, True, True]
    assert known.same(record(id))
    assert not known.same(record(id, 'other'))
    known.again(id, 8)
    assert known.same(record(id))
    assert not known.news(id, 7)


def test_what_is_doubted_is_told_anew_but_not_from_before() -> None:
    known = Memory()
    for id in 'ab':
        known.note(record(id), 5)
    known.doubt('a')
    assert [known.same(record(id)) for id in 'ab'] == [False, True]
    known.clear()
    assert not known.same(record('b'))
    assert not known.news('b', 4)


def test_ids_that_look_alike_are_different() -> None:
    known, plain = Memory(), str(uuid.UUID(int=10**30))
    known.note(record(plain), 5)
    assert plain.upper() not in known
    assert plain.replace('-', '') not in known


def test_of_what_is_gone_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, 'GRAVES', 2)
    known = Memory()
    for number, id in enumerate('abc', 5):
        known.note(record(id), 1)
        known.bury(id, number)
    assert [known.news(id, 4) for id in 'abc'] == [True, False, False]
    assert [id in known for id in 'abc'] == [False, True, True]
    known.note(record('b'), 9)
    known.bury('d', 9)
    known.bury('e', 9)
    assert [id in known for id in 'bcde'] == [True, False, True, True]


def test_all_of_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, 'LIMIT', 2)
    known = Memory()
    known.bury('a', 1)
    known.note(record('b'), 1)
    known.note(record('c'), 1)
    known.bury('d', 2)
    assert [id in known for id in 'abcd'] == [False, False, True, True]
