"""How a document is laid out in the inventory, so that what a version and a role see of it is a few slices of its bytes.

Fields that are always seen together stand together, and in front those whose value depends on who asks.
"""

from __future__ import annotations

import functools
import re
import struct
import zlib

import msgspec

from hansa.rules.views import tables
from hansa.rules.views.tables import NEVER, Field, Version

FIRST = {'server': 'status'}
"""The field that every document of a kind begins with, where that is not its id."""

_TABLES = {'server': tables.SERVER, 'volume': tables.VOLUME, 'snapshot': tables.SNAPSHOT_BRIEF | tables.SNAPSHOT_DETAIL}
_NETWORK = ('network', 'subnet', 'port', 'router', 'floating_ip', 'security_group')
_HIDDEN = Field(NEVER, NEVER)
_PLAIN = re.compile(r'[A-Za-z0-9_.\-]+')
_MOST = 1 << 16
_RANK = 1000


class Varying(msgspec.Struct, frozen=True):
    """A field that the view changes below the version `until`; with `users` for those alone who are no administrators, with `dark` only where its site is away."""

    field: str
    until: Version = NEVER
    users: bool = False
    dark: bool = False

    def at(self, version: Version, admin: bool, dark: bool) -> bool:
        """Whether it is changed for who asks."""
        return version < self.until and not (self.users and admin) and (dark or not self.dark)


VARYING: dict[str, tuple[Varying, ...]] = {
    'server': (
        Varying('status', dark=True), Varying('image'), Varying('fault', users=True), Varying('flavor', (2, 47)),
        Varying('os-extended-volumes:volumes_attached', (2, 3)), Varying('host_status', dark=True),
    ),
    'volume': (Varying('shared_targets', (3, 69)), Varying('attachments', users=True)),
}  # fmt: skip
"""What `views.show` does beside taking fields away; they are in groups of their own, but for the first two of a server."""


class Layout(msgspec.Struct, frozen=True):
    """`groups` are the roles and versions that see each group, `ranks` tell a field's place (its group times 1000, and more), and `rest` is
    the group of all other fields. `mark` tells one layout from others.
    """

    groups: tuple[Field, ...]
    ranks: dict[str, int]
    rest: int
    mark: bytes

    def group(self, field: str) -> int:
        """The group that a field belongs to."""
        rank = self.ranks.get(field)
        return self.rest if rank is None else rank // _RANK


@functools.cache
def of(kind: str) -> Layout | None:
    """The layout of a kind; None for kinds whose documents are kept as they come."""
    if kind in _NETWORK:
        hidden = sorted(tables.NETWORK_ADMIN.get(kind, ()))
        everyone, admins = Field((0, 0), (0, 0)), Field((0, 0), NEVER)
        return _made((everyone, everyone, admins), [['id'], [], hidden], rest=1)
    if kind not in _TABLES:
        return None
    first = FIRST.get(kind, 'id')
    alone = [each.field for each in VARYING.get(kind, ())]
    groups: dict[tuple[object, ...], list[str]] = {}
    seen: dict[tuple[object, ...], Field] = {}
    for name, field in _TABLES[kind].items():
        if not field.single:
            front = name == first or (kind == 'server' and name == 'image')
            own = alone.index(name) if name in alone else len(alone)
            key = (0,) if front else (1, field.user, own, field.admin, field.until)
            groups.setdefault(key, []).append(name)
            seen[key] = field
    order = sorted(groups)
    names = [sorted(groups[key], key=lambda name: name != first) for key in order]
    return _made((*(seen[key] for key in order), _HIDDEN), [*names, []], rest=len(order))


def _made(groups: tuple[Field, ...], names: list[list[str]], rest: int) -> Layout:
    ranks = {name: group * _RANK + place for group, fields in enumerate(names) for place, name in enumerate(fields)}
    mark = zlib.crc32(repr((groups, sorted(ranks.items()), rest)).encode()) & 0xFFFF
    return Layout(groups, ranks, rest, struct.pack('<H', mark))


def arranged(kind: str, doc: bytes) -> bytes:
    """A document in the order of its kind's layout; as it is, where there is none or it is no JSON object."""
    layout = of(kind)
    if layout is None:
        return doc
    try:
        fields = msgspec.json.decode(doc, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return doc
    other = layout.rest * _RANK + _RANK - 1
    ranks = layout.ranks
    return msgspec.json.encode(dict(sorted(fields.items(), key=lambda item: ranks.get(item[0], other))))


def ends(kind: str, id: str, doc: bytes) -> bytes:
    """Where each group of a document ends, after the layout's mark, two bytes each; b'' where it is not laid out so, or is not that object's."""
    layout = of(kind)
    if layout is None or len(doc) >= _MOST or not _PLAIN.fullmatch(id):
        return b''
    try:
        fields = msgspec.json.decode(doc, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b''
    if next(iter(fields), '') != FIRST.get(kind, 'id') or bytes(fields.get('id', b'')) != b'"%s"' % id.encode():
        return b''
    return _measured(layout, fields, len(doc))


def _measured(layout: Layout, fields: dict[str, msgspec.Raw], size: int) -> bytes:
    found = [0] * len(layout.groups)
    now = at = 0
    for name, raw in fields.items():
        group = layout.group(name)
        if group < now:
            return b''
        while now < group:
            found[now] = at
            now += 1
        # A brace or a comma before it, two quotes and a colon around its name.
        at += 4 + len(name.encode()) + len(raw)
    found[now:] = [at] * (len(found) - now)
    # Blanks, escapes and names that come twice take more than that: then it is somewhere else that groups end.
    return layout.mark + struct.pack(f'<{len(found)}H', *found) if at + 1 == size else b''
