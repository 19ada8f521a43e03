"""The door from an agent to the intake, which may be in the same process or far away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from hansa.model.batch import Batch, Receipt, Run
from hansa.model.site import Mode


class Uplink(Protocol):
    """Every method comes back in bounded time. An answer may be lost, and a batch may arrive twice or late: giving the same batch again
    is always right, and taking it again does nothing. Every method raises UplinkDown where there was no answer, and Dismissed where
    the league wants to hear no more of this agent.
    """

    async def open(self, site: str, mode: Mode) -> Run:
        """Begin a life of a site's agent, which sees it in a mode. Of earlier runs of the agent nothing is taken any more."""
        ...

    async def deliver(self, batch: Batch) -> Receipt:
        """Give a batch; it is stored for good when the receipt says so. Raises Gone where the run is over or not known, so
        that a new one has to begin.
        """
        ...

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        """Of what the inventory holds of a kind at a site, by `rules.digests`; a `brief` one of ids alone."""
        ...

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        """What it holds in these buckets: site id -> revision, '' in a `brief` answer."""
        ...
