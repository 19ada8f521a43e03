"""The door to the identity engine: a Keystone that the league trusts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

from hansa.model.call import Token
from hansa.model.signature import Claim, Signer
from hansa.ports.site import Headers, SiteResponse


class Identity(Protocol):
    """The league's Keystone."""

    async def validate(self, token: str) -> Token:
        """What a token says, from the cache where it is known. Raises Unauthorized."""
        ...

    async def signed(self, claim: Claim) -> Signer:
        """Who has signed, kept as what is known of tokens is. Raises NotFound for an access key that there is not, Unauthorized
        for a signature that is not made with its secret, Forbidden where its owner may not act any more, SiteDown, Busy.
        """
        ...

    async def refresh(self) -> None:
        """Learn now of everything that was revoked; returns when no revoked token is taken any more."""
        ...

    async def relay(
        self, method: str, path: str, query: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None
    ) -> SiteResponse:
        """Pass a request on to Keystone as it is; `path` starts with '/' or '/v3'."""
        ...

    async def project_ids(self, words: Sequence[str]) -> dict[str, str]:
        """Ids of projects named by id or by name (in any domain, the first found); unknown ones are left out. Raises SiteDown."""
        ...

    async def named(self, kind: Literal['project', 'user'], words: Sequence[str]) -> dict[str, str]:
        """Ids of projects or users named by id, or by name in the default domain; unknown ones are left out. Raises SiteDown."""
        ...

    async def gone(self, kind: Literal['project', 'user'], ids: Sequence[str]) -> list[str]:
        """Those of the ids under which there is no project, or no user. Raises SiteDown."""
        ...

    async def close(self) -> None:
        """Stop; a Keystone run by us is ended."""
        ...
