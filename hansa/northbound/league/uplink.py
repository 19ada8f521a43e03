"""Where agents that run near their sites come in: the port Uplink over HTTP, with a credential of their own and never a token of a user."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, TypeVar

import msgspec

from hansa.model import batch
from hansa.model.batch import Batch, Receipt
from hansa.model.errors import BadRequest, NotFound, Unauthorized
from hansa.model.resource import KINDS
from hansa.model.site import Mode
from hansa.northbound.hall import wire
from hansa.northbound.hall.table import Ask, Route
from hansa.ports.clock import Clock
from hansa.ports.uplink import Report, Uplink
from hansa.services.credentials import Credentials

T = TypeVar('T')

REPORT_BYTES = 8 << 20
WISH_BYTES = 1 << 16
BODY_S = 30.0
BODIES = 3
"""Batches of a site that are read at once: more than its credits, so that it is the gate that says no, and not many."""


class _Begin(msgspec.Struct):
    """`agent` is a name that the agent gave itself when it was started ('': it gave none); `again`: it had a run before."""

    mode: Mode
    agent: Annotated[str, msgspec.Meta(max_length=64)] = ''
    again: bool = False


class _Buckets(msgspec.Struct):
    buckets: tuple[int, ...]
    brief: bool = False


class UplinkRoom:
    """Handlers of what agents send to `/sites/{site}/…`; `routes` need no token, as each asks for the agent's credential itself."""

    def __init__(self, uplink: Uplink, credentials: Credentials, clock: Clock) -> None:
        self._uplink = uplink
        self._credentials = credentials
        self._clock = clock
        self._reading: Counter[str] = Counter()
        self.routes = (
            Route('own', 'POST', '/v1/sites/{site}/runs', self.begin, open=True),
            Route('own', 'POST', '/v1/sites/{site}/batches', self.deliver, open=True),
            Route('own', 'POST', '/v1/sites/{site}/reports', self.report, open=True),
            Route('own', 'GET', '/v1/sites/{site}/digests/{kind}', self.digests, open=True),
            Route('own', 'POST', '/v1/sites/{site}/holdings/{kind}', self.holdings, open=True),
        )

    async def begin(self, ask: Ask) -> wire.Answer:
        """`POST /sites/{site}/runs`."""
        site = await self._site(ask)
        wish = await _read(ask, _Begin, WISH_BYTES)
        await self._credentials.enter(site, wish.agent, again=wish.again)
        run = await self._uplink.open(site, wish.mode, 'site')
        return wire.document(201, {'run': run.name, 'asked': run.asked, 'life': run.life, 'now': self._clock.now()})

    async def deliver(self, ask: Ask) -> wire.Answer:
        """`POST /sites/{site}/batches`: 200 with the receipt, or 429 with one that says when to come again."""
        site = await self._site(ask)
        if self._reading[site] >= BODIES:
            return _receipt(Receipt(0, 0, 1.0))
        with self._counted(site):
            made = await asyncio.to_thread(batch.decode, await _body(ask, batch.MOST_PACKED))
            _check(made, site)
            return _receipt(await self._uplink.deliver(made))

    async def report(self, ask: Ask) -> wire.Answer:
        """`POST /sites/{site}/reports`."""
        site = await self._site(ask)
        report = await _read(ask, Report, REPORT_BYTES)
        if report.site != site:
            raise BadRequest(f'The report is of site {report.site}, not of {site}.')
        await self._uplink.report(report)
        return wire.document(200, {'now': self._clock.now()})

    async def digests(self, ask: Ask) -> wire.Answer:
        """`GET /sites/{site}/digests/{kind}?brief=0|1`."""
        site, kind = await self._site(ask), _kind(ask)
        brief = dict(ask.request.items()).get('brief') == '1'
        return wire.document(200, {'digests': await self._uplink.digests(site, kind, brief=brief)})

    async def holdings(self, ask: Ask) -> wire.Answer:
        """`POST /sites/{site}/holdings/{kind}`."""
        site, kind = await self._site(ask), _kind(ask)
        wish = await _read(ask, _Buckets, WISH_BYTES)
        return wire.document(200, {'holdings': await self._uplink.holdings(site, kind, wish.buckets, brief=wish.brief)})

    async def _site(self, ask: Ask) -> str:
        """Whose agent asks. Raises Unauthorized, NotFound."""
        scheme, _, word = ask.request.header('authorization').partition(' ')
        if scheme.lower() != 'bearer' or not word:
            raise Unauthorized('Agents send Authorization: Bearer with the credential of hansa site agent add.')
        await self._credentials.admit(ask.names['site'], word.strip())
        return ask.names['site']

    @contextlib.contextmanager
    def _counted(self, site: str) -> Iterator[None]:
        self._reading[site] += 1
        try:
            yield
        finally:
            self._reading[site] -= 1


def _receipt(receipt: Receipt) -> wire.Answer:
    if receipt.retry_after:
        return wire.document(429, receipt, ('Retry-After', str(math.ceil(receipt.retry_after))))
    return wire.document(200, receipt)


def _check(made: Batch, site: str) -> None:
    if made.site != site:
        raise BadRequest(f'The batch is of site {made.site}, not of {site}.')
    for kind in {change.kind for change in made.changes} - KINDS.keys():
        raise BadRequest(f'There is no kind {kind}; there are {", ".join(KINDS)}.')


def _kind(ask: Ask) -> str:
    kind = ask.names['kind']
    if kind not in KINDS:
        raise NotFound(f'There is no kind {kind}; there are {", ".join(KINDS)}.')
    return kind


async def _read(ask: Ask, form: type[T], limit: int) -> T:
    try:
        return msgspec.json.decode(await _body(ask, limit), type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f'The request cannot be read: {error}.') from error


async def _body(ask: Ask, limit: int) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await ask.request.body(limit)
    except TimeoutError:
        raise BadRequest(f'The body did not come in {BODY_S:g} s.') from None
