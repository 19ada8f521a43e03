"""The comparison at the end of a complete list: what the site told against what the inventory holds, by digests first."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hansa.model.drift import What
from hansa.ports.uplink import Uplink
from hansa.rules import digests

MOST = 2000
"""Differences of a kind that are followed at once; what is over is found by the next lists."""

MASS, MASS_SHARE = 50, 0.2
"""More than so many objects, and more than this share of a kind, that a list does not tell are more than what users do every day."""

Suspects = Mapping[str, What]


class Verdict(msgspec.Struct, frozen=True):
    """`suspects` are all differences, by site id; of these `agreed` were there last time too, and `fetch` are to be fetched at once.
    `missing` is how many the list does not tell in all, followed or not; `mass` whether that is so many that something may be wrong with the list.
    """

    suspects: dict[str, What]
    agreed: frozenset[str]
    fetch: frozenset[str]
    missing: int
    mass: bool

    @property
    def doubts(self) -> bool:
        """Whether something may be gone, which another complete list has to say as well."""
        return any(what == 'not told' and id not in self.agreed for id, what in self.suspects.items())


async def compare(uplink: Uplink, site: str, kind: str, told: dict[str, str], before: Suspects, *, brief: bool) -> Verdict:
    """Judge a complete list. A `brief` one has no revisions: it says nothing of what differs, and what it tells for the first time is
    still to be fetched. Raises UplinkDown.
    """
    here = digests.digests(told)
    buckets = digests.differing(here, await uplink.digests(site, kind, brief=brief))
    known = await uplink.holdings(site, kind, buckets, brief=brief) if buckets else {}
    mine = digests.within(told, buckets)
    suspects: dict[str, What] = dict.fromkeys(sorted(known.keys() - mine.keys()), 'not told')
    suspects |= dict.fromkeys(sorted(mine.keys() - known.keys()), 'not known')
    suspects |= dict.fromkeys(sorted(id for id in mine.keys() & known.keys() if mine[id] != known[id]), 'differs')
    if brief:
        suspects |= {id: what for id, what in before.items() if what == 'differs' and id in told}
    missing = len(known.keys() - mine.keys())
    mass = missing > MASS and missing > MASS_SHARE * (len(told) + missing)
    suspects = dict(list(suspects.items())[:MOST])
    agreed = frozenset(id for id, what in suspects.items() if before.get(id) == what)
    fetch = frozenset(id for id, what in suspects.items() if brief and what == 'not known')
    return Verdict(suspects, agreed, fetch, missing, mass)
