"""Key pairs: made once per user, good at every site."""

from __future__ import annotations

import msgspec

from hansa.model.errors import BadRequest, Forbidden
from hansa.northbound.compute import params
from hansa.northbound.hall import headers, kinds, lists, table, versions, wire
from hansa.rules import views
from hansa.services.routing import decoded
from hansa.services.sharing.keys import Keys

FOREIGN = (2, 10)
"""From here on administrators may name another user."""


def listed(services: kinds.Services) -> table.Handler:
    """`GET /os-keypairs`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        items = ask.request.items()
        user = _user(ask)
        listing = params.listing('keypair', items, ask.call, sites=services.roster.names())
        own = msgspec.structs.replace(listing.query, projects=(user,), marker=f'{user}/{listing.query.marker}' if listing.query.marker else '')
        found = await services.listing.page(own, listing.limit)
        links: list[dict[str, str]] = []
        if found.full:
            link = lists.next_link(ask, found.records[-1].name, f'{ask.call.base}/v2.1/os-keypairs')
            links = [{'rel': 'next', 'href': link}]
        return lists.answer('keypair', lists.shown(ask, found, detail=True), found, lists.linked('keypair', links))

    return handle


def one(services: kinds.Services, keys: Keys) -> table.Handler:
    """`GET /os-keypairs/{name}`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        record = await keys.get(_user(ask), ask.names['name'])
        version = versions.number(ask.call.version)
        doc = views.show('keypair', msgspec.json.decode(record.doc), version, ask.call.token.admin, kinds.context(ask), single=True)
        return wire.document(200, {'keypair': doc.get('keypair', doc)})

    return handle


def create(services: kinds.Services, keys: Keys) -> table.Handler:
    """`POST /os-keypairs`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, '/os-keypairs', services.limit)
        doc = (decoded(forward) or {}).get('keypair')
        if not isinstance(doc, dict) or not isinstance(doc.get('name'), str) or not doc['name']:
            raise BadRequest("Invalid input for field/attribute keypair: 'name' is a required property.")
        user = str(doc.get('user_id') or ask.call.token.user)
        _own(ask, user)
        return kinds.answer(await keys.create(ask.call, user, forward, doc))

    return handle


def delete(services: kinds.Services, keys: Keys) -> table.Handler:
    """`DELETE /os-keypairs/{name}`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        await keys.delete(_user(ask), ask.names['name'])
        return wire.Answer(202 if versions.number(ask.call.version) < (2, 2) else 204)

    return handle


def _user(ask: table.Ask) -> str:
    """Whose key pairs are meant; administrators may name anybody. Before `FOREIGN` the word is passed over, as Nova does."""
    known = versions.number(ask.call.version) >= FOREIGN
    user = dict(ask.request.items()).get('user_id', ask.call.token.user) if known else ask.call.token.user
    _own(ask, user)
    return user


def _own(ask: table.Ask, user: str) -> None:
    if user != ask.call.token.user and not ask.call.token.admin:
        raise Forbidden("Policy doesn't allow the key pairs of another user to be seen or changed.")
