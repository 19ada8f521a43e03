"""Handing a volume to another project, and what comes of backups: volumes that are somebody's from then on."""

from __future__ import annotations

from hansa.model.errors import BadRequest, NotFound, SiteDown
from hansa.model.listing import Filter, Query
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.ports.roster import Member
from hansa.rules import placement
from hansa.services import locating
from hansa.services.relay import Forward, Reply


class Handing:
    """Handlers of what makes a volume the caller's."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services

    async def accept(self, ask: table.Ask) -> wire.Answer:
        """`POST /volume-transfers/{id}/accept` and the older `/os-volume-transfer`; who accepts does not see it before, so each site is tried."""
        collection = ask.request.words[1]
        sent = await headers.forward(ask.request, ask.path(f'/{collection}/{{id}}/accept'), self._services.limit)
        down: SiteDown | None = None
        for member in self._services.roster:
            if not self._services.accounts.serves(ask.call.token, member):
                continue
            forward = Forward(sent.method, sent.path, sent.query, sent.headers, sent.body)
            try:
                reply = await self._services.relay.send(ask.call, member, forward)
            except SiteDown as error:
                if error.sent:
                    raise
                down = error
                continue
            if reply.status != 404:
                await self._give(ask, member, reply, 'transfer')
                return kinds.answer(reply)
        raise down or locating.missing(collection, ask.names['id'])

    async def restore(self, ask: table.Ask) -> wire.Answer:
        """`POST /backups/{id}/restore`: at the backup's site; the volume is in the list at once."""
        member = await self._services.locating.probe(ask.call, '/backups', ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        reply = await self._services.routing.change(ask.call, '', '/backups', ask.names['id'], '/restore', forward)
        await self._give(ask, member, reply, 'restore')
        return kinds.answer(reply)

    async def take_record(self, ask: table.Ask) -> wire.Answer:
        """`POST /backups/import_record`: a record does not tell which site can read it, so there may be only one that has backups."""
        able = self.backup_needs(ask)[0].sites
        members = [member for member in self._services.roster if member.name in able]
        if len(members) > 1:
            names = ', '.join(member.name for member in members)
            raise BadRequest(f'A backup record does not say to which site it belongs ({names}); import it at that site itself.')
        return await kinds.created(self._services, word='backups', below='/import_record', wrap='backup')(ask)

    def part(self, collection: str) -> table.Handler:
        """A change by id of what hangs on a volume: the volume's new state is in the list at once."""

        async def handle(ask: table.Ask) -> wire.Answer:
            id = ask.names['id']
            forward = await headers.forward(ask.request, '', self._services.limit)
            shown = await self._services.routing.read(ask.call, '', collection, id, '', Forward('GET', '', '', headers.passed(ask.request)))
            found = kinds.document(shown) if isinstance(shown, Reply) and shown.status < 300 else {}
            volume = next((each['volume_id'] for each in found.values() if isinstance(each, dict) and 'volume_id' in each), '')
            reply = await self._services.routing.change(ask.call, '', collection, id, kinds.tail(ask), forward)
            if volume and reply.status < 300:
                await self._services.routing.look(self._services.roster.get(reply.header('x-hansa-site')), 'volume', str(volume))
            return kinds.answer(reply)

        return handle

    def backup_needs(self, _: table.Ask) -> list[placement.Need]:
        """Backups are made where a service for them runs. Raises NotFound where there is none."""
        able = frozenset(
            member.name for member in self._services.roster if member.capabilities is None or 'backup' not in member.capabilities.absent
        )
        if not able:
            raise NotFound('Service cinder-backup could not be found. No site of the league has one.')
        return [placement.Need('cinder-backup service', able, movable=False)]

    async def _give(self, ask: table.Ask, member: Member, reply: Reply, key: str) -> None:
        """The volume has another owner now, and so have its snapshots."""
        volume = kinds.document(reply).get(key, {}).get('volume_id') if reply.status < 300 else None
        if not isinstance(volume, str):
            return
        of_it = Query('snapshot', filters=(Filter(('site',), 'in', (member.name,)), Filter(('doc', 'volume_id'), 'in', (volume,))))
        snapshots = [record.site_id for record in (await self._services.listing.page(of_it)).records]
        await self._services.journal.give(member.name, ask.call.token.project, [volume, *snapshots])
        await self._services.routing.look(member, 'volume', volume)
        for snapshot in snapshots:
            await self._services.routing.look(member, 'snapshot', snapshot)
