"""Lists as bytes: the slices of documents that a version and a role see, put one after the other, with nothing decoded that is not changed."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import msgspec

from hansa.model.listing import Sheet
from hansa.rules.views import doors, layout
from hansa.rules.views.context import Context
from hansa.rules.views.layout import Layout
from hansa.rules.views.tables import Version

_KEPT = 2000
_LONG = 256
"""Changed fields that one plan remembers, and how many bytes those may have: what is longer is seldom the same for two objects."""

_ID = '\0'
# An object has two links, or none.
_LINKS = 3
_BEFORE = len(b'{"id":"')
_NAME = '\1'

NAMED = frozenset(('server', 'volume'))
"""Of these kinds lists without details show id and name, and links that are made of the id."""


class Look(msgspec.Struct, frozen=True):
    """Who asks for a list of a kind, and how; `base` and `prefix` are where links lead to, `flavors` name and id."""

    kind: str
    version: Version
    admin: bool
    base: str
    prefix: str = ''
    flavors: tuple[tuple[str, str], ...] = ()

    def shown(self, doc: dict[str, Any], dark: bool) -> dict[str, Any]:
        """A whole element of the list."""
        context = Context(self.base, self.prefix, dict(self.flavors))
        show = doors.unreachable if dark else doors.show
        return show(self.kind, doc, self.version, self.admin, context)

    def brief(self, doc: dict[str, Any], dark: bool) -> dict[str, Any]:
        """A whole element of the list without details."""
        context = Context(self.base, self.prefix)
        if dark:
            return doors.unreachable(self.kind, doc, self.version, self.admin, context, detail=False)
        return doors.brief(self.kind, doc, self.version, context)


class _Named(msgspec.Struct):
    """What lists without details show of the objects NAMED."""

    id: msgspec.Raw
    name: msgspec.Raw


class _Memo(dict[bytes, bytes]):
    """Groups of fields as stored -> as shown."""

    def __init__(self, look: Look, dark: bool) -> None:
        self._look = look
        self._dark = dark

    def __missing__(self, piece: bytes) -> bytes:
        if len(self) >= _KEPT:
            self.clear()
        # The first sign of a piece is what stands between it and the one before.
        fields = msgspec.json.decode(b'{' + piece[1:] + b'}')
        shown = self._look.shown({'id': _ID, **fields}, self._dark)
        kept = {name: shown[name] for name in fields if name in shown}
        found = piece[:1] + msgspec.json.encode(kept)[1:-1] if kept else b''
        if len(piece) <= _LONG:
            self[piece] = found
        return found


class _Plan(NamedTuple):
    """How one look goes over documents with this `mark`; what has another goes through the views themselves.

    `unpack` gives ends in order, that of the id first. A document is shown up to the `first` of them, then by `slices` between two of them, each
    as it is or changed. `after` is what follows: bytes, with the object's id between each two.
    """

    mark: bytes
    unpack: Callable[[bytes], tuple[int, ...]]
    first: int
    slices: tuple[tuple[int, int, _Memo | None], ...]
    after: tuple[bytes, ...]


@functools.lru_cache(32)
def _plan(look: Look, dark: bool) -> _Plan:
    """The plan of a look, made once."""
    laid = layout.of(look.kind)
    runs = _runs(look, laid, dark) if laid else []
    if laid is None or not runs or runs[0][0] > 0 or runs[0][2]:
        return _Plan(b'-', struct.Struct('').unpack_from, 0, (), ())
    used = sorted({1, *(end for run in runs for end in run[:2] if end)})
    place = {end: number for number, end in enumerate(used)}
    form, at = '<2x', 1
    for end in used:
        form += f'{2 * (end - at)}xH'
        at = end + 1
    slices = tuple((place[begin], place[end], _Memo(look, dark) if changed else None) for begin, end, changed in runs[1:])
    links = look.shown({'id': _ID}, dark).get('links')
    tail = b'},' if links is None else b',"links":' + msgspec.json.encode(links) + b'},'
    return _Plan(laid.mark, struct.Struct(form).unpack_from, place[runs[0][1]], slices, tuple(tail.split(msgspec.json.encode(_ID)[1:-1])))


def _runs(look: Look, laid: Layout, dark: bool) -> list[tuple[int, int, bool]]:
    """(number of the end before, number of the last end, whether it is changed) of each run of groups that are seen; ends count from 1."""
    changed = {laid.group(each.field) for each in layout.VARYING.get(look.kind, ()) if each.at(look.version, look.admin, dark)}
    runs: list[tuple[int, int, bool]] = []
    for number, group in enumerate(laid.groups):
        if look.version >= group.until or look.version < (group.admin if look.admin else group.user):
            continue
        last = runs[-1] if runs else None
        if last and last[1] == number and not last[2] and number not in changed:
            runs[-1] = (last[0], number + 1, False)
        else:
            runs.append((number, number + 1, number in changed))
    return runs


def joined(look: Look, sheets: Sequence[Sheet], dark: Collection[str]) -> list[bytes]:
    """The elements of a list, as pieces to be put together with nothing between them."""
    laid, bright, shade = layout.of(look.kind), _plan(look, False), _plan(look, True)
    size = laid.size if laid else 0
    mark = bright.mark
    away = {site.encode() for site in dark}
    out: list[bytes] = []
    add, extend = out.append, out.extend
    for doc, ends in sheets:
        if ends[:2] != mark:
            add(msgspec.json.encode(look.shown(msgspec.json.decode(doc), ends[2:] in away)) + b',')
            continue
        _, unpack, first, slices, after = shade if away and ends[size:] in away else bright
        at = unpack(ends)
        add(doc[: at[first]])
        for begin, end, memo in slices:
            piece = doc[at[begin] : at[end]]
            add(piece if memo is None else memo[piece])
        if len(after) == _LINKS:
            id = doc[_BEFORE : at[0] - 1]
            extend((after[0], id, after[1], id, after[2]))
        else:
            add(after[0])
    if out:
        out[-1] = out[-1][:-1]
    return out


def briefed(look: Look, sheets: Sequence[Sheet], dark: Collection[str]) -> list[bytes]:
    """The same of lists without details, of the kinds NAMED."""
    laid, bright, shade = layout.of(look.kind), _form(look, False), _form(look, True)
    size, mark = (laid.size, laid.mark) if laid else (2, layout.NONE)
    away = {site.encode() for site in dark}
    decode = msgspec.json.Decoder(_Named).decode
    out: list[bytes] = []
    for doc, ends in sheets:
        named = decode(doc)
        id = bytes(named.id)[1:-1]
        form = shade if away and ends[size if ends[:2] == mark else 2 :] in away else bright
        out.append(form % {b'id': id, b'name': named.name})
    if out:
        out[-1] = out[-1][:-1]
    return out


@functools.lru_cache(32)
def _form(look: Look, dark: bool) -> bytes:
    """An element with places for id and name."""
    id, name = (msgspec.json.encode(word) for word in (_ID, _NAME))
    element = msgspec.json.encode(look.brief({'id': _ID, 'name': _NAME}, dark)).replace(b'%', b'%%')
    return element.replace(id[1:-1], b'%(id)b').replace(name, b'%(name)b') + b','
