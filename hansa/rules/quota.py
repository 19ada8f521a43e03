"""What objects take of a quota, and whether a wish fits into what is left: of the league, and of a site's share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hansa.model.errors import OverQuota
from hansa.model.intent import Intent
from hansa.model.quota import LEAGUE, Amounts, Quota
from hansa.rules import limits, translate

COUNTED: Mapping[str, str] = {
    'instances': 'compute', 'cores': 'compute', 'ram': 'compute', 'server_groups': 'compute',
    'volumes': 'volume', 'gigabytes': 'volume', 'snapshots': 'volume',
    'network': 'network', 'subnet': 'network', 'port': 'network', 'router': 'network', 'floatingip': 'network',
    'security_group': 'network', 'security_group_rule': 'network',
}  # fmt: skip
"""Resources that the league itself counts, and those of volume types beside them; the others only the sites can."""

_KNOWN: Mapping[str, str] = {
    **COUNTED,
    **dict.fromkeys(
        ('key_pairs', 'metadata_items', 'server_group_members', 'injected_files', 'injected_file_content_bytes',
         'injected_file_path_bytes', 'fixed_ips', 'floating_ips', 'security_groups', 'security_group_rules'),
        'compute',
    ),
    **dict.fromkeys(('per_volume_gigabytes', 'backups', 'backup_gigabytes', 'groups', 'consistencygroups'), 'volume'),
    **dict.fromkeys(('subnetpool', 'rbac_policy', 'router_route', 'trunk'), 'network'),
}  # fmt: skip
_TYPED = ('volumes_', 'gigabytes_', 'snapshots_')
_ONE = {'network': 'network', 'subnet': 'subnet', 'port': 'port', 'router': 'router', 'floating_ip': 'floatingip', 'server_group': 'server_groups'}
_GROUP_RULES = 2
"""Rules that a new security group comes with."""


class _Doc(msgspec.Struct):
    """Of a document, what its price depends on."""

    flavor: Any = None
    size: Any = None
    volume_type: Any = None
    consumes_quota: Any = True
    security_group_rules: Any = None
    metadata: Any = None
    attachments: Any = None
    device_id: Any = None


def service(resource: str) -> str:
    """The API that a resource belongs to; '' for a word that nobody here knows."""
    return 'volume' if typed(resource) else _KNOWN.get(resource, '')


def typed(resource: str) -> bool:
    """Whether it is that of one volume type."""
    return resource.startswith(_TYPED)


def counted(resource: str) -> bool:
    """Whether the league counts it."""
    return resource in COUNTED or resource.startswith(_TYPED[:2])


def weigh(kind: str, raw: bytes) -> tuple[Amounts, str]:
    """What an object of the inventory takes, and by which word the intent that made it knows it: the marker, else the server that a port or a
    volume came with; '' for none.

    Where a field of the document is not as it should be, it counts as nothing.
    """
    if kind in _ONE and kind != 'port':
        return {_ONE[kind]: 1}, ''
    if kind not in {'server', 'volume', 'snapshot', 'security_group', 'port'}:
        return {}, ''
    try:
        doc = msgspec.json.decode(raw, type=_Doc)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}, ''
    return _price(kind, doc), _link(doc)


def _link(doc: _Doc) -> str:
    marker = doc.metadata.get(translate.MARKER) if isinstance(doc.metadata, dict) else None
    hosts = [each.get('server_id') for each in doc.attachments if isinstance(each, dict)] if isinstance(doc.attachments, list) else []
    return next((word for word in (marker, *hosts, doc.device_id) if isinstance(word, str) and word), '')


def _price(kind: str, doc: _Doc) -> Amounts:
    if kind == 'port':
        return simple(kind)
    if kind == 'server':
        return servers(doc.flavor)
    if kind == 'security_group':
        rules = doc.security_group_rules
        return {'security_group': 1, 'security_group_rule': len(rules) if isinstance(rules, list) else 0}
    if doc.consumes_quota is False:
        return {}
    size = number(doc.size)
    if kind == 'snapshot':
        return {'snapshots': 1, 'gigabytes': size}
    return volumes(size, doc.volume_type if isinstance(doc.volume_type, str) else '')


def servers(flavor: Any, count: int = 1) -> Amounts:
    """So many servers of a flavor, of which the document or that part of a server's is given."""
    told = flavor if isinstance(flavor, dict) else {}
    return {'instances': count, 'cores': count * number(told.get('vcpus')), 'ram': count * number(told.get('ram'))}


