"""The league's Keystone: one that runs as our child, or the operator's own."""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator, Sequence
from typing import Literal

from hansa.keystone import configuration, projects
from hansa.keystone.accounts import ENGINE_USER, Accounts
from hansa.keystone.admin import Administrator, Session
from hansa.keystone.birth import Birth
from hansa.keystone.files import Places
from hansa.keystone.line import Line
from hansa.keystone.process import Child
from hansa.keystone.signatures import Signatures
from hansa.keystone.tokens import Tokens
from hansa.keystone.watch import Watch
from hansa.model.call import Token
from hansa.model.errors import SiteDown
from hansa.model.signature import Claim, Signer
from hansa.ports.clock import Clock
from hansa.ports.http import Transport
from hansa.ports.site import Headers, SiteResponse

ROOT = 'http://keystone'
EXPIRATION = 4 * 3600
READY_SECONDS = 90.0
READY_PAUSE = 0.05
LEASE = 4.0


class KeystoneEngine:
    """The port `Identity` over a real Keystone. `child` and `watch` are there where it is ours."""

    def __init__(
        self, line: Line, tokens: Tokens, session: Session, signatures: Signatures, child: Child | None = None, watch: Watch | None = None
    ) -> None:
        self._line = line
        self._signatures = signatures
        self._session = session
        self._tokens = tokens
        self._child = child
        self._watch = watch
        self._watching = asyncio.create_task(watch.run()) if watch is not None else None

    @property
    def pid(self) -> int:
        """Process id of a Keystone of ours; 0 while there is none."""
        return self._child.pid if self._child is not None else 0

    async def validate(self, token: str) -> Token:
        """What a token says. Raises Unauthorized, SiteDown('identity'), Busy."""
        return await self._tokens.validate(token)

    async def signed(self, claim: Claim) -> Signer:
        """Who has signed. Raises NotFound, Unauthorized, Forbidden, SiteDown('identity'), Busy."""
        return await self._signatures.judge(claim)

    async def refresh(self) -> None:
        """Every token and every access key is asked for anew at its next use."""
        self._tokens.forget()
        self._signatures.forget()

    async def relay(
        self, method: str, path: str, query: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None
    ) -> SiteResponse:
        """Pass a request on as it is. Raises SiteDown('identity')."""
        return await self._line.send(method, f'{path}?{query}' if query else path, headers, body)

    async def project_ids(self, words: Sequence[str]) -> dict[str, str]:
        """Ids of projects named by id or name; unknown ones are left out. Raises SiteDown('identity')."""
        return await projects.find(self._session, words)

    async def named(self, kind: Literal['project', 'user'], words: Sequence[str]) -> dict[str, str]:
        """Ids of those named by id, or by name in the default domain. Raises SiteDown('identity')."""
        return await projects.named(self._session, kind, words)

    async def gone(self, kind: Literal['project', 'user'], ids: Sequence[str]) -> list[str]:
        """Those under which there is nothing of the kind. Raises SiteDown('identity')."""
        return await projects.gone(self._session, kind, ids)

    async def close(self) -> None:
        """End the child, if there is one, and all connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._watch is not None:
            self._watch.close()
        await self._line.close()
        if self._child is not None:
            await self._child.stop()


async def start_engine(
    directory: pathlib.Path,
    public_url: str,
    region: str,
    clock: Clock,
    transport: Transport,
    expiration: int = EXPIRATION,
) -> tuple[KeystoneEngine, Accounts]:
    """Run a Keystone in `directory`/keystone, made at the first start.

    `public_url` is the league's ('http://host:port', the identity door is below it), `transport` goes to
    `files.socket_path(directory)`, `expiration` is seconds that a token lives. Only one engine at a time may
    run in a directory. Raises SiteDown('identity') where it does not come up, ConfigError.
    """
    places = Places(directory)
    birth = Birth(places, public_url.rstrip('/'), region, expiration)
    known = await birth.prepare()
    arguments = [str(path) for path in (places.configuration, places.additions, places.socket)]
    child = Child('hansa.keystone.child', arguments, places.output, clock)
    line = Line(transport, ROOT)
    try:
        await child.start()
        await _ready(line, child, clock, places)
        await birth.settle(line, known, clock)
        session = Session(line, Administrator(ENGINE_USER, known.engine_password))
        tokens = Tokens(line, clock, session=session)
        signatures = Signatures(session, clock)

        def changed() -> None:
            tokens.forget()
            signatures.forget()

        watch = Watch(places.data / 'keystone.db', changed, clock, configuration.CACHE_SECONDS)
    except BaseException:
        await child.stop()
        raise
    return KeystoneEngine(line, tokens, session, signatures, child, watch), known


async def _ready(line: Line, child: Child, clock: Clock, places: Places) -> None:
    deadline = clock.monotonic() + READY_SECONDS
    while clock.monotonic() < deadline:
        if not child.pid:
            raise SiteDown('identity', f'ended while starting; the logs in {places.logs} tell why')
        with contextlib.suppress(SiteDown):
            status, _, _ = await line.read('GET', '/v3', [], None, READY_SECONDS)
            if status == 200:
                return
        await clock.sleep(READY_PAUSE)
    raise SiteDown('identity', f'did not come up in {READY_SECONDS:g} s; the logs in {places.logs} tell why')


def connect_engine(
    url: str, clock: Clock, transport: Transport, administrator: Administrator, lease: float = LEASE
) -> KeystoneEngine:
    """Use the operator's own Keystone at `url`, with or without '/v3' at its end.

    Its database cannot be watched, so a token in use is validated again when `lease` seconds have passed.
    """
    line = Line(transport, url, retry_after=10)
    session = Session(line, administrator)
    return KeystoneEngine(line, Tokens(line, clock, lease, session), session, Signatures(session, clock, lease))
