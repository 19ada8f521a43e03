"""The record of something new whose site has said that it makes it and cannot be asked for it just now."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.resource import Kind, Record
from hansa.rules import ingest, multiple


class Maker(msgspec.Struct, frozen=True):
    """Who asked for it and where it is made: `zone` as the league shows it, `now` in the form of Nova's stamps."""

    site: str
    zone: str
    project: str
    user: str
    now: str


def record(kind: Kind, told: dict[str, Any], item: dict[str, Any], flavor: dict[str, Any], maker: Maker, seen: float) -> Record:
    """What is known of it: of a server what was asked for, as Nova's answer to a create tells little; else what the answer told.

    `told` is the object in the site's answer and `item` what was asked for, `flavor` the document of a server's flavor; all
    in league words.
    """
    id = str(told['id'])
    doc = _server(id, item, flavor, maker) if kind.name == 'server' else told
    return Record(
        site=maker.site,
        kind=kind.name,
        id=id,
        site_id=id,
        project=maker.project,
        name=str(doc.get('name') or ''),
        doc=msgspec.json.encode(doc),
        status=str(doc.get('status') or ''),
        created=ingest.stamp(doc.get('created_at') or doc.get('created') or maker.now),
        updated=ingest.stamp(doc.get('updated_at') or doc.get('updated')),
        seen=seen,
    )


def _server(id: str, item: dict[str, Any], flavor: dict[str, Any], maker: Maker) -> dict[str, Any]:
    """A server of which nothing is built yet; the first of several where more were asked for."""
    image = str(item.get('imageRef') or '').rpartition('/')[2]
    name = str(item.get('name') or '')
    return {
        'id': id,
        'name': name if multiple.most(item) == 1 else f'{name}-1',
        'status': 'BUILD',
        'tenant_id': maker.project,
        'user_id': maker.user,
        'metadata': item.get('metadata') or {},
        'hostId': '',
        'image': {'id': image} if image else '',
        'flavor': {
            'original_name': flavor.get('name', ''),
            'vcpus': flavor.get('vcpus', 0),
            'ram': flavor.get('ram', 0),
            'disk': flavor.get('disk', 0),
            'ephemeral': flavor.get('OS-FLV-EXT-DATA:ephemeral', 0),
            'swap': flavor.get('swap') or 0,
            'extra_specs': flavor.get('extra_specs') or {},
        },
        'created': maker.now,
        'updated': maker.now,
        'addresses': {},
        'accessIPv4': item.get('accessIPv4') or '',
        'accessIPv6': item.get('accessIPv6') or '',
        'config_drive': '',
        'key_name': item.get('key_name'),
        'progress': 0,
        'OS-DCF:diskConfig': item.get('OS-DCF:diskConfig') or 'MANUAL',
        'OS-EXT-AZ:availability_zone': maker.zone,
        'OS-EXT-STS:task_state': 'scheduling',
        'OS-EXT-STS:vm_state': 'building',
        'OS-EXT-STS:power_state': 0,
        'OS-SRV-USG:launched_at': None,
        'OS-SRV-USG:terminated_at': None,
        'os-extended-volumes:volumes_attached': [],
        'locked': False,
        'description': item.get('description'),
        'tags': item.get('tags') or [],
    }
