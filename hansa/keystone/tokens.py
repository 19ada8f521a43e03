"""Which tokens are good: Keystone is asked once for each, and again whenever something may have been revoked.

Every answer carries the epoch in which it was asked for. `forget` begins a new epoch, in which no older
answer counts; so a question that was under way during a change cannot bring back what the change took away.
"""

from __future__ import annotations

import asyncio
import collections
import hashlib
import math
import re
from typing import TypeVar

import msgspec

from hansa.keystone import wording
from hansa.keystone.admin import Session
from hansa.keystone.line import Line
from hansa.model.call import Token
from hansa.model.errors import Busy, SiteDown, Unauthorized
from hansa.ports.clock import Clock

PATH = '/v3/auth/tokens?nocatalog'
GOOD = 50_000
BAD = 10_000
BAD_SECONDS = 2.0
QUESTIONS = 512
TIMEOUT = 20.0
RENEWAL_TIMEOUT = 3.0
PATIENCE = 2.0

_Value = TypeVar('_Value')

_PLAIN = re.compile(r'[!-~]{1,8192}')


class _Known(msgspec.Struct):
    token: Token
    epoch: int
    checked: float


class Tokens:
    """A cache of validated tokens, keyed by their SHA-256.

    `lease` is the seconds after which a token is validated again at its next use, for a Keystone whose
    changes cannot be watched; infinite for one that is. A token is asked for with itself; `session` asks
    for those that may not do that, which are the tokens of trusts.
    """

    def __init__(self, line: Line, clock: Clock, lease: float = math.inf, session: Session | None = None) -> None:
        self._line = line
        self._session = session
        self._clock = clock
        self._lease = lease
        self._epoch = 0
        self._good: collections.OrderedDict[bytes, _Known] = collections.OrderedDict()
        self._bad: collections.OrderedDict[bytes, tuple[int, float]] = collections.OrderedDict()
        self._asking: dict[tuple[bytes, int], asyncio.Task[Token]] = {}
        self._silent_until = -math.inf

    def forget(self) -> None:
        """Take no token any more that has not been validated after this moment."""
        self._epoch += 1

    async def validate(self, token: str) -> Token:
        """What a token says. Raises Unauthorized, SiteDown where it is not known and Keystone is away, Busy."""
        if not _PLAIN.fullmatch(token):
            raise Unauthorized('The token is missing or has characters or a length that no token has.')
        key = hashlib.sha256(token.encode()).digest()
        known = self._known(key)
        if known is None:
            return await self._ask(key, token, TIMEOUT)
        now = self._clock.monotonic()
        if now - known.checked < self._lease or now < self._silent_until:
            return known.token
        try:
            return await self._ask(key, token, RENEWAL_TIMEOUT)
        except SiteDown:
            # Nobody says that it was revoked; work goes on while Keystone is away.
            self._silent_until = self._clock.monotonic() + PATIENCE
            return known.token

    def _known(self, key: bytes) -> _Known | None:
        known = self._good.get(key)
        if known is not None and known.token.expires <= self._clock.now():
            del self._good[key]
            raise Unauthorized('The token has expired.')
        if known is not None and known.epoch == self._epoch:
            self._good.move_to_end(key)
            return known
        bad = self._bad.get(key)
        if bad is not None and bad[0] == self._epoch and self._clock.monotonic() < bad[1]:
            raise _refused()
        return None

    async def _ask(self, key: bytes, token: str, timeout: float) -> Token:
        question = (key, self._epoch)
        task = self._asking.get(question)
        if task is None:
            if len(self._asking) >= QUESTIONS:
                raise Busy('Too many tokens are being validated at once.')
            task = asyncio.create_task(self._settle(key, token, timeout))
            self._asking[question] = task
            task.add_done_callback(lambda done: self._answered(question, done))
        return await asyncio.shield(task)

    def _answered(self, question: tuple[bytes, int], task: asyncio.Task[Token]) -> None:
        del self._asking[question]
        if not task.cancelled():
            task.exception()

    async def _settle(self, key: bytes, token: str, timeout: float) -> Token:
        epoch = self._epoch
        checked = self._clock.monotonic()
        headers = [('X-Auth-Token', token), ('X-Subject-Token', token), ('Accept', 'application/json')]
        status, _, body = await self._line.read('GET', PATH, headers, None, timeout)
        if status == 403 and self._session is not None:
            status, body = await self._session.read(PATH, [('X-Subject-Token', token)], timeout)
        if status in {401, 403, 404}:
            self._good.pop(key, None)
            _keep(self._bad, key, (epoch, checked + BAD_SECONDS), BAD)
            raise _refused()
        if status != 200:
            raise SiteDown('identity', f'answered {status} when asked for a token')
        told = wording.read_token(body)
        if told.expires <= self._clock.now():
            raise Unauthorized('The token has expired.')
        _keep(self._good, key, _Known(told, epoch, checked), GOOD)
        return told


def _keep(kept: collections.OrderedDict[bytes, _Value], key: bytes, value: _Value, limit: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > limit:
        kept.popitem(last=False)


def _refused() -> Unauthorized:
    return Unauthorized('The token is not known, was revoked or has expired.')
