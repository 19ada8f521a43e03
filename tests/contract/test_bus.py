"""What a bus promises: very little, and that it never stands in the way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from hansa import bus as room
from hansa.bus.memory import MemoryBus
from hansa.bus.nats import NatsBus
from hansa.model.errors import ConfigError
from hansa.ports.bus import MOST_BYTES, Bus
from tests import nats

Scenario = Callable[[Bus, Bus], Awaitable[None]]
Judge = Callable[[Scenario], None]


@pytest.fixture(scope='module')
def server() -> Iterator[nats.Server]:
    program = nats.program()
    if program is None:
        pytest.skip('nats-server is not installed; `make nats` does it (Debian, root)')
    with nats.serving(program) as found:
        yield found


@contextlib.asynccontextmanager
async def connected(server: nats.Server, league: str = 'hansa') -> AsyncIterator[NatsBus]:
    bus = NatsBus([server.url], 'here', league, pause=0.01)
    await bus.connected.wait()
    try:
        yield bus
    finally:
        await bus.close()


@pytest.fixture(params=['memory', 'nats'])
def judge(request: pytest.FixtureRequest) -> Judge:
    """Runs a scenario with a bus as two have it."""

    async def main(scenario: Scenario) -> None:
        if request.param == 'memory':
            bus = MemoryBus()
            await scenario(bus, bus)
            await bus.close()
            return
        server: nats.Server = request.getfixturevalue('server')
        async with connected(server) as one, connected(server) as two:
            await scenario(one, two)

    return lambda scenario: asyncio.run(main(scenario))


class Ear:
    """Hears, and can be waited for."""

    def __init__(self, bus: Bus, prefix: str) -> None:
        self.heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.end = bus.subscribe(prefix, lambda subject, body: self.heard.put_nowait((subject, body)))


def test_all_hear_and_the_publisher_too(judge: Judge) -> None:
    async def scenario(one: Bus, two: Bus) -> None:
        assert one.up()
        here, there = Ear(one, 'cache'), Ear(two, 'cache')
        one.publish('cache', b'\0\xff')
        one.publish('cache.tokens')
        for ear in (here, there):
            assert [await ear.heard.get() for _ in range(2)] == [('cache', b'\0\xff'), ('cache.tokens', b'')]

    judge(scenario)


def test_one_hears_what_he_wants_word_by_word(judge: Judge) -> None:
    async def scenario(one: Bus, two: Bus) -> None:
        ear, other, last = Ear(two, 'a.b'), Ear(two, 'a.c'), Ear(two, 'end')
        for subject in ('a', 'a.bc', 'a.b.c.d', 'b', 'a.b', 'end'):
            one.publish(subject)
        await last.heard.get()
        assert [ear.heard.get_nowait()[0] for _ in range(ear.heard.qsize())] == ['a.b.c.d', 'a.b']
        assert other.heard.empty()

    judge(scenario)


def test_who_has_ended_hears_no_more(judge: Judge) -> None:
    async def scenario(one: Bus, two: Bus) -> None:
        ear, last = Ear(two, 'a'), Ear(two, 'a')
        ear.end()
        ear.end()
        one.publish('a')
        await last.heard.get()
        assert ear.heard.empty()

    judge(scenario)


def test_a_handler_that_raises_harms_nobody(judge: Judge, caplog: pytest.LogCaptureFixture) -> None:
    def broken(subject: str, body: bytes) -> None:
        raise RuntimeError('a fault of ours')

    async def scenario(one: Bus, two: Bus) -> None:
        two.subscribe('a', broken)
        ear = Ear(two, 'a')
        one.publish('a')
        one.publish('a.b')
        assert [(await ear.heard.get())[0] for _ in range(2)] == ['a', 'a.b']

    judge(scenario)
    assert 'a hint of a.b was not taken well' in caplog.text


def test_what_is_too_large_is_dropped(judge: Judge) -> None:
    async def scenario(one: Bus, two: Bus) -> None:
        ear = Ear(two, 'a')
        one.publish('a', b'x' * (MOST_BYTES + 1))
        one.publish('a', b'y' * MOST_BYTES)
        assert (await ear.heard.get())[1][:1] == b'y'

    judge(scenario)


def test_what_was_published_before_the_end_arrives_and_nothing_after_it(judge: Judge) -> None:
    async def scenario(one: Bus, two: Bus) -> None:
        ear = Ear(two, 'a')
        for _ in range(100):
            one.publish('a')
        await one.close()
        one.publish('a')
        assert not one.up()
        for _ in range(100):
            await ear.heard.get()
        assert ear.heard.empty()
        await one.close()

    judge(scenario)


def test_leagues_on_one_server_do_not_hear_each_other(server: nats.Server) -> None:
    async def main() -> None:
        async with connected(server, 'one') as one, connected(server, 'two') as two:
            ear, end = Ear(two, 'a'), Ear(one, 'a')
            one.publish('a', b'one')
            await end.heard.get()
            two.publish('a', b'two')
            assert (await ear.heard.get())[1] == b'two'

    asyncio.run(main())


def test_a_server_that_dies_is_missed_and_found_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    program = nats.program()
    if program is None:
        pytest.skip('nats-server is not installed; `make nats` does it (Debian, root)')

    async def main(server: nats.Server) -> None:
        async with connected(server) as one, connected(server) as two:
            ear = Ear(two, 'a')
            for number in range(3):
                server.end()
                while one.up() or two.up():
                    one.publish('a', b'lost')
                    await asyncio.sleep(0)
                one.publish('a', b'lost too')
                await asyncio.to_thread(server.start)
                await one.connected.wait()
                await two.connected.wait()
                one.publish('a', b'%d' % number)
                while (await ear.heard.get())[1] != b'%d' % number:
                    continue

    with nats.serving(program) as server:
        asyncio.run(main(server))
    assert 'the bus at here cannot be used' in caplog.text
    assert 'sesame' not in caplog.text


def test_nobody_waits_for_a_server_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        bus = await room.open_bus('nats://me:open-sesame@127.0.0.1:1, tls://open-sesame@127.0.0.1:2')
        for _ in range(5000):
            bus.publish('a')
        assert not bus.up()
        await bus.close()

    asyncio.run(main())
    assert 'sesame' not in caplog.text


def test_a_wrong_password_is_no_secret_in_the_log(server: nats.Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        bus = NatsBus([server.url.replace('sesame', 'barley')], 'here', 'hansa', pause=0.0)
        while 'cannot be used' not in caplog.text:  # noqa: ASYNC110 - a log cannot be waited for
            await asyncio.sleep(0)
        assert not bus.up()
        await bus.close()

    asyncio.run(main())
    assert 'barley' not in caplog.text


def test_without_servers_a_process_hears_itself_alone() -> None:
    async def main() -> None:
        bus = await room.open_bus('')
        ear = Ear(bus, 'a')
        bus.publish('a')
        await ear.heard.get()
        assert not bus.up()

    asyncio.run(main())


@pytest.mark.parametrize('urls', ['http://x', 'nats://', 'x', 'nats://me:open-sesame@h:port', 'nats://h,,nats://i'])
def test_what_is_no_url_is_refused(urls: str) -> None:
    with pytest.raises(ConfigError, match='needs URLs like') as caught:
        asyncio.run(room.open_bus(urls))
    assert 'sesame' not in str(caught.value)


def test_a_name_that_is_no_word_is_refused() -> None:
    with pytest.raises(ConfigError, match='cannot be the name'):
        asyncio.run(room.open_bus('', 'a.b'))
