"""The simulated object store where no real one can be asked: time that is moved, uploads that break off, room that ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hansa.model.errors import SiteDown
from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.fault import Fault
from tests.contract.swifts import Store
from tests.contract.test_site import simulated


def played(steps: Callable[[Store, SimCloud, HandClock], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = HandClock()
        app = SimCloud('east', clock)
        cloud = simulated(app=app)
        async with asyncio.timeout(20), cloud.site() as site:
            await site.describe()
            await steps(Store(site, cloud), app, clock)

    asyncio.run(main())


def test_an_object_goes_when_its_time_is_over() -> None:
    async def steps(swift: Store, app: SimCloud, clock: HandClock) -> None:
        path = await swift.container('c')
        await swift.put(f'{path}/o', b'x', {'X-Delete-After': '60'})
        clock.advance(59)
        assert (await swift('GET', f'{path}/o')).status == 200
        clock.advance(1)
        assert (await swift('GET', f'{path}/o')).status == 404
        assert await swift.names(path) == []

    played(steps)


def test_what_breaks_off_leaves_nothing() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b'half'
        raise ConnectionResetError('the client went away')

    async def steps(swift: Store, app: SimCloud, clock: HandClock) -> None:
        path = await swift.container('c')
        with pytest.raises((SiteDown, ConnectionResetError)):
            await swift('PUT', f'{path}/o', body=broken())
        assert (await swift('PUT', f'{path}/o', {'Content-Length': '9'}, body=b'half')).status == 499
        assert await swift.names(path) == []

    played(steps)


def test_its_room_ends() -> None:
    async def steps(swift: Store, app: SimCloud, clock: HandClock) -> None:
        app.state.objects.room = 10
        path = await swift.container('c')
        await swift.put(f'{path}/o', b'123456')
        assert (await swift('PUT', f'{path}/p', body=b'123456')).status == 507
        assert (await swift('PUT', f'{path}/big', {'Content-Length': str(6 << 30)}, body=b'')).status == 413

    played(steps)


def test_faults_strike_it_as_they_strike_other_services() -> None:
    async def steps(swift: Store, app: SimCloud, clock: HandClock) -> None:
        path = await swift.container('c')
        app.fault = Fault('lose_reply', service='object-store', method='PUT', count=1)
        with pytest.raises(SiteDown):
            await swift('PUT', f'{path}/o', body=b'x')
        assert await swift.names(path) == ['o']

    played(steps)


def test_all_is_restored_from_a_snapshot() -> None:
    async def steps(swift: Store, app: SimCloud, clock: HandClock) -> None:
        path = await swift.container('c')
        await swift.put(f'{path}/o', b'x')
        kept = app.state.snapshot()
        assert (await swift('DELETE', f'{path}/o')).status == 204
        app.state.restore(kept)
        assert (await swift('GET', f'{path}/o')).body == b'x'

    played(steps)
