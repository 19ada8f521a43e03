"""Quotas of the league: set and told, and the sites' own quotas kept level with them, so that no site refuses what the league allows."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError
from hansa.model.quota import LEAGUE, Amounts, Quota
from hansa.ports.roster import Member, Roster
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules import quota
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts

_log = logging.getLogger('hansa.quotas')
_TIMEOUT = 15.0
_JSON = [('Content-Type', 'application/json')]
_FORMS = {'compute': ('/os-quota-sets', 'quota_set', {'force': True}), 'volume': ('/os-quota-sets', 'quota_set', {}), 'network': ('/quotas', 'quota', {})}

Portions = dict[str, Amounts]


class Allotting:
    """Limits of projects: what the store says is true, and sites follow."""

    def __init__(self, store: Store, roster: Roster, book: AliasBook, accounts: Accounts) -> None:
        self._store = store
        self._roster = roster
        self._book = book
        self._accounts = accounts
        self._refused: dict[tuple[str, str], Portions] = {}

    async def quota(self, project: str) -> Quota:
        """What stands of a project; '' tells the league's default."""
        return await self._store.quota(project)

    async def limits(self) -> dict[str, dict[str, Amounts]]:
        """All limits that were set: project -> site -> resource -> limit."""
        return await self._store.limits()

    async def set(self, project: str, limits: Mapping[str, Mapping[str, int | None]]) -> None:
        """Set limits by place and resource (None takes one away), and bring the sites level that can be reached now."""
        for place, some in limits.items():
            await self._store.set_limits(project, place, some)
        await self.go_over(project)

    async def reset(self, project: str, service: str) -> bool:
        """Take away all limits of a service that a project has in the league; whether there were any."""
        own = (await self._store.limits(project)).get(project, {}).get(LEAGUE, {})
        gone: dict[str, int | None] = {resource: None for resource in own if quota.service(resource) == service}
        if gone:
            await self.set(project, {LEAGUE: gone})
        return bool(gone)

    async def prepare(self, call: Call, member: Member) -> None:
        """Before something is made at a site: its quotas of the caller's project. Raises SiteDown."""
        project = call.token.project
        limits = await self._store.limits(project, '')
        if member.managed and any(limits.values()):
            local = await self._accounts.project(call, member, project)
            kept = await self._store.value(_key(member, project))
            await self._bring(member, project, local, limits, kept)

    async def go_over(self, project: str = '') -> int:
        """Bring all sites that answer level, for one project or all; how many quotas were not."""
        done, limits = 0, await self._store.limits()
        for member in self._roster:
            if not (member.managed and member.site.health().reachable):
                continue
            kept = await self._store.values(_key(member, ''))
            for alias in self._book.of('project', project, member.name):
                had = kept.get(_key(member, alias.league))
                if not (had or limits.get(alias.league) or limits.get('')):
                    continue
                try:
                    done += await self._bring(member, alias.league, alias.local, limits, had)
                except HansaError as error:
                    _log.info('quotas of project %s at %s are not level yet: %s', alias.league, member.name, error)
                    break
        return done

    async def _bring(
        self, member: Member, project: str, local: str, limits: Mapping[str, Mapping[str, Amounts]], kept: bytes | None
    ) -> bool:
        """Whether the site had other quotas than it is to have; `kept` says what it was given last. Raises SiteDown."""
        wanted = self._wanted(member, limits, project)
        known = msgspec.json.decode(kept, type=Portions) if kept else {}
        key = (member.name, project)
        if wanted == known or wanted == self._refused.get(key):
            return False
        done = [await self._adjust(member, local, service, known.get(service, {}), wanted.get(service, {})) for service in _FORMS]
        if not all(done):
            self._refused[key] = wanted
            return False
        self._refused.pop(key, None)
        await self._store.set(_key(member, project), msgspec.json.encode(wanted))
        return True

    def _wanted(self, member: Member, limits: Mapping[str, Mapping[str, Amounts]], project: str) -> Portions:
        managed = [each.name for each in self._roster if each.managed]
        effective = quota.effective(limits.get(project, {}), limits.get('', {}))
        return quota.portions(effective, member.name, managed.index(member.name), len(managed))

    async def _adjust(self, member: Member, local: str, service: str, known: Amounts, wanted: Amounts) -> bool:
        """Whether the site took it. What is no more wanted goes back to the site's default, for which there is no way but all of it."""
        if known == wanted:
            return True
        path, key, more = _FORMS[service]
        if known.keys() - wanted.keys():
            await self._send(member, service, 'DELETE', f'{path}/{local}', None)
        if not wanted:
            return True
        status = await self._send(member, service, 'PUT', f'{path}/{local}', {key: {**wanted, **more}})
        if status == 400 and (plain := {each: most for each, most in wanted.items() if not quota.typed(each)}) != wanted:
            # A site that lacks one of the volume types takes none of the words.
            status = await self._send(member, service, 'PUT', f'{path}/{local}', {key: {**plain, **more}})
        if status >= 400:
            _log.warning('site %s did not take the %s quotas of project %s (%d); its own stand', member.name, service, local, status)
        return status < 400

    async def _send(self, member: Member, service: str, method: str, path: str, body: object) -> int:
        raw = None if body is None else msgspec.json.encode(body)
        response = await member.site.send(SiteRequest(service, method, path, '', _JSON if raw else [], raw), OPERATOR, _TIMEOUT)
        await response.read()
        return response.status


def _key(member: Member, project: str) -> str:
    """Where it is kept what a site was given last; it goes when the site leaves."""
    return f'site/{member.name}/quota/{project}'
