"""The words of Nova's list requests: which filter leads where in a server's document, for whom, and since when."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.model.listing import Operator

Path = tuple[str, ...]
Version = tuple[int, int]

_ATTRIBUTE = 'OS-EXT-SRV-ATTR:'
_STATE = 'OS-EXT-STS:'
_USAGE = 'OS-SRV-USG:'

EQUAL: Mapping[str, Path] = {
    'user_id': ('doc', 'user_id'),
    'image': ('doc', 'image', 'id'),
    'image_ref': ('doc', 'image', 'id'),
    'vm_state': ('doc', _STATE + 'vm_state'),
    'task_state': ('doc', _STATE + 'task_state'),
    'uuid': ('id',),
    'host': ('doc', _ATTRIBUTE + 'host'),
}
"""Filters that a value must equal."""

FOUND: Mapping[str, Path] = {
    'launch_index': ('doc', _ATTRIBUTE + 'launch_index'),
    'kernel_id': ('doc', _ATTRIBUTE + 'kernel_id'),
    'ramdisk_id': ('doc', _ATTRIBUTE + 'ramdisk_id'),
    'hostname': ('doc', _ATTRIBUTE + 'hostname'),
    'key_name': ('doc', 'key_name'),
    'power_state': ('doc', _STATE + 'power_state'),
    'node': ('doc', _ATTRIBUTE + 'hypervisor_hostname'),
    'reservation_id': ('doc', _ATTRIBUTE + 'reservation_id'),
    'launched_at': ('doc', _USAGE + 'launched_at'),
    'terminated_at': ('doc', _USAGE + 'terminated_at'),
    'created_at': ('created',),
    'availability_zone': ('doc', 'OS-EXT-AZ:availability_zone'),
    'description': ('doc', 'description'),
    'display_description': ('doc', 'description'),
    'locked_by': ('doc', 'locked'),
    'root_device_name': ('doc', _ATTRIBUTE + 'root_device_name'),
    'config_drive': ('doc', 'config_drive'),
    'access_ip_v4': ('doc', 'accessIPv4'),
    'access_ip_v6': ('doc', 'accessIPv6'),
    'auto_disk_config': ('doc', 'OS-DCF:diskConfig'),
    'progress': ('doc', 'progress'),
}
"""Filters that are patterns."""

TAGS: tuple[tuple[str, Operator, Path], ...] = (
    ('tags', 'has', ('doc', 'tags', '*')),
    ('tags-any', 'in', ('doc', 'tags', '*')),
    ('not-tags', 'not_in', ('doc', 'tags', '*')),
    ('not-tags-any', 'not_in', ('doc', 'tags', '*')),
)

JOINED = frozenset(
    ('block_device_mapping', 'services', 'metadata', 'system_metadata', 'info_cache', 'security_groups', 'pci_devices')
)
"""Words that Nova knows and refuses to an administrator."""

_ALWAYS = (
    *EQUAL, *(key for key in FOUND), *JOINED, 'name', 'display_name', 'flavor', 'ip', 'ip6', 'status', 'project_id', 'tenant_id',
    'all_tenants', 'deleted', 'soft_deleted', 'changes-since', 'sort_key', 'sort_dir', 'limit', 'marker',
)  # fmt: skip

KNOWN: Mapping[str, Version] = {
    **dict.fromkeys(_ALWAYS, (2, 1)),
    **dict.fromkeys((key for key, _, _ in TAGS), (2, 26)),
    'changes-before': (2, 66),
    'locked': (2, 73),
}
"""Every parameter, and the version that brought it."""

USER: Mapping[str, Version] = {
    **dict.fromkeys(
        ('reservation_id', 'name', 'status', 'image', 'flavor', 'ip', 'changes-since', 'all_tenants', 'limit', 'marker'), (2, 1)
    ),
    'ip6': (2, 5),
    **dict.fromkeys((key for key, _, _ in TAGS), (2, 26)),
    'changes-before': (2, 66),
    'locked': (2, 73),
    **dict.fromkeys(
        (
            'availability_zone', 'config_drive', 'key_name', 'created_at', 'launched_at', 'terminated_at', 'power_state',
            'task_state', 'vm_state', 'progress', 'user_id',
        ),
        (2, 83),
    ),
    'hostname': (2, 90),
}  # fmt: skip
"""Those that plain users may filter by, and since when; of the others Nova takes no notice."""

PATTERNS: Mapping[str, Version] = {
    **dict.fromkeys((*(key for key in FOUND if key != 'launch_index'), 'name', 'display_name', 'flavor', 'ip', 'ip6'), (2, 1)),
    **dict.fromkeys((key for key, _, _ in TAGS), (2, 26)),
}
"""Parameters whose value must be a regular expression, and not empty."""

STATUSES = frozenset(
    (
        'ACTIVE', 'BUILD', 'DELETED', 'ERROR', 'HARD_REBOOT', 'MIGRATING', 'PASSWORD', 'PAUSED', 'REBOOT', 'REBUILD', 'RESCUE',
        'RESIZE', 'REVERT_RESIZE', 'SHELVED', 'SHELVED_OFFLOADED', 'SHUTOFF', 'SOFT_DELETED', 'SUSPENDED', 'VERIFY_RESIZE',
    )
)  # fmt: skip

SORTS: Mapping[str, Path] = {
    **{key: path for key, path in (*EQUAL.items(), *FOUND.items()) if key not in ('image', 'description', 'reservation_id')},
    'updated_at': ('updated',),
    'display_name': ('name',),
    'instance_type_id': ('doc', 'flavor', 'original_name'),
    'locked': ('doc', 'locked'),
    'project_id': ('project',),
}

_IGNORED_SORTS = frozenset(
    (
        'architecture', 'cell_name', 'cleaned', 'default_ephemeral_device', 'default_swap_device', 'deleted', 'deleted_at',
        'disable_terminate', 'ephemeral_gb', 'ephemeral_key_uuid', 'id', 'key_data', 'launched_on', 'locked', 'memory_mb',
        'os_type', 'reservation_id', 'root_gb', 'shutdown_terminate', 'user_data', 'vcpus', 'vm_mode',
    )
)  # fmt: skip

FLAVOR_WORDS = frozenset(('limit', 'marker', 'is_public', 'minRam', 'minDisk', 'sort_key', 'sort_dir'))

FLAVOR_SORTS: Mapping[str, Path] = {
    'created_at': ('created',),
    'updated_at': ('updated',),
    'id': ('id',),
    'flavorid': ('id',),
    'name': ('name',),
    'description': ('doc', 'description'),
    'disabled': ('doc', 'OS-FLV-DISABLED:disabled'),
    'ephemeral_gb': ('doc', 'OS-FLV-EXT-DATA:ephemeral'),
    'is_public': ('doc', 'os-flavor-access:is_public'),
    'memory_mb': ('doc', 'ram'),
    'root_gb': ('doc', 'disk'),
    'rxtx_factor': ('doc', 'rxtx_factor'),
    'swap': ('doc', 'swap'),
    'vcpu_weight': ('id',),
    'vcpus': ('doc', 'vcpus'),
}


def known(version: Version) -> frozenset[str]:
    """The parameters of `GET /servers` at a version."""
    return frozenset(key for key, since in KNOWN.items() if version >= since)


def offered(key: str, version: Version, admin: bool) -> bool:
    """Whether a parameter counts for this role at this version."""
    since = KNOWN.get(key) if admin else USER.get(key)
    return since is not None and version >= since


def sort_keys(version: Version) -> frozenset[str]:
    """Sort keys that are taken; those that Nova ignores are refused from 2.75 on."""
    ignored = _IGNORED_SORTS if version < (2, 75) else frozenset()
    return frozenset(SORTS) - ({'locked'} if version < (2, 73) else set()) | ignored
