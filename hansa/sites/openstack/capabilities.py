"""What a cloud says it is and offers: versions, zones, extensions, and whether our credential may manage accounts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from hansa.model.errors import SiteDown
from hansa.model.site import Capabilities, Mode, ServiceOffer

NEEDED = ('compute', 'volume', 'network', 'image', 'identity')
_BESIDE = ('object-store',)
_ZONES = {'compute': '/os-availability-zone', 'volume': '/os-availability-zone', 'network': '/availability_zones'}
OPERATOR = 'swiftoperator'
OPERATORS = (
    f'Site {{site}} has no role {OPERATOR}, by which Swift lets users in unless told otherwise; users of the league are members there. Either make the role '
    f'(openstack role create {OPERATOR}), or have in proxy-server.conf, section [filter:keystoneauth], the line: operator_roles = admin, member, {OPERATOR}'
)

# A microversion API is found in its version document by how the id of the version begins.
_MAJOR = {'compute': 'v2.1', 'volume': 'v3', 'placement': 'v1'}

_MINOR = re.compile(r'v2\.(\d{1,3})')

# Service, method, path and JSON body to status and decoded JSON (None where it is none).
Ask = Callable[[str, str, str, object], Awaitable[tuple[int, Any]]]


async def learn(site: str, ask: Ask, services: Iterable[str], names: tuple[str, str, str, str]) -> Capabilities:
    """Ask everything at once. `names` are our user's name and domain id, our project's name and domain id.

    Raises SiteDown where a service that the catalog lists does not answer.
    """
    offered = [word for word in services if word in NEEDED or word in _MAJOR or word in _BESIDE]
    zoned = [word for word in offered if word in _ZONES]
    mode, offers, zones, extensions, absent = await asyncio.gather(
        _mode(site, ask, names),
        asyncio.gather(*(_offer(ask, word) for word in offered)),
        asyncio.gather(*(_zones(ask, word) for word in zoned)),
        _extensions(ask) if 'network' in offered else _none(),
        _absent(ask, offered),
    )
    missing = [f'Site {site} has no {word} service in its catalog.' for word in NEEDED if word not in offered]
    found = dict(zip(offered, offers, strict=True))
    missing += [
        f'Site {site} does not tell the microversions of {word}; only what every release has is used.'
        for word in ('compute', 'volume')
        if word in found and not found[word].highest
    ]
    if mode == 'managed' and 'object-store' in offered and not await _operators(ask):
        missing.append(OPERATORS.format(site=site))
    return Capabilities(mode, found, dict(zip(zoned, zones, strict=True)), extensions, tuple(missing), absent)


async def _operators(ask: Ask) -> bool:
    """Whether there is the role that Swift lets in by itself; the league gives it to its users."""
    _, doc = await ask('identity', 'GET', '/roles', None)
    return any(role.get('name') == OPERATOR for role in _listed(doc, 'roles'))


async def _mode(site: str, ask: Ask, names: tuple[str, str, str, str]) -> Mode:
    """Whether we may create users and projects, asked by creating those that we are: 409 for who may, 403 for others.

    Keystone looks at the form of a body before it looks at who sends it, but at names only after both.
    """
    user, user_domain, project, project_domain = names
    wishes: list[tuple[str, str, dict[str, object]]] = [
        ('projects', 'project', {'name': project, 'domain_id': project_domain, 'enabled': False}),
        ('users', 'user', {'name': user, 'domain_id': user_domain, 'enabled': False}),
    ]
    for plural, single, wish in wishes:
        status, doc = await ask('identity', 'POST', f'/{plural}', {single: wish})
        if status == 201:
            # A Keystone that lets names stand twice: what came of asking is taken away again.
            made = doc[single]['id']
            status, _ = await ask('identity', 'DELETE', f'/{plural}/{made}', None)
            if status != 204:
                raise SiteDown(site, f'(identity) made {single} {made} and does not delete it')
        elif status != 409:
            return 'tenant'
    return 'managed'


async def _offer(ask: Ask, word: str) -> ServiceOffer:
    if word == 'image':
        return await _minors(ask)
    major = _MAJOR.get(word)
    if major is None:
        return ServiceOffer()
    for path in ('^/', '/'):
        _, doc = await ask(word, 'GET', path, None)
        for version in _versions(doc):
            highest = str(version.get('version') or version.get('max_version') or '')
            if str(version.get('id') or '').startswith(major) and highest:
                return ServiceOffer(str(version.get('min_version') or ''), highest)
    return ServiceOffer()


async def _minors(ask: Ask) -> ServiceOffer:
    """Glance's minor versions cannot be asked for, but they say what it can do."""
    _, doc = await ask('image', 'GET', '^/', None)
    told = [_MINOR.fullmatch(str(version.get('id'))) for version in _versions(doc)]
    found = [int(match[1]) for match in told if match]
    return ServiceOffer(f'2.{min(found)}', f'2.{max(found)}') if found else ServiceOffer()


def _versions(doc: Any) -> list[dict[str, Any]]:
    if not isinstance(doc, dict):
        return []
    listed = doc.get('versions') or [doc.get('version')]
    return [version for version in listed if isinstance(version, dict)] if isinstance(listed, list) else []


async def _zones(ask: Ask, word: str) -> tuple[str, ...]:
    _, doc = await ask(word, 'GET', _ZONES[word], None)
    key, name = ('availability_zones', 'name') if word == 'network' else ('availabilityZoneInfo', 'zoneName')
    return tuple(sorted({zone[name] for zone in _listed(doc, key) if isinstance(zone.get(name), str)}))


async def _extensions(ask: Ask) -> tuple[str, ...]:
    _, doc = await ask('network', 'GET', '/extensions', None)
    return tuple(sorted(str(one['alias']) for one in _listed(doc, 'extensions') if 'alias' in one))


async def _absent(ask: Ask, offered: Sequence[str]) -> tuple[str, ...]:
    """What the site says that it does without; what it does not tell us (403) it may well have."""
    found = []
    if 'volume' in offered:
        status, doc = await ask('volume', 'GET', '/os-services?binary=cinder-backup', None)
        if status == 200 and not _listed(doc, 'services'):
            found.append('backup')
    if 'image' in offered:
        status, doc = await ask('image', 'GET', '/info/import', None)
        methods = doc.get('import-methods') if isinstance(doc, dict) else None
        if status == 404 or (isinstance(methods, dict) and not methods.get('value')):
            found.append('import')
        status, _ = await ask('image', 'GET', '/cache', None)
        if status == 404:
            found.append('cache')
    return tuple(found)


async def _none() -> tuple[str, ...]:
    return ()


def _listed(doc: Any, key: str) -> list[dict[str, Any]]:
    listed = doc.get(key) if isinstance(doc, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def decoded(body: bytes) -> Any:
    """JSON, or None."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
