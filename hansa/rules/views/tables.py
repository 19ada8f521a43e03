"""Which fields each kind of object has, since which microversion and for whom: the tables are the documentation.

Sources: Nova's and Cinder's REST API version histories, Nova's, Cinder's and Neutron's default policies.
"""

from __future__ import annotations

from typing import Any

import msgspec

Version = tuple[int, int]

NEVER: Version = (1 << 30, 0)


class Field(msgspec.Struct, frozen=True):
    """`admin` and `user`: the microversion from which each role sees the field; `until` the one from which nobody does.

    `single` fields stand in `GET /kind/ID` only, not in lists.
    """

    admin: Version
    user: Version
    until: Version = NEVER
    single: bool = False


def everyone(minor: int, *, major: int = 2, until: Version = NEVER, single: bool = False) -> Field:
    """Seen by both roles from that microversion on."""
    return Field((major, minor), (major, minor), until, single)


def admins(minor: int, *, major: int = 2, user: Version = NEVER) -> Field:
    """Seen by administrators from that microversion on, by plain users from `user` on."""
    return Field((major, minor), user)


SERVER: dict[str, Field] = {
    **dict.fromkeys(
        (
            'id', 'name', 'status', 'tenant_id', 'user_id', 'metadata', 'hostId', 'image', 'flavor', 'created', 'updated',
            'addresses', 'accessIPv4', 'accessIPv6', 'progress', 'fault', 'config_drive', 'key_name', 'security_groups',
            'OS-DCF:diskConfig', 'OS-EXT-AZ:availability_zone', 'OS-EXT-STS:task_state', 'OS-EXT-STS:vm_state',
            'OS-EXT-STS:power_state', 'OS-SRV-USG:launched_at', 'OS-SRV-USG:terminated_at',
            'os-extended-volumes:volumes_attached',
        ),
        everyone(1),
    ),
    **dict.fromkeys(
        ('OS-EXT-SRV-ATTR:host', 'OS-EXT-SRV-ATTR:instance_name', 'OS-EXT-SRV-ATTR:hypervisor_hostname'), admins(1)
    ),
    **dict.fromkeys(
        (
            'OS-EXT-SRV-ATTR:kernel_id', 'OS-EXT-SRV-ATTR:launch_index', 'OS-EXT-SRV-ATTR:ramdisk_id',
            'OS-EXT-SRV-ATTR:reservation_id', 'OS-EXT-SRV-ATTR:root_device_name', 'OS-EXT-SRV-ATTR:user_data',
        ),
        admins(3),
    ),
    'OS-EXT-SRV-ATTR:hostname': admins(3, user=(2, 90)),
    'locked': everyone(9),
    'host_status': admins(16),
    'description': everyone(19),
    'tags': everyone(26),
    'trusted_image_certificates': everyone(63),
    'server_groups': everyone(71, single=True),
    'locked_reason': everyone(73),
    'pinned_availability_zone': everyone(96),
    'scheduler_hints': everyone(100),
}  # fmt: skip

FLAVOR: dict[str, Field] = {
    **dict.fromkeys(
        ('id', 'name', 'ram', 'disk', 'swap', 'vcpus', 'OS-FLV-EXT-DATA:ephemeral', 'os-flavor-access:is_public'), everyone(1)
    ),
    'OS-FLV-DISABLED:disabled': everyone(1, until=(2, 102)),
    'rxtx_factor': everyone(1, until=(2, 102)),
    'description': everyone(55),
    'extra_specs': everyone(61),
}

KEYPAIR: dict[str, Field] = {
    **dict.fromkeys(('name', 'public_key', 'fingerprint'), everyone(1)),
    **dict.fromkeys(('user_id', 'created_at', 'deleted', 'deleted_at', 'id', 'updated_at'), everyone(1, single=True)),
    'type': everyone(2),
}

SERVER_GROUP: dict[str, Field] = {
    **dict.fromkeys(('id', 'name', 'members'), everyone(1)),
    **dict.fromkeys(('policies', 'metadata'), everyone(1, until=(2, 64))),
    **dict.fromkeys(('project_id', 'user_id'), everyone(13)),
    **dict.fromkeys(('policy', 'rules'), everyone(64)),
}

VOLUME: dict[str, Field] = {
    **dict.fromkeys(
        (
            'id', 'name', 'description', 'status', 'size', 'availability_zone', 'created_at', 'updated_at', 'volume_type',
            'snapshot_id', 'source_volid', 'metadata', 'user_id', 'bootable', 'encrypted', 'replication_status',
            'consistencygroup_id', 'multiattach', 'attachments', 'volume_image_metadata', 'os-vol-tenant-attr:tenant_id',
        ),
        everyone(0, major=3),
    ),
    **dict.fromkeys(
        ('migration_status', 'os-vol-host-attr:host', 'os-vol-mig-status-attr:migstat', 'os-vol-mig-status-attr:name_id'),
        admins(0, major=3),
    ),
    'group_id': everyone(13, major=3),
    'provider_id': admins(21, major=3),
    'shared_targets': everyone(48, major=3),
    'service_uuid': everyone(48, major=3),
    'cluster_name': admins(61, major=3),
    'volume_type_id': everyone(63, major=3),
    'encryption_key_id': everyone(64, major=3),
    'consumes_quota': everyone(65, major=3),
}  # fmt: skip

SNAPSHOT_BRIEF: dict[str, Field] = {
    **dict.fromkeys(
        ('id', 'name', 'description', 'status', 'size', 'volume_id', 'metadata', 'created_at', 'updated_at'),
        everyone(0, major=3),
    ),
}

SNAPSHOT_DETAIL: dict[str, Field] = {
    'os-extended-snapshot-attributes:progress': everyone(0, major=3),
    'os-extended-snapshot-attributes:project_id': everyone(0, major=3),
    'group_snapshot_id': everyone(14, major=3),
    'user_id': everyone(41, major=3),
    'consumes_quota': everyone(65, major=3),
}

VOLUME_TYPE: dict[str, Field] = {
    **dict.fromkeys(
        ('id', 'name', 'description', 'is_public', 'extra_specs', 'os-volume-type-access:is_public'), everyone(0, major=3)
    ),
    'qos_specs_id': admins(0, major=3),
}

USER_EXTRA_SPECS = ('RESKEY:availability_zones', 'multiattach', 'replication_enabled')
"""Extra specs of a volume type that plain users see."""

NETWORK_ADMIN: dict[str, frozenset[str]] = {
    'network': frozenset(
        ('provider:network_type', 'provider:physical_network', 'provider:segmentation_id', 'segments')
    ),
    'subnet': frozenset(('segment_id',)),
    'port': frozenset(
        (
            'binding:host_id', 'binding:profile', 'binding:vif_details', 'binding:vif_type',
            'resource_request', 'hints', 'trusted',
        )
    ),
    'router': frozenset(('ha', 'distributed')),
}  # fmt: skip
"""Neutron has no microversions: fields that only administrators see; all others, of whatever extension, are seen by all."""


def pick(table: dict[str, Field], doc: dict[str, Any], version: Version, admin: bool, single: bool) -> dict[str, Any]:
    """The fields of `doc` that this role sees at this version; a field that no table knows is seen by nobody.

    So a field that is newer than this house cannot show a plain user what the site keeps for its administrators.
    """
    shown = {}
    for key, value in doc.items():
        field = table.get(key)
        if field is None or (field.single and not single) or version >= field.until:
            continue
        if version >= (field.admin if admin else field.user):
            shown[key] = value
    return shown
