"""The uplink over HTTP, and whatever may answer there: the league, a proxy before it, something else, nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hansa.keystone.twin import Said
from hansa.model.batch import Batch, Receipt
from hansa.model.errors import Busy, Dismissed, Gone, HansaError, TooLarge, UplinkDown
from hansa.model.secret import Secret
from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.ports.uplink import Report
from hansa.sites.sim.clock import HandClock
from hansa.sync.far import FarUplink

WORD = '0123abcd.not-to-be-told'
OURS = b'{"error": {"code": 0, "message": "So the league says."}}'


class Scripted:
    """Answers as the test wants, after so many seconds."""

    def __init__(self, clock: HandClock) -> None:
        self.answer: tuple[int, bytes] | Exception = (200, b'{}')
        self.takes = 0.0
        self.asked: list[tuple[str, str]] = []
        self._clock = clock

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        self.asked.append((method, url))
        assert ('Authorization', f'Bearer {WORD}') in headers
        self._clock.advance(self.takes)
        if isinstance(self.answer, Exception):
            raise self.answer
        return Said(self.answer[0], [], self.answer[1])

    async def close(self) -> None:
        """Nothing is held."""


def scripted() -> tuple[HandClock, Scripted, FarUplink]:
    clock = HandClock()
    wire = Scripted(clock)
    return clock, wire, FarUplink(wire, 'https://league.test/x', Secret(WORD), clock)


@pytest.mark.parametrize(
    ('answer', 'wanted', 'said'),
    [
        ((401, OURS), Dismissed, 'So the league says.'),
        ((404, OURS), Dismissed, 'So the league says.'),
        ((409, OURS), Dismissed, 'So the league says.'),
        ((410, OURS), Gone, 'So the league says.'),
        ((404, b'<html>nginx</html>'), UplinkDown, 'answered 404'),
        ((401, b''), UplinkDown, 'answered 401'),
        ((413, OURS), TooLarge, 'takes no batch of'),
        ((413, b'<html>nginx</html>'), TooLarge, 'takes no batch of'),
        ((503, OURS), UplinkDown, 'answered 503: So the league says.'),
        ((301, b''), UplinkDown, 'answered 301'),
        ((200, b'<html>welcome</html>'), UplinkDown, 'is no league'),
        ((200, b'\xff'), UplinkDown, 'is no league'),
        ((429, b'slow down'), UplinkDown, 'is no league'),
        (TransportError('refuses connections', sent=False), UplinkDown, 'https://league.test/x refuses connections'),
        (Busy('All connections are in use.'), UplinkDown, 'cannot be asked'),
    ],
)
def test_whatever_answers_becomes_what_the_port_knows(answer: tuple[int, bytes] | Exception, wanted: type[HansaError], said: str) -> None:
    async def main() -> None:
        _, wire, uplink = scripted()
        wire.answer = answer
        with pytest.raises(wanted, match=said) as caught:
            await uplink.deliver(Batch('east', 'r', 'hot', 1))
        assert type(caught.value) is wanted
        assert 'not-to-be-told' not in repr(caught.value) + repr(uplink)
        assert wire.asked == [('POST', 'https://league.test/x/league/v1/sites/east/batches')]

    asyncio.run(main())


def test_a_batch_that_is_to_come_again_is_no_error() -> None:
    async def main() -> None:
        _, wire, uplink = scripted()
        wire.answer = (429, b'{"upto": 3, "credit": 2, "retry_after": 1.5}')
        assert await uplink.deliver(Batch('east', 'r', 'hot', 4)) == Receipt(3, 2, 1.5)

    asyncio.run(main())


def test_an_answer_that_took_long_tells_little_of_the_leagues_clock() -> None:
    async def main() -> None:
        clock, wire, uplink = scripted()
        wire.answer = (200, b'{"now": %f}' % (clock.now() + 5))
        assert round(await uplink.report(Report('east', 'r', 1)), 3) == 5.0
        wire.takes = 20.0
        wire.answer = (200, b'{"now": %f}' % (clock.now() + 25))
        assert round(await uplink.report(Report('east', 'r', 2)), 3) == 5.0

    asyncio.run(main())
