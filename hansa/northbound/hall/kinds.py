"""Handlers for the kinds of endpoint that need no code of their own: routed and placed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hansa.model.errors import BadRequest, HansaError, SiteDown
from hansa.model.resource import KINDS, Kind
from hansa.northbound.hall import headers, table, versions, wire
from hansa.ports.roster import Roster
from hansa.rules import placement, views, zones
from hansa.services.accounts import Accounts
from hansa.services.allotting import Allotting
from hansa.services.companies import Companies
from hansa.services.journal import Journal
from hansa.services.listing import Listing
from hansa.services.locating import Locating
from hansa.services.numbering import Numbering
from hansa.services.placing import Placing, made
from hansa.services.quotas import Quotas
from hansa.services.refreshing import Refreshing
from hansa.services.relay import Forward, Relay, Reply
from hansa.services.routing import LastKnown, Routing, decoded
from hansa.services.sharing.grants import Grants
from hansa.services.sharing.members import Members
from hansa.services.sharing.twins import Twins

READS = frozenset(('GET', 'HEAD'))

Needs = Callable[[table.Ask], Sequence[placement.Need]]
"""What the site of a create must have besides what its body refers to. Raises NotFound where no site has it."""


class Services(msgspec.Struct):
    """What a door may ask of the house. `limit` is the most bytes that a document may have."""

    accounts: Accounts
    allotting: Allotting
    companies: Companies
    grants: Grants
    journal: Journal
    listing: Listing
    locating: Locating
    members: Members
    numbering: Numbering
    placing: Placing
    quotas: Quotas
    refreshing: Refreshing
    relay: Relay
    roster: Roster
    routing: Routing
    twins: Twins
    limit: int


def answer(reply: Reply) -> wire.Answer:
    """A site's reply as it goes to the client."""
    return wire.Answer(reply.status, reply.headers, reply.body)


def document(reply: Reply) -> dict[str, Any]:
    """The JSON object in a site's reply. Raises SiteDown for anything else."""
    try:
        found = msgspec.json.decode(reply.body) if isinstance(reply.body, bytes) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SiteDown(reply.header('x-hansa-site'), 'answered with something that is not a JSON object', sent=True)
    return found


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
    version = _own_version(services, ask, found.record.site)
    doc = views.unreachable(
        kind.name,
        msgspec.json.decode(found.record.doc),
        versions.number(version or '0.0'),
        ask.call.token.admin,
        context(ask),
        single=True,
    )
    body: object = doc if kind.service == 'image' else {kind.single: doc}
    age = services.listing.age(found.record)
    warning = f'110 hansa "{found.why.site} {found.why.why}; this is {age} s old"'
    told = versions.told(kind.service, version) if version else []
    return wire.document(200, body, ('Age', str(age)), ('Warning', warning), ('x-hansa-site', found.record.site), *told)


def _own_version(services: Services, ask: table.Ask, site: str) -> str:
    """The microversion that a site would answer at; '' where the API has none. Raises NotAcceptable as the site would."""
    service = ask.call.service
    if service not in versions.LEAST:
        return ''
    return versions.resolve(versions.asked(service, ask.request), versions.at(services.roster.get(site), service))


def context(ask: table.Ask, flavors: dict[str, str] | None = None) -> views.Context:
    """Where links lead for this request."""
    return views.Context(base=ask.call.base, prefix=ask.request.prefix, flavors=flavors or {})


def placed(services: Services, kind: Kind) -> table.Handler:
    """A create: single, or in Neutron's bulk form."""

    async def handle(ask: table.Ask) -> wire.Answer:
        return await place(services, ask, kind, await headers.forward(ask.request, kind.collection, services.limit))

    return handle


async def place(services: Services, ask: table.Ask, kind: Kind, forward: Forward) -> wire.Answer:
    """A create whose request has been read."""
    body = decoded(forward)
    if body is None:
        raise BadRequest('Malformed request body: a JSON object is expected.')
    items = body.get(kind.plural)
    if isinstance(items, list):
        return await _bulk(services, ask, kind, forward, items)
    wrap = '' if kind.service == 'image' else kind.single
    if wrap and not isinstance(body.get(wrap), dict):
        raise BadRequest(f"Invalid input for operation: the body has no object '{wrap}'.")
    _judge(services, ask, forward, body[wrap] if wrap else body)
    return answer(await services.placing.create(ask.call, kind, forward, body, wrap))


def _judge(services: Services, ask: table.Ask, forward: Forward, item: dict[str, Any]) -> None:
    """A create with a zone may use what the zone's site offers, any other what all sites offer. Raises NotAcceptable."""
    service = ask.call.service
    if service not in versions.LEAST:
        return
    zone = item.get('availability_zone')
    site = zones.parse(zone)[0] if isinstance(zone, str) else ''
    if site in services.roster:
        # What a site offers that never answered nobody knows; that it does not answer is for placement to say.
        if services.roster.get(site).capabilities is not None:
            _own_version(services, ask, site)
        return
    wanted = versions.asked(service, ask.request)
    version = versions.resolve(wanted, versions.offered(services.roster, service))
    if wanted:
        versions.settle(ask.request, service, version)
        forward.headers = headers.passed(ask.request)


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
        if reply.status >= 300:
            await _take_back(services, ask, kind, done)
            return answer(reply)
        done.append(document(reply)[kind.single])
    return wire.document(reply.status, {kind.plural: done})


async def _take_back(services: Services, ask: table.Ask, kind: Kind, done: list[dict[str, Any]]) -> None:
    for item in reversed(done):
        try:
            await services.routing.change(ask.call, kind.name, kind.collection, str(item['id']), '', Forward('DELETE', ''))
        except HansaError:
            continue


def found(services: Services, above: str = '') -> table.Handler:
    """An object of a kind that the inventory does not keep: the sites are asked who has it. `above` stands before the collection."""

    async def handle(ask: table.Ask) -> wire.Answer:
        return await routed(services, '', f'{above}{ask.path("/{any}")}')(ask)

    return handle


def nothing(_: table.Ask) -> list[placement.Need]:
    """No further needs."""
    return []


def created(services: Services, above: str = '', needs: Needs = nothing, *, word: str = '', below: str = '', wrap: str = '') -> table.Handler:
    """A create of a kind that the inventory does not keep: what it refers to decides, else the project's home.

    The collection is `word`, or what the path names as `any`; `below` it the create is sent. `wrap` is the key of the new object
    in the answer, where that is not the key of its description. `needs` are what its site must have.
    """

    async def handle(ask: table.Ask) -> wire.Answer:
        name = word or ask.names['any']
        collection = f'{above}/{word}' if word else f'{above}{ask.path("/{any}")}'
        wanted = needs(ask)
        forward = await headers.forward(ask.request, collection + below, services.limit)
        body = decoded(forward) or {}
        inner = next((key for key, value in body.items() if isinstance(value, dict)), '')
        _judge(services, ask, forward, body[inner] if inner else body)
        kind = Kind(name, ask.call.service, name.replace('-', '_'), wrap or inner, path=name)
        reply = await services.placing.create(ask.call, kind, forward, body, inner, wanted)
        if reply.status < 300 and isinstance(reply.body, bytes):
            member = services.roster.get(reply.header('x-hansa-site'))
            for id in made(reply.body, kind):
                services.locating.place(collection, id, member.name)
            await services.routing.ripple(ask.call, member, body)
        return answer(reply)

    return handle
