"""As whom a caller acts at a site: shadow projects and users where the site lets us make them, else the one project we have."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

import msgspec

from hansa.model.alias import Alias
from hansa.model.call import Call, Token
from hansa.model.errors import NotFound, SiteDown
from hansa.model.secret import Secret
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.site import OPERATOR, Acting, Login, SiteRequest
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services.turns import Turns

DOMAIN = 'hansa'
ROLE = 'member'
OBJECTS_ROLE = 'swiftoperator'
OPERATORS = '@operator'
"""What marks the key pairs that the operator of a site holds for a user."""

_TIMEOUT = 15.0


class Shadow(msgspec.Struct, frozen=True):
    """A user made by us at a site: its id there and its password."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f'Shadow(id={self.id!r})'


class Accounts:
    """Makes at a site what a caller needs to act there, at first use; every step may run twice."""

    def __init__(self, store: Store, book: AliasBook, clock: Clock, turns: Turns | None = None) -> None:
        self._store = store
        self._book = book
        self._clock = clock
        self._turns = turns or Turns(clock)
        self._shadows: dict[tuple[str, str], Shadow] = {}
        self._granted: set[tuple[str, str, str]] = set()
        self._found: dict[tuple[str, str, str], str] = {}

    def serves(self, token: Token, member: Member) -> bool:
        """Whether this caller may use the site at all. A site in tenant mode serves the projects that were named for it."""
        return member.managed or not member.spec.projects or not {token.project, token.project_name}.isdisjoint(member.spec.projects)

    def forget(self, site: str) -> None:
        """A site left; one that comes by the same name later may be another cloud."""
        self._shadows = {key: shadow for key, shadow in self._shadows.items() if key[0] != site}
        self._granted = {key for key in self._granted if key[0] != site}
        self._found = {key: id for key, id in self._found.items() if key[0] != site}

    def doubt(self, site: str, user: str) -> None:
        """Another process may have changed a user's shadow."""
        self._shadows.pop((site, user), None)

    def doubt_all(self) -> None:
        """Other processes may have changed any."""
        self._shadows.clear()

    def dropped(self, aliases: Iterable[Alias]) -> None:
        """These aliases stand no more, whoever took them away."""
        for alias in aliases:
            self._found.pop((alias.site, alias.kind, alias.league), None)
            self._granted = {grant for grant in self._granted if grant[0] != alias.site or alias.local not in grant}
            if alias.kind == 'user':
                self._shadows.pop((alias.site, alias.league), None)

    async def standing(self, member: Member) -> dict[str, str]:
        """Projects that leagues have made at a site: league id -> id there. Raises SiteDown."""
        domain = await self._find(member, 'domain', DOMAIN, '')
        if not domain:
            return {}
        found = (await self._identity(member, 'GET', '/projects', None, f'domain_id={domain}'))['projects']
        return {str(project['name']): str(project['id']) for project in found}

    async def dismiss(self, member: Member, alias: Alias) -> None:
        """Take away the shadow of a project or user that the league has no more. Raises SiteDown."""
        await self._identity(member, 'DELETE', f'/{alias.kind}s/{alias.local}', None, absent=True)
        await self._store.drop_aliases([alias])
        self._book.drop([alias])
        if alias.kind == 'user':
            await self._store.unset(f'shadow/{member.name}/{alias.league}')
        self.dropped([alias])

    async def project(self, call: Call, member: Member, project: str) -> str:
        """The site's id for a league project, which is made there if need be; '' where the site is no managed one. Raises SiteDown."""
        return await self._project(member, project, call.token) if member.managed else ''

    def holder(self, token: Token, member: Member) -> str:
        """Under which name the caller's key pairs are known at a site: administrators act there as its operator, not as their shadow."""
        return f'{token.user}{OPERATORS}' if token.admin and member.managed else token.user

    async def shadow(self, member: Member, user: str) -> str:
        """The site's id for a league user, who is made there if need be; '' where the site is no managed one. Raises SiteDown."""
        if not member.managed:
            return ''
        async with self._turn(member.name):
            return (await self._user(member, user)).id

    def standing_in(self, member: Member, project: str) -> Acting | None:
        """As whom the league itself looks after what a project has at a site: the operator in its place; None where it has nothing there."""
        local = self._book.local(member.name, project)
        if not local:
            return None
        return Acting(project=local) if member.managed else OPERATOR

    async def acting(self, call: Call, member: Member, project: str = '') -> Acting:
        """As whom `call` is sent to a site; `project` is the league project meant where it is not the caller's own.

        Raises NotFound where the site does not serve the caller, SiteDown.
        """
        token = call.token
        if member.capabilities is None:
            # Until it told its mode, nobody knows whether the operator's credential may be used for a user.
            raise SiteDown(member.name, 'has not told yet what it offers')
        if not member.managed:
            if not (token.admin or self.serves(token, member)):
                raise NotFound(f'Site {member.name} does not serve project {token.project_name}.')
            return OPERATOR
        if token.admin:
            return Acting(project=await self._project(member, project or token.project, token))
        shadow = self._shadows.get((member.name, token.user))
        local = self._book.local(member.name, token.project)
        if shadow is None or not local or (member.name, shadow.id, local) not in self._granted:
            return await self._admit(member, token)
        return Acting(Login(shadow.id, local, Secret(shadow.secret)))

    async def _admit(self, member: Member, token: Token) -> Acting:
        local = await self._project(member, token.project, token)
        async with self._turn(member.name):
            shadow = await self._user(member, token.user)
            if (member.name, shadow.id, local) not in self._granted:
                await self._grant(member, local, shadow.id, ROLE)
                await self._operate(member, local, shadow.id)
                self._granted.add((member.name, shadow.id, local))
        return Acting(Login(shadow.id, local, Secret(shadow.secret)))

    def _turn(self, site: str) -> AbstractAsyncContextManager[None]:
        return self._turns.of(f'accounts/{site}')

    async def _project(self, member: Member, project: str, token: Token) -> str:
        known = self._book.local(member.name, project)
        if known or not project:
            return known
        async with self._turn(member.name):
            known = self._book.local(member.name, project)
            if known:
                return known
            domain = await self._find_or_make(member, 'domain', DOMAIN, '', {})
            title = token.project_name if project == token.project else ''
            local = await self._find_or_make(
                member, 'project', project, domain, {'domain_id': domain, 'description': f'Project {title} of a Hansa league'}
            )
            await self._grant(member, local, member.site.own_user(), 'admin')
            alias = Alias(member.name, 'project', project, local)
            await self._store.add_aliases([alias])
            self._book.add([alias])
            return local

    async def _user(self, member: Member, user: str) -> Shadow:
        """A crash between making the user and keeping its secret only costs a new password at the next use."""
        shadow = self._shadows.get((member.name, user))
        if shadow:
            return shadow
        key = f'shadow/{member.name}/{user}'
        kept = await self._store.value(key)
        if kept:
            shadow = msgspec.json.decode(kept, type=Shadow)
        else:
            word = secrets.token_urlsafe(32)
            domain = await self._find_or_make(member, 'domain', DOMAIN, '', {})
            local = await self._find(member, 'user', user, domain)
            if local:
                await self._identity(member, 'PATCH', f'/users/{local}', {'user': {'password': word}})
                # Keystone counts in whole seconds: a token of the second in which a password changed is refused.
                await self._clock.sleep(1.1)
            else:
                local = await self._find_or_make(member, 'user', user, domain, {'domain_id': domain, 'password': word})
            shadow = Shadow(local, word)
            await self._store.set(key, msgspec.json.encode(shadow), sealed=True)
            alias = Alias(member.name, 'user', user, local)
            await self._store.add_aliases([alias])
            self._book.add([alias])
        self._shadows[member.name, user] = shadow
        return shadow

    async def _operate(self, member: Member, project: str, user: str) -> None:
        """Let a user keep objects: Swift asks for a role of its own where its operator has not named another."""
        offers = member.capabilities.services if member.capabilities is not None else {}
        if 'object-store' in offers and await self._find(member, 'role', OBJECTS_ROLE, ''):
            await self._grant(member, project, user, OBJECTS_ROLE)

    async def _grant(self, member: Member, project: str, user: str, role: str) -> None:
        role_id = await self._find(member, 'role', role, '')
        await self._identity(member, 'PUT', f'/projects/{project}/users/{user}/roles/{role_id}', None)

    async def _find(self, member: Member, kind: str, name: str, domain: str) -> str:
        known = self._found.get((member.name, kind, name))
        if known:
            return known
        query = f'name={quote(name, safe="")}' + (f'&domain_id={domain}' if domain else '')
        found = await self._identity(member, 'GET', f'/{kind}s', None, query)
        items = found[f'{kind}s']
        if not items:
            return ''
        self._found[member.name, kind, name] = str(items[0]['id'])
        return str(items[0]['id'])

    async def _find_or_make(self, member: Member, kind: str, name: str, domain: str, more: dict[str, str]) -> str:
        found = await self._find(member, kind, name, domain)
        if found:
            return found
        made = await self._identity(member, 'POST', f'/{kind}s', {kind: {'name': name, **more}})
        return str(made[kind]['id'])

    async def _identity(
        self, member: Member, method: str, path: str, body: object, query: str = '', *, absent: bool = False
    ) -> dict[str, Any]:
        """`absent` says that a 404 is as good as success."""
        raw = msgspec.json.encode(body) if body is not None else None
        headers = [('Content-Type', 'application/json')] if body is not None else []
        response = await member.site.send(SiteRequest('identity', method, path, query, headers, raw), OPERATOR, _TIMEOUT)
        answer = await response.read()
        if response.status == 404 and absent:
            return {}
        if response.status >= 400:
            raise SiteDown(member.name, f'refused to prepare an account ({method} {path.split("/")[1]}: {response.status})')
        try:
            return msgspec.json.decode(answer, type=dict[str, Any]) if answer else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SiteDown(member.name, f'(identity) answered {method} {path.split("/")[1]} with something that is not JSON') from None
