"""Handlers for the kinds of endpoint that need no code of their own: routed, placed, and merged over sites."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from hansa.model.errors import BadRequest, HansaError, NotFound, SiteDown
from hansa.model.resource import KINDS, Kind
from hansa.northbound.hall import headers, table, versions, wire
from hansa.ports.roster import Roster
from hansa.rules import views
from hansa.services.accounts import Accounts
from hansa.services.listing import Listing
from hansa.services.locating import Locating
from hansa.services.placing import Placing, made
from hansa.services.quotas import Quotas
from hansa.services.relay import Forward, Relay, Reply
from hansa.services.routing import LastKnown, Routing, decoded

READS = frozenset(('GET', 'HEAD'))


class Services(msgspec.Struct):
    """What a door may ask of the house. `limit` is the most bytes that a document may have."""

    accounts: Accounts
    listing: Listing
    locating: Locating
    placing: Placing
    quotas: Quotas
    relay: Relay
    roster: Roster
    routing: Routing
    limit: int


def answer(reply: Reply) -> wire.Answer:
    """A site's reply as it goes to the client."""
    return wire.Answer(reply.status, reply.headers, reply.body)


def routed(services: Services, kind: str, collection: str) -> table.Handler:
    """An object of a kind by its id ('' where the inventory does not keep the kind), and everything below it."""

    async def handle(ask: table.Ask) -> wire.Answer:
        id = ask.names['id']
        below = tail(ask)
        forward = await headers.forward(ask.request, '', services.limit)
        if ask.request.method not in READS:
            return answer(await services.routing.change(ask.call, kind, collection, id, below, forward))
        found = await services.routing.read(ask.call, kind, collection, id, below, forward)
        return last_known(services, ask, found) if isinstance(found, LastKnown) else answer(found)

    return handle


def tail(ask: table.Ask) -> str:
    """What stands below the object in the path, raw, as it came."""
    rest = ask.names.get('rest', '')
    words = ask.request.path.rstrip('/').split('/')
    return '/' + '/'.join(words[-rest.count('/') - 1 :]) if rest else ''


def last_known(services: Services, ask: table.Ask, found: LastKnown) -> wire.Answer:
    """An object of a site that does not answer, as last known, with its age."""
    kind = KINDS[found.record.kind]
    doc = views.unreachable(
        kind.name,
        msgspec.json.decode(found.record.doc),
        versions.number(ask.call.version or '0.0'),
        ask.call.token.admin,
        context(ask),
        single=True,
    )
    body: object = doc if kind.service == 'image' else {kind.single: doc}
    age = services.listing.age(found.record)
    warning = f'110 hansa "{found.why.site} {found.why.why}; this is {age} s old"'
    return wire.document(200, body, ('Age', str(age)), ('Warning', warning), ('x-hansa-site', found.record.site))


def context(ask: table.Ask, flavors: dict[str, str] | None = None) -> views.Context:
    """Where links lead for this request."""
    return views.Context(base=ask.call.base, prefix=ask.request.prefix, flavors=flavors or {})


def placed(services: Services, kind: Kind) -> table.Handler:
    """A create: single, or in Neutron's bulk form."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, kind.collection, services.limit)
        body = decoded(forward)
        if body is None:
            raise BadRequest('Malformed request body: a JSON object is expected.')
        items = body.get(kind.plural)
        if isinstance(items, list):
            return await _bulk(services, ask, kind, forward, items)
        wrap = '' if kind.service == 'image' else kind.single
        if wrap and not isinstance(body.get(wrap), dict):
            raise BadRequest(f"Invalid input for operation: the body has no object '{wrap}'.")
        return answer(await services.placing.create(ask.call, kind, forward, body, wrap))

    return handle


async def _bulk(services: Services, ask: table.Ask, kind: Kind, forward: Forward, items: list[Any]) -> wire.Answer:
    """Items may go to different sites, so they are made one by one; if one is refused those before it are taken back."""
    if not items or not all(isinstance(item, dict) for item in items):
        raise BadRequest(f"Invalid input for operation: '{kind.plural}' is not a list of objects.")
    done: list[dict[str, Any]] = []
    reply = Reply(500)
    for item in items:
        single = Forward('POST', kind.collection, '', forward.headers)
        try:
            reply = await services.placing.create(ask.call, kind, single, {kind.single: item}, kind.single)
        except HansaError:
            await _take_back(services, ask, kind, done)
            raise
        if reply.status >= 300 or not isinstance(reply.body, bytes):
            await _take_back(services, ask, kind, done)
            return answer(reply)
        done.append(msgspec.json.decode(reply.body)[kind.single])
    return wire.document(reply.status, {kind.plural: done})


async def _take_back(services: Services, ask: table.Ask, kind: Kind, done: list[dict[str, Any]]) -> None:
    for item in reversed(done):
        try:
            await services.routing.change(ask.call, kind.name, kind.collection, str(item['id']), '', Forward('DELETE', ''))
        except HansaError:
            continue


def found(services: Services) -> table.Handler:
    """An object of a kind that the inventory does not keep: the sites are asked who has it."""

    async def handle(ask: table.Ask) -> wire.Answer:
        return await routed(services, '', f'/{ask.names["any"]}')(ask)

    return handle


def created(services: Services) -> table.Handler:
    """A create of a kind that the inventory does not keep: what it refers to decides, else the project's home."""

    async def handle(ask: table.Ask) -> wire.Answer:
        word = ask.names['any']
        forward = await headers.forward(ask.request, f'/{word}', services.limit)
        body = decoded(forward) or {}
        wrap = next((key for key, value in body.items() if isinstance(value, dict)), '')
        kind = Kind(word, ask.call.service, word.replace('-', '_'), wrap, path=word)
        reply = await services.placing.create(ask.call, kind, forward, body, wrap)
        if reply.status < 300 and isinstance(reply.body, bytes):
            for id in made(reply.body, kind):
                services.locating.place(f'/{word}', id, reply.header('x-hansa-site'))
        return answer(reply)

    return handle


def gathered(services: Services, path: str) -> table.Handler:
    """A list that the inventory does not keep: every site is asked, the elements are put together, doubles by id are dropped."""

    async def handle(ask: table.Ask) -> wire.Answer:
        members = [member for member in services.roster if services.accounts.serves(ask.call.token, member)]
        asked = headers.passed(ask.request)
        target = path.format(**ask.names)

        async def one(name: str) -> dict[str, Any] | SiteDown | None:
            forward = Forward('GET', target, ask.request.query, asked)
            try:
                reply = await services.relay.send(ask.call, services.roster.get(name), forward)
            except SiteDown as error:
                return error
            except HansaError:
                return None
            if reply.status >= 300 or not isinstance(reply.body, bytes):
                return None
            found: dict[str, Any] = msgspec.json.decode(reply.body)
            return found

        answers = await asyncio.gather(*(one(member.name) for member in members))
        documents = [each for each in answers if isinstance(each, dict)]
        down = [each for each in answers if isinstance(each, SiteDown)]
        if not documents:
            raise down[0] if down else NotFound('No site of the league offers this.')
        dark = [('x-hansa-missing-sites', ','.join(each.site for each in down))] if down else []
        return wire.document(200, _united(documents), *dark)

    return handle


def _united(documents: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for document in documents:
        for key, value in document.items():
            if isinstance(value, list) and not key.endswith('links'):
                known = whole.setdefault(key, [])
                seen = {item['id'] for item in known if isinstance(item, dict) and 'id' in item}
                known.extend(item for item in value if not (isinstance(item, dict) and item.get('id') in seen and 'id' in item))
            else:
                whole.setdefault(key, value)
    return whole
