"""A request that is signed with a secret which only its sender and Keystone know."""

from __future__ import annotations

import msgspec

from hansa.model.call import Token


class Scope(msgspec.Struct, frozen=True):
    """What a signing key is good for: one day (`YYYYMMDD`), one region, one service."""

    date: str
    region: str
    service: str = 's3'

    def __str__(self) -> str:
        return f'{self.date}/{self.region}/{self.service}/aws4_request'


class Claim(msgspec.Struct, frozen=True):
    """Somebody says to have the secret of an access key: `signature` (64 hex digits) is over `text`."""

    access: str
    scope: Scope
    text: str
    signature: str


class Signer(msgspec.Struct, frozen=True):
    """Whose claim it is. `key` signs what else belongs to the request; it is good for the claim's scope and is not the secret."""

    token: Token
    key: bytes

    def __repr__(self) -> str:
        return f'Signer(user={self.token.user!r})'
