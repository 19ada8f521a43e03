"""What placement needs to know: what a create refers to, and how the sites stand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.errors import BadRequest, OverQuota
from hansa.model.listing import Query
from hansa.model.quota import Amounts, Quota
from hansa.model.resource import KINDS, Kind, Record
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import placement, quota, references
from hansa.services.accounts import Accounts
from hansa.services.locating import Locating
from hansa.services.preparing import Preparing
from hansa.services.quotas import Quotas

HOMELY = ('network', 'volume', 'router')
_NEVER_FULL = 1.0


class Surveying:
    """Turns a request and the state of the league into what `rules.placement` judges."""

    def __init__(
        self, store: Store, roster: Roster, accounts: Accounts, locating: Locating, preparing: Preparing, quotas: Quotas
    ) -> None:
        self._store = store
        self._roster = roster
        self._accounts = accounts
        self._locating = locating
        self._preparing = preparing
        self._quotas = quotas

    async def wish(self, call: Call, kind: Kind, body: dict[str, Any], item: dict[str, Any]) -> placement.Wish:
        """What a create asks of placement; `item` is the description inside its `body`. Raises BadRequest for a flavor that does not exist."""
        pins: list[placement.Pin] = []
        needs: list[placement.Need] = []
        apart = references.apart(body)
        for record in await self._preparing.referred(body):
            self._locating.refer(call, record)
            if record.id in apart:
                continue
            if not KINDS[record.kind].shared:
                if self._locating.visible(call, record):
                    pins.append(placement.Pin(record.site, self._locating.said(call, record)))
            elif record.kind == 'image':
                needs.append(await self._image(record))
            elif record.kind == 'volume_type':
                needs.extend(await self._type(record.id))
        pins += await self._locating.loose(call, kind.service, item)
        if kind.name == 'server':
            needs.extend(await self._of_server(call, item))
        if kind.name == 'volume' and item.get('volume_type'):
            needs.extend(await self._type(str(item['volume_type'])))
        return placement.Wish(_zones(kind, item), tuple(pins), tuple(needs), await self.home(call.token.project))

    async def _image(self, record: Record) -> placement.Need:
        replicas = await self._store.replicas('image', record.id)
        # An image of a server that boots from a volume is but a list of snapshots, which no other site has.
        movable = record.status == 'active' and 'block_device_mapping' not in msgspec.json.decode(record.doc)
        return placement.Need(f'image {record.name}', frozenset(each.site for each in replicas), movable=movable)

    async def _of_server(self, call: Call, item: dict[str, Any]) -> list[placement.Need]:
        needs = [await self._flavor(call, str(item['flavorRef']))] if item.get('flavorRef') is not None else []
        for word in references.disk_types(item):
            needs.extend(await self._type(word))
        if references.any_network(item):
            needs.extend(await self._any_network(call))
        return needs

    async def _any_network(self, call: Call) -> list[placement.Need]:
        """A server that takes whatever network there is goes where the project has one, rather than stay without."""
        project = call.token.project
        found = await self._store.page(Query('network', (project,), limit=1000))
        usable = [each for each in found if each.project == project or msgspec.json.decode(each.doc).get('shared')]
        sites = frozenset(each.site for each in usable)
        return [placement.Need('network of the project', sites, movable=False, loose=True)] if sites else []

    async def _flavor(self, call: Call, word: str) -> placement.Need:
        id = await self._preparing.flavors.find(call, word)
        sites = await self._preparing.flavors.sites(id)
        makers = frozenset(member.name for member in self._roster if member.managed)
        return placement.Need(f'flavor {id}', sites | makers, movable=False)

    async def _type(self, word: str) -> list[placement.Need]:
        records = await self._store.page(Query('volume_type'))
        for record in records:
            if word in {record.id, record.name}:
                sites = frozenset(each.site for each in await self._store.replicas('volume_type', record.id))
                return [placement.Need(f'volume type {word}', sites, movable=False)]
        return []

    async def home(self, project: str) -> str:
        """The site where a project's networks and volumes already are, or the one chosen for it before; '' for none."""
        kept = await self._store.value(f'home/{project}')
        if kept and (site := msgspec.json.decode(kept, type=str)) in self._roster:
            return site
        counts: Counter[str] = Counter()
        for kind in HOMELY:
            counts.update(await self._store.spread(kind, project))
        return max(counts, key=lambda site: (counts[site], site)) if counts else ''

    async def settle(self, project: str, site: str) -> None:
        """Make a site the project's home."""
        await self._store.set(f'home/{project}', msgspec.json.encode(site))

    async def views(self, call: Call, kind: Kind, wish: placement.Wish, charge: Amounts) -> Sequence[placement.View]:
        """How each site stands for this caller, who wants that much; quotas are asked for only where they decide."""
        free = not wish.pins and not wish.zones
        project = call.token.project
        left = await self._store.quota(project) if free and charge and await self._store.limits(project, '') else Quota()
        return await asyncio.gather(*(self._view(call, member, kind, free, left, charge) for member in self._roster))

    async def _view(self, call: Call, member: Member, kind: Kind, free: bool, left: Quota, charge: Amounts) -> placement.View:
        health = member.site.health()
        serves = self._accounts.serves(call.token, member)
        room = _NEVER_FULL
        if free and serves and health.reachable:
            room = await self._quotas.room(call, member, kind.service) if quota.share_takes(charge, left, member.name) else 0.0
        return placement.View(member.name, health.reachable, health.reason, member.zones(kind.service), serves, room)

    async def full(self, call: Call, kind: Kind, charge: Amounts) -> OverQuota:
        """What is to be said where no site has room: of which share, else of the sites' own quotas together."""
        left = await self._store.quota(call.token.project)
        try:
            for member in self._roster:
                quota.admit(charge, left, member.name)
        except OverQuota as error:
            return error
        resource, most, used = await self._quotas.most(call, kind.service)
        return OverQuota({resource: charge.get(resource, 1)}, {resource: used}, {resource: most})


def _zones(kind: Kind, item: dict[str, Any]) -> tuple[str, ...]:
    hints = item.get('availability_zone_hints')
    zone = item.get('availability_zone')
    rules = item.get('rules')
    if kind.name == 'server_group' and isinstance(rules, dict):
        zone = rules.get('site')
    words = [zone, *(hints if isinstance(hints, list) else [])] if zone or hints else []
    if not all(isinstance(word, str) for word in words if word is not None):
        raise BadRequest('An availability zone is named by a word.')
    return tuple(word for word in words if word)
