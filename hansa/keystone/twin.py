"""The identity engine in memory, for tests and trials: it knows the tokens it was told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from hansa.model.call import Token
from hansa.model.errors import Forbidden, NotFound, TooLarge, Unauthorized
from hansa.model.secret import Secret
from hansa.model.signature import Claim, Signer
from hansa.ports.clock import Clock
from hansa.ports.site import Headers, SiteResponse
from hansa.rules.s3 import signing

NOT_FOUND = b'{"error":{"code":404,"message":"There is no Keystone here, only its twin.","title":"Not Found"}}'


class Said:
    """A response that is whole already."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), '')

    async def read(self, limit: int = 64 << 20) -> bytes:
        if len(self._body) > limit:
            raise TooLarge(f'The answer is longer than {limit} bytes.')
        return self._body

    async def chunks(self) -> AsyncIterator[bytes]:
        if self._body:
            yield self._body

    async def close(self) -> None:
        return None


class IdentityTwin:
    """The port `Identity` without a Keystone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._secrets: dict[str, tuple[Secret, str]] = {}
        self.refreshed = 0

    def add(self, token: str, told: Token) -> None:
        """From now on this token says this."""
        self._tokens[token] = told

    def revoke(self, token: str) -> None:
        """From now on it says nothing."""
        self._tokens.pop(token, None)

    async def validate(self, token: str) -> Token:
        """What a token says. Raises Unauthorized."""
        told = self._tokens.get(token)
        if told is None or told.expires <= self._clock.now():
            raise Unauthorized('The token is not known, was revoked or has expired.')
        return told

    def lend(self, access: str, secret: Secret, token: str) -> None:
        """From now on what is signed with this secret is as good as this token."""
        self._secrets[access] = (secret, token)

    async def signed(self, claim: Claim) -> Signer:
        """Who has signed. Raises NotFound, Unauthorized, Forbidden."""
        if claim.access not in self._secrets:
            raise NotFound('There is no such access key.')
        secret, token = self._secrets[claim.access]
        key = signing.key(secret.reveal(), claim.scope)
        if not signing.same(signing.signature(key, claim.text), claim.signature):
            raise Unauthorized('The signature is not made with the secret of this access key.')
        try:
            return Signer(await self.validate(token), key)
        except Unauthorized:
            raise Forbidden('The owner of this access key may not act in its project.') from None

    async def refresh(self) -> None:
        """Nothing is kept here that could be out of date; counts that it was asked."""
        self.refreshed += 1

    async def relay(
        self,
        method: str,
        path: str,
        query: str,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None,
    ) -> SiteResponse:
        """404, whatever is asked."""
        return Said(404, [('Content-Type', 'application/json'), ('Content-Length', str(len(NOT_FOUND)))], NOT_FOUND)

    async def project_ids(self, words: Sequence[str]) -> dict[str, str]:
        """Projects that its tokens are of."""
        known = {told.project_name: told.project for told in self._tokens.values() if told.project}
        known |= {id: id for id in known.values()}
        return {word: known[word] for word in words if word in known}

    async def named(self, kind: Literal['project', 'user'], words: Sequence[str]) -> dict[str, str]:
        """Those that its tokens are of; all are of the default domain."""
        if kind == 'project':
            return await self.project_ids(words)
        known = {told.user_name: told.user for told in self._tokens.values()}
        known |= {id: id for id in known.values()}
        return {word: known[word] for word in words if word in known}

    async def gone(self, kind: Literal['project', 'user'], ids: Sequence[str]) -> list[str]:
        """Those that none of its tokens is of."""
        known = {told.project if kind == 'project' else told.user for told in self._tokens.values()}
        return [id for id in ids if id not in known]

    async def close(self) -> None:
        """Nothing to end."""
