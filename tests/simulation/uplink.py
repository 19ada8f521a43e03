"""A wire between agents and the intake that loses, doubles, delays and refuses, as one seed says; what passes is packed and unpacked."""

from __future__ import annotations

import random
from collections.abc import Collection

from hansa.model import batch
from hansa.model.batch import Batch, Receipt, Run
from hansa.model.errors import Gone, UplinkDown
from hansa.model.site import Mode
from hansa.ports.uplink import Place, Report
from hansa.sync.gate import CREDIT, Gate

FAULTS = ('lose', 'lose receipt', 'double', 'late', 'down', 'refuse', 'some')
_LATE = 20


class Killed(BaseException):
    """The agent is no more."""


class Wire:
    """Fills the port Uplink. `gate` is the intake's end now, `fault` what goes wrong; `deadly` is in how many batches until the agent
    dies of one (0: never), before it arrived or after.
    """

    def __init__(self, gate: Gate, chance: random.Random, place: Place) -> None:
        self._place = place
        self.gate = gate
        self.fault = ''
        self.deadly = 0
        self.given = 0
        self._chance = chance
        self._late: list[bytes] = []

    async def open(self, site: str, mode: Mode, place: Place = 'league') -> Run:
        self._reach()
        return await self.gate.open(site, mode, self._place)

    async def report(self, report: Report) -> float:
        self._reach()
        return await self.gate.report(report)

    async def deliver(self, batch_: Batch) -> Receipt:
        self.given += 1
        packed = batch.encode(batch_)
        fault = self._chance.choice((*FAULTS[:-1], '', '')) if self.fault == 'some' else self.fault
        self._die(0.5)
        if fault in {'lose', 'down'}:
            raise UplinkDown('the batch is lost')
        if fault == 'late':
            self._late.append(packed)
            raise UplinkDown('the batch is under way')
        if fault == 'refuse':
            return Receipt(0, CREDIT, self._chance.choice((0.5, 5.0)))
        receipt = await self.gate.deliver(batch.decode(packed))
        self._die(1.0)
        if fault == 'double':
            await self.gate.deliver(batch.decode(packed))
        if fault == 'lose receipt':
            if self._chance.random() < 0.5:
                self._late.append(packed)
            raise UplinkDown('the receipt is lost')
        return receipt

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        self._reach()
        return await self.gate.digests(site, kind, brief=brief)

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        self._reach()
        return await self.gate.holdings(site, kind, buckets, brief=brief)

    def _reach(self) -> None:
        if self.fault in {'down', 'lose'} or (self.fault == 'some' and self._chance.random() < 0.5):
            raise UplinkDown('nobody answers')

    async def arrive(self) -> None:
        """What was late comes in, out of order, some of it twice."""
        self._chance.shuffle(self._late)
        keep = [packed for packed in self._late if self._chance.random() < 0.3]
        for packed in self._late:
            try:
                await self.gate.deliver(batch.decode(packed))
            except Gone:
                continue
        self._late = keep[-_LATE:]

    def _die(self, probability: float) -> None:
        if self.deadly and self._chance.random() < probability:
            self.deadly -= 1
            if not self.deadly:
                raise Killed
