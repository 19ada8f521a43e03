"""Flavors: equal name and shape is one flavor; where the league may, it makes a missing one at a site."""

from __future__ import annotations

import msgspec

from hansa.model.alias import Alias
from hansa.model.call import Call
from hansa.model.errors import BadRequest, SiteDown
from hansa.ports.observer import Observer
from hansa.ports.roster import Member
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services import relay
from hansa.services.sharing.access import Access

_SHAPE = ('ram', 'vcpus', 'disk', 'OS-FLV-EXT-DATA:ephemeral', 'swap', 'rxtx_factor', 'os-flavor-access:is_public')


class Flavors:
    """Replicas of flavors."""

    def __init__(self, store: Store, book: AliasBook, observer: Observer, access: Access) -> None:
        self._store = store
        self._book = book
        self._observer = observer
        self.access = access

    async def sites(self, id: str) -> frozenset[str]:
        """Sites that have it."""
        return frozenset(record.site for record in await self._store.replicas('flavor', id))

    async def find(self, call: Call, word: str) -> str:
        """League id of a flavor that a body names. Raises BadRequest as Nova does for one that does not exist."""
        id = word.rpartition('/')[2]
        if await self.access.find(call, id) is None:
            raise BadRequest(f'Flavor {id} could not be found.')
        return id

    async def ensure(self, call: Call, member: Member, id: str) -> None:
        """Have it at a site. Raises BadRequest where it is not there and may not be made."""
        record = await self._store.get('flavor', id)
        there = next((replica for replica in await self._store.replicas('flavor', id) if replica.site == member.name), None)
        if record is not None and there is not None:
            await self.access.ensure(call, member, record, there.site_id)
            return
        if record is None or not member.managed:
            raise BadRequest(f'Flavor {id} is not offered at site {member.name}.')
        doc = msgspec.json.decode(record.doc)
        plain = doc['name'].partition('@')[0]
        shape = {key: doc[key] for key in _SHAPE if doc.get(key) not in {None, ''}}
        made = await _post(member, '/flavors', {'flavor': {'name': plain, **shape}})
        local = str(made['flavor']['id'])
        if doc.get('extra_specs'):
            await _post(member, f'/flavors/{local}/os-extra_specs', {'extra_specs': doc['extra_specs']})
        alias = Alias(member.name, 'flavor', id, local)
        await self._store.add_aliases([alias])
        self._book.add([alias])
        await self._observer.refresh(member.name, 'flavor', local)
        await self.access.ensure(call, member, record, local)


async def _post(member: Member, path: str, body: object) -> dict[str, dict[str, object]]:
    headers = [('Content-Type', 'application/json'), *relay.microversion('compute', '2.1')]
    request = SiteRequest('compute', 'POST', path, '', headers, msgspec.json.encode(body))
    response = await member.site.send(request, OPERATOR, relay.WRITE_TIMEOUT)
    raw = await response.read()
    if response.status >= 400:
        raise SiteDown(member.name, f'refused to take the flavor ({response.status})')
    try:
        return msgspec.json.decode(raw, type=dict[str, dict[str, object]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SiteDown(member.name, '(compute) answered with something that is not JSON') from None
