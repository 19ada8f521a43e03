"""A service that hangs is told from one that is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.openstack import doubt
from tests import virtual

LIGHT = 'http://east.test/'


class Silent:
    """A service that answers nothing."""

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        loop.call_later(timeout, over.set_result, None)
        await over
        raise TransportError(f'did not answer in {timeout:g} s', sent=True)

    async def close(self) -> None:
        return None


async def _answer(seconds: float) -> str:
    loop = asyncio.get_running_loop()
    answered = loop.create_future()
    loop.call_later(seconds, answered.set_result, 'at last')
    return str(await answered)


def test_who_is_silent_to_everybody_hangs() -> None:
    async def main() -> None:
        told: list[str] = []
        doubts = doubt.Doubt(Silent(), lambda service, _: told.append(service))
        began = asyncio.get_running_loop().time()
        with pytest.raises(TransportError):
            await doubts.over('compute', LIGHT, lambda: _answer(60), write=False)
        assert asyncio.get_running_loop().time() - began == pytest.approx(sum(doubt.READ))
        assert told == ['compute']

    virtual.run(main)


def test_who_goes_on_answering_others_is_only_slow() -> None:
    async def main() -> None:
        told: list[str] = []
        doubts = doubt.Doubt(Silent(), lambda service, _: told.append(service))
        loop = asyncio.get_running_loop()
        for second in range(20):
            loop.call_later(second, doubts.heard, 'compute')
        assert await doubts.over('compute', LIGHT, lambda: _answer(7), write=False) == 'at last'
        assert not told
        await doubts.close()

    virtual.run(main)


def test_an_answer_of_another_service_says_nothing() -> None:
    async def main() -> None:
        told: list[str] = []
        doubts = doubt.Doubt(Silent(), lambda service, _: told.append(service))
        for second in range(20):
            asyncio.get_running_loop().call_later(second, doubts.heard, 'network')
        with pytest.raises(TransportError):
            await doubts.over('compute', LIGHT, lambda: _answer(60), write=True)
        assert told == ['compute']

    virtual.run(main)


def test_patience_makes_it_wait_longer() -> None:
    async def main() -> None:
        doubts = doubt.Doubt(Silent(), lambda *_: None, patience=5)
        assert await doubts.over('compute', LIGHT, lambda: _answer(sum(doubt.READ) * 4), write=False) == 'at last'
        with pytest.raises(TransportError):
            await doubts.over('compute', LIGHT, lambda: _answer(sum(doubt.READ) * 6), write=False)

    virtual.run(main)


def test_who_changes_something_is_not_given_up_with_who_only_looks() -> None:
    async def main() -> None:
        doubts = doubt.Doubt(Silent(), lambda *_: None)
        writing = asyncio.create_task(doubts.over('compute', LIGHT, lambda: _answer(doubt.WRITE[0] + 1), write=True))
        await _answer(doubt.WRITE[0] - doubt.READ[0])
        with pytest.raises(TransportError):
            await doubts.over('compute', LIGHT, lambda: _answer(60), write=False)
        assert await writing == 'at last'
        await doubts.close()

    virtual.run(main)
