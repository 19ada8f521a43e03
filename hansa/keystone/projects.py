"""Which projects and users there are, as Keystone knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from hansa.keystone.admin import TIMEOUT, Session
from hansa.model.errors import SiteDown

Kind = Literal['project', 'user']


class _Project(msgspec.Struct):
    id: str


class _Listed(msgspec.Struct):
    projects: list[_Project] = []
    users: list[_Project] = []


async def find(session: Session, words: Sequence[str]) -> dict[str, str]:
    """Ids of projects named by id or by name (in any domain, the first found); unknown ones are left out. Raises SiteDown."""
    return await _found(session, 'project', words, '')


async def named(session: Session, kind: Kind, words: Sequence[str]) -> dict[str, str]:
    """Ids of projects or users named by id, or by name in the default domain; unknown ones are left out. Raises SiteDown."""
    return await _found(session, kind, words, '&domain_id=default')


async def _found(session: Session, kind: Kind, words: Sequence[str], more: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in dict.fromkeys(words):
        id = await _by_id(session, kind, word) or await _by_name(session, kind, word, more)
        if id:
            found[word] = id
    return found


async def gone(session: Session, kind: Kind, ids: Sequence[str]) -> list[str]:
    """Those of the ids under which there is no project or user. Raises SiteDown.

    The list may be cut off by a limit, so what it does not have is asked for by itself.
    """
    status, body = await session.read(f'/v3/{kind}s', [], TIMEOUT)
    try:
        listed = msgspec.json.decode(body, type=_Listed) if status == 200 else None
    except msgspec.MsgspecError:
        listed = None
    if listed is None:
        raise SiteDown('identity', f'answered {status}, and no list, when asked for {kind}s')
    known = {each.id for each in (*listed.projects, *listed.users)}
    return [id for id in ids if id not in known and not await _there(session, kind, id)]


async def _there(session: Session, kind: Kind, id: str) -> bool:
    status, _ = await session.read(f'/v3/{kind}s/{quote(id, safe="")}', [], TIMEOUT)
    if status not in {200, 404}:
        raise SiteDown('identity', f'answered {status} when asked for a {kind}')
    return status == 200


async def _by_id(session: Session, kind: Kind, word: str) -> str:
    if word in {'', '.', '..'}:
        return ''
    return word if await _there(session, kind, word) else ''


async def _by_name(session: Session, kind: Kind, word: str, more: str) -> str:
    status, body = await session.read(f'/v3/{kind}s?name={quote(word, safe="")}{more}', [], TIMEOUT)
    if status == 400:
        # Nothing can have this name.
        return ''
    try:
        listed = msgspec.json.decode(body, type=_Listed) if status == 200 else None
    except msgspec.MsgspecError:
        listed = None
    if listed is None:
        raise SiteDown('identity', f'answered {status}, and no list, when asked for {kind}s')
    return min((each.id for each in (*listed.projects, *listed.users)), default='')
