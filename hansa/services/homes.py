"""At which site a container lives: the first that was registered keeps the name, and what nobody knows yet the sites are asked for."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Collection, Sequence

import msgspec

from hansa.model.call import Call
from hansa.model.errors import BadRequest, Conflict, NotFound, SiteDown, Unsupported
from hansa.model.home import Home
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import placement
from hansa.services.accounts import Accounts
from hansa.services.stores import Stores
from hansa.services.surveying import Surveying

_PROBE_TIMEOUT = 5.0
_MAKING = 120.0
"""Seconds after which nobody is making a container any more that was registered then."""


class Where(msgspec.Struct, frozen=True):
    """A container: its site and its name there; a `fresh` one was registered a moment ago and is still to be made."""

    member: Member
    name: str
    fresh: bool = False

    @property
    def path(self) -> str:
        """Below the account at the site."""
        return f'/{quoted(self.name)}'


def quoted(name: str) -> str:
    """A name as it stands in a path."""
    return urllib.parse.quote(name, safe='')


class Homes:
    """Finds homes, and chooses those of new containers."""

    def __init__(
        self, store: Store, roster: Roster, stores: Stores, accounts: Accounts, surveying: Surveying, clock: Clock
    ) -> None:
        self._store = store
        self._roster = roster
        self._stores = stores
        self._accounts = accounts
        self._surveying = surveying
        self._clock = clock

    async def find(self, project: str, name: str, *, asking: bool = True) -> Where:
        """Where a container is; `name@site` is the one at that site. Without `asking` only what is registered is found, and no site hears of it.

        Raises NotFound where every site says so, SiteDown where one that might hold it cannot be asked.
        """
        known = await self._store.home(project, name)
        if not asking:
            known = known or next((twin for twin in await self._store.twins(project) if f'{twin.container}@{twin.site}' == name), None)
            name = known.container if known else name
        elif known is None or known.site not in self._roster:
            lost = await self._ask(project, name)
            known = await self._store.home(project, name)
            if known is None and (twin := await self._twin(project, name)):
                return twin
            if known is None and lost is not None:
                raise lost
        if known is None or known.site not in self._roster:
            raise NotFound('The resource could not be found.')
        return Where(self._roster.get(known.site), name)

    async def make(self, call: Call, project: str, name: str, policy: str, missed: Collection[str] = ()) -> tuple[Where, str]:
        """Where a container is or is to be made, and the policy to ask that site for ('': its default). It is registered already.
        A new one does not go to sites that were `missed` a moment ago.

        Raises BadRequest for a policy that there is not, SiteDown, Conflict where no site takes it or it is at another site.
        """
        site, own = self.parsed(policy)
        fresh = False
        known = await self._store.home(project, name)
        if known is None:
            await self._ask(project, name)
            known = await self._store.home(project, name)
        if known is None or known.site not in self._roster:
            if twin := await self._twin(project, name):
                return twin, own
            if not site:
                site, own = await self._default(project)
            chosen = Home(project, name, await self._choose(call, project, name, site, missed), self._clock.now())
            await self._store.add_homes([chosen])
            known = await self._store.home(project, name) or chosen
            fresh = known == chosen
        if site and site != known.site:
            if not await self._never_made(project, known):
                raise Conflict(f'The container {name} is at site {known.site} already.')
            return await self.make(call, project, name, policy, missed)
        return Where(self._roster.get(known.site), name, fresh), own

    async def _never_made(self, project: str, home: Home) -> bool:
        """Whether a home is only one that was registered, long ago, for a container that is not there; it is dropped then. Raises SiteDown."""
        if home.registered > self._clock.now() - _MAKING:
            return False
        member = self._roster.get(home.site)
        held = await self._has(member, project, home.container)
        if isinstance(held, SiteDown):
            raise held
        if not held:
            await self.gone(project, Where(member, home.container))
        return not held

    async def twins(self, project: str, name: str) -> list[str]:
        """At which other sites there are other containers of a name."""
        return [twin.site for twin in await self._store.twins(project) if twin.container == name]

    async def known(self, project: str) -> list[Home]:
        """All twins of a project."""
        return await self._store.twins(project)

    async def gone(self, project: str, where: Where) -> None:
        """A container is there no more, or was never made."""
        await self._store.drop_home(Home(project, where.name, where.member.name, 0.0))

    async def pin(self, project: str, name: str, where: Where) -> None:
        """A container that there is not yet will be made where another one is."""
        await self._store.add_homes([Home(project, name, where.member.name, self._clock.now())])

    async def seen(self, project: str, doubles: dict[str, list[str]]) -> list[Home]:
        """Names that were seen at several sites: who is registered keeps the name, else the first; the others are twins, which are returned."""
        twins: list[Home] = []
        for name, sites in doubles.items():
            await self._store.add_homes([Home(project, name, sites[0], self._clock.now())])
            home = await self._store.home(project, name)
            twins += [Home(project, name, site, self._clock.now()) for site in sites if home is not None and site != home.site]
        await self._store.add_twins(twins)
        return twins

    def parsed(self, policy: str) -> tuple[str, str]:
        """Site and the site's own policy out of `site` or `site.policy`. Raises BadRequest."""
        if not policy:
            return '', ''
        sites = {member.name for member in self._stores.members()}
        for site in sorted(sites, key=len, reverse=True):
            if policy == site:
                return site, ''
            if policy.startswith(f'{site}.'):
                return site, policy[len(site) + 1 :]
        raise BadRequest(f"Invalid X-Storage-Policy '{policy}'")

    async def _default(self, project: str) -> tuple[str, str]:
        """What the project chose for its new containers, as far as that is still there."""
        kept = await self._store.value(f'policy/{project}')
        try:
            return self.parsed(msgspec.json.decode(kept, type=str)) if kept else ('', '')
        except BadRequest:
            return '', ''

    async def prefer(self, project: str, policy: str) -> None:
        """Choose the policy of a project's new containers; '' for none. Raises BadRequest."""
        self.parsed(policy)
        if policy:
            await self._store.set(f'policy/{project}', msgspec.json.encode(policy))
        else:
            await self._store.unset(f'policy/{project}')

    async def _choose(self, call: Call, project: str, name: str, site: str, missed: Collection[str]) -> str:
        """Raises SiteDown, Conflict, BadRequest."""
        pins: tuple[placement.Pin, ...] = (placement.Pin(site, f'policy {site}'),) if site else ()
        beside = await self._beside(project, name) if not site else ''
        if beside:
            pins = (placement.Pin(beside, 'the container of its objects'),)
        counts = await self._store.housed(project)
        views = []
        for member in self._stores.members():
            health = member.site.health()
            room = 1.0 / (1 + counts.get(member.name, 0))
            there = health.reachable and member.name not in missed
            views.append(placement.View(member.name, there, health.reason, serves=self._accounts.serves(call.token, member), room=room))
        return placement.choose(placement.Wish(pins=pins, home=await self._surveying.home(project)), views).site

    async def _beside(self, project: str, name: str) -> str:
        """Segments of large objects must lie where their manifests are: the site of `c` for `c_segments` and `c+segments`."""
        for end in ('_segments', '+segments'):
            if name.endswith(end):
                home = await self._store.home(project, name.removesuffix(end))
                if home is not None and home.site in self._roster:
                    return home.site
        return ''

    async def _twin(self, project: str, name: str) -> Where | None:
        own, at, site = name.rpartition('@')
        members = {member.name: member for member in self._stores.members()}
        if not own or not at or site not in members:
            return None
        held = await self._has(members[site], project, own)
        if isinstance(held, SiteDown):
            raise held
        return Where(members[site], own) if held else None

    async def _ask(self, project: str, name: str) -> SiteDown | None:
        """Ask every site for a name, and register what is found; the failure of one that could not be asked."""
        members = self._stores.members()
        answers = await asyncio.gather(*(self._has(member, project, name) for member in members))
        holders = [member.name for member, has in zip(members, answers, strict=True) if has is True]
        if holders:
            await self._register(project, name, holders)
        return next((answer for answer in answers if isinstance(answer, SiteDown)), None)

    async def _register(self, project: str, name: str, holders: Sequence[str]) -> None:
        known = await self._store.home(project, name)
        if known is not None and known.site not in self._roster:
            await self._store.drop_home(known)
        await self.seen(project, {name: list(holders)})

    async def _has(self, member: Member, project: str, name: str) -> bool | SiteDown:
        try:
            response = await self._stores.look(member, project, 'HEAD', f'/{quoted(name)}', timeout=_PROBE_TIMEOUT)
        except (NotFound, Unsupported):
            return False
        except SiteDown as error:
            return error
        await response.close()
        return response.status < 300
