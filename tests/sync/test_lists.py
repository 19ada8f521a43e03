"""A page that is only looked over tells the same as one that is read, and is refused like it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hansa.model.resource import KINDS
from hansa.sync import lists
from hansa.sync.lists import Ask

SERVERS = Ask(KINDS['server'], '/servers/detail', '')
DOCS: list[dict[str, Any]] = [
    {'id': 'a', 'updated': '2026-11-21T10:00:00Z', 'name': 'one'},
    {'id': 'b', 'name': 'Stra\u00dfe "2"', 'deep': [{'id': 3, 'updated': 4}]},
]
NEXT = {'servers_links': [{'rel': 'next', 'href': 'http://there/servers/detail?limit=2&marker=b'}]}


@pytest.mark.parametrize('more', [{}, NEXT])
def test_a_glance_tells_what_a_look_does(more: dict[str, Any]) -> None:
    body = msgspec.json.encode({'servers': DOCS, **more})
    docs, following = lists.parse(SERVERS, body, '')
    told, also = lists.glance(SERVERS, body, '')
    assert following == also == ('b' if more else '')
    assert docs == DOCS == [msgspec.json.decode(one.raw) for one in told]
    changes = [lists.change('server', doc['id'], doc, 1) for doc in docs]
    assert [(change.id, change.revision) for change in changes] == [(one.id, one.revision) for one in told]


@pytest.mark.parametrize(
    'body', [b'{', b'[]', b'{}', b'{"servers":{}}', b'{"servers":[1]}', b'{"servers":[{"id":1}]}', b'{"servers":[{"name":"n"}]}', b'{"servers":[{"id":"a"]}']
)
def test_what_is_no_page_is_refused_in_either_way(body: bytes) -> None:
    for read in (lists.parse, lists.glance):
        with pytest.raises(ValueError, match=r'.'):
            read(SERVERS, body, '')


def test_a_page_that_leads_to_itself_is_refused_in_either_way() -> None:
    body = msgspec.json.encode({'servers': DOCS, **NEXT})
    for read in (lists.parse, lists.glance):
        with pytest.raises(ValueError, match='leads to itself'):
            read(SERVERS, body, 'b')
