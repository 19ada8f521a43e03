"""Requests that name one object by its id: they go to the object's site, and its answer comes back."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.errors import BadRequest, NotFound, SiteDown
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS, Record
from hansa.ports.observer import Observer
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.services.charging import Charging, Growth
from hansa.services.journal import Journal
from hansa.services.locating import Locating
from hansa.services.preparing import Preparing
from hansa.services.relay import Forward, Relay, Reply

_TOUCHED = {'server': ('port', 'volume'), 'volume': ('server',), 'port': ('server', 'floating_ip'), 'router': ('port',), 'floating_ip': ('port', 'server')}

_HANGING = {
    'network': (('subnet', 'network_id'), ('port', 'network_id'), ('floating_ip', 'floating_network_id')),
    'port': (('floating_ip', 'port_id'),),
    'router': (('port', 'device_id'),),
    'floating_ip': (('port', 'device_id'),),
    'volume': (('snapshot', 'volume_id'),),
}
"""What may go, or change, in the moment in which something it hangs on is deleted: kind, and the field that names it."""

_HANGING_MOST = 50
_KIN = {'volume': ('volume', 'snapshot'), 'network': ('network', 'port')}
_MOST = 8


class LastKnown(msgspec.Struct, frozen=True):
    """A site does not answer: what was last known of the object."""

    record: Record
    why: SiteDown


class Routing:
    """Relays to the site of an object."""

    def __init__(
        self, store: Store, locating: Locating, relay: Relay, preparing: Preparing, journal: Journal, charging: Charging, observer: Observer
    ) -> None:
        self._store = store
        self._locating = locating
        self._relay = relay
        self._preparing = preparing
        self._journal = journal
        self._charging = charging
        self._observer = observer

    async def read(self, call: Call, kind: str, collection: str, id: str, tail: str, forward: Forward) -> Reply | LastKnown:
        """GET or HEAD of an object, or of something below it (`tail`). Raises NotFound; SiteDown where nothing is known."""
        member, record = await self._locating.member(call, kind, collection, id)
        record = await self._nearest(record)
        member = self._locating.site(record.site) if record else member
        forward.path = f'{collection}/{_own(record, member, id)}{tail}'
        try:
            reply = await self._relay.send(call, member, forward, project=record.project if record else '')
        except SiteDown as error:
            # What only the site could allow is not shown while it cannot be asked.
            if record is None or tail or not self._locating.certain(call, record):
                raise
            return LastKnown(record, error)
        if record is not None and not tail and _news(reply, record):
            await self.look(member, record.kind, record.site_id)
        return reply

    async def _nearest(self, record: Record | None) -> Record | None:
        """Of a shared object any living replica serves for reading; else the object itself."""
        if record is None or record.kind != 'image' or self._locating.answers(record.site):
            return record
        for replica in await self._store.replicas(record.kind, record.id):
            if self._locating.answers(replica.site):
                return replica
        return record

    async def change(self, call: Call, kind: str, collection: str, id: str, tail: str, forward: Forward) -> Reply:
        """Anything else. References to other sites are refused, shared objects brought there before; afterwards the object is looked at.

        Raises NotFound, BadRequest, SiteDown, OverQuota.
        """
        member, record = await self._locating.member(call, kind, collection, id)
        body = decoded(forward)
        if body is not None:
            await self._check(call, member, record, body)
        forward.path = f'{collection}/{_own(record, member, id)}{tail}'
        growth = await self._charging.growth(record, forward.method, tail, body)
        if record is not None and growth is not None:
            return await self._grow(call, member, record, growth, forward)
        reply = await self._relay.send(call, member, forward, project=record.project if record else '')
        if reply.status < 400 and kind:
            await self.look(member, kind, record.site_id if record else id)
            above = _above(record) if forward.method == 'DELETE' else []
            for touched, site_id in above + await self._hanging(member, kind, id, tail, forward.method, reply):
                with contextlib.suppress(SiteDown):
                    await self._observer.refresh(member.name, touched, site_id)
        elif reply.status < 400:
            await self.ripple(call, member, body or {})
        return reply

    async def _hanging(self, member: Member, kind: str, id: str, tail: str, method: str, reply: Reply) -> list[tuple[str, str]]:
        """(kind, id at the site) of what a change has touched beside its own object; the caller's next list has to show it."""
        if kind == 'router' and tail.endswith('_router_interface') and isinstance(reply.body, bytes):
            port = msgspec.json.decode(reply.body).get('port_id')
            return [('port', port)] if isinstance(port, str) else []
        found: list[tuple[str, str]] = []
        if method == 'DELETE' and not tail:
            for other, field in _HANGING.get(kind, ()):
                filters = (Filter(('site',), 'in', (member.name,)), Filter(('doc', field), 'in', (id,)))
                records = await self._store.page(Query(other, filters=filters, limit=_HANGING_MOST))
                found += [(other, record.site_id) for record in records]
        return found

    async def _grow(self, call: Call, member: Member, record: Record, growth: Growth, forward: Forward) -> Reply:
        """A change that takes more of the quota; what takes its time at the site stays reserved as long."""
        intent, reply = await self._journal.growing(
            call, growth.kind, member.name, growth.charge, lambda: self._relay.send(call, member, forward, project=record.project),
            found=record.id if growth.whole else '', project=record.project,
        )  # fmt: skip
        if reply.status < 400:
            await self.look(member, record.kind, record.site_id)
            if not growth.whole:
                for port in _ports(reply):
                    await self.look(member, 'port', port)
                await self._journal.shown(intent)
        return reply

    async def ripple(self, call: Call, member: Member, body: dict[str, Any]) -> None:
        """What the inventory does not keep was made or changed: look at the objects that the body refers to, and soon at their kin."""
        for other in (await self._preparing.referred(body))[:_MOST]:
            if other.site == member.name and not KINDS[other.kind].shared:
                await self.look(member, other.kind, other.site_id)
        self._observer.poke(member.name, *_KIN.get(call.service, ()))

    async def look(self, member: Member, kind: str, site_id: str) -> None:
        """Bring the inventory level with a change that was made through us; a site that has just entered is read as a whole anyway."""
        with contextlib.suppress(SiteDown, NotFound):
            await self._observer.refresh(member.name, kind, site_id)
        self._observer.poke(member.name, kind, *_TOUCHED.get(kind, ()))

    def poke(self, member: Member, *kinds: str) -> None:
        """What the inventory has of these kinds may have changed."""
        self._observer.poke(member.name, *kinds)

    async def _check(self, call: Call, member: Member, record: Record | None, body: dict[str, Any]) -> None:
        for other in await self._preparing.referred(body):
            self._locating.refer(call, other)
            if not KINDS[other.kind].shared and other.site != member.name and self._locating.visible(call, other):
                mine = self._locating.said(call, record) if record else 'The object'
                raise BadRequest(
                    f'{mine} is at site {member.name}, but {self._locating.said(call, other)} is at site {other.site}; '
                    'they cannot be put together.'
                )
        inner = next((value for value in body.values() if isinstance(value, dict)), body)
        for pin in await self._locating.loose(call, call.service, inner):
            if pin.site != member.name:
                mine = self._locating.said(call, record) if record else 'The object'
                raise BadRequest(f'{mine} is at site {member.name}, but {pin.what} is at site {pin.site}; they cannot be put together.')
        await self._preparing.ensure(call, member, None, inner)
        for action in ('addSecurityGroup', 'removeSecurityGroup'):
            word = body[action].get('name') if isinstance(body.get(action), dict) else None
            # Anything but a word is for the site to refuse.
            if isinstance(word, str) and word:
                await self._group(call, member, word)

    async def _group(self, call: Call, member: Member, word: str) -> None:
        try:
            await self._preparing.group(call, member, word)
        except BadRequest:
            raise NotFound(f'Security group {word} is not found for project {call.token.project}.') from None


