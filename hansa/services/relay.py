"""Passing a request on to one site and its answer back: ids, links and zones translated, nothing else touched."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import msgspec

from hansa.model.call import Call
from hansa.model.errors import SiteDown
from hansa.ports.roster import Member
from hansa.ports.site import Acting, Headers, SiteRequest, SiteResponse
from hansa.rules import translate
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts

READ_TIMEOUT = 8.0
WRITE_TIMEOUT = 60.0
DOCUMENT_LIMIT = 64 << 20
_FAULT_LIMIT = 1 << 20
_MESSAGE = re.compile(rb'"message":\s*("(?:[^"\\]|\\.)*")')

_HOP = frozenset(
    ('connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'proxy-authenticate', 'date', 'server',
     'content-length', 'set-cookie', 'www-authenticate')
)  # fmt: skip
_REQUEST_ID = 'x-openstack-request-id'
# A league below says these of its own sites, of which nobody here knows.
_LOWER = frozenset(('x-hansa-site', 'x-hansa-site-request-id'))


class Forward(msgspec.Struct):
    """A request to be relayed: `path` is raw and lies below the service's versioned endpoint, headers are those that may pass.

    `checked`: a body that streams is compared with what the site says that it keeps, also where nobody told its ETag.
    """

    method: str
    path: str
    query: str = ''
    headers: Headers = []
    body: bytes | AsyncIterator[bytes] | None = None
    checked: bool = False


class Reply(msgspec.Struct):
    """A site's answer in the league's words."""

    status: int
    headers: Headers = []
    body: bytes | AsyncIterator[bytes] = b''

    def header(self, name: str) -> str:
        """Value of a header (lower-case name); '' where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), '')


class Relay:
    """Sends as the caller, translated both ways. `base` is the league's public URL."""

    def __init__(self, accounts: Accounts, book: AliasBook, base: str) -> None:
        self._accounts = accounts
        self._book = book
        self._base = base

    def place(self, call: Call, member: Member, service: str, project: str = '') -> translate.Place:
        """The site as the translator needs it for this call."""
        return translate.Place(
            member.name,
            member.site.root(service),
            f'{self._base}/{service}',
            member.zones(service),
            project or call.token.project,
            self._accounts.holder(call.token, member),
        )

    async def send(self, call: Call, member: Member, forward: Forward, *, project: str = '', service: str = '') -> Reply:
        """Relay to one site. Documents are read whole, everything else streams.

        `project` is the league project acted in where an administrator means another than the token's. Raises SiteDown, NotFound where
        the site does not serve the caller.
        """
        service = service or call.service
        acting = await self._accounts.acting(call, member, project)
        place = self.place(call, member, service, project)
        response = await member.site.send(self._request(call, service, forward, place), acting, _timeout(forward))
        if response.status >= 500 and response.status != 501:
            raise await self._failed(response, place)
        return await self._reply(response, place)

    async def _failed(self, response: SiteResponse, place: translate.Place) -> SiteDown:
        """A site's failure is never ours: the caller is told whose it is, what it said, and when to come back."""
        said = _MESSAGE.search(translate.message(await response.read(_FAULT_LIMIT), place, self._book))
        told = f': {msgspec.json.decode(said.group(1), type=str)[:300]}' if said else ''
        again = response.header('retry-after')
        return SiteDown(place.site, f'answered with status {response.status}{told}', int(again) if again.isdigit() else 10, sent=True)

    async def ask(
        self, call: Call, member: Member, service: str, path: str, query: str = '', *, acting: Acting | None = None,
        timeout: float = READ_TIMEOUT, version: str = '',
    ) -> tuple[int, bytes]:  # fmt: skip
        """A small GET for our own use, at the site's highest microversion where none is named; status and translated document."""
        acting = acting or await self._accounts.acting(call, member)
        place = self.place(call, member, service)
        forward = Forward('GET', path, query, microversion(service, version or member.highest(service)))
        request = self._request(call, service, forward, place)
        response = await member.site.send(request, acting, timeout)
        raw = await response.read(DOCUMENT_LIMIT)
        _sensible(response, raw, member.name)
        return response.status, translate.inbound(raw, place, self._book)

    def _request(self, call: Call, service: str, forward: Forward, place: translate.Place) -> SiteRequest:
        body = forward.body
        headers = [*forward.headers, ('X-OpenStack-Request-ID', call.id)]
        if isinstance(body, bytes):
            body = translate.outbound(body, place, self._book)
        return SiteRequest(
            service,
            forward.method,
            translate.text_outbound(forward.path, place, self._book),
            translate.text_outbound(forward.query, place, self._book),
            headers,
            body,
        )

    async def _reply(self, response: SiteResponse, place: translate.Place) -> Reply:
        headers: Headers = []
        stream = not response.header('content-type').startswith(('application/json', 'text/', 'application/openstack-images'))
        for name, value in response.headers:
            lower = name.lower()
            if lower == _REQUEST_ID:
                # Nova's own header goes on as it is: a server's actions are named by it.
                headers.append(('x-hansa-site-request-id', value))
            elif lower == 'location':
                headers.append((name, translate.link(value, place, self._book)))
            elif lower in _LOWER:
                continue
            elif lower not in _HOP or (lower == 'content-length' and stream):
                headers.append((name, value))
        headers.append(('x-hansa-site', place.site))
        if stream and response.status not in {204, 304} and response.header('content-length') != '0':
            return Reply(response.status, headers, response.chunks())
        body = await response.read(DOCUMENT_LIMIT)
        if not body:
            return Reply(response.status, headers, body)
        _sensible(response, body, place.site)
        translated = translate.inbound if response.status < 400 else translate.message
        return Reply(response.status, headers, translated(body, place, self._book))


def _sensible(response: SiteResponse, body: bytes, site: str) -> None:
    """Raises SiteDown for a success that says it is JSON and is not."""
    if body and response.status < 300 and response.header('content-type').startswith('application/json'):
        try:
            msgspec.json.decode(body, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            raise SiteDown(site, 'answered with something that is not JSON', sent=True) from None


def microversion(service: str, version: str) -> Headers:
    """The headers that ask a site's service for a microversion; none where it has no such thing."""
    if not version or service not in {'compute', 'volume', 'placement'}:
        return []
    headers = [('OpenStack-API-Version', f'{service} {version}')]
    return [*headers, ('X-OpenStack-Nova-API-Version', version)] if service == 'compute' else headers


def _timeout(forward: Forward) -> float:
    return READ_TIMEOUT if forward.method in {'GET', 'HEAD'} and forward.body is None else WRITE_TIMEOUT
