"""From a site's own document to the record that the inventory keeps."""

from __future__ import annotations

import datetime
import functools
from typing import Any

import msgspec

from hansa.model.resource import Kind, Record
from hansa.rules import translate
from hansa.rules.aliases import AliasBook
from hansa.rules.views import layout

_LINKS = {'compute': ('links',), 'volume': ('links',), 'image': ('self', 'file', 'schema')}


def record(kind: Kind, doc: dict[str, Any], place: translate.Place, book: AliasBook, seen: float, owned: str | None = None) -> Record:
    """One object of a site, as its own document at its highest microversion, in the league's words.

    An owner that is no project of the league gives `project` '': unclaimed, or public goods. Where several projects share the
    site's one, `owned` says whose of them it is ('': nobody's).
    """
    site_id = identity(kind, doc)
    if owned:
        place = msgspec.structs.replace(place, project=owned)
    owner = str(doc.get(kind.owner) or doc.get('project_id') or doc.get('tenant_id') or '') if kind.owner else ''
    project = book.league(place.site, owner) if owner else ''
    local = msgspec.json.encode(_bare(kind, doc))
    body = translate.inbound(local, place, book)
    league = book.league(place.site, site_id, kind.name) or site_id
    if kind.name == 'flavor' and league != site_id:
        body = msgspec.json.encode({**msgspec.json.decode(body), 'id': league})
    return Record(
        site=place.site,
        kind=kind.name,
        id=league,
        site_id=site_id,
        project=owned if project and owned is not None else project,
        name=str(doc.get('name') or ''),
        doc=body,
        status=str(doc.get('status') or ''),
        created=stamp(doc.get('created_at') or doc.get('created')),
        updated=revision(doc),
        public=public(kind, doc),
        seen=seen,
    )


def revision(doc: dict[str, Any]) -> str:
    """A document's own stamp of its last change; '' for none."""
    return stamp(doc.get('updated_at') or doc.get('updated'))


def _bare(kind: Kind, doc: dict[str, Any]) -> dict[str, Any]:
    """In the order of its layout, without links, its own and those of what a server refers to."""
    bare = layout.ordered(kind.name, doc)
    for name in _LINKS.get(kind.service, ()):
        bare.pop(name, None)
    if kind.name == 'server':
        for key in ('image', 'flavor'):
            if isinstance(bare.get(key), dict):
                bare[key] = {name: value for name, value in bare[key].items() if name != 'links'}
    return bare


def identity(kind: Kind, doc: dict[str, Any]) -> str:
    """The id of a document; key pairs have none but their name."""
    return str(doc['name'] if kind.name == 'keypair' else doc['id'])


def public(kind: Kind, doc: dict[str, Any]) -> bool:
    """Whether every project sees it."""
    if kind.name == 'flavor':
        return bool(doc.get('os-flavor-access:is_public', True))
    if kind.name == 'volume_type':
        return bool(doc.get('is_public', True))
    if kind.name == 'image':
        return doc.get('visibility') == 'public'
    return bool(doc.get('shared') or doc.get('router:external'))


def stamp(value: object) -> str:
    """An ISO 8601 stamp in one form for all services ('2026-11-21T10:00:00.000000', UTC), so that text sorts as time; '' for none."""
    return _stamp(value) if isinstance(value, str) else ''


@functools.lru_cache(4096)
def _stamp(value: str) -> str:
    try:
        moment = datetime.datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return ''
    return moment.isoformat(timespec='microseconds')
