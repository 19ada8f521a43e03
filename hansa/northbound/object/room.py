"""What the rooms of the object store share: whose account is meant, where a container is, and what a site's answer looks like in the league."""

from __future__ import annotations

import urllib.parse

from hansa.model.errors import BadRequest, Forbidden, HansaError, NotFound, Unauthorized
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers
from hansa.ports.site import Headers
from hansa.services.accountmeta import AccountMeta
from hansa.services.grantees import Grantees
from hansa.services.holdings import Holdings
from hansa.services.homes import Homes, Where
from hansa.services.relay import Forward, Reply
from hansa.services.spreads import Spreads
from hansa.services.storeinfo import StoreInfo
from hansa.services.storequotas import StoreQuotas
from hansa.services.stores import PREFIX, Stores
from hansa.services.urlkeys import UrlKeys

LISTS = ('x-container-read', 'x-container-write')
POLICY = 'x-storage-policy'


class Room:
    """What handlers are made with."""

    def __init__(
        self, stores: Stores, homes: Homes, spreads: Spreads, grantees: Grantees, info: StoreInfo, holdings: Holdings, keys: UrlKeys,
        quotas: StoreQuotas, meta: AccountMeta,
    ) -> None:
        self.stores = stores
        self.homes = homes
        self.spreads = spreads
        self.grantees = grantees
        self.info = info
        self.holdings = holdings
        self.keys = keys
        self.quotas = quotas
        self.meta = meta

    async def find(self, ask: table.Ask) -> Where:
        """The container that the path names. Who is no member of its project is told nothing of what there is not.

        For who has no token no site is asked: that could be anybody, as often as he likes.
        """
        try:
            return await self.homes.find(account(ask), container(ask), asking=bool(ask.call.token.user))
        except NotFound:
            raise (NotFound('The resource could not be found.') if own(ask) else refusal(ask)) from None

    async def send(self, ask: table.Ask, where: Where, forward: Forward, *, counted: bool = True) -> Reply:
        """The request to the container's site; its answer in the league's words. What of quotas was `counted` elsewhere is not counted here. Raises TooLarge for more than the project may keep, SiteDown."""

        async def send(sent: Forward) -> Reply:
            return await self.stores.send(ask.call, where.member, account(ask), sent)

        try:
            reply = await (self.quotas.over(ask.call, account(ask), where.member, forward, send) if counted else send(forward))
        except NotFound:
            raise (NotFound('The resource could not be found.') if own(ask) else refusal(ask)) from None
        reply.headers = [self._told(where, name, value) for name, value in reply.headers]
        return reply

    async def beside(self, ask: table.Ask, where: Where, word: str, what: str) -> bool:
        """Whether there is a container that a header or a manifest names; one that there is not may be made later. Raises BadRequest where it is
        not at this site.
        """
        name = urllib.parse.unquote_to_bytes(word.encode('latin-1')).decode(errors='replace')
        spread = await self.spreads.find(account(ask), name)
        if spread is not None and not spread.gone:
            raise BadRequest(f'{what}, {name}, is kept at {", ".join(spread.sites)}, but this is at site {where.member.name} alone.')
        try:
            other = await self.homes.find(account(ask), name)
        except NotFound:
            return False
        if (other.member.name, other.name) != (where.member.name, name):
            raise BadRequest(f'{what}, {name}, is at site {other.member.name}, but this is at site {where.member.name}; both have to be at one site.')
        return True

    def _told(self, where: Where, name: str, value: str) -> tuple[str, str]:
        if name.lower() == POLICY:
            return name, f'{where.member.name}.{value}'
        if name.lower() in LISTS:
            return name, self.grantees.inbound(where.member, value)
        return name, value

    async def granted(self, ask: table.Ask, where: Where, sent: Headers) -> Headers:
        """Headers for a site, with the site's ids in access lists. Raises BadRequest for who does not exist."""
        return [
            (name, await self.grantees.outbound(ask.call, where.member, value) if name.lower() in LISTS else value) for name, value in sent
        ]


def account(ask: table.Ask) -> str:
    """The league's project whose account it is. Raises Forbidden, Unauthorized for what is no account of ours."""
    name = urllib.parse.unquote(ask.names['account'])
    if not name.startswith(PREFIX) or len(name) == len(PREFIX):
        raise refusal(ask)
    return name.removeprefix(PREFIX)


def container(ask: table.Ask) -> str:
    """The container's name as its owner wrote it."""
    return urllib.parse.unquote(ask.names['container'])


def own(ask: table.Ask) -> bool:
    """Whether the caller is of the account's project, or administrator of all."""
    return account(ask) == ask.call.token.project or ask.call.token.admin


def refusal(ask: table.Ask) -> HansaError:
    """What is said to somebody who may not."""
    if ask.call.token.user:
        return Forbidden('Access was denied to this resource.')
    return Unauthorized('This server could not verify that you are authorized to access the document you requested.')


def known(ask: table.Ask) -> None:
    """Raises Unauthorized for a change without a token."""
    if not ask.call.token.user:
        raise refusal(ask)


def forward(ask: table.Ask, path: str, sent: Headers | None = None) -> Forward:
    """The request for a site; a body goes as it comes."""
    request = ask.request
    sent = headers.passed(request) if sent is None else sent
    if not request.has_body():
        return Forward(request.method, path, request.query, sent, b'' if request.method in {'PUT', 'POST'} else None)
    if length := request.header('content-length'):
        sent = [*sent, ('content-length', length)]
    if request.header('expect').lower() == '100-continue':
        # The client is told to go on when the site wants the first byte.
        sent = [*sent, ('Expect', '100-continue')]
    return Forward(request.method, path, request.query, sent, request.stream())


def answer(reply: Reply) -> wire.Answer:
    """A site's reply as it goes to the client."""
    return wire.Answer(reply.status, reply.headers, reply.body)
