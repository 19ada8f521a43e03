"""What projects used, added up over the sites: always whole, so there is never a second page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from hansa.northbound.hall import kinds, own, table, versions, wire
from hansa.rules import limits

PAGED = (2, 40)
"""From here on Nova itself gives usage in pages, and from the sites we want it whole."""

_PAGING = frozenset(('limit', 'marker'))


def shown(services: kinds.Services, path: str) -> table.Handler:
    """`GET /os-simple-tenant-usage` and `GET /os-simple-tenant-usage/{project}`."""
    key = 'tenant_usage' if path.endswith('}') else 'tenant_usages'

    async def handle(ask: table.Ask) -> wire.Answer:
        paged = versions.number(ask.call.version) >= PAGED
        items = [item for item in ask.request.items() if not (paged and item[0] in _PAGING)]
        if paged and any(name == 'marker' and value for name, value in ask.request.items()):
            return wire.document(200, {key: [] if key == 'tenant_usages' else {}})
        version = '2.39' if paged else ask.call.version
        target = ask.path(path)
        found = await services.quotas.gather(ask.call, target, urlencode(items), version)
        if not found:
            return await own.first(services, path)(ask)
        total: dict[str, Any] = limits.merged([document for _, document in found])
        return wire.document(200, {key: total.get(key, {})})

    return handle
