"""Passing a request on to one site's object store and its answer back: account names are translated, bodies are streamed as they are."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError, NotFound, SiteDown
from hansa.ports.roster import Member, Roster
from hansa.ports.site import NOBODY, OPERATOR, Acting, Headers, SiteRequest, SiteResponse
from hansa.rules import owners
from hansa.rules.aliases import AliasBook
from hansa.services import hashing, relay
from hansa.services.accounts import Accounts
from hansa.services.relay import Forward, Reply

SERVICE = 'object-store'
PREFIX = 'AUTH_'

_FAULT_LIMIT = 1 << 20
_LONG_TIMEOUT = 900.0
_HOP = frozenset(
    ('connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'proxy-authenticate', 'date', 'server',
     'set-cookie', 'www-authenticate', 'x-openstack-request-id', 'x-hansa-site', 'x-hansa-site-request-id')
)  # fmt: skip
_ACCOUNTS_ASKED = frozenset(('x-copy-from-account', 'destination-account', 'x-symlink-target-account'))
_ACCOUNTS_TOLD = frozenset(('x-symlink-target-account', 'x-copied-from-account', 'content-location', 'location'))
_LINK, _LINKED = 'symlink_path', b'"symlink_path"'
_ETAG = re.compile(r'"?([0-9a-f]{32})"?')


class Stores:
    """Sends as the caller, or as nobody where there is no token. Paths are raw and lie below the account ('', '/c', '/c/o')."""

    def __init__(self, roster: Roster, book: AliasBook, accounts: Accounts) -> None:
        self._roster = roster
        self._book = book
        self._accounts = accounts

    def members(self) -> list[Member]:
        """Sites that have an object store, or have not told yet whether they have one.

        Of a site where several projects of the league share one, nobody could tell whose a container is; there is none of it here.
        """
        return [
            member
            for member in self._roster
            if (member.capabilities is None or SERVICE in member.capabilities.services) and (member.managed or not owners.several(self._book, member.name))
        ]

    def local(self, member: Member, project: str) -> str:
        """The site's id of a project; '' where it has nothing there."""
        return self._book.local(member.name, project)

    def account(self, member: Member, project: str) -> str:
        """The name of a project's account at a site; '' where it has nothing there."""
        local = self.local(member, project)
        return f'{member.site.account_prefix()}{local}' if local else ''

    def league(self, member: Member, local: str) -> str:
        """The league's id of a project of the site; '' for one that the league does not know."""
        return self._book.league(member.name, local)

    async def send(self, call: Call, member: Member, project: str, forward: Forward) -> Reply:
        """Relay to one site, in the account of a project. Raises SiteDown, NotFound where the site does not serve the caller or has no such account.

        What a client sends with its ETag is checked here too. Where there is none the client alone knows what was meant, and it is told what
        the site keeps: working that out would cost three times as much as passing the body on.
        """
        acting, path = await self._addressed(call, member, project, forward.path)
        headers = [(name, self._account_out(name, value, member)) for name, value in forward.headers]
        headers.append(('X-OpenStack-Request-ID', call.id))
        body, check = forward.body, None
        known = forward.checked or any(name.lower() == 'etag' for name, _ in headers)
        if known and body is not None and not isinstance(body, bytes) and forward.method == 'PUT':
            check = hashing.Md5()
            body = check.over(body)
        request = SiteRequest(SERVICE, forward.method, path, forward.query, headers, body)
        response = await member.site.send(request, acting, _timeout(forward))
        if response.status >= 500 and response.status != 501:
            raise await _failed(response, member)
        reply = await self._reply(response, member, call.base, bare=forward.method == 'HEAD')
        if check is not None and response.status == 201 and 'multipart-manifest' not in forward.query:
            _same(await check.hexdigest(), response, member)
        return reply

    async def look(self, member: Member, project: str, method: str, path: str, query: str = '', timeout: float = relay.READ_TIMEOUT) -> SiteResponse:
        """A question of the league's own about a project's account. Raises NotFound where the project has nothing there, SiteDown."""
        headers = [('Accept', 'application/json')] if method == 'GET' else []
        return await self.act(member, project, Forward(method, path, query, headers), timeout)

    async def act(self, member: Member, project: str, forward: Forward, timeout: float = relay.WRITE_TIMEOUT) -> SiteResponse:
        """What the league does by itself in a project's account. Raises NotFound where the project has nothing there, SiteDown."""
        acting = self._accounts.standing_in(member, project)
        if acting is None:
            raise NotFound(f'The project has nothing at site {member.name}.')
        if member.capabilities is None:
            # Until it told its mode, nobody knows whose account the operator's credential opens.
            raise SiteDown(member.name, 'has not told yet what it offers')
        request = SiteRequest(SERVICE, forward.method, forward.path or '/', forward.query, forward.headers, forward.body)
        response = await member.site.send(request, acting, timeout)
        if response.status >= 500:
            raise await _failed(response, member)
        return response

    async def tend(self, member: Member, project: str, forward: Forward) -> Reply:
        """The same, with the answer in the league's words. Raises NotFound where the project has nothing there, SiteDown."""
        return await self._reply(await self.act(member, project, forward, _timeout(forward)), member, '', bare=forward.method == 'HEAD')

    async def let_go(self, reply: Reply) -> None:
        """The rest of a reply is not wanted."""
        if isinstance(reply.body, AsyncGenerator):
            with contextlib.suppress(SiteDown, StopAsyncIteration):
                # One that was never begun would not let go of the site's answer when it is closed.
                await anext(reply.body)
            await reply.body.aclose()

    async def linked(self, member: Member, reply: Reply) -> None:
        """Where links of a listing lead is told with the league's accounts, not the site's. Raises SiteDown."""
        if isinstance(reply.body, bytes) or not reply.header('content-type').startswith('application/json'):
            return
        raw = bytearray()
        async for chunk in reply.body:
            raw += chunk
            if len(raw) > relay.DOCUMENT_LIMIT:
                raise SiteDown(member.name, f'({SERVICE}) gives a listing that does not end', sent=True)
        reply.body = bytes(raw)
        if _LINKED in raw:
            try:
                rows = msgspec.json.decode(raw, type=list[dict[str, Any]])
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise SiteDown(member.name, f'({SERVICE}) sent something that is no listing', sent=True) from None
            reply.body = msgspec.json.encode([row | {_LINK: self._account_in(row[_LINK], member)} if _LINK in row else row for row in rows])
        reply.headers = [header for header in reply.headers if header[0].lower() != 'content-length']

    async def info(self, member: Member) -> Mapping[str, Any]:
        """What a site's object store says that it can do. Raises SiteDown."""
        response = await member.site.send(SiteRequest(SERVICE, 'GET', '^/info'), OPERATOR, relay.READ_TIMEOUT)
        raw = await response.read(_FAULT_LIMIT)
        try:
            return msgspec.json.decode(raw, type=dict[str, Any]) if response.status == 200 else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SiteDown(member.name, f'({SERVICE}) sent something that is not JSON') from None

    async def _addressed(self, call: Call, member: Member, project: str, path: str) -> tuple[Acting, str]:
        """As whom, and where: the account that a session is for may have any name, another's is known by its project."""
        token = call.token
        if project == token.project:
            return await self._accounts.acting(call, member), path or '/'
        if member.capabilities is None:
            raise SiteDown(member.name, 'has not told yet what it offers')
        local = self.local(member, project)
        if not local or (token.user and not token.admin and not member.managed):
            raise NotFound('The resource could not be found.')
        if not token.user:
            return NOBODY, f'^/v1/{self.account(member, project)}{path}'
        if token.admin:
            return await self._accounts.acting(call, member, project), path or '/'
        return await self._accounts.acting(call, member), f'^/v1/{self.account(member, project)}{path}'

    def _account_out(self, name: str, value: str, member: Member) -> str:
        if name.lower() not in _ACCOUNTS_ASKED:
            return value
        project = value.removeprefix(PREFIX)
        account = self.account(member, project) if value.startswith(PREFIX) else ''
        if not account:
            raise NotFound(f'There is no account {value} at site {member.name}.')
        return account

    async def _reply(self, response: SiteResponse, member: Member, base: str, *, bare: bool) -> Reply:
        """What is short is read here, so that only what is long has to be let go of by whoever does not want it."""
        headers: Headers = []
        for name, value in response.headers:
            lower = name.lower()
            if lower == 'x-trans-id':
                headers.append(('X-Hansa-Site-Request-Id', value))
            elif lower in _ACCOUNTS_TOLD:
                known = self._account_in(value, member)
                # A site leads on to an address of its own, where the league's users have no business.
                headers.append((name, f'{base}{known[known.index("/v1/") :]}' if lower == 'location' and '/v1/' in known else known))
            elif lower not in _HOP:
                headers.append((name, value))
        headers.append(('X-Hansa-Site', member.name))
        if bare or response.status in {204, 304} or response.status >= 400 or response.header('content-length') == '0':
            return Reply(response.status, headers, await response.read(_FAULT_LIMIT))
        return Reply(response.status, headers, response.chunks())

    def _account_in(self, value: str, member: Member) -> str:
        prefix = member.site.account_prefix()
        head, version, rest = value.partition('/v1/') if '/v1/' in value else ('', '', value)
        name, slash, below = rest.partition('/')
        known = self.league(member, name.removeprefix(prefix)) if name.startswith(prefix) else ''
        return f'{head}{version}{PREFIX}{known}{slash}{below}' if known else value


def _same(sent: str, response: SiteResponse, member: Member) -> None:
    """Raises SiteDown where a site tells that it keeps something else than what came through here."""
    kept = _ETAG.fullmatch(response.header('etag'))
    if kept and kept[1] != sent:
        raise SiteDown(member.name, f'({SERVICE}) keeps something else (ETag {kept[1]}) than what was sent to it ({sent})', sent=True)


async def _failed(response: SiteResponse, member: Member) -> HansaError:
    """A site's failure is never ours: the caller is told whose it is and when to come back."""
    await response.close()
    again = response.header('retry-after')
    return SiteDown(member.name, f'({SERVICE}) answered with status {response.status}', int(again) if again.isdigit() else 10, sent=True)


def _timeout(forward: Forward) -> float:
    """A site answers a copy, and what is done with a large object's parts, only when all of it is done."""
    if 'multipart-manifest' in forward.query or any(name.lower() == 'x-copy-from' for name, _ in forward.headers):
        return _LONG_TIMEOUT
    return relay.READ_TIMEOUT if forward.method in {'GET', 'HEAD', 'OPTIONS'} else relay.WRITE_TIMEOUT
