"""Volumes that come, go or change hands together with a server: Cinder tells no end of them, and its list may lag behind Nova's."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hansa.model.batch import Change
from hansa.model.errors import SiteDown, Unauthorized
from hansa.model.resource import Record
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.sync import lists
from hansa.sync.intake import Intake
from hansa.sync.reader import BadAnswer, Reader
from hansa.sync.track import Track

MOST = 50
"""Volumes looked at after one answer about servers; the rest is found by the next sweep."""

Servers = Mapping[str, Record | None]


class Kin:
    """Looks at the volumes of one site's servers; `track` is that of its volumes."""

    def __init__(self, member: Member, store: Store, intake: Intake, reader: Reader, track: Track) -> None:
        self._member = member
        self._store = store
        self._intake = intake
        self._reader = reader
        self._track = track

    async def before(self, kind: str, site_ids: Sequence[str]) -> Servers:
        """Servers by site id as the inventory has them, to be compared afterwards; nothing for other kinds."""
        if kind != 'server':
            return {}
        return {site_id: await self._intake.standing(self._member, kind, site_id) for site_id in site_ids}

    async def look(self, before: Servers, after: Sequence[Change], now: float, timeout: float, tell: lists.Tell) -> None:
        """Tell what happened to the servers' volumes with them. Where Cinder does not answer its next list has to do."""
        with contextlib.suppress(SiteDown, Unauthorized, BadAnswer):
            await self._look(before, after, now, timeout, tell)

    async def _look(self, before: Servers, after: Sequence[Change], now: float, timeout: float, tell: lists.Tell) -> None:
        new = {change.id: change.doc for change in after}
        doubted: dict[str, None] = {}
        for site_id, old in before.items():
            doubted.update(dict.fromkeys(await self._doubted(old, new.get(site_id))))
        for volume in list(doubted)[:MOST]:
            ticket = self._intake.ticket()
            change = lists.change('volume', volume, await self._reader.one('volume', volume, timeout), ticket)
            self._track.look([change], now)
            await tell([change])

    async def _doubted(self, old: Record | None, new: dict[str, Any] | None) -> list[str]:
        """What was attached or let go, and what is attached although the inventory knows nothing of it."""
        had, has = _volumes(msgspec.json.decode(old.doc) if old else {}), _volumes(new or {})
        kept = [volume for volume in sorted(had & has) if not await self._in_use(volume)]
        return [*sorted(had ^ has), *kept]

    async def _in_use(self, volume: str) -> bool:
        record = await self._store.get('volume', volume)
        return record is not None and record.status == 'in-use'


def _volumes(server: dict[str, Any]) -> frozenset[str]:
    """Ids of a server's volumes, by its own document."""
    attached = server.get('os-extended-volumes:volumes_attached')
    return frozenset(str(each['id']) for each in attached or () if isinstance(each, dict) and 'id' in each)
