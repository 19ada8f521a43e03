"""Keystone's token document, as far as the league reads it (Identity API v3, GET /v3/auth/tokens)."""

from __future__ import annotations

import datetime as dt

import msgspec

from hansa.model.call import Token
from hansa.model.errors import SiteDown


class _Named(msgspec.Struct):
    id: str = ''
    name: str = ''


class _Owned(msgspec.Struct):
    id: str
    name: str = ''
    domain: _Named = msgspec.field(default_factory=_Named)


class _Token(msgspec.Struct):
    user: _Owned
    expires_at: str
    project: _Owned | None = None
    roles: list[_Named] = []
    system: dict[str, bool] | None = None


class _Document(msgspec.Struct):
    token: _Token


def read_token(document: bytes) -> Token:
    """The token that a document tells of. Raises SiteDown where Keystone does not answer as the API says."""
    try:
        told = msgspec.json.decode(document, type=_Document).token
        expires = dt.datetime.fromisoformat(told.expires_at)
    except (msgspec.MsgspecError, ValueError) as error:
        raise SiteDown('identity', 'answered with a token document that cannot be read') from error
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=dt.UTC)
    project = told.project or _Owned('')
    return Token(
        user=told.user.id,
        user_name=told.user.name,
        user_domain=told.user.domain.id,
        project=project.id,
        project_name=project.name,
        project_domain=project.domain.id,
        roles=frozenset(role.name for role in told.roles),
        expires=expires.timestamp(),
        system=bool(told.system),
    )
