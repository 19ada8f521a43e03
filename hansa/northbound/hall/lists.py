"""Lists from the inventory: read, shown at the version and to the role that asks, with the links to the next page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.model.listing import Query, Sheet
from hansa.model.resource import KINDS, Record
from hansa.northbound.hall import filters, kinds, table, versions, wire
from hansa.rules import freshness as asking
from hansa.rules import views
from hansa.rules.views import layout
from hansa.services.listing import Page

Around = Callable[[str, str, bool], dict[str, object]]
"""What is around a list, by the ids of its first and last element ('' for none), and whether it is full."""

_ABSENT = frozenset(('volume', 'network'))
"""APIs for which an unknown marker is a 404."""


async def page(services: kinds.Services, ask: table.Ask, listing: filters.Listing) -> Page:
    """The page that a list request asks for, as young as it asks. Raises BadRequest for a marker that nobody has, NotFound where the API says so."""

    async def read(limit: int | None) -> Page:
        found = await services.listing.page(listing.query, limit)
        return msgspec.structs.replace(found, records=found.records[listing.offset :])

    return await young(services, ask, listing.query, lambda: _page(listing, read))


async def whole(
    services: kinds.Services, ask: table.Ask, listing: filters.Listing, around: Around, flavors: dict[str, str] | None = None,
    *, detail: bool = True,
) -> wire.Answer:  # fmt: skip
    """The same in the form that Nova, Cinder and Neutron share, put together of what is stored: whole elements, or of the kinds NAMED brief ones."""
    kind = listing.query.kind
    version = versions.number(ask.call.version or '0.0')
    look = views.Look(kind, version, ask.call.token.admin, ask.call.base, ask.request.prefix, tuple(sorted((flavors or {}).items())))

    put = views.joined if detail else views.briefed

    def make(sheets: Sequence[Sheet], full: bool, dark: frozenset[str]) -> bytes:
        ids = (layout.id(sheets[0]), layout.id(sheets[-1])) if sheets else ('', '')
        rest = msgspec.json.encode(around(*ids, full))
        end = b']' + (b',' + rest[1:] if len(rest) > len(b'{}') else b'}')
        return b''.join((b'{"%s":[' % KINDS[kind].plural.encode(), *put(look, sheets, dark), end))

    async def read(limit: int | None) -> Page:
        return await services.listing.made(listing.query, limit, listing.offset, make)

    found = await young(services, ask, listing.query, lambda: _page(listing, read))
    return wire.raw(200, found.body, *freshness(found))


async def young(services: kinds.Services, ask: table.Ask, query: Query, read: Callable[[], Awaitable[Page]]) -> Page:
    """What `read` finds after those sites were asked whose copy is older than the request wants (`Cache-Control: max-age`).

    Its ages, and who does not answer, are those of sites that concern the caller: they serve him, he asks for everybody's, or they are in the list.
    """
    members = [member for member in services.roster if query.projects is None or services.accounts.serves(ask.call.token, member)]
    most = asking.asked(ask.request.header('cache-control'))
    late = frozenset[str]() if most is None else await services.refreshing.within(members, query.kind, most)
    found = await read()
    sites = {member.name for member in members} | found.sites
    ages = {site: age for site, age in found.ages.items() if site in sites}
    return msgspec.structs.replace(found, ages=ages, dark=found.dark & sites, late=late | (found.late & sites))


async def _page(listing: filters.Listing, read: Callable[[int | None], Awaitable[Page]]) -> Page:
    if listing.offset:
        return await read(None if listing.limit is None else listing.limit + listing.offset)
    try:
        return await read(listing.limit)
    except BadRequest as error:
        if listing.query.marker and KINDS[listing.query.kind].service in _ABSENT and 'marker' in str(error):
            raise NotFound(str(error)) from None
        raise


def shown(ask: table.Ask, found: Page, *, detail: bool, flavors: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The records of a page as the client is to see them."""
    context = kinds.context(ask, flavors)
    version = versions.number(ask.call.version or '0.0')
    admin = ask.call.token.admin
    return [_one(record, found, version, admin, context, detail) for record in found.records]


def _one(
    record: Record, found: Page, version: tuple[int, int], admin: bool, context: views.Context, detail: bool
) -> dict[str, Any]:
    doc: dict[str, Any] = msgspec.json.decode(record.doc)
    if record.status == 'DELETED':
        return _shown(record, views.deleted(doc, record.updated), version, admin, context, detail)
    if record.site in found.dark:
        return views.unreachable(record.kind, doc, version, admin, context, detail=detail)
    return _shown(record, doc, version, admin, context, detail)


def _shown(
    record: Record, doc: dict[str, Any], version: tuple[int, int], admin: bool, context: views.Context, detail: bool
) -> dict[str, Any]:
    return views.show(record.kind, doc, version, admin, context) if detail else views.brief(record.kind, doc, version, context)


def freshness(found: Page) -> list[tuple[str, str]]:
    """How old the list is, as a whole and by site, and which sites do not answer, did not in time for the age that was asked for, or were
    never read to the end.
    """
    headers = [('Age', str(found.age))]
    if found.ages:
        headers.append(('x-hansa-ages', ', '.join(f'{site}={age:.0f}' for site, age in sorted(found.ages.items()))))
    if found.dark or found.late:
        headers.append(('x-hansa-missing-sites', ','.join(sorted(found.dark | found.late))))
    return headers


def next_link(ask: table.Ask, marker: str, url: str) -> str:
    """The same request for the page after `marker`."""
    items = [(key, value) for key, value in ask.request.items() if key not in {'marker', 'offset'}]
    return f'{url}?{urlencode([*items, ("marker", marker)])}'


def answer(kind: str, items: list[dict[str, Any]], found: Page, around: dict[str, object]) -> wire.Answer:
    """A list in the form that Nova, Cinder and Neutron share, with what is around it."""
    return wire.document(200, {KINDS[kind].plural: items, **around}, *freshness(found))


def linked(kind: str, links: list[dict[str, str]]) -> dict[str, object]:
    """Links to the pages beside it, where there are any."""
    return {f'{KINDS[kind].plural}_links': links} if links else {}
