"""A transport that answers as Keystone would, of tokens that the test tells it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import msgspec

from hansa.keystone.twin import Said
from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse


def document(expires: float, roles: tuple[str, ...] = ('member',)) -> bytes:
    """A project token's document."""
    until = dt.datetime.fromtimestamp(expires, dt.UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')
    domain = {'id': 'default', 'name': 'Default'}
    token = {
        'methods': ['password'],
        'user': {'id': 'u1', 'name': 'ada', 'domain': domain, 'password_expires_at': None},
        'expires_at': until,
        'project': {'id': 'p1', 'name': 'engine', 'domain': domain},
        'roles': [{'id': f'id-{name}', 'name': name} for name in roles],
    }
    return msgspec.json.encode({'token': token})


class Told:
    """The port `Transport`. `answers` maps tokens to status and body; what is not in it gets 401.

    While `gate` is not set, requests wait for it; with `broken` they fail.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def send(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None,
        timeout: float,
    ) -> SiteResponse:
        assert (method, url, body) == ('GET', 'http://keystone/v3/auth/tokens?nocatalog', None)
        assert timeout > 0
        given = dict(headers)
        assert given['X-Auth-Token'] == given['X-Subject-Token']
        self.asked.append(given['X-Auth-Token'])
        if self.broken:
            raise TransportError('refuses connections', sent=False)
        status, answer = self.answers.get(given['X-Auth-Token'], (401, b''))
        await self.gate.wait()
        return Said(status, [], answer)

    async def close(self) -> None:
        self.answers.clear()
