"""Volume types by id, what stands below them, and the default types of projects: objects of the league, changed at every site."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.errors import NotFound
from hansa.model.resource import Record
from hansa.northbound.hall import alike, collecting, everywhere, headers, kinds, own, table, versions, wire
from hansa.rules import references, views
from hansa.services.routing import decoded

_ACCESS = ('addProjectAccess', 'removeProjectAccess')


class Types:
    """Handlers of `/types/{id}` and `/default-types`."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services
        self._routed = kinds.routed(services, 'volume_type', '/types')

    async def one(self, ask: table.Ask) -> wire.Answer:
        """`GET /types/{id}`; 'default' is asked of the first site."""
        if ask.names['id'] == 'default':
            return await own.first(self._services, '/types/default')(ask)
        record = await self._type(ask)
        version = versions.number(ask.call.version)
        doc = views.show('volume_type', msgspec.json.decode(record.doc), version, ask.call.token.admin, kinds.context(ask), single=True)
        return wire.document(200, {'volume_type': doc})

    async def below(self, ask: table.Ask) -> wire.Answer:
        """What stands below a type (extra specs, encryption, access): read at its first site, changed at every site that has it."""
        if ask.request.method in kinds.READS:
            return await self._routed(ask)
        forward = await headers.forward(ask.request, '', self._services.limit)
        everywhere.administrator(ask)
        record = await self._type(ask)
        access = _access(decoded(forward) or {})
        if access[0] == _ACCESS[0]:
            for replica in await self._services.listing.replicas('volume_type', record.id):
                await self._services.members.introduce(ask.call, self._services.roster.get(replica.site), access[1])
        answer = await everywhere.change(self._services, ask, record, forward)
        if answer.status < 300 and access[0] == _ACCESS[0]:
            await self._services.grants.note('volume_type', access[1], record.id)
        elif answer.status < 300 and access[0]:
            await self._services.grants.forget('volume_type', access[1], record.id)
        return answer

    async def set_default(self, ask: table.Ask) -> wire.Answer:
        """`PUT` and `DELETE /default-types/{project}`: at every managed site, where the project is made known first."""
        everywhere.administrator(ask)
        project = ask.names['project']
        if not references.ID.fullmatch(project):
            raise NotFound(f'Project id {project} not found.')
        forward = await headers.forward(ask.request, ask.path('/default-types/{project}'), self._services.limit)
        for member in self._services.roster:
            if member.managed and member.site.health().reachable:
                await self._services.members.introduce(ask.call, member, project)
        return kinds.answer(await alike.changed(self._services, ask, forward))

    async def defaults(self, ask: table.Ask) -> wire.Answer:
        """`GET /default-types`."""
        return await collecting.collected(self._services, '/default-types', key='project_id')(ask)

    async def _type(self, ask: table.Ask) -> Record:
        record = await self._services.locating.record(ask.call, 'volume_type', ask.names['id'])
        if record is None:
            granted = ask.names['id'] in await self._services.grants.granted('volume_type', ask.call.token.project)
            replicas = await self._services.listing.replicas('volume_type', ask.names['id']) if granted else []
            record = replicas[0] if replicas else None
        if record is None:
            raise NotFound(f'Volume type {ask.names["id"]} could not be found.')
        return record


def _access(body: dict[str, Any]) -> tuple[str, str]:
    """(what is done about access, the project), both '' where the body is about something else."""
    for word in _ACCESS:
        project = body[word].get('project') if isinstance(body.get(word), dict) else None
        if isinstance(project, str) and references.ID.fullmatch(project):
            return word, project
    return '', ''
