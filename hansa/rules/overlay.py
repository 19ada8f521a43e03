"""The league's quotas in the documents of the APIs: put over what the sites say, where they stand."""

from __future__ import annotations

from typing import Any

from hansa.model.quota import Quota
from hansa.rules import limits, quota

_ABSOLUTE = {
    'compute': (
        ('maxTotalInstances', 'totalInstancesUsed', 'instances'), ('maxTotalCores', 'totalCoresUsed', 'cores'),
        ('maxTotalRAMSize', 'totalRAMUsed', 'ram'), ('maxServerGroups', 'totalServerGroupsUsed', 'server_groups'),
        ('maxTotalKeypairs', '', 'key_pairs'), ('maxServerMeta', '', 'metadata_items'), ('maxServerGroupMembers', '', 'server_group_members'),
    ),
    'volume': (
        ('maxTotalVolumes', 'totalVolumesUsed', 'volumes'), ('maxTotalVolumeGigabytes', 'totalGigabytesUsed', 'gigabytes'),
        ('maxTotalSnapshots', 'totalSnapshotsUsed', 'snapshots'), ('maxTotalBackups', '', 'backups'),
        ('maxTotalBackupGigabytes', '', 'backup_gigabytes'),
    ),
}  # fmt: skip


def amounts(told: dict[str, Any], stands: Quota, service: str) -> dict[str, Any]:
    """A quota set with the league's limits."""
    return {**told, **_limits(told, stands, service)}


def details(told: dict[str, Any], stands: Quota, service: str, used: str) -> dict[str, Any]:
    """A quota set with usage; `used` is the API's word for what is in use. A limit is never told higher than what the sites give."""
    shown = dict(told)
    for resource, limit in _limits(told, stands, service).items():
        one = told.get(resource) if isinstance(told.get(resource), dict) else {}
        shown[resource] = {**one, 'limit': _least(limit, one.get('limit'))} if one else {'limit': limit, used: 0, 'reserved': 0}
        if quota.counted(resource):
            shown[resource] |= {used: _of(stands.used, resource), 'reserved': _of(stands.reserved, resource)}
    return shown


def absolute(told: dict[str, Any], stands: Quota, service: str) -> dict[str, Any]:
    """The absolute limits: never more than the sites give; what is reserved counts as used, as it cannot be had."""
    shown, caps = dict(told), _limits({}, stands, service)
    for most, used, resource in _ABSOLUTE[service]:
        if resource in caps:
            shown[most] = _least(caps[resource], told.get(most))
            if used:
                shown[used] = stands.taken(resource)
    return shown


def _limits(told: dict[str, Any], stands: Quota, service: str) -> dict[str, int]:
    """Of Nova's quotas those that the sites' answer names: which there are depends on the microversion."""
    own = {resource: limit for resource, limit in stands.limits.get('', {}).items() if quota.service(resource) == service}
    return {resource: limit for resource, limit in own.items() if resource in told} if told and service == 'compute' else own


def _of(amounts: dict[str, dict[str, int]], resource: str) -> int:
    return amounts.get('', {}).get(resource, 0)


def _least(limit: int, other: Any) -> int:
    """The smaller of two limits, of which either may be none."""
    caps = [cap for cap in (limit, other) if isinstance(cap, int) and cap >= 0]
    return min(caps, default=limits.UNLIMITED)
