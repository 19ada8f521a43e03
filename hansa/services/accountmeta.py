"""Metadata of accounts, the same at every site: what one missed while it was away, or before it came, it is told later."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from hansa.model.errors import HansaError, NotFound, SiteDown, Unsupported
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.ports.store import Store
from hansa.rules.containers import signatures
from hansa.services.relay import Forward, Reply
from hansa.services.stores import Stores
from hansa.services.turns import Turns

_log = logging.getLogger('hansa.objects')
_KEPT = 'objects/account/'
_MOST = 1000
KEYS = ('x-account-meta-temp-url-key', 'x-account-meta-temp-url-key-2')

Post = Callable[[Member, Headers], Awaitable[Reply]]


class _Copy(msgspec.Struct):
    """What was set, '' for what was taken away; each change makes the next generation. `salt` makes of keys what each site is given of them."""

    generation: int = 0
    headers: dict[str, str] = {}
    salt: str = ''


class AccountMeta:
    """The league's own copy of what was set through it (sealed: there are keys in it), and which site has which generation of it."""

    def __init__(self, store: Store, stores: Stores, turns: Turns) -> None:
        self._store = store
        self._stores = stores
        self._turns = turns

    async def change(self, project: str, changes: dict[str, str], post: Post) -> tuple[Reply | None, list[str]]:
        """Tell all sites by `post`; a site's refusal, if there is one, and those that were away.

        Raises SiteDown where none was there.
        """
        async with self._turns.of(f'account/{project}'):
            old = await self._copy(project)
            new = _Copy(old.generation + 1, dict(list((old.headers | changes).items())[-_MOST:]), old.salt or secrets.token_hex(32))
            members = self._stores.members()
            answers = await asyncio.gather(*(self._post(project, member, old, new, changes, post) for member in members))
            refused = next((answer for answer in answers if isinstance(answer, Reply) and answer.status >= 400), None)
            down = [answer for answer in answers if isinstance(answer, SiteDown)]
            if refused is not None:
                return refused, []
            if down and not any(isinstance(answer, Reply) for answer in answers):
                raise down[0]
            await self._store.set(f'{_KEPT}{project}', msgspec.json.encode(new), sealed=True)
            for member, answer in zip(members, answers, strict=True):
                if isinstance(answer, Reply):
                    await self._mark(project, member, new)
            return None, [error.site for error in down]

    async def keys(self, project: str, member: Member) -> dict[str, str] | None:
        """Keys of signed URLs that were set through the league, and what the site has in the place of each; None where none ever was."""
        copy = await self._copy(project)
        if copy.headers.keys().isdisjoint(KEYS):
            return None
        return {key: signatures.derived(key, copy.salt, member.name) for name in KEYS if (key := copy.headers.get(name, ''))}

    async def shown(self, project: str, told: Headers) -> Headers:
        """A site's headers of the account, with the keys that were set in the place of those that it was given."""
        copy = await self._copy(project)
        kept = {name: copy.headers[name] for name in KEYS if name in copy.headers}
        return [each for each in told if each[0].lower() not in kept] + [each for each in kept.items() if each[1]]

    async def bring(self, project: str, member: Member) -> bool:
        """Tell one site what it has missed; whether it had missed anything. Raises SiteDown, NotFound where the project has nothing there."""
        async with self._turns.of(f'account/{project}'):
            copy = await self._copy(project)
            if not copy.generation or await self._marked(project, member) == copy.generation:
                return False
            reply = await self._stores.tend(member, project, Forward('POST', '', '', _told(copy, copy.headers, member), b''))
            if reply.status >= 400:
                _log.warning('site %s does not take the metadata of account %s (%d)', member.name, project, reply.status)
            await self._mark(project, member, copy)
            return True

    async def go_over(self) -> int:
        """Bring all sites that answer level; how many accounts were not."""
        done, projects = 0, [key.removeprefix(_KEPT) for key in await self._store.values(_KEPT)]
        for member in self._stores.members():
            for project in projects if member.site.health().reachable else ():
                if not self._stores.local(member, project):
                    continue
                try:
                    done += await self.bring(project, member)
                except (NotFound, Unsupported):
                    continue
                except HansaError as error:
                    _log.info('account metadata at %s is not level yet: %s', member.name, error)
                    break
        return done

    async def _post(
        self, project: str, member: Member, old: _Copy, new: _Copy, changes: dict[str, str], post: Post
    ) -> Reply | SiteDown | None:
        level = not old.generation or await self._marked(project, member) == old.generation
        try:
            return await post(member, _told(new, changes if level else new.headers, member))
        except (NotFound, Unsupported):
            return None
        except SiteDown as error:
            return error

    async def _copy(self, project: str) -> _Copy:
        kept = await self._store.value(f'{_KEPT}{project}')
        return msgspec.json.decode(kept, type=_Copy) if kept else _Copy()

    async def _marked(self, project: str, member: Member) -> int:
        kept = await self._store.value(_place(project, member))
        return msgspec.json.decode(kept, type=int) if kept else 0

    async def _mark(self, project: str, member: Member, copy: _Copy) -> None:
        await self._store.set(_place(project, member), msgspec.json.encode(copy.generation))


def _told(copy: _Copy, headers: dict[str, str], member: Member) -> Headers:
    """As a site is told it: a key would let its landlord sign for what lies at others."""
    return [(name, signatures.derived(value, copy.salt, member.name) if name in KEYS and value else value) for name, value in headers.items()]


def _place(project: str, member: Member) -> str:
    """It goes when the site leaves."""
    return f'site/{member.name}/account/{project}'
