"""The cache of validated tokens: asked once, forgotten at once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest

from hansa.keystone import tokens
from hansa.keystone.line import Line
from hansa.keystone.tokens import Tokens
from hansa.model.errors import Busy, SiteDown, Unauthorized
from tests.keystone.clocks import Standing
from tests.keystone.told import Told, document


class Scene:
    """A cache, the Keystone behind it, and the clock of both."""

    def __init__(self, lease: float = math.inf) -> None:
        self.clock = Standing()
        self.keystone = Told()
        self.tokens = Tokens(Line(self.keystone, 'http://keystone'), self.clock, lease)

    def issue(self, token: str, seconds: float = 3600) -> None:
        self.keystone.answers[token] = (200, document(self.clock.now() + seconds))


def play(act: Callable[[Scene], Awaitable[None]], lease: float = math.inf) -> None:
    async def main() -> None:
        await act(Scene(lease))

    asyncio.run(main())


async def refused(scene: Scene, token: str) -> bool:
    try:
        await scene.tokens.validate(token)
    except Unauthorized:
        return True
    return False


def test_what_a_token_says_is_asked_once() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t')
        many = await asyncio.gather(*(scene.tokens.validate('t') for _ in range(20)))
        assert {(told.user_name, told.project, told.writer, told.admin) for told in many} == {('ada', 'p1', True, False)}
        await scene.tokens.validate('t')
        assert scene.keystone.asked == ['t']

    play(act)


def test_a_token_ends_when_it_expires() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t', seconds=10)
        await scene.tokens.validate('t')
        scene.clock.time += 10
        assert await refused(scene, 't')

    play(act)


def test_after_forget_every_token_is_asked_anew() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('good')
        scene.issue('revoked')
        await scene.tokens.validate('good')
        await scene.tokens.validate('revoked')
        del scene.keystone.answers['revoked']
        scene.tokens.forget()
        assert await refused(scene, 'revoked')
        await scene.tokens.validate('good')
        assert scene.keystone.asked == ['good', 'revoked', 'revoked', 'good']

    play(act)


def test_an_answer_under_way_during_forget_is_not_kept() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t')
        scene.keystone.gate.clear()
        early = asyncio.create_task(scene.tokens.validate('t'))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert scene.keystone.asked == ['t']
        del scene.keystone.answers['t']
        scene.tokens.forget()
        late = asyncio.create_task(refused(scene, 't'))
        await asyncio.sleep(0)
        scene.keystone.gate.set()
        await early
        assert await late
        assert await refused(scene, 't')

    play(act)


def test_bad_tokens_are_not_asked_again_for_a_moment() -> None:
    async def act(scene: Scene) -> None:
        for _ in range(5):
            assert await refused(scene, 'bad')
        assert scene.keystone.asked == ['bad']
        scene.clock.time += tokens.BAD_SECONDS
        assert await refused(scene, 'bad')
        assert scene.keystone.asked == ['bad', 'bad']

    play(act)


@pytest.mark.parametrize('token', ['', ' ', 'a b', 'é', 'a\r\nX-Roles: admin', 'x' * 8193])
def test_what_cannot_be_a_token_is_not_asked(token: str) -> None:
    async def act(scene: Scene) -> None:
        assert await refused(scene, token)
        assert scene.keystone.asked == []

    play(act)


def test_known_tokens_go_on_while_keystone_is_away() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t')
        await scene.tokens.validate('t')
        scene.keystone.broken = True
        scene.clock.time += 100
        await scene.tokens.validate('t')
        with pytest.raises(SiteDown) as caught:
            await scene.tokens.validate('other')
        assert (caught.value.site, caught.value.sent) == ('identity', False)

    play(act)


def test_a_lease_is_renewed_when_it_is_over() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t')
        await scene.tokens.validate('t')
        scene.clock.time += 3.9
        await scene.tokens.validate('t')
        assert len(scene.keystone.asked) == 1
        scene.clock.time += 0.2
        await scene.tokens.validate('t')
        assert len(scene.keystone.asked) == 2
        del scene.keystone.answers['t']
        scene.clock.time += 4
        assert await refused(scene, 't')

    play(act, lease=4.0)


def test_a_lease_that_nobody_renews_goes_on_and_is_not_asked_for_at_every_use() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t')
        await scene.tokens.validate('t')
        scene.keystone.broken = True
        scene.clock.time += 10
        for _ in range(5):
            await scene.tokens.validate('t')
        assert len(scene.keystone.asked) == 2
        scene.tokens.forget()
        with pytest.raises(SiteDown):
            await scene.tokens.validate('t')

    play(act, lease=4.0)


def test_an_unreadable_answer_is_keystones_failure_and_not_the_tokens() -> None:
    async def act(scene: Scene) -> None:
        for status, body in ((500, b'oops'), (200, b'<html>'), (200, b'{}')):
            scene.keystone.answers['t'] = (status, body)
            with pytest.raises(SiteDown):
                await scene.tokens.validate('t')
        scene.issue('t')
        await scene.tokens.validate('t')

    play(act)


def test_questions_and_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, 'QUESTIONS', 3)
    monkeypatch.setattr(tokens, 'GOOD', 2)

    async def act(scene: Scene) -> None:
        for name in 'abcd':
            scene.issue(name)
        scene.keystone.gate.clear()
        waiting = [asyncio.create_task(scene.tokens.validate(name)) for name in 'abc']
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await scene.tokens.validate('d')
        scene.keystone.gate.set()
        await asyncio.gather(*waiting)
        await scene.tokens.validate('c')
        assert len(scene.keystone.asked) == 3
        await scene.tokens.validate('a')
        assert len(scene.keystone.asked) == 4

    play(act)


def test_one_that_stops_waiting_does_not_stop_the_others() -> None:
    async def act(scene: Scene) -> None:
        scene.issue('t')
        scene.keystone.gate.clear()
        gone = asyncio.create_task(scene.tokens.validate('t'))
        stays = asyncio.create_task(scene.tokens.validate('t'))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        scene.keystone.gate.set()
        assert (await stays).user == 'u1'
        assert scene.keystone.asked == ['t']

    play(act)
