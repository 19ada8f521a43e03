"""Creates: which site gets it, what must stand there first, and a journal that a crash cannot get past."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.decision import Decision
from hansa.model.errors import Conflict, HansaError, NotFound, OverQuota, SiteDown
from hansa.model.intent import Aim, Intent
from hansa.model.quota import Amounts
from hansa.model.resource import KINDS, Kind
from hansa.ports.observer import Observer
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import companies, multiple, owners, placement, provisional, quota, translate, zones
from hansa.rules.companies import Company
from hansa.services import searching
from hansa.services.allotting import Allotting
from hansa.services.charging import Charging
from hansa.services.companies import Companies, Yielded
from hansa.services.journal import Journal
from hansa.services.preparing import Preparing
from hansa.services.relay import Forward, Relay, Reply
from hansa.services.surveying import HOMELY, Surveying

_CHOICES = 10
_MARKED = {'server': ('metadata',), 'volume': ('metadata',), 'snapshot': ('metadata',), 'image': ()}


class Placing:
    """Makes new objects."""

    def __init__(
        self, store: Store, roster: Roster, relay: Relay, journal: Journal, preparing: Preparing, surveying: Surveying,
        charging: Charging, allotting: Allotting, observer: Observer, joining: Companies,
    ) -> None:  # fmt: skip
        self._store = store
        self._roster = roster
        self._relay = relay
        self._journal = journal
        self._preparing = preparing
        self._surveying = surveying
        self._charging = charging
        self._allotting = allotting
        self._observer = observer
        self._companies = joining

    async def home(self, project: str) -> str:
        """The site where a project is at home; '' for none yet."""
        return await self._surveying.home(project)

    async def create(
        self, call: Call, kind: Kind, forward: Forward, body: dict[str, Any], wrap: str, needs: Sequence[placement.Need] = ()
    ) -> Reply:
        """Make one object. `body` is the decoded document, `wrap` the key that its description stands under ('': none); `needs` are
        what its site must have besides what the body refers to.

        Raises BadRequest for references that contradict each other, SiteDown, Conflict where no site fits, OverQuota.
        """
        call = owners.meant(call, body[wrap] if wrap else body)
        for _ in range(_CHOICES):
            try:
                return await self._create(call, kind, forward, body, wrap, needs)
            except Yielded:
                continue
        raise Conflict('Others are making servers in the same server group all the time; try again.')

    async def _create(
        self, call: Call, kind: Kind, forward: Forward, body: dict[str, Any], wrap: str, needs: Sequence[placement.Need]
    ) -> Reply:
        item = body[wrap] if wrap else body
        company = await self._companies.joined(call, body, item) if kind.name == 'server' else None
        if company:
            body = companies.without_hint(body)
        wish = await self._surveying.wish(call, kind, body, item)
        wish = msgspec.structs.replace(wish, needs=(*wish.needs, *needs), company=company)
        charge = await self._charging.create(kind, item, call.token.project)
        views = await self._surveying.views(call, kind, wish, charge)
        try:
            decision = placement.choose(wish, views)
        except OverQuota:
            raise await self._surveying.full(call, kind, charge) from None
        if decision.by == placement.ROOM and kind.name in HOMELY:
            await self._surveying.settle(call.token.project, decision.site)
        lost: HansaError | None = None
        for site in decision.order:
            member = self._roster.get(site)
            try:
                reply = await self._create_at(call, member, kind, forward, body, wrap, decision, company, charge)
            except SiteDown as error:
                lost = error
                continue
            except OverQuota as error:
                if isinstance(lost, SiteDown):
                    # What a site that was lost on the way may have made is still reserved, so that is why nothing is left.
                    raise lost from error
                if not error.site:
                    raise
                lost, decision = error, placement.without(decision, site, placement.FULL)
                continue
            if not _full(reply) or site == decision.order[-1]:
                return reply
        raise lost or SiteDown(decision.site, 'refused')

    async def _create_at(
        self, call: Call, member: Member, kind: Kind, forward: Forward, body: dict[str, Any], wrap: str, decision: Decision,
        company: Company | None, charge: Amounts,
    ) -> Reply:  # fmt: skip
        aim = Aim(decision.by, company=company.id if company else '')
        intent, item = await self._reserve(call, member, kind, body[wrap] if wrap else body, aim, charge)
        try:
            if company:
                await self._companies.yield_to_earlier(company, intent)
            await self._allotting.prepare(call, member)
            await self._preparing.ensure(call, member, kind, item)
        except BaseException:
            await asyncio.shield(self._journal.undone(intent))
            raise
        local = _localised(item, member, kind)
        if kind.name == 'server':
            local = await self._preparing.distinct(call, member, local)
        if kind.name in _MARKED:
            local = _marked(local, _MARKED[kind.name], intent.marker)
        document = {**body, wrap: local} if wrap else local
        intent = await self._journal.sent(intent)
        sent = Forward(forward.method, forward.path, forward.query, forward.headers, msgspec.json.encode(document))
        try:
            reply = await self._relay.send(call, member, sent, service=kind.service)
            ids = _made(reply, kind, member)
        except BaseException as error:
            await asyncio.shield(self._journal.give_up(intent, error))
            raise
        if reply.status >= 400:
            await self._journal.undone(intent)
            return reply
        whole = seen = False
        try:
            whole = kind.name != 'server' or multiple.told(item) or await self._others(member, kind, intent, ids)
            await self._journal.own(intent, ids)
            if whole:
                intent = await self._journal.made(intent, ids)
            seen = await self._note(member, kind, ids, decision)
            if not seen:
                await self._stand_in(call, member, kind, item, reply, intent.created)
            await self._look(member, 'server_group', companies.hint(body))
        except BaseException:
            await asyncio.shield(self._journal.leave(intent))
            raise
        if not whole:
            await self._journal.leave(intent)
        elif seen and not quota.later(intent):
            await self._journal.shown(intent)
        return reply

    async def _reserve(
        self, call: Call, member: Member, kind: Kind, item: dict[str, Any], aim: Aim, charge: Amounts
    ) -> tuple[Intent, dict[str, Any]]:
        """The intent, and the description; of several servers fewer are asked for where not all fit into the quota. Raises OverQuota."""
        most = multiple.most(item) if kind.name == 'server' else 1
        word, aim = f'{kind.name}.create', msgspec.structs.replace(aim, most=most)
        try:
            return await self._journal.plan(call, word, member.name, aim, charge), item
        except OverQuota as error:
            fewer = quota.fitting(most, error)
            if not max(1, quota.number(item.get('min_count'))) <= fewer < most:
                raise
        aim = msgspec.structs.replace(aim, most=fewer)
        charge = {resource: amount // most * fewer for resource, amount in charge.items()}
        return await self._journal.plan(call, word, member.name, aim, charge), {**item, 'max_count': fewer}

    async def _others(self, member: Member, kind: Kind, intent: Intent, ids: list[str]) -> bool:
        """Add to `ids` what was made beside the one that the answer names. Whether that could be found out."""
        try:
            ids += [id for id in await searching.marked(member, kind, intent) if id not in ids]
        except HansaError:
            return False
        return True

    async def _note(self, member: Member, kind: Kind, ids: Sequence[str], decision: Decision) -> bool:
        """What was made is in the list at once, with the reason why it is there; whether all of it is."""
        chosen = msgspec.structs.replace(decision, site=member.name)
        seen = True
        for id in ids:
            await self._store.put_decision(kind.name, id, chosen)
            if kind.name not in KINDS:
                continue
            seen = await self._look(member, kind.name, id) and seen
            await self._look_above(member, kind, id)
        self._observer.poke(member.name, *(kind.name for _ in ids if kind.name in KINDS))
        return seen

    async def _stand_in(self, call: Call, member: Member, kind: Kind, item: dict[str, Any], reply: Reply, seen: float) -> None:
        """What its site would not show is known at once all the same, as far as the answer and the request tell."""
        told = msgspec.json.decode(reply.body).get(kind.single) if isinstance(reply.body, bytes) and reply.body else None
        if kind.shared or kind.name not in KINDS or not isinstance(told, dict) or await self._store.get(kind.name, str(told.get('id'))):
            return
        flavor = await self._store.get('flavor', str(item.get('flavorRef') or '').rpartition('/')[2])
        own = member.zones(kind.service)
        maker = provisional.Maker(
            member.name, str(item.get('availability_zone') or zones.shown(member.name, own[0] if own else '', own)),
            call.token.project, call.token.user, datetime.datetime.fromtimestamp(seen, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ'),
        )  # fmt: skip
        shape = msgspec.json.decode(flavor.doc) if flavor else {}
        await self._store.put([provisional.record(kind, told, item, shape, maker, seen)])

    async def _look_above(self, member: Member, kind: Kind, id: str) -> None:
        """A network tells its subnets, so one that has got another is seen anew too."""
        record = await self._store.get(kind.name, id) if kind.name == 'subnet' else None
        if record is not None:
            await self._look(member, 'network', str(msgspec.json.decode(record.doc).get('network_id', '')))

    async def _look(self, member: Member, kind: str, id: str) -> bool:
        if id:
            try:
                await self._observer.refresh(member.name, kind, id)
            except (SiteDown, NotFound):
                return False
        return True


def made(body: bytes, kind: Kind) -> list[str]:
    """Ids in the answer to a create, single or bulk."""
    document = msgspec.json.decode(body) if body else {}
    one = document.get(kind.single, document if 'id' in document else None)
    items = [one] if isinstance(one, dict) else document.get(kind.plural, [])
    return [str(item['id']) for item in items if isinstance(item, dict) and 'id' in item]


def _made(reply: Reply, kind: Kind, member: Member) -> list[str]:
    """Ids in a site's answer to a create. Raises SiteDown for an answer that cannot be understood."""
    if reply.status >= 400:
        return []
    try:
        return made(reply.body, kind) if isinstance(reply.body, bytes) else []
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        raise SiteDown(member.name, f'({kind.service}) sent something that is not JSON', sent=True) from None


