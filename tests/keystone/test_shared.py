"""One Keystone for several processes: what one of them saw revoked, the others ask for anew."""

from __future__ import annotations

import asyncio

from hansa.bus.memory import MemoryBus
from hansa.keystone.shared import SharedEngine
from hansa.keystone.twin import IdentityTwin
from hansa.ports.clock import SystemClock


def test_a_refresh_of_one_is_a_refresh_of_all_and_goes_round_once() -> None:
    async def main() -> None:
        bus = MemoryBus()
        twins = [IdentityTwin(SystemClock()) for _ in range(3)]
        engines = [SharedEngine(twin, bus) for twin in twins]
        await engines[0].refresh()
        for engine in engines:
            await asyncio.sleep(0)
            await engine.close()
        # The one who told it hears itself, too.
        assert [twin.refreshed for twin in twins] == [2, 1, 1]
        await engines[1].refresh()
        assert twins[2].refreshed == 1

    asyncio.run(main())
