"""Projects that have a quota of their own: those of the league, and those that a site knows of besides."""

from __future__ import annotations

from typing import Any

from hansa.model.quota import LEAGUE
from hansa.northbound.hall import kinds, table, wire
from hansa.rules import limits, overlay, quota


def quotas(services: kinds.Services) -> table.Handler:
    """`GET /quotas`, for administrators; for anybody else there are none."""

    async def handle(ask: table.Ask) -> wire.Answer:
        told: dict[str, list[dict[str, Any]]] = {}
        for _, document in await services.quotas.gather(ask.call, '/quotas'):
            for item in document.get('quotas', []):
                told.setdefault(str(item.get('project_id') or item.get('tenant_id')), []).append(item)
        own = await services.allotting.limits() if ask.call.token.admin else {}
        for project, places in own.items():
            if project and any(quota.service(each) == 'network' for each in places.get(LEAGUE, {})):
                told.setdefault(project, [{}])
        return wire.document(200, {'quotas': [await _one(services, project, items) for project, items in told.items()]})

    return handle


async def _one(services: kinds.Services, project: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    stands = await services.allotting.quota(project)
    return {**overlay.amounts(limits.merged(items), stands, 'network'), 'project_id': project, 'tenant_id': project}
