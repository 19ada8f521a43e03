"""Settles which league object a site's flavor, image, volume type or security group is, and writes the aliases that follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hansa.model.alias import Alias
from hansa.model.listing import Filter, Query
from hansa.model.resource import Record
from hansa.ports.store import Store
from hansa.rules import merge
from hansa.rules.aliases import AliasBook

CHUNK = 400
_TRIES = 5


class Shares:
    """Used by one intake, under its lock for the kind."""

    def __init__(self, store: Store, book: AliasBook) -> None:
        self._store = store
        self._book = book

    async def settle(self, fresh: Sequence[Record], again: Callable[[str], Record]) -> tuple[list[Record], set[merge.Where]]:
        """Records of one site and kind as they are to be stored, and the other places that changed with them.

        `again` reads a site id's document anew, with the aliases that stand by then.
        """
        fresh, standing = await self._together(fresh, again)
        claims = merge.adopt(fresh, standing)
        mine = {merge.where(record): record for record in fresh}
        stood = {merge.where(record): record for record in standing}
        await self._realias([(mine.get(place) or stood[place], claim.id) for place, claim in claims.items()])
        await self._move([(stood[place], claim.id) for place, claim in claims.items() if place in stood])
        moved = claims.keys() - mine.keys()
        for place in moved:
            await self._rename(stood[place], claims[place])
        settled = [again(site_id) for _, site_id in mine]
        if fresh and fresh[0].kind == 'security_group':
            moved |= await self._match_rules(settled)
            settled = [again(site_id) for _, site_id in mine]
        return [merge.named(record, claims[merge.where(record)].name) for record in settled], moved

    async def _together(
        self, fresh: Sequence[Record], again: Callable[[str], Record]
    ) -> tuple[Sequence[Record], list[Record]]:
        """Fresh records and those that stand, under the aliases of one moment: a service may make one while the store is read."""
        standing: list[Record] = []
        for _ in range(_TRIES):
            standing = await self._standing(fresh)
            anew = [again(record.site_id) for record in fresh]
            if [record.id for record in anew] == [record.id for record in fresh]:
                break
            fresh = anew
        return fresh, standing

    async def bury(self, site: str, kind: str, site_ids: Sequence[str], when: float) -> None:
        """Drop the records and then the aliases of objects that are gone; what other objects of the site stand for stays."""
        ids = set(site_ids)
        leagues = {self._book.league(site, site_id) or site_id for site_id in ids}
        aliases = self._at(kind, site)
        leagues -= {alias.league for alias in aliases if alias.local not in ids}
        drops = [alias for alias in aliases if alias.local in ids]
        if kind == 'security_group':
            drops += await self._rules_of(site, leagues)
        await self._store.remove(site, kind, sorted(leagues), when)
        await self._store.drop_aliases(drops)
        self._book.drop(drops)

    async def _standing(self, fresh: Sequence[Record]) -> list[Record]:
        """All records that may have to do with these: of their ids, and of their names at every site."""
        found: dict[merge.Where, Record] = {}
        kind = fresh[0].kind
        for record in fresh:
            for id in dict.fromkeys((record.id, record.site_id)):
                for replica in await self._store.replicas(kind, id):
                    if merge.where(replica) == merge.where(record) and replica.id != record.id:
                        # A service made the alias after we had seen the object under its own id.
                        await self._move([(replica, record.id)])
                        replica = msgspec.structs.replace(replica, id=record.id)  # noqa: PLW2901  # the same, renamed
                    found[merge.where(replica)] = replica
        known = {record.id for record in found.values()}
        for query in _queries(fresh):
            for primary in await self._store.page(query):
                if primary.id not in known:
                    known.add(primary.id)
                    found.update({merge.where(replica): replica for replica in await self._store.replicas(kind, primary.id)})
        return list(found.values())

    async def _realias(self, claims: Sequence[tuple[Record, str]]) -> None:
        """Make the aliases say that each record stands for its league id. Old ones go first: two may swap their ids."""
        drops, adds = [], []
        for record, league in claims:
            mine = [alias for alias in self._at(record.kind, record.site) if alias.local == record.site_id]
            drops += [alias for alias in mine if alias.league != league]
            if league != record.site_id and all(alias.league != league for alias in mine):
                adds.append(merge.alias(record, league))
        await self._store.drop_aliases(drops)
        self._book.drop(drops)
        await self._store.add_aliases(adds)
        self._book.add(adds)

    async def _move(self, claims: Sequence[tuple[Record, str]]) -> None:
        """Give records that stand other league ids."""
        moves = [(record, league) for record, league in claims if record.id != league]
        flavors = [(record, league) for record, league in moves if record.kind == 'flavor']
        for record, league in moves:
            if record.kind != 'flavor':
                await self._store.rename_id(record.site, record.kind, record.id, league)
        # A flavor's id may be as short as '1', which as a word of a document means many things; nothing refers to it there.
        for record, _ in flavors:
            await self._store.remove(record.site, record.kind, [record.id], record.seen)
        await self._store.put([_with_id(record, league) for record, league in flavors])

    async def _rename(self, record: Record, claim: merge.Claim) -> None:
        """Another site's record has left its twins or takes another name."""
        for replica in await self._store.replicas(record.kind, claim.id):
            if merge.where(replica) == merge.where(record):
                await self._store.put([merge.named(replica, claim.name)])

    async def _match_rules(self, groups: Sequence[Record]) -> set[merge.Where]:
        """Rules of equal content are one rule of the league, with the primary's id."""
        moved = set()
        for group in groups:
            members = await self._store.replicas(group.kind, group.id)
            others = [other for other in members if other.site != group.site]
            if not others:
                continue
            if members[0].site != group.site:
                await self._alias_rules(members[0], group)
                continue
            for other in others:
                for old, new in await self._alias_rules(group, other):
                    await self._store.rename_id(other.site, 'security_group_rule', old, new)
                    moved.add(merge.where(other))
        return moved

    async def _alias_rules(self, head: Record, replica: Record) -> list[tuple[str, str]]:
        wanted = merge.rules(msgspec.json.decode(head.doc))
        drops, adds, renames = [], [], []
        for content, shown in merge.rules(msgspec.json.decode(replica.doc)).items():
            local = self._book.local(replica.site, shown) or shown
            league = wanted.get(content, local)
            if league == shown:
                continue
            renames.append((shown, league))
            drops.append(Alias(replica.site, 'security_group_rule', shown, local))
            if league != local:
                adds.append(Alias(replica.site, 'security_group_rule', league, local))
        await self._store.drop_aliases(drops)
        self._book.drop(drops)
        await self._store.add_aliases(adds)
        self._book.add(adds)
        return renames

    async def _rules_of(self, site: str, leagues: set[str]) -> list[Alias]:
        ids = {
            id
            for league in leagues
            for replica in await self._store.replicas('security_group', league)
            if replica.site == site
            for id in merge.rules(msgspec.json.decode(replica.doc)).values()
        }
        return [alias for alias in self._book.of('security_group_rule', site=site) if alias.league in ids]

    def _at(self, kind: str, site: str) -> list[Alias]:
        return self._book.of(merge.alias_kind(kind), site=site)


def _with_id(flavor: Record, id: str) -> Record:
    doc = msgspec.json.encode({**msgspec.json.decode(flavor.doc), 'id': id})
    return msgspec.structs.replace(flavor, id=id, doc=doc)


def _queries(fresh: Sequence[Record]) -> list[Query]:
    """Flavors and volume types are few, and all are looked at; the others are looked up by name."""
    kind = fresh[0].kind
    if kind in merge.NAMED:
        return [Query(kind)]
    projects = tuple(sorted({record.project for record in fresh if record.project})) if kind == 'security_group' else None
    names = sorted({record.name for record in fresh})
    return [
        Query(kind, projects=projects, filters=(Filter(('name',), 'in', tuple(names[start : start + CHUNK])),))
        for start in range(0, len(names), CHUNK)
    ]
