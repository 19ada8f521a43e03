"""Which project is meant by a word, as Keystone knows it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from hansa.keystone.admin import TIMEOUT, Session
from hansa.model.errors import SiteDown


class _Project(msgspec.Struct):
    id: str


class _Projects(msgspec.Struct):
    projects: list[_Project]


async def find(session: Session, words: Sequence[str]) -> dict[str, str]:
    """Ids of projects named by id or by name (in any domain, the first found); unknown ones are left out. Raises SiteDown."""
    found: dict[str, str] = {}
    for word in dict.fromkeys(words):
        id = await _by_id(session, word) or await _by_name(session, word)
        if id:
            found[word] = id
    return found


async def _by_id(session: Session, word: str) -> str:
    if word in {'', '.', '..'}:
        return ''
    status, _ = await session.read(f'/v3/projects/{quote(word, safe="")}', [], TIMEOUT)
    if status not in {200, 404}:
        raise SiteDown('identity', f'answered {status} when asked for a project')
    return word if status == 200 else ''


async def _by_name(session: Session, word: str) -> str:
    status, body = await session.read(f'/v3/projects?name={quote(word, safe="")}', [], TIMEOUT)
    if status == 400:
        # No project can have this name.
        return ''
    try:
        listed = msgspec.json.decode(body, type=_Projects).projects if status == 200 else None
    except msgspec.MsgspecError:
        listed = None
    if listed is None:
        raise SiteDown('identity', f'answered {status}, and no list, when asked for projects')
    return min((project.id for project in listed), default='')
