"""The uplink of an agent that runs elsewhere: the port over HTTP, to the league's address, outbound only."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import TypeVar

import msgspec

from hansa.model import batch
from hansa.model.batch import Batch, Receipt, Run
from hansa.model.errors import Busy, Dismissed, Gone, HansaError, TooLarge, UplinkDown
from hansa.model.secret import Secret
from hansa.model.site import Mode
from hansa.ports.clock import Clock
from hansa.ports.http import Transport, TransportError
from hansa.ports.uplink import Place, Report

T = TypeVar('T')

TIMEOUT_S = 30.0
QUICK_S = 2.0
MOST_BYTES = 256 << 20

_FINAL = frozenset((401, 403, 404, 409))


class _Begun(msgspec.Struct):
    run: str
    asked: int
    life: str
    now: float


class _Heard(msgspec.Struct):
    now: float


class _Digests(msgspec.Struct):
    digests: list[int]


class _Holdings(msgspec.Struct):
    holdings: dict[str, str]


class _Error(msgspec.Struct):
    message: str


class _Fault(msgspec.Struct):
    error: _Error


class FarUplink:
    """Fills the port for one site; `url` is the league's, without a slash at its end, `credential` what `hansa site agent add` gave."""

    def __init__(self, transport: Transport, url: str, credential: Secret, clock: Clock) -> None:
        self._transport = transport
        self._url = url
        self._credential = credential
        self._clock = clock
        self._ahead: float | None = None
        self._name = secrets.token_hex(8)
        self._began = False

    async def open(self, site: str, mode: Mode, place: Place = 'site') -> Run:
        """Fills the port; whoever comes this way is an agent near its site, whatever `place` says."""
        sent = self._clock.now()
        begun = await self._ask(_Begun, 'POST', f'{site}/runs', {'mode': mode, 'agent': self._name, 'again': self._began})
        self._began = True
        return Run(begun.run, begun.asked, begun.life, self._compared(sent, begun.now))

    async def deliver(self, batch_: Batch) -> Receipt:
        """Fills the port."""
        return await self._ask(Receipt, 'POST', f'{batch_.site}/batches', batch.encode(batch_))

    async def report(self, report: Report) -> float:
        """Fills the port."""
        sent = self._clock.now()
        return self._compared(sent, (await self._ask(_Heard, 'POST', f'{report.site}/reports', report)).now)

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        """Fills the port."""
        return (await self._ask(_Digests, 'GET', f'{site}/digests/{kind}?brief={int(brief)}')).digests

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        """Fills the port."""
        wish = {'buckets': sorted(buckets), 'brief': brief}
        return (await self._ask(_Holdings, 'POST', f'{site}/holdings/{kind}', wish)).holdings

    async def _ask(self, form: type[T], method: str, path: str, wish: object = None) -> T:
        body = wish if isinstance(wish, bytes) else b'' if wish is None else msgspec.json.encode(wish)
        headers = [
            ('Authorization', f'Bearer {self._credential.reveal()}'),
            ('Accept', 'application/json'),
            ('Content-Type', 'application/octet-stream' if isinstance(wish, bytes) else 'application/json'),
        ]
        try:
            answer = await self._transport.send(method, f'{self._url}/league/v1/sites/{path}', headers, body or None, TIMEOUT_S)
            told = await answer.read(MOST_BYTES)
        except TransportError as error:
            raise UplinkDown(f'the league at {self._url} {error.reason}') from error
        except (Busy, TooLarge, ValueError) as error:
            raise UplinkDown(f'the league at {self._url} cannot be asked: {error}') from error
        if answer.status == 413 and form is Receipt:
            # A proxy on the way may have a lower bound than the league.
            raise TooLarge(f'the league at {self._url} takes no batch of {len(body)} bytes')
        if answer.status < 300 or (answer.status == 429 and form is Receipt):
            return self._read(form, told)
        raise self._refusal(answer.status, told)

    def _compared(self, sent: float, now: float) -> float:
        """By how much the league's clock is ahead, as an answer tells; one that took long tells little."""
        if self._ahead is None or self._clock.now() - sent < QUICK_S:
            self._ahead = now - sent
        return self._ahead

    def _read(self, form: type[T], told: bytes) -> T:
        try:
            return msgspec.json.decode(told, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UplinkDown(f'what answers at {self._url} is no league, or of another release') from error

    def _refusal(self, status: int, told: bytes) -> HansaError:
        """Only the league's own words end an agent: a proxy before it may say 404 while the league is started again."""
        try:
            sentence = msgspec.json.decode(told, type=_Fault).error.message
        except (msgspec.DecodeError, UnicodeDecodeError):
            sentence = ''
        if status == 410:
            return Gone(sentence or 'the run is over')
        if status in _FINAL and sentence:
            return Dismissed(sentence)
        return UplinkDown(f'the league at {self._url} answered {status}{": " if sentence else ""}{sentence}')
