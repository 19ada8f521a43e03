"""The object store of a site as the contract asks it: of a simulated cloud in memory, of real Swifts on the wire."""

from __future__ import annotations

import asyncio
import hashlib
import json
import urllib.parse
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import uvloop

from hansa.ports.site import OPERATOR, Headers, SiteRequest
from hansa.sites.openstack.connector import OpenStackSite
from tests.contract.test_site import Subject, real, simulated

LAB = pytest.mark.lab
WHERE = pytest.mark.parametrize('where', ['sim', pytest.param('east', marks=LAB), pytest.param('west', marks=LAB)])
Body = bytes | AsyncIterator[bytes] | None


class Reply(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    def __getitem__(self, name: str) -> str:
        return self.headers.get(name.lower(), '')


class Store:
    """A site's Swift; names are of this run alone, and what was made is taken away at the end."""

    def __init__(self, site: OpenStackSite, cloud: Subject) -> None:
        self.site = site
        self.cloud = cloud
        self.prefix = f'hansa-{uuid.uuid4().hex[:8]}'
        self.made: list[str] = []

    async def __call__(self, method: str, path: str, headers: dict[str, str] | None = None, query: str = '', body: Body = None) -> Reply:
        told: Headers = list((headers or {}).items())
        got = await self.site.send(SiteRequest('object-store', method, path or '/', query, told, body), OPERATOR, 20)
        content = await got.read()
        return Reply(got.status, {key.lower(): value for key, value in got.headers}, content)

    async def container(self, word: str, **headers: str) -> str:
        """Path of a new one; headers are given with _ for -."""
        path = f'/{self.prefix}-{word}'
        made = await self('PUT', path, {key.replace('_', '-'): value for key, value in headers.items()}, body=b'')
        assert made.status == 201
        self.made.append(path)
        return path

    async def put(self, path: str, body: bytes, headers: dict[str, str] | None = None, query: str = '') -> Reply:
        done = await self('PUT', path, headers, query, body)
        assert done.status == 201, done.body
        return done

    async def rows(self, path: str, query: str = '') -> list[Any]:
        got = await self('GET', path, query='&'.join(filter(None, ['format=json', query])))
        assert got.status == 200
        listed: list[Any] = json.loads(got.body)
        return listed

    async def names(self, path: str, query: str = '') -> list[str]:
        return [row.get('name') or row['subdir'] for row in await self.rows(path, query)]

    async def clear(self) -> None:
        for path in self.made:
            if (await self('HEAD', path)).status != 404:
                for name in await self.names(path):
                    await self('DELETE', f'{path}/{urllib.parse.quote(name)}')
                await self('DELETE', path)


Steps = Callable[[Store], Awaitable[None]]


def subject(where: str) -> Subject:
    return simulated() if where == 'sim' else real(where)


def played(where: str, steps: Steps) -> None:
    async def main() -> None:
        cloud = subject(where)
        async with asyncio.timeout(120), cloud.site() as site:
            await site.describe()
            store = Store(site, cloud)
            try:
                await steps(store)
            finally:
                await store.clear()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
