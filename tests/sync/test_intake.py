"""Digesting: aliases stand before records, references follow, ids are never captured, late answers undo nothing."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import msgspec
import pytest

from hansa.model.alias import Alias
from hansa.rules import merge
from hansa.sites.sim.clock import HandClock
from tests.sync.cloud import Cloud
from tests.sync.house import House, house

IMAGE = {'status': 'active', 'os_hash_algo': 'sha512', 'os_hash_value': 'f', 'visibility': 'public'}
A, B, C = (f'{letter * 8}-0000-4000-8000-000000000000' for letter in 'abc')


def pair() -> tuple[HandClock, Cloud, Cloud]:
    clock = HandClock()
    return clock, Cloud('east', clock), Cloud('west', clock)


async def doc(league: House, kind: str, id: str, site: str) -> dict[str, Any]:
    found = [record for record in await league.store.replicas(kind, id) if record.site == site]
    return msgspec.json.decode(found[0].doc, type=dict[str, Any])


def test_twins_become_one_and_the_servers_of_both_sites_tell_its_id() -> None:
    async def main() -> None:
        clock, east, west = pair()
        for cloud, id in ((east, A), (west, B)):
            cloud.make('image', id, name='cirros', **IMAGE)
            cloud.make('server', name='s', image={'id': id})
        async with house(clock, east, west) as league:
            await league.catch_up()
            assert [(record.id, record.site) for record in await league.all('image')] == [(A, 'east')]
            servers = [msgspec.json.decode(record.doc) for record in await league.all('server')]
            assert [server['image']['id'] for server in servers] == [A, A]
            assert await league.store.aliases() == [Alias('west', 'image', A, B)]

    asyncio.run(main())


def test_an_object_that_was_known_by_its_own_id_is_renamed_where_it_stands_and_where_it_is_named() -> None:
    async def main() -> None:
        clock, east, west = pair()
        west.make('image', B, name='mine', **IMAGE)
        west.make('server', C, name='s', image={'id': B})
        east.make('image', A, name='cirros', **IMAGE)
        async with house(clock, east, west) as league:
            await league.catch_up()
            west.change('image', B, name='cirros')
            await league.hands['west'].refresh('image', B)
            assert [record.id for record in await league.all('image')] == [A]
            assert (await doc(league, 'server', C, 'west'))['image'] == {'id': A}
            west.change('image', B, os_hash_value='another')
            await league.hands['west'].refresh('image', B)
            assert sorted(record.id for record in await league.all('image')) == [A, B]
            assert (await doc(league, 'server', C, 'west'))['image'] == {'id': B}
            assert await league.store.aliases() == []

    asyncio.run(main())


def test_rules_of_one_group_have_one_id_and_so_do_their_copies() -> None:
    async def main() -> None:
        clock, east, west = pair()
        league_project = '9' * 32
        for cloud, group, rule, project in ((east, A, '1' * 32, '7' * 32), (west, B, '2' * 32, '8' * 32)):
            rules = [{'id': rule, 'direction': 'ingress', 'remote_group_id': group}]
            cloud.make('security_group', group, name='default', project_id=project, security_group_rules=rules)
        async with house(clock, east, west) as league:
            for site, project in (('east', '7' * 32), ('west', '8' * 32)):
                league.book.add([Alias(site, 'project', league_project, project)])
            await league.catch_up()
            rules = (await doc(league, 'security_group', A, 'west'))['security_group_rules']
            assert rules == [{'id': '1' * 32, 'direction': 'ingress', 'remote_group_id': A}]
            for cloud, rule in ((west, '4' * 32), (east, '3' * 32)):
                told = next(iter(cloud.docs['security_group'].values()))
                more = {'id': rule, 'direction': 'egress'}
                cloud.change('security_group', told['id'], security_group_rules=[*told['security_group_rules'], more])
                await league.hands[cloud.name].refresh('security_group', told['id'])
            rules = (await doc(league, 'security_group', A, 'west'))['security_group_rules']
            assert {rule['id'] for rule in rules} == {'1' * 32, '3' * 32}
            assert league.book.local('west', '3' * 32) == '4' * 32
            west.delete('security_group', B)
            assert await league.hands['west'].refresh('security_group', B) is None
            assert league.book.of('security_group_rule') == league.book.of('security_group') == []

    asyncio.run(main())


def test_of_two_sites_that_claim_an_id_in_the_same_moment_one_has_it() -> None:
    async def main() -> None:
        clock, east, west = pair()
        async with house(clock, east, west) as league:
            await league.catch_up()
            members = [league.roster.get(name) for name in ('east', 'west')]
            told = [{'id': f'{n:032x}'} for n in range(50)]
            await asyncio.gather(*(league.intake.digest(member, 'server', [{**doc, 'name': member.name} for doc in told]) for member in members))
            records = await league.all('server')
            assert len(records) == len(told)
            assert {record.id for record in records} == {doc['id'] for doc in told}
            assert league.intake.collisions == len(told)

    asyncio.run(main())


def test_an_id_that_two_sites_claim_stays_with_the_first() -> None:
    async def main() -> None:
        clock, east, west = pair()
        east.make('server', A, name='mine')
        west.make('server', A, name='captured')
        async with house(clock, east, west) as league:
            await league.catch_up()
            await league.pass_time(60)
            assert [(record.site, record.name) for record in await league.all('server')] == [('east', 'mine')]
            assert league.intake.collisions == 1
            east.delete('server', A)
            await league.pass_time(60)
            assert [record.site for record in await league.all('server')] == ['west']

    asyncio.run(main())


def test_the_plain_name_of_a_flavor_passes_on_when_its_holder_goes() -> None:
    async def main() -> None:
        clock, east, west = pair()
        east.make('flavor', '1', name='m1', ram=1)
        west.make('flavor', '1', name='m1', ram=2)
        async with house(clock, east, west) as league:
            await league.catch_up()
            assert [record.name for record in await league.all('flavor')] == ['m1', 'm1@west']
            east.delete('flavor', '1')
            await league.pass_time(60)
            assert [(record.name, record.site_id) for record in await league.all('flavor')] == [('m1', '1')]

    asyncio.run(main())


def test_an_answer_to_an_earlier_question_neither_undoes_nor_revives() -> None:
    async def main() -> None:
        clock, east, _ = pair()
        async with house(clock, east) as league:
            await league.catch_up()
            member = league.roster.get('east')
            early = league.intake.questions('east').ticket()
            await league.intake.digest(member, 'server', [{'id': A, 'name': 'new'}, {'id': B, 'name': 'brief'}])
            await league.intake.gone(member, 'server', [B])
            assert await league.intake.digest(member, 'server', [{'id': A, 'name': 'old'}, {'id': B}], early) == []
            await league.intake.gone(member, 'server', [A], early)
            assert [record.name for record in await league.all('server')] == ['new']

    asyncio.run(main())


def test_what_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock, east, _ = pair()
        async with house(clock, east) as league:
            await league.catch_up()
            records = await league.intake.digest(league.roster.get('east'), 'server', [{'name': 'no id'}, {'id': A}])
            assert [record.id for record in records] == [A]

    asyncio.run(main())
    assert 'cannot be read' in caplog.text


@pytest.mark.parametrize('seed', range(8))
def test_flavors_of_three_sites_under_any_change_keep_one_shape_per_id_and_one_id_per_name(seed: int) -> None:
    async def main() -> None:
        chance = random.Random(seed)
        clock = HandClock()
        clouds = [Cloud(name, clock) for name in ('east', 'north', 'west')]
        async with house(clock, *clouds) as league:
            await league.catch_up()
            for _ in range(40):
                cloud = chance.choice(clouds)
                id = chance.choice('1234')
                if id in cloud.docs['flavor'] and chance.random() < 0.4:
                    cloud.delete('flavor', id)
                else:
                    name = chance.choice([n for n in 'abcdef' if all(d['name'] != n for d in cloud.docs['flavor'].values())])
                    cloud.make('flavor', id, name=name, ram=chance.choice((1, 2)))
                await league.pass_time(chance.choice((0, 5, 30)))
            await league.pass_time(60)
            before = await check(league, clouds)
            fresh = House(league.store, clock, *clouds)
            fresh.book.add(await league.store.aliases())
            await fresh.catch_up()
            assert await check(fresh, clouds) == before

    asyncio.run(main())


async def check(league: House, clouds: list[Cloud]) -> dict[tuple[str, str], tuple[str, str]]:
    found = {}
    shapes: dict[str, set[bytes | None]] = {}
    names: dict[str, set[str]] = {}
    for primary in await league.all('flavor'):
        for record in await league.store.replicas('flavor', primary.id):
            found[record.site, record.site_id] = (record.id, record.name)
            shapes.setdefault(record.id, set()).add(merge.shape('flavor', msgspec.json.decode(record.doc)))
            names.setdefault(record.name, set()).add(record.id)
            assert merge.plain(record) == next(c for c in clouds if c.name == record.site).docs['flavor'][record.site_id]['name']
    assert found.keys() == {(cloud.name, id) for cloud in clouds for id in cloud.docs['flavor']}
    assert {key: each for key, each in (shapes | names).items() if len(each) > 1} == {}, found
    assert set(await league.store.aliases()) == set(league.book.of('flavor'))
    return found