def _above(record: Record | None) -> list[tuple[str, str]]:
    """(kind, id) of what tells of an object as a part of its own: a network of its subnets."""
    if record is None or record.kind != 'subnet':
        return []
    return [('network', str(msgspec.json.decode(record.doc).get('network_id', '')))]


def _ports(reply: Reply) -> list[str]:
    """Ports that an answer tells of: of a server's new interface or of a router's."""
    found = re.findall(rb'"port_id": ?"([0-9a-f-]{36})"', reply.body) if isinstance(reply.body, bytes) else []
    return [each.decode() for each in found]


def _news(reply: Reply, record: Record) -> bool:
    """Whether an answer shows another state than the inventory: lists may not lag behind what the caller has just seen."""
    if reply.status == 404:
        return True
    if reply.status != 200 or not record.status or not isinstance(reply.body, bytes):
        return False
    return f'"status": "{record.status}"'.encode() not in reply.body and f'"status":"{record.status}"'.encode() not in reply.body


def decoded(forward: Forward) -> dict[str, Any] | None:
    """The JSON object in a body. Raises BadRequest where it says it is JSON and is not."""
    kind = next((value for name, value in forward.headers if name.lower() == 'content-type'), '')
    if not isinstance(forward.body, bytes) or not forward.body or not kind.startswith('application/json'):
        return None
    try:
        body = msgspec.json.decode(forward.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest('Malformed request body: it is not JSON.') from None
    return body if isinstance(body, dict) else None


def _own(record: Record | None, member: Member, id: str) -> str:
    """The id as the site knows it."""
    return record.site_id if record is not None and record.site == member.name else id
