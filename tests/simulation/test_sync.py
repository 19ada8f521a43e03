"""Agents, outboxes, uplinks, the intake and the store under one seed and a clock of our own: whatever goes wrong, nothing is lost,
nothing comes back, nothing grows without bound, and after the last fault the inventory is what the sites are.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from typing import Any

import msgspec
import pytest

from hansa.model.errors import SiteDown, Unauthorized
from hansa.model.listing import Query
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.ports.uplink import Uplink
from hansa.rules.aliases import AliasBook
from hansa.sites.sim.clock import HandClock
from hansa.storage.sqlite.store import open_store
from hansa.sync import lists
from hansa.sync.agent import Agent
from hansa.sync.attached import Inventory
from hansa.sync.gate import HIGH_WATER, Gate
from hansa.sync.hand import Hand
from hansa.sync.intake import Intake
from tests.simulation import uplink
from tests.sync.cloud import FAULTS, Cloud

FIRST, RUNS = int(os.environ.get('SYNC_SEED', '1')), int(os.environ.get('SYNC_RUNS', '12'))
KINDS = ('server', 'volume', 'port', 'network', 'image', 'server_group', 'snapshot', 'security_group')
STATES = {
    'server': ('BUILD', 'ACTIVE', 'SHUTOFF'),
    'volume': ('creating', 'available', 'deleting'),
    'snapshot': ('creating', 'available'),
    'image': ('queued', 'active'),
}
ROUNDS = 40
PATIENCE = 25


class Site:
    """A cloud where things happen, and its agent. Each state of an object has a number, in its `name`."""

    def __init__(self, cloud: Cloud, chance: random.Random) -> None:
        self.cloud = cloud
        self.member: Member = cloud.member()
        self.agent: Agent | None = None
        self.ever: set[str] = set()
        self._chance = chance
        self._version = 0

    def act(self) -> None:
        """One object comes, changes or goes."""
        kind = self._chance.choice(KINDS)
        ids = sorted(self.cloud.docs[kind])
        self._version += 1
        fields = {'name': f'v{self._version}', 'status': self._chance.choice(STATES.get(kind, ('ACTIVE',)))}
        verb = self._chance.choice(('make', 'change', 'change', 'delete'))
        if verb == 'make' or not ids:
            self.ever.add(self.cloud.make(kind, project_id='p', **fields))
        elif verb == 'change':
            self.cloud.change(kind, self._chance.choice(ids), **fields)
        else:
            self.cloud.delete(kind, self._chance.choice(ids))

    def stir(self) -> None:
        """Now and then something happens between two requests."""
        if self._chance.random() < 0.15:
            self.act()


class Story:
    """One seed. `far`: agents outlive the intake, as those do that run elsewhere; then the league has agents of its own that stand by, and
    now and then look too, by a wire that is whole.
    """

    def __init__(self, seed: int, store: Store) -> None:
        self.chance = random.Random(seed)
        self.far = self.chance.random() < 0.5
        self.clock = HandClock()
        self.store = store
        self.roster = Roster()
        self.sites = [self._site(name, seed) for name in ('east', 'west')]
        self.gate = self._gate(AliasBook())
        self.wire = uplink.Wire(self.gate, self.chance, 'site' if self.far else 'league')
        self.own: dict[str, Agent] = {}
        for site in self.sites:
            self.roster.add(site.member)
            self.start(site)
        self.seen: dict[str, int] = {}
        self.gone: set[str] = set()

    def _site(self, name: str, seed: int) -> Site:
        skew, most = self.chance.uniform(-500, 500), self.chance.choice((3, 7, 500))
        cloud = Cloud(name, self.clock, seed, skew, most)
        cloud.dates = self.chance.random() < 0.5
        return Site(cloud, self.chance)

    def _gate(self, book: AliasBook) -> Gate:
        return Gate(self.store, Intake(self.store, book, self.roster, self.clock), self.roster, self.clock)

    def start(self, site: Site) -> None:
        """A new agent, who remembers nothing."""
        if self.far:
            there = Member(site.member.site, site.member.spec)
            site.agent = Agent(there, self.wire, self.clock)
            if site.cloud.name not in self.own:
                self.own[site.cloud.name] = self._own(site, self.gate)
            return
        site.agent = self._own(site, self.wire)

    def _own(self, site: Site, uplink: Uplink) -> Agent:
        """An agent in the league's process."""
        intake, name = self.gate.intake, site.member.name
        known = Inventory(site.member, self.store, intake)
        return Agent(site.member, uplink, self.clock, questions=intake.questions(name), known=known)

    async def restart_intake(self) -> None:
        """The league is killed and started again; agents that run in it die with it."""
        self.gate = self.wire.gate = self._gate(AliasBook(await self.store.aliases()))
        self.own.clear()
        for site in self.sites:
            if self.far:
                self.own[site.cloud.name] = self._own(site, self.gate)
            else:
                self.start(site)

    async def pass_time(self, seconds: float) -> None:
        """What falls due in so many seconds, agent by agent."""
        end = self.clock.time + seconds
        for _ in range(100_000):
            site = min(self.sites, key=lambda site: _agent(site).soonest())
            due = _agent(site).soonest()
            if max(due, self.clock.time) >= end:
                break
            self.clock.time = max(self.clock.time, due)
            try:
                await _agent(site).turn()
            except uplink.Killed:
                self.start(site)
            if _agent(site).outdated:
                self.start(site)
            await self.check()
        else:
            raise AssertionError('an agent turns without end')
        self.clock.time = max(self.clock.time, end)

    async def check(self) -> None:
        """Nothing is older than it was, nothing is back that was gone, nothing waits that is not an object of its site."""
        for site in self.sites:
            waiting = _agent(site).waiting
            assert waiting <= len(site.ever), f'{waiting} changes wait of {len(site.ever)} objects'
        assert self.gate._turns.waiting <= HIGH_WATER
        have: dict[str, int] = {}
        for kind in KINDS:
            for record in await self.store.page(Query(kind)):
                have[record.site_id] = _version(msgspec.json.decode(record.doc))
        alive = {id for site in self.sites for docs in site.cloud.docs.values() for id in docs}
        older = {id: (self.seen[id], version) for id, version in have.items() if version < self.seen.get(id, 0)}
        assert older == {}, f'updates that were stored are lost: {older}'
        assert self.gone & have.keys() == set(), 'what was gone is back'
        self.gone |= self.seen.keys() - have.keys() - alive
        self.seen.update(have)

    async def differences(self) -> list[str]:
        found = []
        for site in self.sites:
            for kind in lists.ORDER:
                records = [record for record in await self.store.page(Query(kind)) if record.site == site.cloud.name]
                have = {record.site_id: msgspec.json.decode(record.doc) for record in records}
                docs = site.cloud.docs[kind]
                found += [f'{site.cloud.name} {kind} {id}' for id in sorted(have.keys() | docs.keys()) if have.get(id) != docs.get(id)]
        return found

    async def trouble(self) -> None:
        """One round: faults on both sides of the agents, life at the sites, restarts, and a while goes by."""
        for site in self.sites:
            site.cloud.fault = self.chance.choice(('', '', '', *FAULTS))
            for _ in range(self.chance.randrange(4)):
                site.act()
            if self.chance.random() < 0.3:
                _agent(site).poke(self.chance.choice(KINDS))
            if self.chance.random() < 0.08:
                self.start(site)
        self.wire.fault = self.chance.choice(('', '', *uplink.FAULTS))
        self.wire.deadly = self.chance.choice((0, 0, 0, 1, 3))
        if self.chance.random() < 0.08:
            await self.restart_intake()
        await self.pass_time(self.chance.uniform(0.1, 25))
        if self.far:
            await self._step_in(self.chance.choice(self.sites))
        await self._look(self.chance.choice(self.sites))
        await self._demand(self.chance.choice(self.sites))
        await self.wire.arrive()
        await self.check()

    async def _demand(self, site: Site) -> None:
        """Somebody waits for all of a kind as it is now: what he is promised is so of what just happened, whatever the wire does."""
        site.cloud.fault = ''
        before = {kind: {id: _version(doc) for id, doc in docs.items()} for kind, docs in site.cloud.docs.items()}
        site.act()
        kind, id = next(
            ((kind, id) for kind in KINDS for id, doc in site.cloud.docs[kind].items() if _version(doc) != before[kind].get(id)), ('', '')
        )
        version = _version(site.cloud.docs[kind][id]) if id else 0
        try:
            promised = bool(id) and await _agent(site).level(kind, self.clock.now())
        except uplink.Killed:
            self.start(site)
            return
        if promised:
            have = {record.site_id: _version(msgspec.json.decode(record.doc)) for record in await self.store.page(Query(kind))}
            assert have.get(id, 0) >= version or id not in site.cloud.docs[kind], f'the {kind} {id} of {site.cloud.name} is not as it was promised'

    async def _step_in(self, site: Site) -> None:
        """The league's own agent looks, as after a command of a user, or as where the far one is not heard of; both may follow for a while."""
        own = self.own[site.cloud.name]
        for _ in range(self.chance.randrange(4)):
            if self.chance.random() < 0.5:
                own.poke(self.chance.choice(KINDS))
                await own.stand_by()
            else:
                await own.turn()
            await self.check()

    async def _look(self, site: Site) -> None:
        """Somebody waits for one object, which may be gone."""
        kind = self.chance.choice(KINDS)
        ids = sorted(site.cloud.docs[kind].keys() | await self.store.known(site.cloud.name, kind))
        with contextlib.suppress(SiteDown, Unauthorized):
            if ids:
                own = self.own[site.cloud.name] if self.far else _agent(site)
                await Hand(own, self.store, self.gate.intake, self.clock).refresh(kind, self.chance.choice(ids))

    def heal(self) -> None:
        """No more faults, and nothing happens any more."""
        self.wire.fault, self.wire.deadly = '', 0
        for site in self.sites:
            site.cloud.fault = ''
            site.cloud.stir = _nothing


async def tell(seed: int) -> None:
    """Raises AssertionError where an invariant does not hold."""
    store = await open_store(None)
    try:
        story = Story(seed, store)
        for site in story.sites:
            site.cloud.stir = site.stir
            for _ in range(10):
                site.act()
        for _ in range(ROUNDS):
            await story.trouble()
        story.heal()
        for _ in range(PATIENCE):
            await story.pass_time(60)
            await story.wire.arrive()
            if not await story.differences():
                break
        assert await story.differences() == []
        assert [_agent(site).waiting for site in story.sites] == [0, 0]
    finally:
        await store.close()


def _agent(site: Site) -> Agent:
    assert site.agent is not None
    return site.agent


def _version(doc: dict[str, Any]) -> int:
    return int(doc['name'][1:])


def _nothing() -> None:
    return None


@pytest.mark.parametrize('seed', range(FIRST, FIRST + RUNS))
def test_nothing_is_lost_and_nothing_comes_back(seed: int) -> None:
    try:
        asyncio.run(tell(seed))
    except BaseException:
        print(f'seed {seed}: SYNC_SEED={seed} SYNC_RUNS=1 .venv/bin/pytest tests/simulation/test_sync.py')  # noqa: T201  # to be replayed
        raise
