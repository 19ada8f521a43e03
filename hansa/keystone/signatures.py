"""Whose a signed request is: Keystone judges it, and what it said is kept for as long as what it said of tokens.

The secret of an access key is read once for each day, region and process, as the administrator, and forgotten when the signing
key is made of it: chunks of a body are signed with that key, of which Keystone's /v3/s3tokens tells nothing. Whether the owner
may still act, and as what, /v3/s3tokens says.
"""

from __future__ import annotations

import asyncio
import base64
import collections
import hashlib
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from hansa.keystone import wording
from hansa.keystone.admin import Session
from hansa.model.call import Token
from hansa.model.errors import Busy, Forbidden, NotFound, SiteDown, Unauthorized
from hansa.model.signature import Claim, Scope, Signer
from hansa.ports.clock import Clock
from hansa.rules.s3 import signing

KEYS = 10_000
QUESTIONS = 512
BAD_SECONDS = 2.0
TIMEOUT = 20.0

_LONGEST = 255


class _Blob(msgspec.Struct):
    access: str
    secret: str

    def __repr__(self) -> str:
        return f'_Blob(access={self.access!r})'


class _Credential(msgspec.Struct):
    type: str
    blob: str

    def __repr__(self) -> str:
        return f'_Credential(type={self.type!r})'


class _Credentials(msgspec.Struct):
    credential: _Credential


_Name = tuple[str, Scope]
_Value = TypeVar('_Value', bytes, Token | None)


class _Answers(Generic[_Value]):
    """What Keystone said of access keys; what is nothing (b'', None) or over holds for two seconds."""

    def __init__(self, clock: Clock, lease: float) -> None:
        self._clock = clock
        self._lease = lease
        self._kept: collections.OrderedDict[_Name, tuple[_Value, int, float]] = collections.OrderedDict()
        self._locks: dict[_Name, asyncio.Lock] = {}
        self.asking = 0

    async def get(self, name: _Name, epoch: int, ask: Callable[[], Awaitable[_Value]]) -> _Value:
        """From memory, or asked for by one for all who wait. Raises SiteDown, Busy."""
        kept = self._kept.get(name)
        if kept is not None and self._fresh(kept, epoch):
            self._kept.move_to_end(name)
            return kept[0]
        if self.asking >= QUESTIONS:
            raise Busy('Too many access keys are being asked for at once.')
        self.asking += 1
        lock = self._locks.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                kept = self._kept.get(name)
                return kept[0] if kept is not None and self._fresh(kept, epoch) else await self._asked(name, epoch, kept, ask)
        finally:
            self.asking -= 1
            if not self.asking:
                self._locks.clear()

    async def _asked(self, name: _Name, epoch: int, last: tuple[_Value, int, float] | None, ask: Callable[[], Awaitable[_Value]]) -> _Value:
        now = self._clock.monotonic()
        try:
            said = await ask()
        except SiteDown:
            # Nobody says that it was revoked; work goes on while Keystone is away.
            if last is None or last[1] != epoch:
                raise
            said = last[0]
        self._kept[name] = (said, epoch, now)
        self._kept.move_to_end(name)
        while len(self._kept) > KEYS:
            self._kept.popitem(last=False)
        return said

    def _fresh(self, kept: tuple[_Value, int, float], epoch: int) -> bool:
        said, when, checked = kept
        good = bool(said) and not (isinstance(said, Token) and said.expires <= self._clock.now())
        return when == epoch and self._clock.monotonic() - checked < (self._lease if good else BAD_SECONDS)


class Signatures:
    """Keeps 10,000 signing keys. `lease` is the seconds after which Keystone is asked again, infinite for one whose changes are watched."""

    def __init__(self, session: Session, clock: Clock, lease: float = math.inf) -> None:
        self._session = session
        self._clock = clock
        self._epoch = 0
        self._keys: _Answers[bytes] = _Answers(clock, lease)
        self._tokens: _Answers[Token | None] = _Answers(clock, lease)

    def forget(self) -> None:
        """Take nothing any more that Keystone has not said after this moment."""
        self._epoch += 1

    async def judge(self, claim: Claim) -> Signer:
        """As the port says. A wrong signature costs Keystone nothing once the key is known."""
        if not claim.access or len(claim.access) > _LONGEST:
            raise NotFound('There is no such access key.')
        name, epoch = (claim.access, claim.scope), self._epoch
        key = await self._keys.get(name, epoch, lambda: self._key(claim))
        if not key:
            raise NotFound('There is no such access key.')
        if not signing.same(signing.signature(key, claim.text), claim.signature):
            raise Unauthorized('The signature is not made with the secret of this access key.')
        token = await self._tokens.get(name, epoch, lambda: self._token(claim))
        if token is None or token.expires <= self._clock.now():
            raise Forbidden('The owner of this access key may not act in its project.')
        return Signer(token, key)

    async def _key(self, claim: Claim) -> bytes:
        """The signing key; b'' where there is no such access key. Raises SiteDown."""
        id = hashlib.sha256(claim.access.encode()).hexdigest()
        status, body = await self._session.read(f'/v3/credentials/{id}', [], TIMEOUT)
        if status == 404:
            return b''
        try:
            found = msgspec.json.decode(body, type=_Credentials).credential if status == 200 else None
        except msgspec.MsgspecError:
            found = None
        if found is None:
            raise SiteDown('identity', f'answered {status}, and no credential, when asked for one')
        try:
            blob = msgspec.json.decode(found.blob, type=_Blob)
        except msgspec.MsgspecError:
            return b''
        return signing.key(blob.secret, claim.scope) if (found.type, blob.access) == ('ec2', claim.access) else b''

    async def _token(self, claim: Claim) -> Token | None:
        """Who has signed; None where he may not act. Raises SiteDown."""
        token = base64.urlsafe_b64encode(claim.text.encode()).decode()
        asked = {'credentials': {'access': claim.access, 'token': token, 'signature': claim.signature}}
        status, body = await self._session.post('/v3/s3tokens', asked, TIMEOUT)
        if status in {401, 404}:
            return None
        if status != 200:
            raise SiteDown('identity', f'answered {status} when asked for a signature')
        return wording.read_token(body)

