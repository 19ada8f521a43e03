"""Keeping replicas of shared objects level with their primary, also after a change behind our back or at a site that was away."""

from __future__ import annotations

import logging

import msgspec

from hansa.model.call import Call, Token
from hansa.model.errors import HansaError
from hansa.model.resource import Record
from hansa.ports.observer import Observer
from hansa.ports.roster import Member, Roster
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules import merge
from hansa.rules.aliases import AliasBook
from hansa.services.allotting import Allotting
from hansa.services.sharing.groups import Groups

_log = logging.getLogger('hansa.levelling')
_TIMEOUT = 20.0


class Levelling:
    """Compares what the inventory holds of replicas, and what sites were given as quotas, with what should be, and repairs."""

    def __init__(
        self, store: Store, book: AliasBook, roster: Roster, groups: Groups, allotting: Allotting, observer: Observer
    ) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._groups = groups
        self._allotting = allotting
        self._observer = observer

    async def go_over(self) -> int:
        """One pass; how many replicas and quotas were levelled."""
        done = await self._withdraw_images() + await self._allotting.go_over()
        for id in sorted({alias.league for alias in self._book.of('security_group')}):
            done += await self._level_group(id)
        return done

    async def _level_group(self, id: str) -> int:
        replicas = await self._store.replicas('security_group', id)
        return sum([await self._level(replicas[0], replica) for replica in replicas[1:]])

    async def _level(self, primary: Record, replica: Record) -> bool:
        if replica.site not in self._roster or _content(primary) == _content(replica):
            return False
        member = self._roster.get(replica.site)
        if not member.site.health().reachable:
            return False
        try:
            await self._groups.level(_league(primary.project), member, primary)
            await self._observer.refresh(member.name, 'security_group', replica.site_id)
        except HansaError as error:
            _log.warning('security group %s at %s is not level yet: %s', primary.name, replica.site, error)
            return False
        return True

    async def _withdraw_images(self) -> int:
        done = 0
        for key in await self._store.values('repair/'):
            _, site, kind, id = key.split('/', 3)
            if kind == 'image' and site in self._roster and await self._withdrawn(self._roster.get(site), id):
                await self._store.unset(key)
                done += 1
        return done

    async def _withdrawn(self, member: Member, id: str) -> bool:
        if not member.site.health().reachable:
            return False
        try:
            response = await member.site.send(SiteRequest('image', 'DELETE', f'/images/{id}'), OPERATOR, _TIMEOUT)
            await response.read()
            await self._observer.refresh(member.name, 'image', id)
        except HansaError as error:
            _log.warning('image %s at %s is not withdrawn yet: %s', id, member.name, error)
            return False
        return response.status < 400 or response.status == 404


def _content(group: Record) -> set[bytes]:
    return set(merge.rules(msgspec.json.decode(group.doc)))


def _league(project: str) -> Call:
    """The league itself, acting in a project."""
    token = Token('', 'hansa', '', project, '', '', frozenset(('admin',)), float('inf'))
    return Call('req-hansa-levelling', token, 'network')
