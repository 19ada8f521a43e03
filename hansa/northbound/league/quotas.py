"""Quotas of projects, with the shares of sites, for the operator."""

from __future__ import annotations

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.model.quota import LEAGUE, Amounts, Quota
from hansa.northbound.hall import wire
from hansa.northbound.hall.table import Ask
from hansa.ports.identity import Identity
from hansa.ports.roster import Roster
from hansa.rules import quota
from hansa.services.allotting import Allotting

_LIMIT = 1 << 20


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    """Limits to be set, by resource; null takes one away, -1 is a limit that is none."""

    limits: dict[str, int | None] = {}
    sites: dict[str, dict[str, int | None]] = {}


class QuotaRoom:
    """Handlers of `/quotas` and of `/quota-default`, what projects have that have no limit of their own."""

    def __init__(self, allotting: Allotting, roster: Roster, identity: Identity) -> None:
        self._allotting = allotting
        self._roster = roster
        self._identity = identity

    async def listed(self, _: Ask) -> wire.Answer:
        """`GET /quotas`: every project that has limits of its own."""
        limits = await self._allotting.limits()
        return wire.document(200, {'quotas': [_places(project, limits[project]) for project in sorted(limits) if project]})

    async def one(self, ask: Ask) -> wire.Answer:
        """`GET /quotas/{project}` and `GET /quota-default`."""
        return await self._shown(await self._project(ask))

    async def change(self, ask: Ask) -> wire.Answer:
        """`PUT` of the same."""
        project = await self._project(ask)
        try:
            wanted = msgspec.json.decode(await ask.request.body(_LIMIT), type=_Change)
        except msgspec.DecodeError as error:
            raise BadRequest(f'The limits cannot be read: {error}.') from None
        for site in wanted.sites:
            self._roster.get(site)
        for some in (wanted.limits, *wanted.sites.values()):
            _check(some)
        await self._allotting.set(project, {LEAGUE: wanted.limits, **wanted.sites})
        return await self._shown(project)

    async def _project(self, ask: Ask) -> str:
        word = ask.names.get('project', '')
        if not word:
            return ''
        found = await self._identity.project_ids([word])
        if word not in found:
            raise NotFound(f'The league has no project {word}.')
        return found[word]

    async def _shown(self, project: str) -> wire.Answer:
        own = (await self._allotting.limits()).get(project, {})
        stands = await self._allotting.quota(project)
        words = sorted({each for amounts in (*stands.limits.values(), *stands.used.values(), *stands.reserved.values()) for each in amounts})
        places = sorted({*stands.limits, *stands.used, *stands.reserved} - {LEAGUE})
        resources = [
            {
                'resource': word,
                'service': quota.service(word),
                **_line(stands, own, word, LEAGUE),
                'sites': {place: _line(stands, own, word, place) for place in places if _known(stands, word, place)},
            }
            for word in words
        ]
        return wire.document(200, {'project': project, 'resources': resources})


def _check(limits: dict[str, int | None]) -> None:
    for word, most in limits.items():
        if not quota.service(word):
            raise BadRequest(f'There is no resource {word}; there are {", ".join(quota.COUNTED)}, and others of the APIs.')
        if most is not None and not -1 <= most < 1 << 53:
            raise BadRequest(f'A limit is a whole number from 0, or -1 for none; {word} cannot be {most}.')


def _places(project: str, limits: dict[str, Amounts]) -> dict[str, object]:
    return {'project': project, 'limits': limits.get(LEAGUE, {}), 'sites': {place: caps for place, caps in limits.items() if place}}


def _line(stands: Quota, own: dict[str, Amounts], word: str, place: str) -> dict[str, object]:
    """`default` says that the limit is not the project's own; used and reserved are null where the league does not count."""
    counts = {'used': stands.used, 'reserved': stands.reserved}
    told = {name: some.get(place, {}).get(word, 0) if quota.counted(word) else None for name, some in counts.items()}
    limit = stands.limit(word, place)
    return {'limit': limit, 'default': limit is not None and word not in own.get(place, {}), **told}


def _known(stands: Quota, word: str, place: str) -> bool:
    return any(word in some.get(place, {}) for some in (stands.limits, stands.used, stands.reserved))
