"""Server groups over sites: objects of the league, which no site knows of."""

from __future__ import annotations

import datetime
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.errors import BadRequest, Forbidden
from hansa.model.intent import Intent
from hansa.model.listing import Query
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.rules import companies, multiple
from hansa.rules.companies import Company, Seat
from hansa.services.journal import Journal

LEAGUE = ''
"""In the place of a site's name, in the records of what only the league has."""

MOST = 100
"""Server groups over sites that a project may have."""

_KIND = 'server_group'


class Yielded(Exception):
    """Another create into the same group was written down first and leaves this one no place at its site: choose again."""


class Companies:
    """Keeps them, and who is in them."""

    def __init__(self, store: Store, roster: Roster, journal: Journal, clock: Clock) -> None:
        self._store = store
        self._roster = roster
        self._journal = journal
        self._clock = clock

    async def create(self, call: Call, name: str, policy: str) -> Record:
        """A new one. Raises Forbidden where the project has too many, OverQuota."""
        mine = await self._store.page(Query(_KIND, (call.token.project,), public=False))
        if sum(record.site == LEAGUE for record in mine) >= MOST:
            raise Forbidden('Quota exceeded, too many server groups.')
        id = str(uuid.uuid4())
        now = datetime.datetime.fromtimestamp(self._clock.now(), datetime.UTC).replace(tzinfo=None).isoformat(timespec='microseconds')
        doc = {
            'id': id, 'name': name, 'policy': policy, 'rules': companies.SCOPE, 'members': [],
            'project_id': call.token.project, 'user_id': call.token.user,
        }  # fmt: skip
        record = Record(
            LEAGUE, _KIND, id, id, call.token.project, name, msgspec.json.encode(doc), created=now, updated=now, seen=self._clock.now()
        )
        intent = await self._journal.plan(call, f'{_KIND}.create', LEAGUE, {}, {'server_groups': 1}, found=id)
        await self._store.put([record])
        await self._journal.shown(intent)
        return record

    async def find(self, call: Call, id: str) -> Record | None:
        """The one with this id, as far as the caller may see it; None for a site's own group too."""
        record = await self._store.get(_KIND, id)
        mine = record is not None and record.site == LEAGUE and (call.token.admin or record.project == call.token.project)
        return record if mine else None

    async def delete(self, record: Record) -> None:
        """It is no more; the servers that were in it stay."""
        await self._store.remove(LEAGUE, _KIND, [record.id], self._clock.now())
        for key in await self._store.values(companies.seat(record.id)):
            await self._part(key)

    async def filled(self, records: Sequence[Record]) -> list[Record]:
        """Server groups, of sites too, with those members only that there still are."""
        return [msgspec.structs.replace(record, doc=await self._filled(record)) for record in records]

    async def _filled(self, record: Record) -> bytes:
        doc: dict[str, Any] = msgspec.json.decode(record.doc)
        if record.site == LEAGUE:
            doc['members'] = sorted(await self.members(record.id))
        else:
            doc['members'] = [id for id in doc.get('members') or () if not await self._store.gone('server', str(id))]
        return msgspec.json.encode(doc)

    async def members(self, id: str) -> dict[str, str]:
        """Site by server. Memberships of servers that are gone go with them."""
        living: dict[str, str] = {}
        for key, raw in (await self._store.values(companies.seat(id))).items():
            seat = msgspec.json.decode(raw, type=Seat)
            server = key.rpartition('/')[2]
            if await self._stands(server, seat):
                living[server] = seat.site
            else:
                await self._part(key)
        return living

    async def of(self, server: str) -> str:
        """The one that a server is in; '' for none."""
        kept = await self._store.value(companies.member(server))
        return msgspec.json.decode(kept, type=str) if kept else ''

    async def _part(self, seat: str) -> None:
        """A membership is over."""
        await self._store.unset(companies.member(seat.rpartition('/')[2]))
        await self._store.unset(seat)

    async def _stands(self, server: str, seat: Seat) -> bool:
        """What is in the inventory stands, though its site may have yet to enter; what is not there yet, until its site was listed again."""
        if await self._store.get('server', server) is not None:
            return True
        if seat.site not in self._roster or await self._store.gone('server', server):
            return False
        return self._roster.get(seat.site).synced.get('server', 0.0) <= seat.since

    async def joined(self, call: Call, body: dict[str, Any], item: dict[str, Any]) -> Company | None:
        """The group over sites that a create joins, as it stands; None for none.

        Raises BadRequest where several servers are to be made that the policy keeps apart.
        """
        record = await self.find(call, companies.hint(body)) if companies.hint(body) else None
        if record is None:
            return None
        policy = str(msgspec.json.decode(record.doc)['policy'])
        if policy == 'anti-affinity' and multiple.most(item) > 1:
            raise BadRequest(
                f'Server group {record.name} keeps its members at different sites, and the servers of one request go to one site: '
                'create them one by one.'
            )
        return Company(record.id, record.name, policy, await self._at(record.id, await self._store.open_intents()))

    async def yield_to_earlier(self, company: Company, intent: Intent) -> None:
        """See, once an intent is written, whether it still has its place. Raises Yielded.

        Intents are looked at before members: what is neither is not there, as a member is noted before its intent is closed.
        """
        earlier: list[Intent] = []
        for each in await self._store.open_intents():
            if each.id == intent.id:
                break
            earlier.append(each)
        now = msgspec.structs.replace(company, at=await self._at(company.id, earlier))
        if now.objection(intent.site):
            raise Yielded

    async def _at(self, id: str, intents: Sequence[Intent]) -> Counter[str]:
        """How many are at each site, with those that are being made; what is to be taken back is nobody's member, what is made has its seat."""
        at = Counter(intent.site for intent in intents if intent.state not in {'revoked', 'made'} and _into(intent) == id)
        at.update((await self.members(id)).values())
        return at


def _into(intent: Intent) -> str:
    return intent.aim.company if intent.kind == 'server.create' else ''
