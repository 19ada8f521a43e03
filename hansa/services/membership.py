"""Sites joining and leaving the league, and how each of them stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

import msgspec

from hansa.model.alias import Alias
from hansa.model.errors import ConfigError, Conflict, HansaError, NotFound, SiteDown
from hansa.model.resource import KINDS
from hansa.model.site import Capabilities, SiteSpec
from hansa.ports.clock import Clock
from hansa.ports.identity import Identity
from hansa.ports.roster import Member, Roster
from hansa.ports.site import Site
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services import credentials
from hansa.services.accounts import Accounts

_log = logging.getLogger('hansa.membership')
_RETRY = 3.0
_SOON = 0.1
_NEEDED = ('compute', 'volume', 'network', 'image', 'identity')


class NoAnswer(ConfigError):
    """A site that is to join does not answer."""


async def probe(site: Site) -> Capabilities:
    """Ask a site that is to join what it is, and close it. Raises ConfigError with what is wrong with it and what to do; NoAnswer."""
    try:
        found = await site.describe()
    except SiteDown as error:
        raise NoAnswer(
            f'Site {site.name} {error.why}. See that it runs and that auth_url in its entry of clouds.yaml is right.'
        ) from error
    except HansaError as error:
        raise ConfigError(str(error)) from error
    finally:
        await site.close()
    lacking = _lacking(found)
    if lacking:
        raise ConfigError(
            f'Site {site.name} offers no service for {", ".join(lacking)}. Correct region_name or interface in its entry of clouds.yaml,'
            ' or leave the site out: the league needs all five APIs.'
        )
    return found


async def forget(store: Store, name: str) -> None:
    """Let the store know nothing of a site any more."""
    await store.drop_site(name)
    await credentials.forget(store, name)
    for prefix in (f'site/{name}/', f'shadow/{name}/', f'repair/{name}/', f'look/{name}/', f'poke/{name}', f'reported/{name}'):
        for key in await store.values(prefix):
            await store.unset(key)


def _lacking(found: Capabilities) -> list[str]:
    return [word for word in _NEEDED if word not in found.services]


def _same(one: SiteSpec | None, other: SiteSpec) -> bool:
    return one is not None and msgspec.json.encode(one) == msgspec.json.encode(other)


class Keeper(Protocol):
    """Who keeps the inventory level with the members."""

    def add(self, member: Member) -> object:
        """Begin."""
        ...

    async def remove(self, name: str) -> None:
        """End."""
        ...


class Membership:
    """Adds, removes and checks sites of a running league."""

    def __init__(
        self,
        store: Store,
        book: AliasBook,
        roster: Roster,
        identity: Identity,
        keeper: Keeper,
        build: Callable[[SiteSpec], Site],
        clock: Clock,
        accounts: Accounts,
    ) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._identity = identity
        self._keeper = keeper
        self._build = build
        self._clock = clock
        self._accounts = accounts
        self._entering: dict[str, asyncio.Task[None]] = {}
        self._busy: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()

    async def probe(self, spec: SiteSpec) -> None:
        """See whether a site could join. Raises Conflict where its name is taken, ConfigError where the site cannot be used."""
        if spec.name in self._roster:
            raise Conflict(f'A site {spec.name} is in the league already; choose another name, or remove that one first.')
        await probe(self._build(spec))

    async def join(self, spec: SiteSpec, *, new: bool = False) -> Member:
        """Take a site in; its inventory is kept from when it first answers. Raises Conflict where `new` and the name is taken."""
        if spec.name in self._roster:
            if new:
                raise Conflict(f'A site {spec.name} is in the league already; choose another name, or remove that one first.')
            return self._roster.get(spec.name)
        self._busy.add(spec.name)
        try:
            await self._store.put_site(spec)
            return await self._take(spec)
        finally:
            self._busy.discard(spec.name)

    async def align(self) -> None:
        """Let the members be the sites that the store has, as other processes of the league have put and dropped them. Raises Busy."""
        kept = {spec.name: spec for spec in await self._store.sites() if spec.name not in self._busy}
        for member in self._roster:
            if member.name not in self._busy and not _same(kept.get(member.name), member.spec):
                await self._let_go(member)
                self._accounts.forget(member.name)
                self._end(member.site.close())
        for name, spec in kept.items():
            if name not in self._roster and name not in self._busy:
                try:
                    await self._take(spec)
                except ConfigError as error:
                    _log.error('Site %s, which another process of the league has joined, cannot be had here: %s', name, error)

    async def learned(self, name: str) -> None:
        """Another process has been told what a site offers. Raises Busy."""
        if name in self._roster and (told := await self._recalled(name)):
            self._roster.get(name).capabilities = told

    async def _take(self, spec: SiteSpec) -> Member:
        member = Member(self._build(spec), spec, await self._recalled(spec.name))
        member.distant = await credentials.expected(self._store, spec.name, self._clock.now())
        self._roster.add(member)
        self._entering[spec.name] = asyncio.create_task(self._enter(member))
        return member

    async def _let_go(self, member: Member) -> None:
        task = self._entering.pop(member.name, None)
        if task:
            task.cancel()
            await asyncio.wait([task])
        await self._keeper.remove(member.name)
        self._roster.drop(member.name)

    def _end(self, closing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def ready(self, names: Sequence[str], seconds: float) -> None:
        """Wait until these sites have entered, as long as `seconds` last."""
        tasks = [self._entering[name] for name in names if name in self._entering]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def read(self, names: Sequence[str], seconds: float) -> None:
        """Wait until the inventory has what these sites list, of those that answer, as long as `seconds` last."""
        end = self._clock.monotonic() + seconds
        members = [member for name in names if name in self._roster for member in [self._roster.get(name)]]
        kinds = [kind.name for kind in KINDS.values() if kind.listed]
        while self._clock.monotonic() < end and any(m.site.health().reachable and any(map(m.unread, kinds)) for m in members):
            await self._clock.sleep(_SOON)

    async def _recalled(self, name: str) -> Capabilities | None:
        kept = await self._store.value(f'site/{name}/capabilities')
        return msgspec.json.decode(kept, type=Capabilities) if kept else None

    async def _enter(self, member: Member) -> None:
        """Until a site told its mode nothing of it can be shown to anybody, so that comes first."""
        said, told = '', False
        while True:
            try:
                member.capabilities = await member.site.describe()
                told = True
                break
            except HansaError as error:
                if member.capabilities is not None:
                    # Its agent goes on asking, and says that it is lost.
                    break
                if said != str(error):
                    _log.warning('Site %s cannot join yet: %s', member.name, error)
                    said = str(error)
            await self._clock.sleep(_RETRY)
        await self._store.set(f'site/{member.name}/capabilities', msgspec.json.encode(member.capabilities))
        if not member.managed:
            await self._bind(member)
        elif told:
            await self._recognise(member)
        self._keeper.add(member)

    async def _recognise(self, member: Member) -> None:
        """A site that was of this league before has projects of ours, whose objects are to be shown from the start."""
        try:
            standing = await self._accounts.standing(member)
            known = await self._identity.project_ids(list(standing))
        except SiteDown as error:
            _log.warning('Projects of the league at site %s are taken up when they are first used: %s', member.name, error)
            return
        aliases = [Alias(member.name, 'project', id, standing[id]) for id in known if not self._book.local(member.name, id)]
        await self._store.add_aliases(aliases)
        self._book.add(aliases)

    async def _bind(self, member: Member) -> None:
        """In tenant mode the site's one project stands for the league projects that the operator named."""
        local = member.site.own_project()
        ids = await self._identity.project_ids(member.spec.projects)
        unknown = [name for name in member.spec.projects if name not in ids]
        if unknown:
            _log.warning('site %s is to serve %s, which is no project of the league', member.name, ', '.join(unknown))
        aliases = [Alias(member.name, 'project', id, local) for id in ids.values() if local]
        await self._store.add_aliases(aliases)
        self._book.add(aliases)

    async def leave(self, name: str) -> None:
        """Let a site go and forget what is kept of it; nothing at the site is touched. Raises NotFound."""
        member = self._roster.get(name)
        self._busy.add(name)
        try:
            await self._let_go(member)
            self._book.drop([alias for alias in await self._store.aliases() if alias.site == name])
            await forget(self._store, name)
        finally:
            self._busy.discard(name)
        self._accounts.forget(name)
        await member.site.close()

    async def check(self, name: str) -> tuple[bool, Capabilities | None, list[str]]:
        """Ask a site anew: whether it can be used, what it is, and what an operator should know. Raises NotFound."""
        member = self._roster.get(name)
        try:
            found = await member.site.describe()
        except NotFound:
            raise
        except HansaError as error:
            return False, member.capabilities, [str(error)]
        member.capabilities = found
        return not _lacking(found), found, list(found.missing)

    async def close(self) -> None:
        """Stop waiting for sites."""
        for task in self._entering.values():
            task.cancel()
        if self._entering:
            await asyncio.wait(list(self._entering.values()))
        await asyncio.gather(*self._closing, return_exceptions=True)
