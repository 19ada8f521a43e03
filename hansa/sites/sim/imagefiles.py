"""The bytes of Glance's images."""

from __future__ import annotations

import hashlib
import re

from hansa.sites.sim import images
from hansa.sites.sim.state import Doc, State, z
from hansa.sites.sim.wire import Answer, Ask, Refused


def fill(state: State, doc: Doc, content: bytes) -> None:
    """The image has these bytes from now on and is active."""
    state.blobs[doc['id']] = content
    virtual = len(content)
    if content[:4] == b'QFI\xfb' and len(content) >= 32:
        virtual = int.from_bytes(content[24:32], 'big')
    doc |= {
        'size': len(content),
        'virtual_size': virtual,
        'status': 'active',
        'checksum': hashlib.md5(content, usedforsecurity=False).hexdigest(),
        'os_hash_algo': 'sha512',
        'os_hash_value': hashlib.sha512(content).hexdigest(),
        'updated_at': z(state.now()),
    }


def upload(ask: Ask, id: str) -> Answer:
    """PUT /images/ID/file. Raises Refused 403, 404, 409 or 415."""
    media = ask.headers.get('content-type', '')
    if media.split(';')[0] != 'application/octet-stream':
        raise Refused(415, f'The request media type {media} is not supported by this server.')
    doc = images.own(ask, id, 'upload_image')
    if doc['status'] != 'queued':
        raise Refused(409, f'Image status transition from {doc["status"]} to saving is not allowed')
    if not doc['disk_format'] or not doc['container_format']:
        raise Refused(400, 'Properties disk_format, container_format must be set prior to saving data.')
    fill(ask.state, doc, ask.body)
    return Answer(204)


def download(ask: Ask, id: str) -> Answer:
    """GET /images/ID/file, whole or one range. Raises Refused 403, 404 or 416."""
    doc = images.find(ask, id)
    if doc['status'] == 'deactivated' and not ask.who.admin:
        raise Refused(403, 'The requested image has been deactivated. Image data download is forbidden.')
    content = ask.state.blobs.get(id)
    if content is None:
        return Answer(204)
    headers = {'Content-Type': 'application/octet-stream', 'Content-MD5': doc['checksum']}
    wanted = ask.headers.get('range', '')
    if not wanted:
        return Answer(200, raw=content, headers=headers)
    found = re.fullmatch(r'bytes=(\d*)-(\d*)', wanted)
    first, last = _span(found, len(content)) if found else (1, 0)
    if first > last or first >= len(content):
        raise Refused(416, f'Invalid range {wanted}')
    headers['Content-Range'] = f'bytes {first}-{last}/{len(content)}'
    return Answer(206, raw=content[first : last + 1], headers=headers)


def _span(found: re.Match[str], size: int) -> tuple[int, int]:
    low, high = found.groups()
    if not low:
        return max(0, size - int(high or 0)), size - 1
    return int(low), min(int(high), size - 1) if high else size - 1


def switch(ask: Ask, id: str, action: str) -> Answer:
    """POST /images/ID/actions/deactivate and reactivate. Raises Refused 403 or 404."""
    if action not in ('deactivate', 'reactivate'):
        raise Refused(404, 'The resource could not be found.')
    doc = images.own(ask, id, action)
    wanted = 'deactivated' if action == 'deactivate' else 'active'
    if doc['status'] not in ('active', 'deactivated'):
        raise Refused(403, f"Not allowed to {action} image in status '{doc['status']}'")
    doc |= {'status': wanted, 'updated_at': z(ask.state.now())}
    return Answer(204)
