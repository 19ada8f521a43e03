"""Lists that the inventory does not keep: every site is asked at once, and what they answer is put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from hansa.model.errors import HansaError, NotFound, SiteDown
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.ports.roster import Member
from hansa.services.relay import Forward, Reply


def gathered(services: kinds.Services, path: str) -> table.Handler:
    """Elements of all sites, doubles by id dropped. If every site refuses, the first refusal that says more than "not found" is the answer."""

    async def handle(ask: table.Ask) -> wire.Answer:
        members = [member for member in services.roster if services.accounts.serves(ask.call.token, member)]
        target = ask.path(path)
        answers = await asyncio.gather(*(_one(services, ask, member, target) for member in members))
        documents = [answer for answer in answers if isinstance(answer, dict)]
        down = [answer for answer in answers if isinstance(answer, SiteDown)]
        if not documents:
            return _refusal([answer for answer in answers if isinstance(answer, Reply)], down)
        for member, answer in zip(members, answers, strict=True):
            if isinstance(answer, dict):
                _remember(services, target, member, answer)
        dark = [('x-hansa-missing-sites', ','.join(each.site for each in down))] if down else []
        return wire.document(200, _united(documents), *dark)

    return handle


async def _one(services: kinds.Services, ask: table.Ask, member: Member, target: str) -> dict[str, Any] | Reply | SiteDown | None:
    try:
        reply = await services.relay.send(ask.call, member, Forward('GET', target, ask.request.query, headers.passed(ask.request)))
        return kinds.document(reply) if reply.status < 300 else reply
    except SiteDown as error:
        return error
    except HansaError:
        return None


def _refusal(replies: list[Reply], down: list[SiteDown]) -> wire.Answer:
    if down:
        raise down[0]
    if not replies:
        raise NotFound('No site of the league offers this.')
    return kinds.answer(next((reply for reply in replies if reply.status != 404), replies[0]))


def _remember(services: kinds.Services, target: str, member: Member, document: dict[str, Any]) -> None:
    """Some of these cannot be asked for by id (services of Nova): whoever lists them first can then change them."""
    collection = target.removesuffix('/detail')
    for item in _items(document):
        if isinstance(item.get('id'), str):
            services.locating.place(collection, item['id'], member.name)


def _items(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for key, value in document.items():
        if isinstance(value, list) and not key.endswith('links'):
            yield from (item for item in value if isinstance(item, dict))


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

