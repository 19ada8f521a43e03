"""The credentials of agents that run near their sites, for the operator."""

from __future__ import annotations

from hansa.model.distant import Credential
from hansa.northbound.hall import wire
from hansa.northbound.hall.table import Ask
from hansa.northbound.league import views
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.services.credentials import Credentials


class AgentRoom:
    """Handlers of `/sites/{name}/agents` and `/agents`."""

    def __init__(self, credentials: Credentials, roster: Roster, clock: Clock) -> None:
        self._credentials = credentials
        self._roster = roster
        self._clock = clock

    async def add(self, ask: Ask) -> wire.Answer:
        """`POST /sites/{name}/agents`: the only answer that holds the secret."""
        credential, word = await self._credentials.add(ask.names['name'])
        return wire.document(201, {'agent': self._shown(credential), 'credential': word.reveal()})

    async def listed(self, ask: Ask) -> wire.Answer:
        """`GET /sites/{name}/agents`, `GET /agents`."""
        found = await self._credentials.listed(ask.names.get('name', ''))
        return wire.document(200, {'agents': [self._shown(each) for each in found]})

    async def remove(self, ask: Ask) -> wire.Answer:
        """`DELETE /sites/{name}/agents` and `…/agents/{id}`."""
        removed = await self._credentials.remove(ask.names['name'], ask.names.get('id', ''))
        return wire.document(200, {'removed': removed})

    def _shown(self, credential: Credential) -> dict[str, object]:
        agent = views.agent(self._roster.get(credential.site), self._clock.now())
        return {'id': credential.id, 'site': credential.site, 'since': views.moment(credential.since), **agent}
