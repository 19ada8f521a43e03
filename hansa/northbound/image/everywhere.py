"""What a Glance tells of itself and administrators keep at every site alike: metadata definitions, import methods, stores, caches."""

from __future__ import annotations

from typing import Any

from hansa.model.errors import NotFound
from hansa.northbound.hall import alike, collecting, headers, kinds, table, wire
from hansa.rules import collating

_ROOT = '/v2'


def define(services: kinds.Services) -> table.Handler:
    """Changes of metadata definitions, which have names and no ids: made at every managed site that answers, else changed at all."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, ask.request.path.removeprefix(_ROOT), services.limit)
        if ask.request.method != 'POST':
            return kinds.answer(await alike.changed(services, ask, forward))
        reply, away = await alike.made(services, ask, forward)
        answer = kinds.answer(reply)
        answer.headers += [('x-hansa-missing-sites', ','.join(away))] if away else []
        return answer

    return handle


def imports(services: kinds.Services) -> table.Handler:
    """`GET /info/import`: the methods that every site has, as an image may be at any of them."""

    async def handle(ask: table.Ask) -> wire.Answer:
        got = await collecting.whole(services, ask, '/info/import', '')
        if not got.found:
            return got.refusal()
        told = [document.get('import-methods') or {} for _, document in got.found]
        methods = [word for word in told[0].get('value') or [] if all(word in (other.get('value') or []) for other in told)]
        return got.document({'import-methods': told[0] | {'value': methods}})

    return handle


def stores(services: kinds.Services) -> table.Handler:
    """`GET /info/stores`: those that every site has under one name. Raises NotFound where a site has no more than one, as Glance does."""

    async def handle(ask: table.Ask) -> wire.Answer:
        got = await collecting.whole(services, ask, '/info/stores', '')
        lacking = [reply.header('x-hansa-site') for reply in got.refused if reply.status == 404]
        if got.found and lacking:
            raise NotFound(f'Multi backend is not supported at every site: not at {", ".join(lacking)}.')
        if not got.found:
            return got.refusal()
        told = [document.get('stores') or [] for _, document in got.found]
        ids = [{each.get('id') for each in other} for other in told]
        return got.document({'stores': [each for each in told[0] if all(each.get('id') in other for other in ids)]})

    return handle


def cache(services: kinds.Services) -> table.Handler:
    """`GET /cache`: images in the caches of all sites."""

    async def handle(ask: table.Ask) -> wire.Answer:
        got = await collecting.whole(services, ask, '/cache', '')
        return got.document(collecting.united(got, 'image_id')) if got.found else got.refusal()

    return handle


def to_all(services: kinds.Services) -> table.Handler:
    """Orders to every site's cache; lists in the answers are joined."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, ask.request.path.removeprefix(_ROOT), services.limit)
        replies = await alike.every(services, ask, forward)
        refused = next((reply for reply in replies if reply.status >= 300), None)
        if refused is not None or not replies[0].body:
            return kinds.answer(refused or replies[0])
        documents = [kinds.document(reply) for reply in replies]
        whole: dict[str, Any] = dict(documents[0])
        for key in collecting.lists(documents[0]):
            whole[key] = collating.united([document.get(key) or [] for document in documents], '')
        return wire.document(replies[0].status, whole)

    return handle


def of_image(services: kinds.Services, path: str) -> table.Handler:
    """What stands beside images and names one as `id`: at the image's site."""

    async def handle(ask: table.Ask) -> wire.Answer:
        member, record = await services.locating.member(ask.call, 'image', '/images', ask.names['id'])
        forward = await headers.forward(ask.request, ask.path(path), services.limit)
        reply = await services.relay.send(ask.call, member, forward, project=record.project if record else '')
        if reply.status < 300 and ask.request.method not in kinds.READS:
            await services.routing.look(member, 'image', record.site_id if record else ask.names['id'])
        return kinds.answer(reply)

    return handle
