"""What every store must do with quotas: count what is used, reserve what is wished, and never give more than there is."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hansa.model.errors import OverQuota
from hansa.model.intent import Intent
from hansa.model.quota import Quota
from hansa.model.resource import Record
from hansa.ports.store import Store
from tests.contract.conftest import Judge
from tests.contract.test_store import intent, server


def sized(id: str, cores: int, marker: str = '', **changes: object) -> Record:
    doc = {'id': id, 'flavor': {'vcpus': cores, 'ram': 512 * cores}, 'metadata': {'hansa:intent': marker} if marker else {}}
    return server(id, doc=msgspec.json.encode(doc), **changes)  # type: ignore[arg-type]  # whatever a record has


def wish(id: str, instances: int = 1, **changes: object) -> Intent:
    return intent(id, **{'kind': 'server.create', 'marker': id, 'charge': {'instances': instances}, **changes})


def test_limits_are_kept_by_project_and_place(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        assert await store.limits() == {}
        await store.set_limits('', '', {'instances': 5, 'cores': 9})
        await store.set_limits('p1', '', {'instances': 3, 'ram': -1})
        await store.set_limits('p1', 'east', {'instances': 2})
        await store.set_limits('p1', '', {'ram': None, 'unknown': None})
        assert await store.limits() == {'': {'': {'instances': 5, 'cores': 9}}, 'p1': {'': {'instances': 3}, 'east': {'instances': 2}}}
        assert await store.limits('p1', 'p2') == {'p1': {'': {'instances': 3}, 'east': {'instances': 2}}}
        assert (await store.quota('p1')).limits == {'': {'instances': 3, 'cores': 9}, 'east': {'instances': 2}}
        assert await store.quota('p2') == Quota({'': {'instances': 5, 'cores': 9}})
        await store.forget_site('east')
        assert (await store.quota('p1')).limits == {'': {'instances': 3, 'cores': 9}}

    judge(scenario)


def test_what_is_used_follows_the_inventory(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        async def used(project: str = 'p1') -> dict[str, dict[str, int]]:
            return (await store.quota(project)).used

        await store.put([sized('a', 1), sized('b', 2, site='west'), sized('c', 4, project='p2'), sized('d', 8, project='')])
        assert await used() == {
            '': {'instances': 2, 'cores': 3, 'ram': 1536},
            'east': {'instances': 1, 'cores': 1, 'ram': 512},
            'west': {'instances': 1, 'cores': 2, 'ram': 1024},
        }
        await store.put([sized('a', 3), sized('d', 8, project='p1')])
        assert (await used())['']['cores'] == 13
        await store.put([sized('d', 8, project='p2', status='ERROR')])
        await store.put([sized('d', 8, project='p2', status='ACTIVE')])
        assert ((await used())['']['cores'], (await used('p2'))['']['cores']) == (5, 12)
        await store.remove('east', 'server', ['a'], 1.0)
        await store.forget_site('west')
        assert await used() == {}
        rules = b'{"security_group_rules": [{}, {}, {}]}'
        group = Record('east', 'security_group', 'g', 'g', 'p1', 'web', rules)
        await store.put([group, msgspec.structs.replace(group, site='west', site_id='x')])
        both = {'security_group': 1, 'security_group_rule': 3}
        assert await used() == {'': both, 'east': both, 'west': both}
        await store.remove('east', 'security_group', ['g'], 1.0)
        assert await used() == {'': both, 'west': both}
        await store.rename_id('west', 'security_group', 'g', 'h')
        assert await used() == {'': both, 'west': both}

    judge(scenario)


def test_an_intent_reserves_what_it_takes_until_it_is_closed(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.set_limits('p1', '', {'instances': 3})
        await store.put([sized('a', 1)])
        first = wish('i1')
        await store.open_intent(first)
        await store.open_intent(wish('other', project='p2'))
        with pytest.raises(OverQuota) as caught:
            await store.open_intent(wish('i2', 2))
        error = caught.value
        assert (error.wanted, error.taken, error.limits, error.site) == ({'instances': 2}, {'instances': 2}, {'instances': 3}, '')
        assert [each.id for each in await store.open_intents()] == ['i1', 'other']
        assert (await store.quota('p1')).reserved == {'': {'instances': 1}, 'east': {'instances': 1}}
        await store.open_intent(wish('i2'))
        with pytest.raises(OverQuota):
            await store.open_intent(wish('i3'))
        await store.move_intent(msgspec.structs.replace(first, state='undone'))
        await store.open_intent(wish('i3'))
        assert (await store.quota('p1')).taken('instances') == 3

    judge(scenario)


def test_a_share_is_of_one_site(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.set_limits('p1', 'east', {'instances': 1})
        await store.open_intent(wish('i1'))
        with pytest.raises(OverQuota) as caught:
            await store.open_intent(wish('i2'))
        assert caught.value.site == 'east'
        await store.open_intent(wish('i2', site='west'))
        await store.open_intent(wish('i3', 9, site='west'))

    judge(scenario)


@pytest.mark.parametrize('state', ['planned', 'sent', 'revoked', 'made'])
def test_what_the_inventory_shows_of_an_intent_is_not_reserved_any_more(judge: Judge, state: str) -> None:
    async def scenario(store: Store) -> None:
        intent = wish('m1', 2)
        await store.open_intent(intent)
        await store.move_intent(msgspec.structs.replace(intent, state=state, found='b' if state == 'made' else ''))
        for number, marker in enumerate(('m1', '' if state == 'made' else 'm1')):
            assert (await store.quota('p1')).reserved[''] == {'instances': 2 - number}
            await store.put([sized('ab'[number], 1, marker)])
            assert (await store.quota('p1')).taken('instances') == 2
        assert (await store.quota('p1')).reserved == {}

    judge(scenario)


def test_what_comes_with_a_server_is_shown_by_it_unless_it_was_there_before(judge: Judge) -> None:
    def port(id: str, device: str) -> Record:
        return Record('east', 'port', id, id, 'p1', '', msgspec.json.encode({'id': id, 'device_id': device}))

    async def scenario(store: Store) -> None:
        await store.put([port('old', '')])
        intent = wish('m1', charge={'instances': 1, 'port': 1})
        await store.open_intent(intent)
        await store.put([sized('a', 1, 'm1')])
        await store.move_intent(msgspec.structs.replace(intent, state='made', found='a'))
        await store.put([port('old', 'a')])
        assert (await store.quota('p1')).taken('port') == 2
        await store.put([port('new', 'a')])
        assert (await store.quota('p1')).taken('port') == 2
        assert (await store.quota('p1')).reserved == {}

    judge(scenario)


def test_what_grows_reserves_the_difference(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.set_limits('p1', '', {'cores': 6})
        await store.put([sized('a', 2), sized('b', 2)])
        await store.open_intent(wish('r1', kind='server.resize', found='a', charge={'cores': 4}))
        assert (await store.quota('p1')).reserved[''] == {'cores': 2}
        with pytest.raises(OverQuota) as caught:
            await store.open_intent(wish('r2', kind='server.resize', found='b', charge={'cores': 3}))
        assert caught.value.wanted == {'cores': 1}
        await store.open_intent(wish('r3', kind='server.resize', found='b', charge={'cores': 1}))
        await store.put([sized('a', 4)])
        assert (await store.quota('p1')).reserved == {}

    judge(scenario)


def test_any_number_of_wishes_at_once_take_no_more_than_there_is(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.set_limits('p1', '', {'instances': 10})
        results = await asyncio.gather(*(store.open_intent(wish(f'i{number}')) for number in range(50)), return_exceptions=True)
        assert sum(result is None for result in results) == 10
        assert sum(isinstance(result, OverQuota) for result in results) == 40

    judge(scenario)
