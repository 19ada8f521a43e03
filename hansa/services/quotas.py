"""Limits, quotas and usage over all sites: each is asked at once, and one that does not answer counts as last known."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.rules import limits
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts
from hansa.services.relay import Relay

_TIMEOUT = 4.0
_FRESH = 5.0
_KEPT = 10_000
UNKNOWN = 1.0

_ROOM = {
    'compute': ('instances', 'maxTotalInstances', 'totalInstancesUsed'),
    'volume': ('volumes', 'maxTotalVolumes', 'totalVolumesUsed'),
}


class Quotas:
    """Sums over sites."""

    def __init__(self, roster: Roster, accounts: Accounts, relay: Relay, book: AliasBook, clock: Clock) -> None:
        self._roster = roster
        self._accounts = accounts
        self._relay = relay
        self._book = book
        self._clock = clock
        self._known: OrderedDict[tuple[str, ...], tuple[float, dict[str, Any]]] = OrderedDict()

    async def gather(self, call: Call, path: str, query: str = '', version: str = '') -> list[tuple[Member, dict[str, Any]]]:
        """The same document of every site that serves the caller, at a microversion (the call's); sites without any answer yet are left out."""
        members = [member for member in self._roster if self._accounts.serves(call.token, member)]
        answers = await asyncio.gather(*(self._one(call, member, call.service, path, query, 0.0, version or call.version) for member in members))
        return [(member, answer) for member, answer in zip(members, answers, strict=True) if answer is not None]

    async def merged(self, call: Call, path: str, query: str = '') -> dict[str, Any]:
        """One document over all sites."""
        documents: Sequence[dict[str, Any]] = [document for _, document in await self.gather(call, path, query)]
        total: dict[str, Any] = limits.merged(documents)
        return total

    async def room(self, call: Call, member: Member, service: str) -> float:
        """How many more servers or volumes a project may have at a site; `UNKNOWN` where that cannot be told."""
        path = _ROOM.get(service)
        if path is None or (member.managed and not self._book.local(member.name, call.token.project)):
            return UNKNOWN if path is None else UNKNOWN * 10
        document = await self._one(call, member, service, '/limits', '', _FRESH, '')
        if document is None:
            return UNKNOWN
        absolute = document.get('limits', {}).get('absolute', {})
        most, used = absolute.get(path[1], -1), absolute.get(path[2], 0)
        return float('inf') if most == limits.UNLIMITED else float(most - used)

    async def most(self, call: Call, service: str) -> tuple[str, int, int]:
        """What servers or volumes are called in quotas, how many a project may have at all sites, and how many it has."""
        resource, most, used = _ROOM[service]
        members = [member for member in self._roster if self._accounts.serves(call.token, member)]
        found = await asyncio.gather(*(self._one(call, member, service, '/limits', '', _FRESH, '') for member in members))
        absolute = limits.merged([each for each in found if each]).get('limits', {}).get('absolute', {})
        return resource, absolute.get(most, 0), absolute.get(used, 0)

    async def _one(
        self, call: Call, member: Member, service: str, path: str, query: str, fresh: float, version: str
    ) -> dict[str, Any] | None:
        key = (member.name, call.token.user, call.token.project, service, path, query, version)
        known = self._known.get(key)
        now = self._clock.monotonic()
        if known and now - known[0] < fresh:
            return known[1]
        try:
            status, raw = await self._relay.ask(call, member, service, path, query, timeout=_TIMEOUT, version=version)
        except HansaError:
            return known[1] if known else None
        if status >= 300:
            return known[1] if known else None
        try:
            document = msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return known[1] if known else None
        self._known[key] = (now, document)
        self._known.move_to_end(key)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return document
