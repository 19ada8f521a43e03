"""Making the sites of a mirrored container alike again: one object, one container, what a site that leaves still has."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Sequence

from hansa.model.call import Call, Token
from hansa.model.errors import HansaError, NotFound, SiteDown, Unsupported
from hansa.model.spread import Debt, Spread
from hansa.ports.roster import Member, Roster
from hansa.ports.site import Headers, SiteResponse
from hansa.ports.store import Store
from hansa.rules import mirroring
from hansa.rules.mirroring import Verdict, Version
from hansa.services.accounts import Accounts
from hansa.services.homes import quoted
from hansa.services.relay import Forward
from hansa.services.stores import SERVICE, Stores

CONFLICTS = '+conflicts'
"""What the name of a container ends with that keeps versions of objects which lost against others."""

_MANIFEST = 8 << 20
_TIMEOUT_S = 15.0
"""Less than a client waits for his turn at an object."""
_LONG_S = 900.0
_LINKED = 'symlink=get'
_RAW = 'multipart-manifest=get&format=raw&symlink=get'


class Refused(HansaError):
    """A site does not take what it lacks; the message says why."""


class Repairing:
    """What is done here may be done twice, and broken off anywhere. Whoever calls has the turn at the object or container."""

    def __init__(self, store: Store, roster: Roster, stores: Stores, accounts: Accounts) -> None:
        self._store = store
        self._roster = roster
        self._stores = stores
        self._accounts = accounts

    async def object(self, spread: Spread, name: str) -> bool:
        """Bring an object to all sites that are there; whether nobody owes it any more. Raises SiteDown, Refused."""
        debts = await self._store.debts(spread.project, spread.container, name)
        if not debts:
            return True
        sites = mirroring.targets(spread)
        found = await asyncio.gather(*(self.version(spread, site, name) for site in sites))
        versions = [one for one in found if isinstance(one, Version)]
        judged = _judged(spread, versions, debts)
        if judged is None:
            return False
        for loser in judged.losers:
            await self._keep(spread, name, loser)
        done, failed = [judged.truth.site], None
        for one in versions:
            if one.site != judged.truth.site:
                try:
                    await self._apply(spread, name, judged.truth, one)
                    done.append(one.site)
                except (SiteDown, Refused) as error:
                    failed = failed or error
        for debt in debts:
            paid = debt.site in done or debt.site not in sites
            await self._store.settle(debt, [debt.site] if paid else [], [] if paid else [debt.site])
        late = [site for site in sites if site not in done and site not in {debt.site for debt in debts}]
        if late and failed is not None:
            # It was level, and what was found is not what it has.
            await self._store.owe(Debt(spread.project, spread.container, name, '', 0.0, 0, True), late)
        if failed is not None:
            raise failed
        return len(done) == len(sites)

    async def version(self, spread: Spread, site: str, name: str) -> Version | SiteDown:
        """What a site has of an object."""
        try:
            response = await self._send(spread, site, Forward('HEAD', _path(spread, name), _LINKED))
        except (NotFound, Unsupported):
            return Version(site)
        except SiteDown as error:
            return error
        await response.close()
        if response.status == 404:
            return Version(site)
        return mirroring.version(site, response.headers) if response.status < 300 else SiteDown(site, f'({SERVICE}) does not tell of {name}')

    async def _apply(self, spread: Spread, name: str, truth: Version, there: Version) -> None:
        """Raises SiteDown, Refused."""
        if truth.same(there):
            return
        path = _path(spread, name)
        if not truth.there:
            await self._done(await self._send(spread, there.site, Forward('DELETE', path)), there.site, 404)
            return
        if there.there and truth.alike(there) and not truth.link and not truth.manifest:
            told = await self._described(spread, truth.site, path)
            await self._done(await self._send(spread, there.site, Forward('POST', path, '', told, b'')), there.site)
            return
        await self._copy(spread, name, truth, there.site)

    async def _copy(self, spread: Spread, name: str, truth: Version, site: str) -> None:
        """Stream it from one site to another; length and ETag are checked there."""
        path = _path(spread, name)
        source = await self._send(spread, truth.site, Forward('GET', path, _RAW))
        try:
            if source.status != 200:
                raise SiteDown(truth.site, f'({SERVICE}) does not give {name} ({source.status})')
            told = mirroring.described(source.headers)
            if truth.static:
                told = await self._described(spread, truth.site, path)
                put = Forward('PUT', path, 'multipart-manifest=put', told, await source.read(_MANIFEST))
            else:
                told.append(('Content-Length', source.header('content-length')))
                told += [(key, value) for key, value in source.headers if key.lower() in {'x-object-manifest', 'x-symlink-target'}]
                if not truth.link and not truth.manifest:
                    told.append(('ETag', source.header('etag').strip('"')))
                put = Forward('PUT', path, '', told, source.chunks())
            await self._done(await self._send(spread, site, put), site)
        finally:
            await source.close()

    async def _described(self, spread: Spread, site: str, path: str) -> Headers:
        response = await self._send(spread, site, Forward('HEAD', path))
        await response.close()
        if response.status >= 300:
            raise SiteDown(site, f'({SERVICE}) does not tell what it told before')
        return mirroring.described(response.headers)

    async def _keep(self, spread: Spread, name: str, loser: Version) -> None:
        """Keep what lost where it lies, under a name that tells when it was written. Raises SiteDown, Refused."""
        box = f'/{quoted(spread.container + CONFLICTS)}'
        await self._done(await self._send(spread, loser.site, Forward('PUT', box, '', [], b'')), loser.site)
        kept = f'{box}/{urllib.parse.quote(f"{name}/{loser.timestamp:.5f}-{loser.site}")}'
        source = [('X-Copy-From', _path(spread, name)), ('Content-Length', '0')]
        await self._done(await self._send(spread, loser.site, Forward('PUT', kept, 'multipart-manifest=get&symlink=get', source, b'')), loser.site)

    async def _done(self, response: SiteResponse, site: str, *also: int) -> None:
        said = await response.read(1 << 20)
        if response.status >= 300 and response.status not in also:
            raise Refused(f'Site {site} does not take it ({response.status}): {said[:200].decode(errors="replace")}')

    async def _send(self, spread: Spread, site: str, forward: Forward) -> SiteResponse:
        """Raises SiteDown, NotFound, Unsupported."""
        if site not in self._roster:
            raise SiteDown(site, 'is leaving the league')
        timeout = _LONG_S if 'multipart-manifest=put' in forward.query else _TIMEOUT_S
        return await self._stores.act(self._roster.get(site), spread.project, forward, timeout)

    async def member(self, spread: Spread, site: str) -> Member:
        """A site, with the project made there. Raises SiteDown."""
        if site not in self._roster:
            raise SiteDown(site, 'is leaving the league')
        member = self._roster.get(site)
        if member.capabilities is None:
            raise SiteDown(site, 'has not told yet what it offers')
        await self._accounts.project(itself(spread.project), member, spread.project)
        return member


def itself(project: str) -> Call:
    """A call of the league's own, for a project."""
    return Call('hansa-mending', Token('', 'hansa', '', project, '', '', frozenset(), float('inf')), SERVICE)


def _path(spread: Spread, name: str) -> str:
    return f'/{quoted(spread.container)}/{urllib.parse.quote(name)}'


def _judged(spread: Spread, versions: Sequence[Version], debts: Sequence[Debt]) -> Verdict | None:
    """None where nobody who is there knows."""
    owed = {debt.site: debt for debt in debts}
    for site in spread.filling:
        owed.setdefault(site, Debt(spread.project, spread.container, '', site, 0.0, -1, True))
    sites = mirroring.targets(spread)
    here = {one.site for one in versions}
    if all(site in owed and owed[site].missed for site in sites):
        # Who had it has left the league for good: the newest of the rest is all there is.
        return Verdict(max(versions, key=lambda one: (one.there, one.generation, one.timestamp))) if here.issuperset(sites) else None
    level = [site for site in sites if site not in owed]
    known = [site for site in here if site in level or not owed[site].missed]
    if not known or (level and not here.intersection(level)):
        return None
    return mirroring.judge(versions, list(owed.values()))
