"""What a request body refers to, without knowing its schema: every id in it but those in free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ID = re.compile(r'[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}')

_FREE = frozenset(
    ('metadata', 'name', 'description', 'user_data', 'personality', 'tags', 'properties', 'tenant_id', 'project_id', 'adminPass', 'data')
)
# Nova takes a group by name or id under `name`.
_GROUPS = frozenset(('security_groups', 'addSecurityGroup', 'removeSecurityGroup'))
_DEPTH = 12
HINTS = ('os:scheduler_hints', 'OS-SCH-HNT:scheduler_hints')
_LOOSE = {
    'volume': {
        'backup_id': '/backups', 'group_id': '/groups', 'source_group_id': '/groups', 'group_snapshot_id': '/group_snapshots',
        'consistencygroup_id': '/consistencygroups', 'source_cgid': '/consistencygroups', 'cgsnapshot_id': '/cgsnapshots',
    },
    'network': {
        'address_group_id': '/address-groups', 'address_scope_id': '/address-scopes', 'flavor_id': '/flavors', 'object_id': '',
        'qos_policy_id': '/qos/policies', 'remote_address_group_id': '/address-groups', 'segment_id': '/segments',
        'subnetpool_id': '/subnetpools',
    },
}  # fmt: skip
_OBJECTS = {
    'address_group': '/address-groups', 'address_scope': '/address-scopes', 'qos_policy': '/qos/policies', 'subnetpool': '/subnetpools',
}  # fmt: skip


def ids(body: Any, depth: int = 0) -> Iterator[str]:
    """Ids that a decoded JSON body refers to, in order; free text and owners are passed over."""
    if depth > _DEPTH:
        return
    if isinstance(body, dict):
        for key, value in body.items():
            if key in _GROUPS:
                yield from ids(_names(value), depth + 1)
            if key not in _FREE:
                yield from ids(value, depth + 1)
    elif isinstance(body, list):
        for value in body:
            yield from ids(value, depth + 1)
    elif isinstance(body, str):
        match = ID.fullmatch(body.rpartition('/')[2])
        if match:
            yield match.group()


def words(text: str) -> list[str]:
    """Ids in a text, each once."""
    return list(dict.fromkeys(ID.findall(text)))


def apart(body: dict[str, Any]) -> frozenset[str]:
    """Servers that a create wants to be away from: they say where it is not to be."""
    hints = [body[key] for key in HINTS if isinstance(body.get(key), dict)]
    return frozenset(id for each in hints for id in ids(each.get('different_host')))


def disk_types(item: dict[str, Any]) -> list[str]:
    """Volume types, by name or id, of the volumes that Nova is to make for a server."""
    disks = item.get('block_device_mapping_v2')
    types = [disk.get('volume_type') for disk in disks if isinstance(disk, dict)] if isinstance(disks, list) else []
    return [word for word in dict.fromkeys(types) if isinstance(word, str) and word]


def any_network(item: dict[str, Any]) -> bool:
    """Whether a server is to have a network without saying which."""
    return item.get('networks') in (None, [], 'auto')


def _names(groups: Any) -> list[Any]:
    return [group['name'] for group in (groups if isinstance(groups, list) else [groups]) if isinstance(group, dict) and 'name' in group]


def loose(service: str, item: dict[str, Any]) -> list[tuple[str, str]]:
    """(collection, id) of each object that a description refers to and the inventory does not keep: a backup, a subnet pool, ..."""
    known = _LOOSE.get(service, {}) | ({'object_id': _OBJECTS.get(str(item.get('object_type')), '')} if service == 'network' else {})
    named = [(path, item.get(key)) for key, path in known.items() if path]
    return [(path, id) for path, id in named if isinstance(id, str) and ID.fullmatch(id)]
