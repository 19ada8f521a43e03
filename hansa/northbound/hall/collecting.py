"""Lists that the inventory does not keep, as one: every site is asked for all it has; the caller's own, in one order and one page."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from hansa.model.errors import HansaError, TooLarge
from hansa.northbound.hall import gathering, kinds, paging, table, wire
from hansa.ports.roster import Member
from hansa.rules import collating
from hansa.services.relay import Reply


def collected(services: kinds.Services, path: str, *, detail: str = '', key: str = 'id') -> table.Handler:
    """Elements of all sites that are the caller's, doubles by `key` dropped, in one order and one page.

    `detail` is the path of the same list with whole elements: a short one does not tell what it is sorted by.
    """

    async def handle(ask: table.Ask) -> wire.Answer:
        wanted = paging.read(ask)
        target = ask.path(path)
        brief = paging.BRIEF.get(target)
        got = await whole(services, ask, ask.path(detail) if detail and brief else target, wanted.query)
        if not got.found:
            return got.refusal()
        document = united(got, key)
        plural = next(iter(lists(document)), '')
        if plural:
            found = paging.cut(document[plural], key, wanted)
            fields = wanted.fields or brief
            items = [{name: item[name] for name in fields if name in item} for item in found.items] if fields else found.items
            document |= {plural: items} | paging.around(ask, plural, key, found, wanted, len(document[plural]))
        return got.document(document)

    return handle


async def whole(services: kinds.Services, ask: table.Ask, target: str, query: str) -> gathering.Gathered:
    """Ask every site that serves the caller; each document is whole, whatever pages the site gives it in. Raises TooLarge."""
    members = [member for member in services.roster if services.accounts.serves(ask.call.token, member)]
    got = gathering.sorted_out(members, await asyncio.gather(*(_all(services, ask, member, target, query) for member in members)))
    for member, document in got.found:
        _own(services, ask, member, target.removesuffix('/detail'), document)
    return got


def united(got: gathering.Gathered, key: str = 'id') -> dict[str, Any]:
    """One document out of the sites': lists joined, everything else the first's."""
    document: dict[str, Any] = {}
    for _, each in got.found:
        document = each | document
    every = {name: [each.get(name) or [] for _, each in got.found] for name in lists(document)}
    return document | {name: collating.united(values, key) for name, values in every.items()}


def lists(document: dict[str, Any]) -> list[str]:
    """The names of a document's lists; links are none."""
    return [name for name, value in document.items() if isinstance(value, list) and not name.endswith('links')]


async def _all(services: kinds.Services, ask: table.Ask, member: Member, target: str, query: str) -> dict[str, Any] | Reply | HansaError:
    parts: dict[str, list[Any]] = {}
    for _ in range(gathering.MOST_PAGES):
        answer = await gathering.one(services, ask, member, target, query)
        if not isinstance(answer, dict):
            return answer
        for name in lists(answer):
            answer[name] = parts[name] = [*parts.get(name, ()), *answer[name]]
        following = _next(answer)
        if not following or following == query:
            return {name: value for name, value in answer.items() if not name.endswith('_links') and name not in {'next', 'first'}}
        query = following
    return TooLarge(f'Site {member.name} has more than {gathering.MOST_PAGES} pages of this; narrow the list by a filter.')


def _next(document: dict[str, Any]) -> str:
    """The query of a site's next page; '' after the last."""
    links = [value for name, value in document.items() if name.endswith('_links') and isinstance(value, list)]
    every = [each for value in links for each in value if isinstance(each, dict) and each.get('rel') == 'next']
    return urlsplit(str(document.get('next') or (every[0].get('href') if every else '') or '')).query


def _own(services: kinds.Services, ask: table.Ask, member: Member, collection: str, document: dict[str, Any]) -> None:
    """Take out what is another project's. Some of these cannot be asked for by id: who lists them first can change them."""
    locating = services.locating
    for name in lists(document):
        document[name] = [
            item for item in document[name] if not isinstance(item, dict) or locating.mine(ask.call, member, collection, item)
        ]
        for item in document[name]:
            if isinstance(item, dict) and isinstance(item.get('id'), str):
                locating.place(collection, item['id'], member.name)
