"""How a document is laid out in the inventory, so that what a version and a role see of it is a few slices of its bytes.

Fields that are always seen together stand together, and in front those whose value depends on who asks.
"""

from __future__ import annotations

import functools
import itertools
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from hansa.model.listing import Sheet
from hansa.rules.views import tables
from hansa.rules.views.tables import NEVER, Field, Version

T = TypeVar('T')

FIRST = 'id'
NONE = b'\0\0'
"""The mark of a document that is laid out in no way."""

_TABLES = {'server': tables.SERVER, 'volume': tables.VOLUME, 'snapshot': tables.SNAPSHOT_BRIEF | tables.SNAPSHOT_DETAIL}
_NETWORK = ('network', 'subnet', 'port', 'router', 'floating_ip', 'security_group')
_HIDDEN = Field(NEVER, NEVER)
_PLAIN = re.compile(r'[A-Za-z0-9_.\-]+')
_MOST = 1 << 16
_SHAPES = 256
_RANK = 1000
_WITH = {'image': 'status'}


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
"""What `views.show` does beside taking fields away; each is a group of its own, but status and image of a server are one."""


class _Named(msgspec.Struct):
    id: str


class Layout(msgspec.Struct, frozen=True):
    """`groups` are the roles and versions that see each group, `ranks` tell a field's place (its group times 1000, and more), and `rest` is
    the group of all other fields. `mark` tells one layout from others.
    """

    groups: tuple[Field, ...]
    ranks: dict[str, int]
    rest: int
    mark: bytes

    @property
    def size(self) -> int:
        """Bytes of mark and ends."""
        return 2 * len(self.groups) + 2

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
    alone = [each.field for each in VARYING.get(kind, ())]
    groups: dict[tuple[object, ...], list[str]] = {}
    seen: dict[tuple[object, ...], Field] = {}
    for name, field in _TABLES[kind].items():
        if not field.single:
            own = alone.index(_WITH.get(name, name)) if name in alone else len(alone)
            key = (name != FIRST, field.user, own, field.admin, field.until)
            groups.setdefault(key, []).append(name)
            seen[key] = field
    order = sorted(groups)
    return _made((*(seen[key] for key in order), _HIDDEN), [*(groups[key] for key in order), []], rest=len(order))


def _made(groups: tuple[Field, ...], names: list[list[str]], rest: int) -> Layout:
    ranks = {name: group * _RANK + place for group, fields in enumerate(names) for place, name in enumerate(fields)}
    mark = zlib.crc32(repr((groups, sorted(ranks.items()), rest)).encode()) & 0xFFFF | 1
    return Layout(groups, ranks, rest, struct.pack('<H', mark))


def ordered(kind: str, fields: dict[str, T]) -> dict[str, T]:
    """The fields of a document in the order of its kind's layout."""
    return {name: fields[name] for name in _order(kind, tuple(fields))}


@functools.lru_cache(_SHAPES)
def _order(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Documents of a kind at a site have the same fields nearly always."""
    layout = of(kind)
    if layout is None:
        return names
    other = layout.rest * _RANK + _RANK - 1
    return tuple(sorted(names, key=lambda name: layout.ranks.get(name, other)))


def ends(kind: str, id: str, site: str, doc: bytes) -> bytes:
    """Where each group of a document ends, after the layout's mark, two bytes each, and the site; NONE and the site, where it is not laid out so
    or is not that object's.
    """
    return _ends(kind, id, doc) + site.encode('utf-8', 'replace')


def _ends(kind: str, id: str, doc: bytes) -> bytes:
    layout = of(kind)
    if layout is None or len(doc) >= _MOST or not _PLAIN.fullmatch(id):
        return NONE
    try:
        fields = msgspec.json.decode(doc, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return NONE
    if next(iter(fields), '') != FIRST or bytes(fields[FIRST]) != b'"%s"' % id.encode():
        return NONE
    return _measured(kind, fields, len(doc))


def sites(kind: str, sheets: Sequence[Sheet]) -> set[str]:
    """Where the objects of a kind are."""
    layout = of(kind)
    mark, size = (layout.mark, layout.size) if layout else (b'', 0)
    # Objects of a site are mostly alike in where their groups end.
    return {(ends[size:] if ends[:2] == mark else ends[2:]).decode() for ends in {ends for _, ends in sheets}}


def id(sheet: Sheet) -> str:
    """Whose it is."""
    return msgspec.json.decode(sheet[0], type=_Named).id


def _measured(kind: str, fields: dict[str, msgspec.Raw], size: int) -> bytes:
    shape = _shape(kind, tuple(fields))
    if shape is None:
        return NONE
    upto = [0, *itertools.accumulate(map(len, fields.values()))]
    # Blanks, escapes and names that come twice take more than that: then it is somewhere else that groups end.
    if upto[-1] + shape.names[-1] + 1 != size:
        return NONE
    return shape.packed(shape.mark, *(upto[count] + names for count, names in zip(shape.counts, shape.names, strict=True)))


class _Shape(NamedTuple):
    """Of a document with these fields: its layout's mark, and after each group how many fields there were, and what their names and signs took."""

    mark: bytes
    counts: tuple[int, ...]
    names: tuple[int, ...]
    packed: Callable[..., bytes]


@functools.lru_cache(_SHAPES)
def _shape(kind: str, names: tuple[str, ...]) -> _Shape | None:
    """None where the fields are in another order than the layout's, or there is none."""
    layout = of(kind)
    groups = [layout.group(name) for name in names] if layout else []
    if layout is None or groups != sorted(groups):
        return None
    # A brace or a comma before it, two quotes and a colon around its name.
    upto = [0, *itertools.accumulate(4 + len(name.encode()) for name in names)]
    counts = tuple(sum(group <= number for group in groups) for number in range(len(layout.groups)))
    return _Shape(layout.mark, counts, tuple(upto[count] for count in counts), struct.Struct(f'<2s{len(counts)}H').pack)
