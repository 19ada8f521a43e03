"""The league's service catalogue: what is in it, and how Keystone is brought to have it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from hansa.keystone.admin import Admin

# type, name, path below the league's public URL
SERVICES = (
    ('identity', 'keystone', '/identity/v3'),
    ('compute', 'nova', '/compute/v2.1'),
    ('volumev3', 'cinderv3', '/volume/v3/%(project_id)s'),
    ('block-storage', 'cinder', '/volume/v3'),
    ('network', 'neutron', '/network'),
    ('image', 'glance', '/image'),
    ('placement', 'placement', '/placement'),
    ('object-store', 'swift', '/object/v1/AUTH_%(project_id)s'),
    ('s3', 's3', '/s3'),
)
INTERFACES = ('public', 'internal', 'admin')
OURS = frozenset(kind for kind, _, _ in SERVICES) | {'volume', 'volumev2'}

_NAMES = uuid.UUID('7f6c1a52-5b0e-4d53-9f4e-2f1f6a8a3f0d')


async def settle(admin: Admin, public_url: str, region: str) -> None:
    """Let region, services and endpoints be there and right; what others have put beside them stays."""
    regions = await admin.get('/regions')
    if region not in {known['id'] for known in regions['regions']}:
        await admin.post('/regions', {'region': {'id': region}})
    services = (await admin.get('/services'))['services']
    endpoints = (await admin.get('/endpoints'))['endpoints']
    for kind, name, path in SERVICES:
        alike = sorted((known for known in services if known['type'] == kind), key=lambda known: known.get('name') != name)
        service = alike[0] if alike else (await admin.post('/services', {'service': {'type': kind, 'name': name}}))['service']
        for interface in INTERFACES:
            wanted = {'interface': interface, 'url': public_url + path, 'region_id': region}
            await _settle_endpoint(admin, endpoints, service['id'], wanted)


async def _settle_endpoint(admin: Admin, endpoints: list[dict[str, Any]], service: str, wanted: dict[str, str]) -> None:
    for endpoint in endpoints:
        if endpoint['service_id'] == service and endpoint['interface'] == wanted['interface']:
            if any(endpoint[name] != value for name, value in wanted.items()):
                await admin.patch(f'/endpoints/{endpoint["id"]}', {'endpoint': wanted})
            return
    await admin.post('/endpoints', {'endpoint': {'service_id': service, **wanted}})


def document(public_url: str, region: str, project: str, beside: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The catalogue as tokens have it, for a Keystone whose own catalogue is not the league's.

    Endpoints with a project in their URL are left out where `project` is '', as Keystone does. `beside` is what that
    Keystone would show: services that the league has none of stay, with their endpoints in the league's region.
    """
    shown = []
    for kind, name, path in SERVICES:
        endpoints = [
            {
                'id': uuid.uuid5(_NAMES, f'{kind} {interface}').hex,
                'interface': interface,
                'region': region,
                'region_id': region,
                'url': public_url + path.replace('%(project_id)s', project),
            }
            for interface in INTERFACES
            if project or '%' not in path
        ]
        shown.append({'id': uuid.uuid5(_NAMES, kind).hex, 'type': kind, 'name': name, 'endpoints': endpoints})
    return shown + [there for service in beside if service.get('type') not in OURS and (there := _there(service, region))['endpoints']]


def _there(service: dict[str, Any], region: str) -> dict[str, Any]:
    return {**service, 'endpoints': [each for each in service.get('endpoints', []) if each.get('region_id') == region]}
