"""Volumes that come, go or change hands together with a server: Cinder tells no end of them, and its list may lag behind Nova's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from hansa.model.batch import Change
from hansa.model.errors import SiteDown, Unauthorized
from hansa.sync import attached, lists
from hansa.sync.attached import Attached
from hansa.sync.questions import Questions
from hansa.sync.reader import BadAnswer, Reader
from hansa.sync.track import Track

MOST = 50
"""Volumes looked at after one answer about servers; the rest is found by the next sweep."""

SLICE = 50
"""Servers whose volumes are looked up in one go: a millisecond or two, after which others get their turn of the loop."""

Servers = Mapping[str, frozenset[str]]


class Kin:
    """Looks at the volumes of one site's servers; `track` is that of its volumes."""

    def __init__(self, known: Attached, questions: Questions, reader: Reader, track: Track) -> None:
        self._known = known
        self._questions = questions
        self._reader = reader
        self._track = track

    async def before(self, kind: str, site_ids: Sequence[str]) -> Servers:
        """The volumes of these servers as they are known, to be compared afterwards; nothing for other kinds."""
        known: dict[str, frozenset[str]] = {}
        for start in range(0, len(site_ids) if kind == 'server' else 0, SLICE):
            if start:
                await asyncio.sleep(0)
            some = site_ids[start : start + SLICE]
            had = await self._known.volumes(some)
            known |= {site_id: had.get(site_id, frozenset()) for site_id in some}
        return known

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
            ticket = self._questions.ticket()
            change = lists.change('volume', volume, await self._reader.one('volume', volume, timeout), ticket)
            self._track.look([change], now)
            await tell([change])

    async def _doubted(self, had: frozenset[str], new: dict[str, Any] | None) -> list[str]:
        """What was attached or let go, and what is attached although nobody knows of it."""
        has = attached.of(new or {})
        kept = [volume for volume in sorted(had & has) if not await self._known.in_use(volume)]
        return [*sorted(had ^ has), *kept]