def volumes(size: int, type: str, count: int = 1) -> Amounts:
    """So many volumes of a size in GiB and of a type by its name ('' where that is not known)."""
    typed = {f'volumes_{type}': count, f'gigabytes_{type}': count * size} if type else {}
    return {'volumes': count, 'gigabytes': count * size, **typed}


def simple(kind: str) -> Amounts:
    """One new object of a kind whose price depends on nothing."""
    if kind == 'security_group':
        return {'security_group': 1, 'security_group_rule': _GROUP_RULES}
    return {_ONE[kind]: 1} if kind in _ONE else {}


def number(value: Any) -> int:
    """A count or size as users and sites write it; what is none, or is less than none, is 0."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:18])
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0


def together(amounts: Iterable[Amounts]) -> Amounts:
    """The sum."""
    total: Amounts = {}
    for each in amounts:
        for resource, amount in each.items():
            total[resource] = total.get(resource, 0) + amount
    return total


def remaining(charge: Amounts, shown: Iterable[Amounts]) -> Amounts:
    """What of an intent's charge is still to come, given what the inventory shows of its objects."""
    there = together(shown)
    return {resource: max(0, amount - there.get(resource, 0)) for resource, amount in charge.items()}


def effective(own: Mapping[str, Amounts], default: Mapping[str, Amounts]) -> dict[str, Amounts]:
    """Limits by place: a project's own, and where it has none of its own the league's default."""
    return {place: {**default.get(place, {}), **own.get(place, {})} for place in sorted({*own, *default})}


def admit(wish: Amounts, quota: Quota, site: str) -> None:
    """Raises OverQuota where a wish does not fit into the league's quota, or else not into the share of a site."""
    for place in (LEAGUE, site):
        caps = quota.limits.get(place, {})
        taken = {resource: quota.taken(resource, place) for resource in wish}
        over = sorted(
            resource for resource, amount in wish.items() if amount > 0 and 0 <= caps.get(resource, -1) < taken[resource] + amount
        )
        if over:
            raise OverQuota(
                {each: wish[each] for each in over}, {each: taken[each] for each in over}, {each: caps[each] for each in over}, place
            )


def share_takes(wish: Amounts, quota: Quota, site: str) -> bool:
    """Whether a wish fits into the share of a site, whatever is left in the league."""
    caps = quota.limits.get(site, {})
    return all(not 0 <= caps.get(each, -1) < quota.taken(each, site) + amount for each, amount in wish.items() if amount > 0)


def fitting(count: int, error: OverQuota) -> int:
    """Of `count` equal objects that were refused together, how many would have fitted."""
    return max(0, min((error.limits[each] - error.taken[each]) * count // wish for each, wish in error.wanted.items()))


def later(intent: Intent) -> list[str]:
    """Kinds of the inventory that show what comes with an intent's objects: volumes and ports of a server."""
    mine = intent.kind.partition('.')[0]
    other = {'port': 'port', 'volumes': 'volume', 'gigabytes': 'volume'}
    return sorted({other[each] for each in intent.charge if each in other} - {mine}) if intent.kind == 'server.create' else []


def portions(quota_limits: Mapping[str, Amounts], site: str, at: int, of: int) -> dict[str, Amounts]:
    """What a site's own quotas have to be, by service, so that it refuses nothing that the league allows.

    What the league counts may all be at one site, up to that site's share; the rest, which only sites can count, is shared
    out among `of` sites, of which this is number `at`.
    """
    whole, share = quota_limits.get(LEAGUE, {}), quota_limits.get(site, {})
    found: dict[str, Amounts] = {}
    for resource in sorted({*whole, *share}):
        caps = [cap for cap in (whole.get(resource, -1), share.get(resource, -1)) if cap >= 0]
        cap = min(caps, default=limits.UNLIMITED)
        if not counted(resource) and resource not in share:
            cap = limits.shared_out(resource, cap, at, of)
        found.setdefault(service(resource), {})[resource] = cap
    return found
