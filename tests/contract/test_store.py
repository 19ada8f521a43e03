"""What every store must do, asked of the one in memory and the one in a file alike."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hansa.model.alias import Alias
from hansa.model.decision import Candidate, Decision
from hansa.model.errors import BadRequest, Conflict
from hansa.model.home import Home
from hansa.model.intent import Intent
from hansa.model.listing import Query, Sort
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.ports.store import Store
from hansa.rules.views import layout
from tests.contract.conftest import Judge

DAY = 24 * 3600.0


def server(id: str, site: str = 'east', **changes: object) -> Record:
    first = Record(site, 'server', id, id, 'p1', f'name-{id}', b'{"id":"%s"}' % id.encode(), created='2026-01-01T00:00:00Z')
    return msgspec.structs.replace(first, **changes)


def image(site: str, id: str = 'img', **changes: object) -> Record:
    return msgspec.structs.replace(Record(site, 'image', id, f'{site}-img', '', 'cirros', b'{}', public=True), **changes)


def intent(id: str, **changes: object) -> Intent:
    return msgspec.structs.replace(Intent(id, 'create', 'p1', 'u1', 'east', f'm-{id}', b'{"a":1}', created=5.0), **changes)


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


# -- inventory


def test_what_is_put_is_got(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        put = server('a', status='ACTIVE', updated='2026-01-02', public=True, seen=12.5)
        await store.put([put])
        assert await store.get('server', 'a') == put
        assert await store.get('server', 'b') is None
        assert await store.get('volume', 'a') is None
        again = server('a', name='other', project='p2', created='2027', site_id='z', status='ERROR', doc=b'{"x":1}', seen=13.0)
        await store.put([again])
        assert await store.get('server', 'a') == again
        assert await store.count(Query('server')) == 1

    judge(scenario)


def test_the_first_record_of_an_id_is_primary_whatever_it_says(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([image('west', primary=False), image('east', primary=True)])
        await store.put([image('east', primary=True, name='new'), image('west', primary=False)])
        found = await store.replicas('image', 'img')
        assert [(r.site, r.primary, r.name) for r in found] == [('west', True, 'cirros'), ('east', False, 'new')]
        primary = await store.get('image', 'img')
        assert primary == found[0]
        assert await store.page(Query('image')) == [primary]

    judge(scenario)


def test_another_replica_is_promoted_where_a_primary_goes(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([image('west'), image('north'), image('east')])
        await store.remove('west', 'image', ['img', 'unknown'], 1.0)
        assert [(r.site, r.primary) for r in await store.replicas('image', 'img')] == [('east', True), ('north', False)]
        assert not await store.gone('image', 'img')
        await store.remove('north', 'image', ['img'], 1.0)
        assert [(r.site, r.primary) for r in await store.replicas('image', 'img')] == [('east', True)]
        await store.remove('east', 'image', ['img'], 1.0)
        assert await store.get('image', 'img') is None
        assert await store.gone('image', 'img')

    judge(scenario)


def test_a_document_that_is_not_json_is_refused_and_nothing_of_the_batch_is_kept(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        with pytest.raises(BadRequest, match='server b at site east is not JSON'):
            await store.put([server('a'), server('b', doc=b'{')])
        assert await store.count(Query('server')) == 0

    judge(scenario)


def test_lists_show_what_an_owner_may_see(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([server('a'), server('b', project='p2'), server('c', project='p2', public=True), server('d', project='')])
        assert ids(await store.page(Query('server'))) == ['a', 'b', 'c', 'd']
        assert ids(await store.page(Query('server', projects=('p1',)))) == ['a', 'c']
        assert ids(await store.page(Query('server', projects=('p1',), public=False))) == ['a']
        assert ids(await store.page(Query('server', projects=()))) == ['c']
        assert await store.count(Query('server', projects=('p1', 'p2'))) == 3
        assert await store.page(Query('server', projects=(), public=False)) == []
        also = Query('server', projects=('p1',), public=False, also=('a', 'd'))
        assert ids(await store.page(also)) == ['a', 'd']
        assert ids(await store.page(msgspec.structs.replace(also, public=True, also=('c', 'd')))) == ['a', 'c', 'd']
        assert await store.count(also) == 2

    judge(scenario)


def test_a_marker_goes_on_working_for_a_day(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([server(id, created=f'2026-01-0{day}') for day, id in enumerate('abcd', 1)])
        newest = Query('server', sorts=(Sort(('created',), descending=True),), limit=2)
        assert ids(await store.page(newest)) == ['d', 'c']
        await store.remove('east', 'server', ['c'], 1000.0)
        assert ids(await store.page(msgspec.structs.replace(newest, marker='c'))) == ['b', 'a']
        assert ids(await store.page(msgspec.structs.replace(newest, marker='c', backwards=True))) == ['d']
        await store.remove('east', 'server', ['a'], 1000.0 + DAY)
        assert await store.gone('server', 'c')
        await store.remove('east', 'server', [], 1001.0 + DAY)
        assert not await store.gone('server', 'c')
        with pytest.raises(BadRequest, match='not known'):
            await store.page(msgspec.structs.replace(newest, marker='c'))

    judge(scenario)


def test_what_comes_back_has_no_tombstone(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([server('a')])
        await store.remove('east', 'server', ['a'], 1.0)
        await store.put([server('a', seen=1.0)])
        assert not await store.gone('server', 'a')

    judge(scenario)


def test_what_was_seen_before_that_which_is_known_is_passed_over(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([server('a', status='ACTIVE', seen=5.0), server('b', seen=5.0)])
        await store.put([server('a', status='BUILD', doc=b'{}', seen=4.0), server('b', name='new', seen=5.0)])
        found = await store.get('server', 'a')
        assert found is not None
        assert (found.status, found.doc, found.seen) == ('ACTIVE', b'{"id":"a"}', 5.0)
        assert [record.name for record in (await store.get('server', 'b'),) if record] == ['new']

    judge(scenario)


def test_what_was_seen_before_it_was_removed_does_not_come_back(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([server('a', seen=3.0)])
        await store.remove('east', 'server', ['a'], 5.0)
        await store.put([server('a', seen=4.0), server('b', seen=4.0), image('west', 'a', seen=4.0)])
        assert await store.get('server', 'a') is None
        assert await store.gone('server', 'a')
        assert await store.get('server', 'b') is not None
        # Another site's is another object.
        await store.put([server('a', 'west', seen=4.0)])
        assert [record.site for record in await store.replicas('server', 'a')] == ['west']

    judge(scenario)


def test_large_writes_are_whole_too(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        many = [server(f'{n:04}', doc=b'{"n":%d}' % n) for n in range(500)]
        both = asyncio.gather(store.put(many), store.put([server('x')]), store.count(Query('server')))
        assert (await both)[2] in {0, 1, 500, 501}
        assert await store.count(Query('server')) == 501
        await store.remove('east', 'server', [record.id for record in many], 1.0)
        assert ids(await store.page(Query('server'))) == ['x']

    judge(scenario)


def test_known_and_summary_tell_what_is_held(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([server('a', updated='u1', seen=3.0), server('b', site_id='sb', updated='u2', seen=2.0), image('west')])
        assert await store.known('east', 'server') == {'a': 'u1', 'sb': 'u2'}
        assert await store.known('west', 'server') == {}
        assert await store.summary() == [('east', 'server', 2, 0), ('west', 'image', 1, 1)]
        assert await store.spread('server', server('a').project) == {'east': 2}
        assert await store.spread('server', 'another') == {}

    judge(scenario)


def test_a_sheet_tells_where_the_groups_of_its_document_end(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        def laid(id: str) -> bytes:
            return msgspec.json.encode(layout.ordered('server', {'id': id, 'locked': True, 'status': 'ACTIVE', 'name': 'n'}))

        await store.put([server('a', doc=laid('a')), server('b', doc=b'{"id": "b"}')])
        assert await store.sheets(Query('server'), list) == [
            (laid('a'), layout.ends('server', 'a', 'east', laid('a'))), (b'{"id": "b"}', layout.NONE + b'east'),
        ]  # fmt: skip
        await store.rename_id('east', 'server', 'a', 'longer')
        await store.put([server('b', doc=laid('b'))])
        assert await store.sheets(Query('server'), list) == [(laid(id), layout.ends('server', id, 'east', laid(id))) for id in ('b', 'longer')]
        assert layout.ends('server', 'b', 'east', laid('b')) > layout.NONE + b'east'
        assert await store.sheets(Query('server', projects=(), public=False), list) == []

    judge(scenario)


def test_a_forgotten_site_leaves_decisions_alone(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        decision = Decision('east', 'zone east', pinned=False, candidates=(Candidate('east', True, 'has room', 1.5),), zone='az1')
        await store.put([server('a'), image('east'), image('west')])
        await store.add_aliases([Alias('east', 'image', 'img', 'east-img'), Alias('west', 'image', 'img', 'west-img')])
        await store.open_intent(intent('i1'))
        await store.put_decision('server', 'a', decision)
        await store.put_site(SiteSpec('east', 'openstack', {}))
        await store.forget_site('east')
        assert await store.get('server', 'a') is None
        assert [(r.site, r.primary) for r in await store.replicas('image', 'img')] == [('west', True)]
        assert await store.aliases() == [Alias('west', 'image', 'img', 'west-img')]
        assert await store.open_intents() == []
        assert await store.decision('server', 'a') == decision
        assert await store.decision('server', 'b') is None
        assert [spec.name for spec in await store.sites()] == ['east']

    judge(scenario)


# -- aliases


def test_aliases_are_replaced_by_key_and_dropped_whole(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        one, other = Alias('east', 'project', 'p1', 'x'), Alias('east', 'keypair', 'k', 'k2', 'p1')
        await store.add_aliases([one, other])
        await store.add_aliases([msgspec.structs.replace(one, local='y')])
        await store.drop_aliases([one, Alias('nowhere', 'user', 'u', 'u')])
        assert await store.aliases() == [other, msgspec.structs.replace(one, local='y')]
        await store.drop_aliases(await store.aliases())
        assert await store.aliases() == []

    judge(scenario)


def test_an_id_is_renamed_wherever_it_is_a_whole_string_of_that_site(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        doc = rb'{"image":{"id":"old"},"old":["old","older"],"t":"x \"old","u":"\\","v":"old"}'
        done = rb'{"image":{"id":"new"},"new":["new","older"],"t":"x \"old","u":"\\","v":"new"}'
        await store.put([server('a', doc=doc), server('b', site='west', doc=doc), image('east', 'old', doc=b'"old"')])
        await store.rename_id('east', 'image', 'old', 'new')
        await store.rename_id('east', 'image', 'old', 'new')
        renamed = await store.get('image', 'new')
        assert renamed == image('east', 'new', doc=b'"new"')
        assert await store.get('image', 'old') is None
        assert [r.doc for r in await store.page(Query('server'))] == [done, doc]

    judge(scenario)


def test_a_renamed_record_is_primary_only_where_no_other_is(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.put([image('east', 'one'), image('west', 'two'), image('north', 'two')])
        await store.rename_id('west', 'image', 'two', 'one')
        assert [(r.site, r.primary) for r in await store.replicas('image', 'one')] == [('east', True), ('west', False)]
        assert [(r.site, r.primary) for r in await store.replicas('image', 'two')] == [('north', True)]
        await store.put([image('west', 'late')])
        await store.rename_id('west', 'image', 'late', 'one')
        assert len(await store.replicas('image', 'one')) == 2
        assert await store.replicas('image', 'late') == []

    judge(scenario)


# -- journal


def test_an_intent_moves_by_generation(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        first = intent('i1')
        await store.open_intent(first)
        with pytest.raises(Conflict):
            await store.open_intent(first)
        moved = await store.move_intent(msgspec.structs.replace(first, state='sent', found='x'))
        assert moved == msgspec.structs.replace(first, state='sent', found='x', generation=1)
        with pytest.raises(Conflict):
            await store.move_intent(first)
        with pytest.raises(Conflict):
            await store.move_intent(intent('unknown'))
        assert await store.open_intents() == [moved]
        await store.move_intent(msgspec.structs.replace(moved, state='done'))
        assert await store.open_intents() == []

    judge(scenario)


def test_open_intents_come_as_they_were_written(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.open_intent(intent('late', created=9.0))
        await store.open_intent(intent('early', created=1.0))
        await store.open_intent(intent('lost', created=5.0, state='revoked'))
        await store.open_intent(intent('never', created=0.0, state='undone'))
        await store.open_intent(intent('seen soon', created=7.0, state='made', charge={'instances': 1}))
        assert [one.id for one in await store.open_intents()] == ['late', 'early', 'lost', 'seen soon']
        assert (await store.open_intents())[3].charge == {'instances': 1}

    judge(scenario)


# -- sites and small state


def test_sites_come_back_as_they_were_put(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        settings: dict[str, object] = {'auth': {'password': 'secret', 'n': 1}, 'verify': False}
        west, east = SiteSpec('west', 'openstack', settings, 'hanse', ('p1', 'p2')), SiteSpec('east', 'sim', {})
        await store.put_site(west)
        await store.put_site(east)
        assert await store.sites() == [east, west]
        assert 'secret' not in repr(await store.sites())
        await store.put_site(msgspec.structs.replace(west, landlord=''))
        await store.put([server('a', site='west')])
        await store.drop_site('west')
        await store.drop_site('unknown')
        assert await store.sites() == [east]
        assert await store.get('server', 'a') is None

    judge(scenario)


def test_the_first_home_of_a_container_keeps_its_name(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        first, other, odd = Home('p1', 'c', 'east', 1.5), Home('p2', 'c', 'west', 2.0), Home('p1', 'Ünï/ \u2028', 'west', 3.0)
        await store.add_homes([first])
        await store.add_homes([odd, Home('p1', 'c', 'west', 9.0), other])
        assert await store.home('p1', 'c') == first
        assert await store.home('p1', odd.container) == odd
        assert await store.home('p1', 'C') is None
        assert await store.housed('p1') == {'east': 1, 'west': 1}
        assert await store.housed('p3') == {}
        await store.drop_home(Home('p1', 'c', 'west', 9.0))
        assert await store.home('p1', 'c') == first
        await store.drop_home(first)
        assert await store.home('p1', 'c') is None
        twin = Home('p1', 'c', 'west', 4.0)
        await store.add_twins([twin, Home('p1', 'c', 'east', 5.0), Home('p2', 'd', 'east', 5.0)])
        await store.add_homes([Home('p1', 'c', 'east', 6.0)])
        assert await store.twins('p1') == [twin]
        await store.drop_home(twin)
        assert await store.twins('p1') == []
        await store.add_twins([Home('p1', 'c', 'north', 7.0), twin])
        await store.drop_home(Home('p1', 'c', 'east', 6.0))
        assert (await store.home('p1', 'c'), await store.twins('p1')) == (twin, [Home('p1', 'c', 'north', 7.0)])
        await store.forget_site('west')
        assert (await store.home('p1', 'c'), await store.twins('p1')) == (Home('p1', 'c', 'north', 7.0), [])
        assert await store.home('p2', 'c') is None
        await store.forget_site('east')
        assert await store.twins('p2') == []

    judge(scenario)


def test_small_state(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.set('poll/east', b'1')
        await store.set('poll/west', b'2', sealed=True)
        await store.set('poller', b'3')
        assert await store.value('poll/east') == b'1'
        assert await store.value('poll/west') == b'2'
        assert await store.value('poll/') is None
        assert await store.values('poll/') == {'poll/east': b'1', 'poll/west': b'2'}
        assert len(await store.values('')) == 3
        await store.set('poll/west', b'4')
        await store.unset('poll/east')
        await store.unset('unknown')
        assert await store.values('poll/') == {'poll/west': b'4'}

    judge(scenario)


def test_closing_twice_is_closing(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        await store.set('a', b'1')
        await store.close()

    judge(scenario)
