"""Lists that the inventory does not keep: every site is asked at once, and what they answer is put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from hansa.model.errors import HansaError, NotFound, SiteDown, TooLarge
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.ports.roster import Member
from hansa.services import relay
from hansa.services.relay import Forward, Reply

MOST_PAGES = 50
MOST = 50_000
"""Elements that one site may have of a list which is put together as a whole."""

_VERSION = frozenset(('openstack-api-version', 'x-openstack-nova-api-version'))


class Gathered(msgspec.Struct):
    """What the sites answered: documents, refusals, and who did not answer at all; `lacking` are sentences of those without the service."""

    found: list[tuple[Member, dict[str, Any]]] = []
    refused: list[Reply] = []
    down: list[SiteDown] = []
    lacking: list[str] = []

    def add(self, other: Gathered) -> None:
        """Take up what others answered later."""
        self.found += other.found
        self.refused += other.refused
        self.down += other.down
        self.lacking += other.lacking

    def refusal(self) -> wire.Answer:
        """The answer where no site has one: the first refusal that says more than "not found". Raises SiteDown, NotFound."""
        if self.down:
            raise self.down[0]
        if not self.refused:
            raise NotFound(' '.join(self.lacking) or 'No site of the league offers this.')
        return kinds.answer(next((reply for reply in self.refused if reply.status != 404), self.refused[0]))

    def document(self, whole: object, *more: tuple[str, str]) -> wire.Answer:
        """A whole made of the parts, with the sites that are missing in it."""
        dark = [('x-hansa-missing-sites', ','.join(each.site for each in self.down))] if self.down else []
        return wire.document(200, whole, *dark, *more)


def gathered(services: kinds.Services, path: str) -> table.Handler:
    """Elements of all sites, doubles by id dropped. If every site refuses, the first refusal that says more than "not found" is the answer."""

    async def handle(ask: table.Ask) -> wire.Answer:
        target = ask.path(path)
        got = await every(services, ask, target, ask.request.query)
        if not got.found:
            return got.refusal()
        for member, document in got.found:
            _remember(services, target, member, document)
        return got.document(united([document for _, document in got.found]))

    return handle


async def every(services: kinds.Services, ask: table.Ask, path: str, query: str = '', among: Iterable[Member] | None = None) -> Gathered:
    """The same GET at every site that serves the caller, or at those `among` them."""
    members = [member for member in (services.roster if among is None else among) if services.accounts.serves(ask.call.token, member)]
    return sorted_out(members, await asyncio.gather(*(one(services, ask, member, path, query) for member in members)))


async def pages(
    services: kinds.Services, ask: table.Ask, path: str, key: str, *, among: Sequence[Member], limit: int, markers: dict[str, str] | None = None
) -> Gathered:
    """As `every`, each site's pages put together until there are `limit` elements under `key`; a site may begin after its marker.

    What of the caller's query is about paging is left out. Raises TooLarge past `MOST_PAGES` pages.
    """
    answers = await asyncio.gather(*(_pages(services, ask, member, path, key, limit, (markers or {}).get(member.name, '')) for member in among))
    return sorted_out(among, answers)


async def one(
    services: kinds.Services, ask: table.Ask, member: Member, path: str, query: str
) -> dict[str, Any] | Reply | SiteDown | HansaError:
    """One site's document, or why there is none; asked at the version that holds for the call."""
    passed = [header for header in headers.passed(ask.request) if header[0].lower() not in _VERSION]
    forward = Forward('GET', path, query, [*passed, *relay.microversion(ask.call.service, ask.call.version)])
    try:
        reply = await services.relay.send(ask.call, member, forward)
        return kinds.document(reply) if reply.status < 300 else reply
    except HansaError as error:
        return error


async def _pages(
    services: kinds.Services, ask: table.Ask, member: Member, path: str, key: str, limit: int, marker: str
) -> dict[str, Any] | Reply | HansaError:
    own = [item for item in ask.request.items() if item[0] not in {'limit', 'marker'}]
    items: list[Any] = []
    for _ in range(MOST_PAGES):
        query = urlencode([*own, ('limit', str(limit - len(items))), *([('marker', marker)] if marker else [])])
        answer = await one(services, ask, member, path, query)
        if not isinstance(answer, dict):
            return answer
        part = answer.get(key) or []
        items += part
        if not part or len(items) >= limit or not answer.get(f'{key}_links'):
            return {key: items}
        marker = str(part[-1].get('uuid') or part[-1].get('id'))
    return TooLarge(f'Site {member.name} has more than {MOST_PAGES} pages of this; ask with filters.')


def sorted_out(members: Iterable[Member], answers: Iterable[dict[str, Any] | Reply | HansaError]) -> Gathered:
    """Answers by what they are, those of documents with their sites. Raises TooLarge."""
    got = Gathered()
    for member, answer in zip(members, answers, strict=True):
        if isinstance(answer, dict):
            got.found.append((member, answer))
        elif isinstance(answer, Reply):
            got.refused.append(answer)
        elif isinstance(answer, SiteDown):
            got.down.append(answer)
        elif isinstance(answer, TooLarge):
            raise answer
        else:
            got.lacking.append(str(answer))
    return got


def _remember(services: kinds.Services, target: str, member: Member, document: dict[str, Any]) -> None:
    """Some of these cannot be asked for by id: whoever lists them first can then change them."""
    collection = target.removesuffix('/detail')
    for item in _items(document):
        if isinstance(item.get('id'), str):
            services.locating.place(collection, item['id'], member.name)


def _items(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for key, value in document.items():
        if isinstance(value, list) and not key.endswith('links'):
            yield from (item for item in value if isinstance(item, dict))


def united(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Lists joined, an element whose id has been seen dropped; ids that are numbers are each site's own. Everything else is the first site's."""
    whole: dict[str, Any] = {}
    for document in documents:
        for key, value in document.items():
            if isinstance(value, list) and not key.endswith('links'):
                known = whole.setdefault(key, [])
                seen = {item['id'] for item in known if isinstance(item, dict) and isinstance(item.get('id'), str)}
                known.extend(item for item in value if not (isinstance(item, dict) and isinstance(item.get('id'), str) and item['id'] in seen))
            else:
                whole.setdefault(key, value)
    return whole
