"""What sites' placement services know, for administrators to look at: providers, classes, traits, usages, allocations, candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hansa.model.errors import Forbidden, NotFound
from hansa.northbound.hall import everywhere, gathering, headers, kinds, table, wire
from hansa.northbound.placement import views
from hansa.ports.roster import Member
from hansa.rules import limits, numbers
from hansa.services.relay import Forward, Reply

_WHOLE = (
    'Providers, allocations and the like are kept by the services of each site itself; the league shows them to its administrators and '
    'takes no changes, not even from them.'
)


class Resources:
    """Handlers."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services
        self._provider = kinds.routed(services, '', '/resource_providers')

    def listed(self, path: str, key: str) -> table.Handler:
        """A list over all sites."""
        return self._together(path, lambda documents, _: views.joined(documents, key))

    def usages(self) -> table.Handler:
        """`GET /usages`: added up."""
        return self._together('/usages', lambda documents, _: limits.merged(documents))

    def candidates(self) -> table.Handler:
        """`GET /allocation_candidates`: of all sites, as many as are asked for."""

        def whole(documents: Sequence[views.Document], ask: table.Ask) -> views.Document:
            return views.candidates(documents, numbers.number(dict(ask.request.items()).get('limit', '')))

        return self._together('/allocation_candidates', whole)

    async def provider(self, ask: table.Ask) -> wire.Answer:
        """`GET /resource_providers/{uuid}` and what is below it, at its site."""
        everywhere.administrator(ask)
        answer = await self._provider(ask)
        if answer.status < 300 and isinstance(answer.body, bytes) and answer.body:
            answer.body = msgspec.json.encode(views.linked(msgspec.json.decode(answer.body)))
        return answer

    def named(self, path: str) -> table.Handler:
        """A class or a trait, from the first site that has it."""

        async def handle(ask: table.Ask) -> wire.Answer:
            everywhere.administrator(ask)
            refused: Reply | None = None
            for member in self._having():
                reply = await self._services.relay.send(ask.call, member, Forward('GET', ask.path(path), '', headers.passed(ask.request)))
                if reply.status < 300:
                    body = msgspec.json.encode(views.linked(msgspec.json.decode(reply.body))) if isinstance(reply.body, bytes) and reply.body else b''
                    return wire.Answer(reply.status, reply.headers, body)
                refused = refused or reply
            if refused is None:
                raise self._none()
            return kinds.answer(refused)

        return handle

    async def allocations(self, ask: table.Ask) -> wire.Answer:
        """`GET /allocations/{consumer}`: of the site that has some; a site knows nothing of another's consumers, and says so with none."""
        everywhere.administrator(ask)
        got = await gathering.every(self._services, ask, ask.path('/allocations/{id}'), '', self._having())
        if not got.found:
            return got.refusal()
        return got.document(next((document for _, document in got.found if document.get('allocations')), got.found[0][1]))

    async def refused(self, ask: table.Ask) -> wire.Answer:
        """Every change."""
        everywhere.administrator(ask)
        raise Forbidden(_WHOLE)

    def _together(self, path: str, whole: Callable[[Sequence[views.Document], table.Ask], Any]) -> table.Handler:
        """Sites that refuse, as they do not know a class or a trait that is asked for, are left out; if all do, the first says why."""

        async def handle(ask: table.Ask) -> wire.Answer:
            everywhere.administrator(ask)
            having = self._having()
            if not having:
                raise self._none()
            got = await gathering.every(self._services, ask, path, ask.request.query, having)
            return got.document(views.linked(whole([document for _, document in got.found], ask))) if got.found else got.refusal()

        return handle

    def _having(self) -> list[Member]:
        """Sites that have the service and let the league ask it as an administrator."""
        return [member for member in self._services.roster if member.managed and _has(member)]

    def _none(self) -> NotFound:
        names = ', '.join(f'{member.name} ({"is used as a tenant" if _has(member) else "has no such service"})' for member in self._services.roster)
        return NotFound(f'No site of the league shows its placement service: {names or "there are no sites"}.')


def _has(member: Member) -> bool:
    return member.capabilities is not None and 'placement' in member.capabilities.services
