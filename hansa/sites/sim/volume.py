"""Cinder: versions and the table of paths, below /v3 with or without the project in front."""

from __future__ import annotations

import re

from hansa.sites.sim import attachments, snapshots, versioned, volumeactions, volumeadmin, volumeinfo, volumeparts, volumes, wire
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Answer, Ask


def answer(ask: Ask) -> Answer:
    """Everything below /volume."""
    if ask.path in ('', '/'):
        return Answer(300, {'versions': [_version(ask)]})
    ask.path = ask.path.removeprefix('/v3')
    if ask.path in ('', '/'):
        return Answer(200, {'versions': [_version(ask)]})
    found = re.match(r'/([0-9a-f]{32})(/.*)', ask.path)
    if found:
        ask.headers['_project'] = found.group(1)
        ask.path = found.group(2)
    return versioned.answer(ask, ROUTES, 'volume', 3, 0, ask.state.highest['volume'])


def _version(ask: Ask) -> Doc:
    return {
        'id': 'v3.0',
        'status': 'CURRENT',
        'version': f'3.{ask.state.highest["volume"]}',
        'min_version': '3.0',
        'updated': '2023-08-31T00:00:00Z',
        'links': [
            {'rel': 'describedby', 'type': 'text/html', 'href': 'https://docs.openstack.org/'},
            {'rel': 'self', 'href': f'{ask.base}/volume/v3/'},
        ],
        'media-types': [{'base': 'application/json', 'type': 'application/vnd.openstack.volume+json;version=3'}],
    }


ROUTES = wire.table(
    [
        ('GET', '/volumes', volumes.index),
        ('GET', '/volumes/detail', volumes.detail),
        ('GET', '/volumes/summary', volumes.summary),
        ('POST', '/volumes', volumes.create),
        ('GET', '/volumes/{}', volumes.show),
        ('PUT', '/volumes/{}', volumes.update),
        ('DELETE', '/volumes/{}', volumes.delete),
        ('POST', '/volumes/{}/action', volumeactions.act),
        ('GET PUT POST', '/volumes/{}/metadata', volumes.metadata),
        ('GET PUT DELETE', '/volumes/{}/metadata/{}', volumes.metadatum),
        ('GET', '/snapshots', snapshots.index),
        ('GET', '/snapshots/detail', snapshots.detail),
        ('POST', '/snapshots', snapshots.create),
        ('GET', '/snapshots/{}', snapshots.show),
        ('PUT', '/snapshots/{}', snapshots.update),
        ('DELETE', '/snapshots/{}', snapshots.delete),
        ('POST', '/snapshots/{}/action', snapshots.act),
        ('GET PUT POST', '/snapshots/{}/metadata', snapshots.metadata),
        ('GET PUT DELETE', '/snapshots/{}/metadata/{}', snapshots.metadatum),
        ('GET', '/attachments', attachments.index),
        ('GET', '/attachments/detail', attachments.index),
        ('POST', '/attachments', attachments.create),
        ('GET', '/attachments/{}', attachments.show),
        ('PUT', '/attachments/{}', attachments.show),
        ('POST', '/attachments/{}/action', attachments.complete),
        ('DELETE', '/attachments/{}', attachments.delete),
        *volumeparts.ROWS,
        *volumeadmin.ROWS,
        *volumeinfo.ROWS,
    ]
)
