"""Three Swifts, a league over them that is killed and started again on the same store, and a client at its door."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hansa.entry import wiring
from hansa.ports.http import Transport
from hansa.ports.store import Store
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.objectstate import Container
from hansa.storage.sqlite import open_store
from tests import house
from tests.simulation.fuse import Fuse, FusedStore, FusedTransport
from tests.simulation.objects.weather import Weather, Wire
from tests.virtual import VirtualClock

SITES = ('east', 'north', 'west')
PROJECT = house.league_id('demo')
ACCOUNT = f'/object/v1/AUTH_{PROJECT}'
CHANGES = frozenset(('add_homes', 'add_twins', 'drop_home', 'put_spread', 'drop_spread', 'owe', 'owe_all', 'settle'))
"""What of the store's changes is a moment to die in: those that come of a request and not of the clock, or no seed could be replayed."""

CALM = {'poll.fast_s': '600', 'poll.steady_s': '3600', 'poll.idle_s': '3600'}


class Reply(msgspec.Struct):
    """`status` 0: there was none, or it broke off, or the league died. Header names are in lower case; `late`: a site may yet do it."""

    status: int = 0
    headers: dict[str, str] = {}
    body: bytes = b''
    late: bool = False

    @property
    def unknown(self) -> bool:
        """Nobody can tell from it what was done."""
        return self.status in {0, 503}


class World:
    """`house` is the one that lives just now."""

    def __init__(self, directory: pathlib.Path, seed: int) -> None:
        self.clock = VirtualClock()
        self.clouds = {name: SimCloud(name, self.clock, number, remembered=10) for number, name in enumerate(SITES)}
        self.twin = house.people(self.clock)
        self.weather = Weather(seed, self.clock)
        self.fuse = Fuse()
        self.house: wiring.House
        self.store: Store
        self._directory = directory
        self._tasks = 0

    async def start(self) -> None:
        """A league over what there is."""
        self.fuse = Fuse()
        self.store = await open_store(self._directory)
        self.house = await house.build(
            self.clouds, self.twin, self.clock, store=FusedStore(self.store, self.fuse, CHANGES), wrap=self._wire, settings=CALM
        )
        for name in SITES:
            await self.house.membership.join(house.spec(name))
        await self.house.membership.ready(SITES, 60)

    def _wire(self, site: str, transport: Transport) -> Transport:
        return FusedTransport(Wire(site, transport, self.weather), self.fuse, '/object-store')

    async def stop(self) -> None:
        await self.house.close()

    async def kill(self) -> None:
        """As kill -9 does: nothing tidies up. What a site has already been told comes nevertheless, however late."""
        self.fuse.blown.set()
        tasks = asyncio.all_tasks() - {asyncio.current_task()} - self.weather.late
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.store.close()

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, chunks: Sequence[bytes] | None = None, *, leaves: bool = False
    ) -> Reply:
        """A request of the project's; one that `leaves` goes when it has sent all its pieces but the last."""
        sent = {'x-auth-token': 'token-demo', **(headers or {})}
        target, _, query = f'{ACCOUNT}{path}'.partition('?')
        scope = {
            'type': 'http', 'http_version': '1.1', 'method': method, 'scheme': 'http', 'path': target, 'raw_path': target.encode(),
            'query_string': query.encode(), 'headers': [(name.encode(), value.encode('latin-1')) for name, value in sent.items()],
            'server': ('league.test', 80), 'client': ('192.0.2.1', 1234),
        }  # fmt: skip
        left = [*(chunks or [b''])]
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if leaves and len(left) == 1:
                return {'type': 'http.disconnect'}
            if not left:
                await asyncio.Event().wait()
            return {'type': 'http.request', 'body': left.pop(0), 'more_body': bool(left)}

        async def send(message: Any) -> None:
            if message['type'] == 'http.response.start':
                start.update(message)
            else:
                parts.append(message.get('body', b''))

        try:
            await self.house.hall(scope, receive, send)
        except Exception:
            # The connection broke; that has to have its reason.
            if not start or not any(self.weather.guilty(site) for site in SITES):
                raise
            return Reply()
        if not start:
            assert leaves
            return Reply()
        told = {name.decode('latin1').lower(): value.decode('latin1') for name, value in start['headers']}
        return Reply(start['status'], told, b''.join(parts))

    # -- past the league

    async def account(self, site: str) -> dict[str, Container]:
        """What a site keeps for the project, by name."""
        cloud = self.clouds[site]
        cloud.settle()
        local = next((alias.local for alias in await self.store.aliases() if (alias.site, alias.league) == (site, PROJECT)), '')
        held = cloud.state.objects.accounts.get(f'AUTH_{local}')
        return held.containers if held is not None else {}
