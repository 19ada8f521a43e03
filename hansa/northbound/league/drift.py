"""What is not as it should be between the league and its sites, for the operator."""

from __future__ import annotations

import msgspec

from hansa.model.drift import Finding
from hansa.model.errors import BadRequest
from hansa.northbound.hall import wire
from hansa.northbound.hall.table import Ask
from hansa.northbound.league import views
from hansa.services.auditing import Auditing

_LIMIT = 1 << 16


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    """`really`: do it, and do not only say what would be done."""

    site: str = ''
    really: bool = False


class DriftRoom:
    """Handlers of `/drift`."""

    def __init__(self, auditing: Auditing) -> None:
        self._auditing = auditing

    async def listed(self, _: Ask) -> wire.Answer:
        """`GET /drift`."""
        report = await self._auditing.report()
        return wire.document(200, {'drift': [_shown(finding) for finding in report.findings], 'counts': report.counts})

    async def repair(self, ask: Ask) -> wire.Answer:
        """`POST /drift/repair`."""
        try:
            wish = msgspec.json.decode(await ask.request.body(_LIMIT) or b'{}', type=_Wish)
        except msgspec.DecodeError as error:
            raise BadRequest(f'The repair cannot be read: {error}.') from None
        repairs = await self._auditing.repair(wish.site, really=wish.really)
        shown = [{**_shown(each.finding), 'action': each.action, 'done': each.done} for each in repairs]
        return wire.document(200, {'repairs': shown})


def _shown(finding: Finding) -> dict[str, object]:
    since = views.moment(finding.since) if finding.since else None
    return {'site': finding.site, 'kind': finding.kind, 'id': finding.id, 'name': finding.name, 'what': finding.what, 'since': since}
