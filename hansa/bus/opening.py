"""From a setting to a bus."""

from __future__ import annotations

import re
from urllib import parse

from hansa.bus.memory import MemoryBus
from hansa.model.errors import ConfigError
from hansa.ports.bus import Bus

_WORD = re.compile(r'[A-Za-z0-9_-]+')


async def open_bus(urls: str, league: str = 'hansa') -> Bus:
    """A bus by way of NATS servers, `nats://[USER:PASSWORD@]HOST[:PORT]` (or tls://), several of one cluster with ',' between; '' for one that reaches
    nobody outside this process. Returns at once: the servers may come later. Leagues that use the same servers need different names.

    Raises ConfigError for what are no such URLs, or no name; no password is in the sentence.
    """
    if not _WORD.fullmatch(league):
        raise ConfigError(f'{league!r} cannot be the name of a league on the bus; use letters, digits, - and _.')
    if not urls:
        return MemoryBus(whole=False)
    servers = [url.strip() for url in urls.split(',')]
    places = [_place(url) for url in servers]
    # Whoever has no NATS need not have its library loaded.
    from hansa.bus.nats import NatsBus

    return NatsBus(servers, ', '.join(places), league)


def _place(url: str) -> str:
    try:
        parts = parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, parse.urlsplit('')
    if parts.scheme not in {'nats', 'tls'} or not host:
        raise ConfigError('The bus needs URLs like nats://HOST:4222 or tls://HOST:4222, with , between.')
    return f'{host}:{port or 4222}'
