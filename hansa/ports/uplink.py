"""The door from an agent to the intake, which may be in the same process or far away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, Protocol

import msgspec

from hansa.model.batch import Batch, Receipt, Run
from hansa.model.drift import Finding
from hansa.model.site import Mode
from hansa.ports.tally import Tally

Place = Literal['league', 'site']
"""Where an agent runs: in the league's own process, or near its site. Each has runs of its own."""


class Report(msgspec.Struct, frozen=True):
    """How an agent that runs elsewhere stands with its site, numbered from 1 in its run; the latest counts.

    `level` says for each kind as of when all that was told of it is stored (epoch seconds, the league's time); `tallies` what was counted since the
    run began; `drift` of each kind that differs from the report before what is not as it should be; `lost` why the site does not answer.
    """

    site: str
    run: str
    number: int
    level: dict[str, float] = {}
    tallies: dict[str, Tally] = {}
    drift: dict[str, tuple[Finding, ...]] = {}
    lost: str = ''


class Uplink(Protocol):
    """Every method comes back in bounded time. An answer may be lost, and a batch may arrive twice or late: giving the same batch again
    is always right, and taking it again does nothing. Every method raises UplinkDown where there was no answer, and Dismissed where
    the league wants to hear no more of this agent.
    """

    async def open(self, site: str, mode: Mode, place: Place = 'league') -> Run:
        """Begin a life of a site's agent, which sees it in a mode. Of earlier runs of the agent there nothing is taken any more."""
        ...

    async def deliver(self, batch: Batch) -> Receipt:
        """Give a batch; it is stored for good when the receipt says so. Raises Gone where the run is over or not known, so
        that a new one has to begin; TooLarge where the batch has too many bytes for the way, so that fewer changes have to go at a time.
        """
        ...

    async def report(self, report: Report) -> float:
        """Say how the agent stands; returns by how many seconds the league's clock is ahead of its own. Raises Gone as `deliver` does."""
        ...

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        """Of what the inventory holds of a kind at a site, by `rules.digests`; a `brief` one of ids alone."""
        ...

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        """What it holds in these buckets: site id -> revision, '' in a `brief` answer."""
        ...
