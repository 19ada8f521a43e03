"""Agents over simulated clouds, through the connector that real clouds are asked by."""

from __future__ import annotations

import asyncio

import msgspec

from hansa.model.listing import Query
from hansa.model.site import SiteSpec
from hansa.ports.roster import Member, Roster
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.rules.aliases import AliasBook
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.transport import AsgiTransport
from hansa.storage.sqlite.store import open_store
from hansa.sync import lists
from hansa.sync.agent import Agent
from hansa.sync.attached import Inventory
from hansa.sync.gate import Gate
from hansa.sync.hand import Hand
from hansa.sync.intake import Intake


def join(name: str, clock: HandClock, user: str) -> Member:
    auth = {'auth_url': f'http://{name}.sim/identity/v3', 'username': user, 'password': 'secret', 'project_name': user}
    given: dict[str, object] = {'auth': auth | {'user_domain_name': 'Default', 'project_domain_name': 'Default'}}
    site = OpenStackSite(name, given, clock, AsgiTransport(SimCloud(name, clock)))
    return Member(site, SiteSpec(name, 'openstack', given))


async def post(member: Member, service: str, path: str, body: dict[str, object]) -> str:
    """Makes an object at the site itself; its id."""
    headers = [('Content-Type', 'application/json')]
    request = SiteRequest(service, 'POST', path, '', headers, msgspec.json.encode(body))
    answer = await member.site.send(request, OPERATOR, 10.0)
    told = msgspec.json.decode(await answer.read(), type=dict[str, dict[str, object]])
    return str(next(iter(told.values()))['id'])


def test_two_clouds_come_in_whole_and_what_both_have_is_one() -> None:
    async def main() -> None:
        clock = HandClock()
        store = await open_store(None)
        book, roster = AliasBook(), Roster()
        intake = Intake(store, book, roster, clock)
        members = [join('east', clock, 'admin'), join('west', clock, 'demo')]
        for member in members:
            roster.add(member)
            agent = Agent(
                member, Gate(store, intake, roster, clock), clock, questions=intake.questions(member.name), known=Inventory(member, store, intake)
            )
            await agent.catch_up()
            made = await post(member, 'network', '/networks', {'network': {'name': 'mine'}})
            assert (await Hand(agent, store, intake, clock).refresh('network', made)) is not None
            assert member.synced.keys() == lists.WAYS.keys()
            assert made in await store.known(member.name, 'network')
            clock.advance(60)
            await agent.catch_up()
        assert intake.collisions == 0
        shared = {record.name: await store.replicas('flavor', record.id) for record in await store.page(Query('flavor'))}
        assert [record.site for record in shared['m1.tiny']] == ['east', 'west']
        await store.close()

    asyncio.run(main())
