"""Keys of signed URLs: those of containers lie at their sites and are known here for some seconds, those of accounts the league keeps."""

from __future__ import annotations

from collections import OrderedDict

from hansa.model.call import Token
from hansa.model.errors import NotFound, Unsupported
from hansa.model.secret import Secret
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.rules.containers import signatures
from hansa.services.accountmeta import AccountMeta
from hansa.services.homes import Where
from hansa.services.storeinfo import StoreInfo
from hansa.services.stores import Stores

HEADERS = frozenset(f'x-{kind}-meta-temp-url-key{end}' for kind in ('account', 'container') for end in ('', '-2'))
"""Names of the metadata (lower case) that let whoever knows them write."""

_SECONDS = 10.0
_BEARER = 'signed URL'
_MOST = 10_000


def standing_in(project: str) -> Token:
    """Whoever has a signed URL, where a container spans sites: the league does for him the one thing that was signed, in the project's place."""
    return Token(_BEARER, _BEARER, '', project, '', '', frozenset(('admin',)), 0.0)


def stands_in(token: Token) -> bool:
    """Whether it is such a one, who has no rights of his own."""
    return token.user == _BEARER


class UrlKeys:
    """Judges signatures, and makes those that a site takes."""

    def __init__(self, stores: Stores, info: StoreInfo, meta: AccountMeta, clock: Clock) -> None:
        self._stores = stores
        self._meta = meta
        self._info = info
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, str], tuple[float, tuple[Secret, ...]]] = OrderedDict()

    def forget(self, project: str) -> None:
        """A project's metadata may have changed."""
        for key in [key for key in self._kept if key[0] == project]:
            del self._kept[key]

    async def maker(self, project: str, where: Where, texts: list[str], digest: str, raw: bytes, until: int) -> str:
        """What opens the container at its site, where its own key or one of its account made the signature; '' where none did, or too long ago.

        Raises SiteDown.
        """
        if until <= self._clock.now() or digest not in await self._digests(where.member):
            return ''
        keys = {key.reveal(): key.reveal() for key in await self._keys(project, where.member, where.path)}
        account = await self._meta.keys(project, where.member)
        if account is None:
            # Set at the site itself, by somebody who went past the league: there it counts.
            account = {key.reveal(): key.reveal() for key in await self._keys(project, where.member, '')}
        keys = account | keys
        found = signatures.maker(list(keys), texts, digest, raw)
        return keys.get(found, '')

    async def query(self, where: Where, project: str, key: str, method: str, name: str, wish: signatures.Signed) -> str:
        """The query that lets nobody in particular do one thing to one object (its name as its owner wrote it) at the container's site."""
        allowed = await self._digests(where.member)
        digest = next((one for one in signatures.DIGESTS if one in allowed), 'sha256')
        path = f'/v1/{self._stores.account(where.member, project)}/{where.name}/{name}'
        return signatures.query(key, method, path, wish.until, digest, wish.filename, inline=wish.inline)

    async def _digests(self, member: Member) -> frozenset[str]:
        """What the site takes; none where it has no signed URLs. Raises SiteDown where it has never told."""
        told = (await self._info.of(member)).get('tempurl')
        allowed = told.get('allowed_digests', ['sha1']) if isinstance(told, dict) else []
        return frozenset(signatures.DIGESTS) & {each for each in allowed if isinstance(each, str)}

    async def _keys(self, project: str, member: Member, path: str) -> tuple[Secret, ...]:
        place = (project, member.name, path)
        kept = self._kept.get(place)
        if kept is not None and kept[0] > self._clock.monotonic():
            return kept[1]
        try:
            response = await self._stores.look(member, project, 'HEAD', path)
        except (NotFound, Unsupported):
            return ()
        await response.close()
        found = tuple(Secret(value) for name, value in response.headers if name.lower() in HEADERS and value)
        self._kept[place] = (self._clock.monotonic() + _SECONDS, found)
        self._kept.move_to_end(place)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return found
