"""What outlives a killed league: its store's file and the clouds; and what must be true of them afterwards."""

from __future__ import annotations

import asyncio
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

from hansa.entry import wiring
from hansa.ports.http import Transport
from hansa.ports.store import Store
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.state import Doc
from hansa.storage.sqlite import open_store
from tests import house
from tests.house import League
from tests.simulation.fuse import Fuse, FusedStore, FusedTransport
from tests.virtual import VirtualClock

SITES = ('east', 'west')
ROUNDS, ROUND_SECONDS = 15, 10.0
CALM = {'poll.steady_s': '20', 'poll.idle_s': '40'}
USERS_OWN = ('x', 'second')


class World:
    """Clouds and a directory; `league` is the one that lives just now."""

    def __init__(
        self, directory: pathlib.Path, tenant: tuple[str, ...] = (), wrap: Callable[[Transport], Transport] = lambda wire: wire
    ) -> None:
        self.clock = VirtualClock()
        self.clouds = {name: SimCloud(name, self.clock, seed) for seed, name in enumerate(SITES)}
        self.twin = house.people(self.clock)
        self.directory = directory
        self.fuse = Fuse()
        self.league: League
        self._tenant = tenant
        self._wrap = wrap
        self._house: wiring.House
        self._store: Store
        self._copies = 0
        self._kept: dict[str, Doc] = {}

    async def start(self) -> None:
        """A league over what there is, level with its clouds."""
        self.fuse = Fuse()
        self._store = await open_store(self.directory)
        self._house = await house.build(
            self.clouds, self.twin, self.clock, store=FusedStore(self._store, self.fuse), wrap=self._wire, settings=CALM
        )
        for name in SITES:
            await self._house.membership.join(house.spec(name, 'tenant' if name in self._tenant else 'managed'))
        await self._house.membership.ready(SITES, 60)
        self.league = League(self._house, self.clouds, self.twin, self.clock)

    async def level(self) -> None:
        """Until the inventory says what the sites say."""
        for name in SITES:
            await self._house.flock.catch_up(name)

    def _wire(self, _: str, transport: Transport) -> Transport:
        return FusedTransport(self._wrap(transport), self.fuse)

    async def stop(self) -> None:
        """End it in order."""
        await self._house.close()

    async def kill(self) -> None:
        """End it as kill -9 does: nothing tidies up, whatever was in memory is gone."""
        self.fuse.blown.set()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._store.close()

    def keep(self) -> None:
        """Remember all that is outside the league's memory; it must not be running."""
        self._kept = {name: cloud.state.snapshot() for name, cloud in self.clouds.items()}

    def again(self) -> None:
        """Go back to what was kept, on a copy of the store."""
        self._copies += 1
        template = self.directory if self._copies == 1 else self.directory.with_suffix('')
        self.directory = template.with_suffix(f'.{self._copies}')
        shutil.copytree(template, self.directory)
        for name, cloud in self.clouds.items():
            cloud.state.restore(self._kept[name])
            cloud.fault = None

    # -- what must be true

    def named(self, kind: str, name: str) -> list[tuple[str, Doc]]:
        """(site, object) of all objects of a name, at all sites."""
        return [
            (site, doc)
            for site, cloud in self.clouds.items()
            for doc in cloud.state.table(kind).values()
            if doc.get('name') == name and doc.get('_vm') != 'deleted'
        ]

    async def healed(self) -> list[str]:
        """What is still wrong when a recovery has had its time."""
        for _ in range(ROUNDS):
            if not await self.wrongs():
                break
            await self.clock.sleep(ROUND_SECONDS)
        return await self.wrongs()

    async def wrongs(self) -> list[str]:
        """What is not as it must be once a league has recovered."""
        found = [f'open intent {intent}' for intent in await self._store.open_intents()]
        found += await self._unlisted()
        found += await self._dangling()
        for site, cloud in self.clouds.items():
            state = cloud.state
            # An image that its user has yet to upload is no copy of ours.
            copies = [doc for doc in state.images.values() if doc['name'] not in USERS_OWN]
            found += [f'half a copy of {doc["name"]} at {site}' for doc in copies if doc['status'] in ('queued', 'saving')]
            for kind in ('projects', 'users', 'domains'):
                names = [(doc.get('domain_id'), doc['name']) for doc in state.table(kind).values()]
                found += [f'two {kind} called {name} at {site}' for name in set(names) if names.count(name) > 1]
            groups = [(doc['project_id'], doc['name']) for doc in state.security_groups.values()]
            found += [f'two groups {group} at {site}' for group in set(groups) if groups.count(group) > 1]
        return found

    async def _unlisted(self) -> list[str]:
        """Everything of a project of the league has to be in the lists."""
        aliases = await self._store.aliases()
        ours = {(alias.site, alias.local) for alias in aliases if alias.kind == 'project'}
        found = []
        for site, cloud in self.clouds.items():
            for table, kind in (('servers', 'server'), ('volumes', 'volume'), ('images', 'image'), ('security_groups', 'security_group')):
                known = await self._store.known(site, kind)
                found += [
                    f'{kind} {doc["name"]} at {site} is in no list'
                    for doc in cloud.state.table(table).values()
                    if (site, doc.get('owner') or doc.get('project_id')) in ours and doc['id'] not in known and doc.get('_vm') != 'deleted'
                ]
                found += [f'{kind} {id} is listed and not at {site}' for id in known if id not in cloud.state.table(table)]
        return found

    async def _dangling(self) -> list[str]:
        tables = {
            'project': 'projects', 'user': 'users', 'flavor': 'flavors', 'image': 'images', 'security_group': 'security_groups',
            'security_group_rule': 'security_group_rules', 'volume_type': 'types',
        }  # fmt: skip
        found = []
        for alias in await self._store.aliases():
            state = self.clouds[alias.site].state
            there: Any = tables.get(alias.kind) and state.table(tables[alias.kind])
            if alias.kind == 'keypair':
                there = {doc['name'] for doc in state.keypairs.values()}
            if alias.local not in there:
                found.append(f'{alias} stands for nothing')
        return found
