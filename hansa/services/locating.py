"""Finding the site of an object: the inventory knows; for what it does not know, the sites are asked."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import Any, TypeVar

import msgspec

from hansa.model.call import Call
from hansa.model.errors import BadRequest, HansaError, NotFound, SiteDown
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS, Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import owners, placement, references, zones
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts
from hansa.services.relay import Relay

UUID = re.compile(r'[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}')
_K = TypeVar('_K')
_V = TypeVar('_V')
_KEPT = 20_000
_ABSENT_SECONDS = 5.0
_PROBE_TIMEOUT = 5.0


class Locating:
    """Which site holds what a caller names."""

    def __init__(self, store: Store, book: AliasBook, roster: Roster, relay: Relay, accounts: Accounts, clock: Clock) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._relay = relay
        self._accounts = accounts
        self._clock = clock
        self._probed: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._absent: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    async def record(self, call: Call, kind: str, id: str) -> Record | None:
        """What the inventory holds under an id, `name@site` or `name@site:zone`, as far as this caller may see it."""
        found = await self._store.get(kind, id)
        if found is None and '@' in id:
            found = await self._named(call, kind, id)
        return found if found and self.visible(call, found) else None

    async def merged(self, call: Call, kind: str, id: str) -> Record | None:
        """What the inventory holds under an id of a site, which the client was told before the object was known for a replica."""
        for member in self._roster:
            league = self._book.league(member.name, id)
            if league:
                return await self.record(call, kind, league)
        return None

    def certain(self, call: Call, record: Record) -> bool:
        """Whether the caller may see a record, whatever its site would say."""
        return call.token.admin or record.public or record.project == call.token.project

    def visible(self, call: Call, record: Record) -> bool:
        """Whether the caller may ask its site for a record: the site knows with whom networks and images are shared."""
        if self.certain(call, record) or (record.kind == 'image' and b'"visibility":"community"' in record.doc):
            return True
        member = self._roster.get(record.site) if record.site in self._roster else None
        return bool(record.project) and member is not None and member.managed and record.kind in {'network', 'image', 'subnet', 'security_group'}

    async def member(self, call: Call, kind: str, path: str, id: str) -> tuple[Member, Record | None]:
        """The site that holds an object; `path` is its collection at a site ('/servers').

        Raises NotFound where every site says so, SiteDown where one that might hold it cannot be asked.
        """
        record = await self.record(call, kind, id) if kind else None
        if record is not None:
            return self._roster.get(record.site), record
        if kind and await self._store.gone(kind, id):
            raise missing(kind or path, id)
        return await self.probe(call, path, id, kind), None

    async def probe(self, call: Call, path: str, id: str, kind: str = '') -> Member:
        """Ask every site that serves the caller for an id that the inventory does not know."""
        if not UUID.fullmatch(id):
            raise missing(kind or path, id)
        known = self._probed.get((path, id), '')
        if known in self._roster and self._tells(call, self._roster.get(known)) and self._may_ask(call, self._roster.get(known), kind, id):
            return self._roster.get(known)
        key = (call.token.project, path, id)
        if self._absent.get(key, 0.0) > self._clock.monotonic():
            raise missing(kind or path, id)
        members = [each for each in self._roster if self._accounts.serves(call.token, each) and self._may_ask(call, each, kind, id)]
        answers = await asyncio.gather(*(self._has(call, member, path, id) for member in members))
        holders = [member for member, has in zip(members, answers, strict=True) if has is True]
        if holders:
            _keep(self._probed, (path, id), holders[0].name)
            return holders[0]
        for answer in answers:
            if isinstance(answer, SiteDown):
                raise answer
        _keep(self._absent, key, self._clock.monotonic() + _ABSENT_SECONDS)
        raise missing(kind or path, id)

    def _tells(self, call: Call, member: Member) -> bool:
        """Whether a site itself knows what of it is the caller's."""
        return member.managed or call.token.admin or not owners.several(self._book, member.name)

    def _may_ask(self, call: Call, member: Member, kind: str, id: str) -> bool:
        """Where projects share one of the site, it answers for all of them alike, so that only an object's owner may ask."""
        if self._tells(call, member):
            return True
        owner = owners.owner(self._book, member.name, id)
        return owner == call.token.project or not (owner or kind)

    def mine(self, call: Call, member: Member, collection: str, doc: dict[str, Any]) -> bool:
        """Whether an object that the inventory does not keep is the caller's to see, as far as its site cannot tell that."""
        if self._tells(call, member):
            return True
        return owners.mine(self._book, member.name, collection, doc, call.token.project)

    async def loose(self, call: Call, service: str, item: dict[str, Any]) -> list[placement.Pin]:
        """Where those are that a description refers to and the inventory does not keep; what nobody has is for a site to refuse.

        Raises SiteDown where one that might hold it cannot be asked.
        """
        found = []
        for path, id in references.loose(service, item) if service == call.service else ():
            try:
                member = await self.probe(call, path, id)
            except NotFound:
                continue
            found.append(placement.Pin(member.name, f'{path.rpartition("/")[2].removesuffix("s")} {id}'))
        return found

    def refer(self, call: Call, record: Record) -> None:
        """Raises BadRequest for a reference to what is not the caller's, where the site itself would let it pass."""
        member = self._roster.get(record.site) if record.site in self._roster else None
        if member is not None and not member.managed and not self.visible(call, record):
            raise BadRequest(f'{record.kind.replace("_", " ").capitalize()} {record.id} could not be found.')

    def said(self, call: Call, record: Record) -> str:
        """A record in a sentence for this caller; names are told only to those who may see it for certain."""
        word = record.kind.replace('_', ' ')
        return f'{word} {record.name} ({record.id})' if record.name and self.certain(call, record) else f'{word} {record.id}'

    def site(self, name: str) -> Member:
        """The member of that name. Raises NotFound."""
        return self._roster.get(name)

    def answers(self, name: str) -> bool:
        """Whether a site is there and answers now."""
        return name in self._roster and self._roster.get(name).site.health().reachable

    def place(self, path: str, id: str, site: str) -> None:
        """Remember where an object that the inventory does not keep was made."""
        _keep(self._probed, (path, id), site)

    async def _has(self, call: Call, member: Member, path: str, id: str) -> bool | SiteDown:
        try:
            status, raw = await self._relay.ask(
                call, member, call.service, f'{path}/{id}', timeout=_PROBE_TIMEOUT, version=call.version
            )
        except SiteDown as error:
            return error
        except HansaError:
            return False
        return status < 300 and self.mine(call, member, path, _inner(raw))

    async def _named(self, call: Call, kind: str, id: str) -> Record | None:
        name, site, zone = zones.at(id, self._roster.names())
        if not site:
            return None
        filters = (Filter(('name',), 'in', (name,)), Filter(('site',), 'in', (site,)))
        projects = None if call.token.admin else (call.token.project,)
        found = await self._store.page(Query(kind, projects, filters=filters, limit=100))
        exact = [record for record in found if not zone or _in_zone(record, f'{site}:{zone}')]
        own = [record for record in exact if record.project == call.token.project]
        chosen = own or exact
        return chosen[0] if len(chosen) == 1 else None


def _inner(raw: bytes) -> dict[str, Any]:
    """The one object in a site's answer; an empty one where there is none."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    inner = next(iter(found.values()), None) if isinstance(found, dict) and len(found) == 1 else found
    return inner if isinstance(inner, dict) else {}


def _in_zone(record: Record, zone: str) -> bool:
    return f'"{zone}"'.encode() in record.doc


def _keep(kept: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


def missing(kind: str, id: str) -> NotFound:
    """What is said of an id that nobody has."""
    word = kind if kind in KINDS else kind.strip('/')
    return NotFound(f'No {word.replace("_", " ")} with id or name {id} is known to the league.')
