"""The usage audit log: one over the hosts of all sites."""

from __future__ import annotations

from typing import Any

from hansa.northbound.hall import everywhere, gathering, kinds, table, wire
from hansa.rules import limits


def shown(services: kinds.Services, path: str, key: str) -> table.Handler:
    """`GET /os-instance_usage_audit_log` and the same before a date."""

    async def handle(ask: table.Ask) -> wire.Answer:
        everywhere.administrator(ask)
        got = await gathering.every(services, ask, ask.path(path), ask.request.query)
        if not got.found:
            return got.refusal()
        whole: dict[str, Any] = limits.merged([document[key] for _, document in got.found])
        done, hosts = whole.get('num_hosts_done', 0), whole.get('num_hosts', 0)
        part = 'ALL' if done == hosts else f'{done} of {hosts}'
        return got.document({key: {**whole, 'overall_status': f'{part} hosts done. {whole.get("total_errors", 0)} errors.'}})

    return handle
