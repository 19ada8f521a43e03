"""The courier: whole batches and old news go at once, refusals and outages are waited for, and nothing is given up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

import pytest

from hansa.model.batch import Batch, Change, Receipt, Run
from hansa.model.errors import Gone, TooLarge, UplinkDown
from hansa.model.site import Mode
from hansa.ports.uplink import Place, Report
from hansa.sites.sim.clock import HandClock
from hansa.sync import courier
from hansa.sync.courier import Courier
from hansa.sync.questions import Questions
from tests.sync.cloud import Cloud


class Told:
    """An uplink that says what the test wants: `answers` are taken one by one, then all is taken."""

    def __init__(self) -> None:
        self.answers: list[Receipt | Exception] = []
        self.given: list[tuple[str, int, int]] = []
        self.most = 0
        self.taken: list[str] = []
        self.runs = 0
        self.life = 'one'

    async def open(self, site: str, mode: Mode, place: Place = 'league') -> Run:
        self.runs += 1
        return Run(f'run {self.runs}', 0, self.life)

    async def deliver(self, batch: Batch) -> Receipt:
        self.given.append((batch.run, batch.number, len(batch.changes)))
        if self.most and sum(int(change.id) for change in batch.changes) > self.most:
            raise TooLarge('too much')
        self.taken += [change.id for change in batch.changes]
        answer = self.answers.pop(0) if self.answers else Receipt(batch.number, 2)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def report(self, report: Report) -> float:
        raise UplinkDown('nobody asks that here')

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        raise UplinkDown('nobody asks that here')

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        raise UplinkDown('nobody asks that here')


def changes(number: int) -> list[Change]:
    return [Change('server', str(each), 1, doc={}) for each in range(number)]


def test_a_whole_batch_goes_at_once_and_less_when_it_is_called_for_or_has_lingered() -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        await sent.tell(changes(500), 'bulk')
        assert uplink.given == [('run 1', 1, 500)]
        await sent.tell(changes(3), 'bulk')
        assert len(uplink.given) == 1
        clock.advance(courier.LINGER_S)
        await sent.tell(changes(4), 'bulk')
        assert uplink.given[1:] == [('run 1', 2, 4)]
        await sent.tell(changes(1), 'hot')
        assert await sent.go()
        assert uplink.given[2:] == [('run 1', 1, 1)]

    asyncio.run(main())


@pytest.mark.parametrize(('answer', 'wait'), [(Receipt(0, 2, 7.0), 7.0), (Receipt(0, 2), 3.0), (UplinkDown('away'), 3.0)])
def test_what_is_not_taken_is_given_again_after_a_while(answer: Receipt | Exception, wait: float) -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        uplink.answers = [answer]
        await sent.tell(changes(2), 'hot')
        assert not await sent.go()
        assert sent.due == clock.time + wait
        assert not await sent.go()
        assert len(uplink.given) == 1
        clock.advance(wait)
        assert await sent.go()
        assert uplink.given == [('run 1', 1, 2), ('run 1', 1, 2)]

    asyncio.run(main())


def test_the_longer_the_intake_is_away_the_less_often_it_is_tried() -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        uplink.answers = [UplinkDown('away')] * 6
        await sent.tell(changes(2), 'hot')
        waits = []
        for _ in range(6):
            await sent.go()
            waits.append(sent.due - clock.time)
            clock.time = sent.due
        assert waits == [3, 6, 12, 24, 30, 30]
        assert await sent.go()
        uplink.answers = [UplinkDown('away')]
        await sent.tell(changes(1), 'hot')
        await sent.go()
        assert sent.due - clock.time == 3

    asyncio.run(main())


def test_a_run_that_is_over_is_begun_anew_with_all_that_was_not_taken() -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        await sent.tell(changes(500), 'hot')
        uplink.answers = [Gone('over')]
        await sent.tell(changes(2), 'hot')
        assert not await sent.go()
        clock.advance(courier.RETRY_S)
        assert await sent.go()
        assert uplink.given[1:] == [('run 1', 2, 2), ('run 2', 1, 2)]

    asyncio.run(main())


def test_what_waits_is_dropped_where_the_league_knows_no_more_what_is_older() -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        assert await sent.begin()
        uplink.life = 'another'
        uplink.answers = [Gone('over')]
        await sent.tell(changes(2), 'hot')
        assert not await sent.go()
        before = sent.outdated
        clock.advance(courier.RETRY_S)
        assert await sent.go()
        assert (before, sent.outdated) == (False, True)
        assert [run for run, _, _ in uplink.given] == ['run 1']

    asyncio.run(main())


def test_an_outage_of_the_intake_is_one_line_and_its_end_another(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        uplink.answers = [UplinkDown('away')] * 5
        await sent.tell(changes(2), 'hot')
        for _ in range(6):
            await sent.go()
            clock.advance(60)
        assert not sent.outbox

    with caplog.at_level(logging.INFO, 'hansa.sync'):
        asyncio.run(main())
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.INFO]


def test_what_is_too_large_goes_in_parts_and_one_object_that_is_too_large_keeps_nothing_waiting(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        uplink.most = 90
        for _ in range(2):
            uplink.taken.clear()
            await sent.tell(changes(100), 'bulk')
            assert await sent.go()
            assert sorted(uplink.taken, key=int) == [str(each) for each in range(91)]
            assert not sent.outbox
            assert sent.outbox.count('server') == 0
        uplink.most, before = 0, len(uplink.given)
        await sent.tell(changes(2000), 'bulk')
        assert await sent.go()
        sizes = [size for _, _, size in uplink.given[before:]]
        assert sum(sizes) == 2000
        assert sizes[0] < sizes[-2] <= 500

    with caplog.at_level(logging.INFO, 'hansa.sync'):
        asyncio.run(main())
    assert len(caplog.records) == 9
    assert 'server 99 is too large' in caplog.text


def test_a_way_that_takes_nothing_at_all_is_an_outage() -> None:
    async def main() -> None:
        clock, uplink = HandClock(), Told()
        sent = Courier(Cloud('east', clock).member(), uplink, Questions(clock), clock)
        uplink.answers = [TooLarge('no')] * 2
        await sent.tell(changes(1), 'hot')
        await sent.go()
        await sent.tell(changes(2), 'hot')
        assert not await sent.go()
        assert sent.due == clock.time + courier.RETRY_S

    asyncio.run(main())
