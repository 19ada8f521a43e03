"""A cloud in a dictionary that fills the port Site: small pages, its own clock, and every way to answer badly."""

from __future__ import annotations

import asyncio
import datetime
import random
import re
import urllib.parse
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import msgspec

from hansa.model.errors import SiteDown
from hansa.model.resource import KINDS
from hansa.model.site import Capabilities, Health, Mode, ServiceOffer, SiteSpec
from hansa.ports.roster import Member
from hansa.ports.site import Acting, Headers, SiteRequest
from hansa.sites.sim.clock import HandClock
from hansa.sync import lists

FAULTS = ('down', 'hang', 'error', 'refuse', 'cut', 'reorder', 'double', 'lose')
REQUEST_S = 0.02


class Answer:
    """A response that is there already."""

    def __init__(self, status: int, body: bytes, date: str = '') -> None:
        self.status = status
        self.headers: Headers = [('Date', date)] if date else []
        self._body = body

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), '')

    async def read(self, limit: int = 64 << 20) -> bytes:
        return self._body[:limit]

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def close(self) -> None:
        """Nothing is held."""


class Cloud:
    """`docs[kind][id]` is what it holds; `skew` is what its clock is ahead; `stir` is called before each answer."""

    kind = 'fake'

    def __init__(self, name: str, clock: HandClock, seed: int = 0, skew: float = 0.0, most: int = 7) -> None:
        self.name = name
        self.docs: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in lists.ORDER}
        self.graves: dict[str, dict[str, Any]] = {}
        self.fault = ''
        self.stir: Callable[[], None] = lambda: None
        self.asked: list[str] = []
        self.hinted: list[str] = []
        self.dates = True
        self.described = 0
        self.mode: Mode = 'managed'
        self._clock = clock
        self._chance = random.Random(f'{name}{seed}')
        self._skew = skew
        self._most = most

    def member(self) -> Member:
        return Member(self, SiteSpec(self.name, 'fake', {}))

    def make(self, kind: str, id: str = '', **fields: Any) -> str:
        """A new object; returns its id."""
        id = id or str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        now = self.stamp()
        self.docs[kind][id] = {'id': id, 'name': kind, 'created_at': now, 'updated_at': now, **fields}
        return id

    def change(self, kind: str, id: str, **fields: Any) -> None:
        self.docs[kind][id] |= {'updated_at': self.stamp(), **fields}

    def delete(self, kind: str, id: str) -> None:
        doc = self.docs[kind].pop(id)
        if kind == 'server':
            self.graves[id] = {**doc, 'status': 'DELETED', 'updated_at': self.stamp()}

    def stamp(self) -> str:
        moment = datetime.datetime.fromtimestamp(self._clock.time + self._skew, datetime.UTC)
        return moment.strftime('%Y-%m-%dT%H:%M:%SZ')

    async def send(self, request: SiteRequest, acting: Acting, timeout: float) -> Answer:
        self.asked.append(f'{request.path}?{request.query}')
        self._clock.advance(REQUEST_S)
        await asyncio.sleep(0)
        self.stir()
        if self.fault == 'hang':
            self._clock.advance(timeout)
        if self.fault in {'hang', 'down'}:
            raise SiteDown(self.name, 'does not answer')
        if self.fault in {'error', 'refuse'}:
            return Answer(500 if self.fault == 'error' else 401, b'{}')
        status, whole = self._answer(request)
        body = msgspec.json.encode(whole)
        if self.fault == 'cut':
            body = body[:-20]
        return Answer(status, body, self._date() if self.dates else '')

    def _date(self) -> str:
        moment = datetime.datetime.fromtimestamp(self._clock.time + self._skew, datetime.UTC)
        return moment.strftime('%a, %d %b %Y %H:%M:%S GMT')

    def _answer(self, request: SiteRequest) -> tuple[int, dict[str, Any]]:
        for kind, way in lists.WAYS.items():
            if KINDS[kind].service != request.service:
                continue
            if request.path in {way.detail, way.brief or way.detail}:
                return self._list(kind, request)
            single = re.fullmatch(f'{KINDS[kind].collection}/([^/]+)', request.path)
            if single:
                doc = None if 'find nothing' in self.fault else self.docs[kind].get(single[1])
                return (200, doc if kind == 'image' else {KINDS[kind].single: doc}) if doc else (404, {})
        return 404, {}

    def _list(self, kind: str, request: SiteRequest) -> tuple[int, dict[str, Any]]:
        about, way = KINDS[kind], lists.WAYS[kind]
        query = dict(urllib.parse.parse_qsl(request.query))
        docs = list(self.docs[kind].values())
        since = query.get('changes-since') or query.get('changed_since') or query.get('updated_at', '').removeprefix('gte:')
        if since and self.fault == 'filter':
            return 400, {}
        if self.fault == f'no {kind}':
            return 404, {}
        if since:
            graves = list(self.graves.values()) if kind == 'server' else []
            docs = [doc for doc in docs + graves if doc['updated_at'].rstrip('Z') >= since.rstrip('Z')]
        docs.sort(key=lambda doc: (doc['created_at'], doc['id']), reverse=True)
        start = int(query.get('offset', 0))
        if marker := query.get('marker'):
            ids = [doc['id'] for doc in docs]
            if marker not in ids:
                return 400, {}
            start = ids.index(marker) + 1
        page = docs[start : start + min(int(query['limit']), self._most)]
        more = start + len(page) < len(docs)
        if request.path == way.brief or 'fields' in query:
            page = [{'id': doc['id']} for doc in page]
        last = page[-1]['id'] if page else ''
        page = self._spoil(page, whole=not since)
        link = f'http://{self.name}/x?marker={last}'
        if not more or way.offset:
            return 200, {about.plural: page}
        return 200, {about.plural: page, **({'next': link} if kind == 'image' else _link(about.plural, link))}

    def _spoil(self, page: list[dict[str, Any]], whole: bool) -> list[dict[str, Any]]:
        if self.fault == 'reorder':
            self._chance.shuffle(page)
        if self.fault == 'double':
            return page + page
        return page[: len(page) // 2] if self.fault.startswith('lose') and whole else page

    async def describe(self) -> Capabilities:
        self.described += 1
        if self.fault in {'down', 'hang'}:
            raise SiteDown(self.name, 'does not answer')
        services = {'compute': ServiceOffer('2.1', '2.96'), 'volume': ServiceOffer('3.0', '3.71')}
        return Capabilities(self.mode, services, extensions=('standard-attr-timestamp',))

    def root(self, service: str) -> str:
        return ''

    def own_project(self) -> str:
        return ''

    def account_prefix(self) -> str:
        return ''

    def own_user(self) -> str:
        return ''

    def health(self) -> Health:
        return Health(reachable=not self.fault, since=0.0)

    async def hints(self) -> AsyncGenerator[str, None]:
        for kind in self.hinted:
            yield kind

    async def close(self) -> None:
        """Nothing is held."""


def _link(plural: str, href: str) -> dict[str, Any]:
    return {f'{plural}_links': [{'rel': 'next', 'href': href}]}
