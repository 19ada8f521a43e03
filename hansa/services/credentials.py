"""Agents that run near their sites: the credentials by which they are let in, and when they were last heard of."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets

import msgspec

from hansa.model.distant import Credential, Distant
from hansa.model.errors import Conflict, Dismissed, NotFound, Unauthorized
from hansa.model.secret import Secret
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store

MOST = 16
"""Credentials of a site: enough to change one without a break."""

_WORD = re.compile(r'([0-9a-f]{8})\.([A-Za-z0-9_-]{43})')
PREFIX = 'agent/'
"""Small state under this and an id: a credential."""
LATEST = 'latest-agent/'
"""Small state under this and a site: the name of the agent that was started last."""


class _Kept(msgspec.Struct, frozen=True):
    site: str
    hashed: str
    since: float


class Credentials:
    """Of a credential only a hash is kept. It is looked up with each request, so that one that is removed opens nothing from then on."""

    def __init__(self, store: Store, roster: Roster, clock: Clock) -> None:
        self._store = store
        self._roster = roster
        self._clock = clock

    async def add(self, site: str) -> tuple[Credential, Secret]:
        """A new credential for a site's agent: its secret is told this once. Raises NotFound; Conflict where there are MOST."""
        member = self._roster.get(site)
        if len(await self.listed(site)) >= MOST:
            raise Conflict(f'Site {site} has {MOST} credentials for agents; remove one first.')
        id, word, since = secrets.token_hex(4), secrets.token_urlsafe(32), self._clock.now()
        await self._store.set(PREFIX + id, msgspec.json.encode(_Kept(site, _hash(word), since)))
        # Until it is heard of for the first time nobody waits for it.
        member.distant = member.distant or Distant(-math.inf)
        return Credential(id, site, since), Secret(f'{id}.{word}')

    async def listed(self, site: str = '') -> list[Credential]:
        """All credentials, or those of one site, the oldest first. Raises NotFound for a site that is not known."""
        if site:
            self._roster.get(site)
        found = [Credential(id, kept.site, kept.since) for id, kept in (await _kept(self._store)).items() if site in {'', kept.site}]
        return sorted(found, key=lambda each: (each.site, each.since, each.id))

    async def remove(self, site: str, id: str = '') -> int:
        """Let in nobody with this credential any more, or with any of the site; how many that were. Raises NotFound where it is none."""
        mine = await self.listed(site)
        gone = [each for each in mine if id in {'', each.id}]
        if not gone:
            raise NotFound(f'Site {site} has no credential {id} for an agent.' if id else f'Site {site} has no credential for an agent.')
        for each in gone:
            await self._store.unset(PREFIX + each.id)
        if len(gone) == len(mine):
            self._roster.get(site).distant = None
        return len(gone)

    async def admit(self, site: str, word: str) -> None:
        """Let an agent of a site in, and take note that it was heard of. Raises Unauthorized; NotFound where it is another site's."""
        match = _WORD.fullmatch(word)
        raw = await self._store.value(PREFIX + match[1]) if match else None
        kept = msgspec.json.decode(raw, type=_Kept) if raw else None
        if match is None or kept is None or not hmac.compare_digest(kept.hashed, _hash(match[2])):
            raise Unauthorized('The credential of the agent is not known here, or no more.')
        if kept.site != site:
            raise NotFound(f'This credential is for the agent of site {kept.site}, not of {site}.')
        member = self._roster.get(site)
        member.distant = member.distant or Distant(-math.inf)
        member.distant.heard = self._clock.now()

    async def enter(self, site: str, agent: str, *, again: bool) -> None:
        """An agent that was let in begins a run, `again` if it had one before: the one of a site that was started last has it. Raises Dismissed."""
        latest = await self._store.value(LATEST + site)
        if again and latest is not None and latest != agent.encode():
            raise Dismissed(f'Another agent of {site} was started after this one and follows the site now: there can be one.')
        if agent and latest != agent.encode():
            await self._store.set(LATEST + site, agent.encode())

    async def changed(self, key: str) -> None:
        """Another process of the league made or removed the credential that is kept under this key. Raises Busy."""
        kept = await _kept(self._store)
        wanted = {each.site for each in kept.values()}
        for member in self._roster:
            if member.name not in wanted:
                member.distant = None
            elif key.removeprefix(PREFIX) in kept and kept[key.removeprefix(PREFIX)].site == member.name:
                member.distant = member.distant or Distant(-math.inf)


async def expected(store: Store, site: str, now: float) -> Distant | None:
    """The agent of a site at the start of the league, where it has a credential: its agent has a while to come back."""
    return Distant(now) if any(kept.site == site for kept in (await _kept(store)).values()) else None


async def forget(store: Store, site: str) -> None:
    """A site has left, and its credentials with it."""
    await store.unset(LATEST + site)
    for id, kept in (await _kept(store)).items():
        if kept.site == site:
            await store.unset(PREFIX + id)


async def _kept(store: Store) -> dict[str, _Kept]:
    return {key.removeprefix(PREFIX): msgspec.json.decode(raw, type=_Kept) for key, raw in (await store.values(PREFIX)).items()}


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
