"""Which objects of different sites are one object of the league, under which id and name it stands.

Names and shapes are compared, never ids: two sites' flavors of equal name and equal shape are one flavor.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

import msgspec

from hansa.model.alias import Alias, AliasKind
from hansa.model.resource import Record

KINDS = frozenset({'flavor', 'image', 'volume_type', 'security_group'})
NAMED = frozenset({'flavor', 'volume_type'})

_SPACE = uuid.UUID('6f0f2a86-3c2b-5d0e-9a55-5b8f5b1f7d11')
_RULE = (
    'direction', 'ethertype', 'protocol', 'port_range_min', 'port_range_max', 'remote_ip_prefix', 'remote_group_id',
    'remote_address_group_id',
)
_FLAVOR: tuple[tuple[str, object], ...] = (
    ('ram', 0), ('vcpus', 0), ('disk', 0), ('OS-FLV-EXT-DATA:ephemeral', 0), ('swap', 0), ('rxtx_factor', 1.0),
    ('os-flavor-access:is_public', True), ('extra_specs', {}),
)

Where = tuple[str, str]


class Claim(msgspec.Struct, frozen=True):
    """Under which league id and name a record stands."""

    id: str
    name: str


class _Row(msgspec.Struct):
    """A record on its way to a claim; `key` is what its twins at other sites have too, None where it can have none.

    `rank` sorts those of one id by who stood first: the primary, then the others that stand, then those of that id by birth.
    """

    record: Record
    name: str
    key: tuple[str, ...] | None
    body: bytes | None
    id: str
    rank: tuple[bool, bool, bool, str, str]


def where(record: Record) -> Where:
    """The place of a record: (site, the site's id)."""
    return record.site, record.site_id


def shape(kind: str, doc: dict[str, Any]) -> bytes | None:
    """What an object is apart from its name and id, in league words; None where that cannot be told (yet).

    Volume types are told apart by name alone; so are the groups called default.
    """
    if kind == 'flavor':
        return _pack([_number(empty if doc.get(field) in (None, '') else doc[field]) for field, empty in _FLAVOR])
    if kind == 'volume_type':
        return b''
    if kind == 'image':
        if doc.get('status') != 'active' or not doc.get('os_hash_value'):
            return None
        owner = '' if doc.get('visibility') == 'public' else str(doc.get('owner') or '')
        return _pack([doc.get('os_hash_algo'), doc['os_hash_value'], owner])
    if kind == 'security_group':
        return b'' if doc.get('name') == 'default' else _pack(sorted(rules(doc)))
    return None


def rules(doc: dict[str, Any]) -> dict[bytes, str]:
    """The rules of a security group: content without ids -> id."""
    own = doc.get('id')
    found = {}
    for rule in doc.get('security_group_rules') or ():
        content = {field: rule.get(field) for field in _RULE}
        if content['remote_group_id'] == own:
            content['remote_group_id'] = 'self'
        found[_pack(content)] = str(rule['id'])
    return found


def adopt(fresh: Sequence[Record], standing: Sequence[Record]) -> dict[Where, Claim]:
    """What records of shared kinds are called in the league; all are of one kind.

    `fresh` are records of one site as just read (plain names, ids as far as aliases stood); `standing`
    what the inventory holds of their names and ids at all sites. The result has every fresh record,
    and of the standing ones those that must change. Who stands keeps id and name; a twin takes them over; one
    that is no twin any more goes back to its own id. A second run on the outcome changes nothing.
    """
    stood = {where(record): record for record in standing}
    rows = {place: _row(record, record) for place, record in stood.items()}
    rows |= {where(record): _row(record, stood.get(where(record))) for record in fresh}
    new = {where(record) for record in fresh}
    left = _leave(rows, {rows[place].id for place in new} | {site_id for _, site_id in new})
    for place in sorted(new) + sorted(left - new):
        _join(rows[place], rows)
    shown = _names(rows, standing)
    was = {place: Claim(record.id, record.name) for place, record in stood.items()}
    claims = {place: Claim(row.id, shown[place]) for place, row in rows.items()}
    return {place: claim for place, claim in claims.items() if place in new or claim != was.get(place)}


def alias(record: Record, league: str) -> Alias:
    """The alias by which a record of a shared kind stands for a league id."""
    return Alias(site=record.site, kind=alias_kind(record.kind), league=league, local=record.site_id)


def alias_kind(kind: str) -> AliasKind:
    """A kind of KINDS as the kind of its aliases."""
    return cast('AliasKind', kind)


def named(record: Record, name: str) -> Record:
    """The record under the name that the league shows."""
    if record.name == name:
        return record
    doc = msgspec.json.encode({**msgspec.json.decode(record.doc), 'name': name})
    return msgspec.structs.replace(record, name=name, doc=doc)


def plain(record: Record) -> str:
    """A record's name without the site that the league may have put behind it."""
    return record.name.removesuffix(f'@{record.site}') if record.kind in NAMED else record.name


def _row(record: Record, stood: Record | None) -> _Row:
    name = plain(record)
    doc = msgspec.json.decode(record.doc)
    body = shape(record.kind, doc)
    owned = record.kind == 'security_group' or (record.kind == 'image' and doc.get('visibility') != 'public')
    key = None
    if body is not None and (record.project or not owned):
        key = (name, body.hex(), record.project if owned else '')
    primary = stood is not None and stood.primary
    rank = (not primary, stood is None, record.site_id != record.id, *where(record))
    return _Row(record, name, key, body, record.id, rank)


def _leave(rows: dict[Where, _Row], ids: Iterable[str]) -> set[Where]:
    """Members of these league ids that are no twins any more go back to their own id."""
    left = set()
    members: dict[str, list[_Row]] = {}
    for row in sorted(rows.values(), key=lambda row: row.rank):
        members.setdefault(row.id, []).append(row)
    for id in sorted(ids):
        sites: set[str] = set()
        for row in members.get(id, ()):
            if row.record.site in sites or not _holds(members[id][0], row):
                row.id = own(row.record, {other.id for other in rows.values() if other is not row})
                left.add(where(row.record))
            else:
                sites.add(row.record.site)
    return left


def own(record: Record, taken: Collection[str]) -> str:
    """The league id of a record without twins: the site's, unless that is another object's elsewhere, as short ids may be."""
    spare = (str(uuid.uuid5(_SPACE, f'{record.site}/{record.kind}/{record.site_id}/{turn}')) for turn in itertools.count())
    return next(id for id in itertools.chain((record.site_id,), spare) if id not in taken)


def _holds(one: _Row, other: _Row) -> bool:
    """Whether two that were twins may stay so. Renames, edits of rules and copies reach sites one after another."""
    if one.record.kind == 'image':
        return one.body is None or other.body is None or _hash(one) == _hash(other)
    if one.record.kind == 'security_group':
        return one.record.project == other.record.project and (one.name == other.name or one.body == other.body)
    return one.key == other.key


def _hash(row: _Row) -> object:
    return msgspec.json.decode(row.body)[:2] if row.body else None


def _join(row: _Row, rows: dict[Where, _Row]) -> None:
    """One that stands alone takes over the id of its twin at another site."""
    if row.key is None or any(other.id == row.id and other is not row for other in rows.values()):
        return
    if row.id != row.record.site_id and row.record.kind not in NAMED:
        return  # a replica that was made to be one; its primary is not known yet
    here = {other.id for other in rows.values() if other.record.site == row.record.site and other is not row}
    twins = [other for other in rows.values() if other.key == row.key and other is not row and other.id not in here]
    if twins:
        row.id = min(twins, key=lambda other: other.rank).id


def _names(rows: dict[Where, _Row], standing: Sequence[Record]) -> dict[Where, str]:
    """The name of each row: plain for who had it first, with the site behind it for others of the same name."""
    holders: dict[str, str] = {}
    if not any(row.record.kind in NAMED for row in rows.values()):
        return {place: row.name for place, row in rows.items()}
    for record in standing:
        row = rows[where(record)]
        if record.name == row.name:
            holders.setdefault(row.name, row.id)
    for row in rows.values():
        holders.setdefault(row.name, row.id)
    return {place: row.name if holders[row.name] == row.id else f'{row.name}@{row.record.site}' for place, row in rows.items()}


def _number(value: object) -> object:
    """Releases tell 1 and 1.0, 0 and '' for the same."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _pack(value: object) -> bytes:
    return msgspec.json.encode(value, order='deterministic')
