"""Taking away the shadows that projects and users of the league had at sites, when the league has them no more."""

from __future__ import annotations

import logging
from typing import Literal

import msgspec

from hansa.model.alias import Alias
from hansa.model.errors import HansaError
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS
from hansa.ports.identity import Identity
from hansa.ports.roster import Member, Roster
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts

_log = logging.getLogger('hansa.clearing')
_TIMEOUT = 20.0


class Clearing:
    """Compares the shadows with Keystone. What is gone in two passes, with nothing of it left at a site, is taken away there.

    A project that still has objects stays, as in any cloud: its objects are somebody's data.
    """

    def __init__(self, store: Store, book: AliasBook, roster: Roster, identity: Identity, accounts: Accounts) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._identity = identity
        self._accounts = accounts
        self._suspects: set[Alias] = set()

    async def go_over(self) -> int:
        """One pass; how many shadows were taken away. Raises SiteDown where Keystone does not answer."""
        suspects = {*await self._gone('project'), *await self._gone('user')}
        ready, self._suspects = suspects & self._suspects, suspects
        done = 0
        for alias in sorted(ready, key=lambda alias: (alias.site, alias.kind, alias.league)):
            done += await self._dismissed(self._roster.get(alias.site), alias)
        return done

    async def _gone(self, kind: Literal['project', 'user']) -> list[Alias]:
        """Only what we made at managed sites: where we are a tenant, the projects are the landlord's."""
        known = [alias for alias in self._book.of(kind) if alias.site in self._roster and self._roster.get(alias.site).managed]
        if not known:
            return []
        gone = set(await self._identity.gone(kind, sorted({alias.league for alias in known})))
        return [alias for alias in known if alias.league in gone]

    async def _dismissed(self, member: Member, alias: Alias) -> bool:
        if not member.site.health().reachable:
            return False
        try:
            if alias.kind == 'project' and not await self._empty(member, alias):
                return False
            await self._accounts.dismiss(member, alias)
            if alias.kind == 'project' and not self._book.of('project', alias.league):
                await self._store.unset(f'home/{alias.league}')
        except HansaError as error:
            _log.warning('the shadow of %s %s at %s is not cleared away yet: %s', alias.kind, alias.league, member.name, error)
            return False
        return True

    async def _empty(self, member: Member, alias: Alias) -> bool:
        """Whether nothing of a project is left but the group that Neutron made unasked, which goes."""
        here = (Filter(('site',), 'in', (member.name,)),)
        for kind in KINDS:
            if kind != 'security_group' and await self._store.count(Query(kind, (alias.league,), public=False, filters=here)):
                return False
        response = await member.site.send(
            SiteRequest('network', 'GET', '/security-groups', f'project_id={alias.local}&fields=id&fields=name'), OPERATOR, _TIMEOUT
        )
        groups = msgspec.json.decode(await response.read()).get('security_groups') if response.status == 200 else None
        if groups is None or any(group['name'] != 'default' for group in groups):
            return False
        for group in groups:
            gone = await member.site.send(SiteRequest('network', 'DELETE', f'/security-groups/{group["id"]}'), OPERATOR, _TIMEOUT)
            await gone.read()
            if gone.status >= 400 and gone.status != 404:
                return False
        return True