def _full(reply: Reply) -> bool:
    """Whether a site refused for lack of room, so that another may be tried."""
    return reply.status in {403, 413} and isinstance(reply.body, bytes) and b'quota' in reply.body.lower()


def _localised(item: dict[str, Any], member: Member, kind: Kind) -> dict[str, Any]:
    """Without the zones that only mean the site itself; `east:az1` goes on as `az1` when it is translated."""
    item = dict(item)
    if kind.name == 'server_group' and isinstance(item.get('rules'), dict):
        item['rules'] = {key: value for key, value in item['rules'].items() if key != 'site'}
        if not item['rules']:
            del item['rules']
    zone = item.get('availability_zone')
    if zone and zones.parse(zone) == (member.name, '') and len(member.zones(kind.service)) != 1:
        del item['availability_zone']
    hints = item.get('availability_zone_hints')
    if hints and isinstance(hints, list):
        rest = [hint for hint in hints if zones.parse(hint)[1]]
        item['availability_zone_hints'] = rest
        if not rest:
            del item['availability_zone_hints']
    return item


def _marked(item: dict[str, Any], where: tuple[str, ...], marker: str) -> dict[str, Any]:
    item = dict(item)
    if not where:
        return {**item, translate.MARKER: marker}
    inner = item.get(where[0])
    if inner is None or isinstance(inner, dict):
        # Anything else is for the site to refuse.
        item[where[0]] = {**(inner or {}), translate.MARKER: marker}
    return item

