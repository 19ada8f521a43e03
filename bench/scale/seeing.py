"""How soon the league shows what changes at a site: changes of the fleet's own life, and when the league's list first tells them."""

from __future__ import annotations

import datetime
import time
import urllib.parse
from collections.abc import Sequence
from typing import Any, NamedTuple

from bench.scale.stand import Stand

FOLLOWED = 40
PATIENCE_S = 90.0
_LOOK_S = 0.25
_ASK_S = 1.0


class Seen(NamedTuple):
    """Seconds from change to list of so many; `lost` were not told within PATIENCE_S."""

    changes: int
    p50: float
    p95: float
    longest: float
    lost: int


def follow(on: Stand, sites: Sequence[str], seconds: float) -> Seen:
    """Follow changes at these sites that happen in so many seconds from now, FOLLOWED of them at once at most."""
    began, asked = time.time(), 0.0
    waiting: dict[tuple[str, float], dict[str, Any]] = {}
    delays: list[float] = []
    taken: set[tuple[str, float]] = set()
    lost = 0
    while (now := time.time()) < began + seconds or waiting:
        if asked + _ASK_S < now < began + seconds:
            asked = now
            for change in _recent(on, sites):
                which = change['id'], change['at']
                if change['at'] > began and which not in taken and len(waiting) < FOLLOWED:
                    taken.add(which)
                    waiting[which] = change
        for which, change in list(waiting.items()):
            if _shown(on, change):
                delays.append(time.time() - change['at'])
                del waiting[which]
            elif time.time() > change['at'] + PATIENCE_S:
                lost += 1
                del waiting[which]
        time.sleep(_LOOK_S)
    delays.sort()
    p50, p95, longest = (delays[min(len(delays) - 1, int(len(delays) * share))] if delays else 0.0 for share in (0.5, 0.95, 1))
    return Seen(len(delays), p50, p95, longest, lost)


def level(on: Stand, servers: Sequence[dict[str, Any]]) -> bool:
    """Whether the league shows these as their sites told them."""
    return all(mine is not None and mine['updated'] >= one['updated'] for one in servers for mine in [server(on, one['id'])])


def server(on: Stand, id: str) -> dict[str, Any] | None:
    """What the inventory has of one, as the list of an administrator shows it."""
    query = urllib.parse.urlencode({'all_tenants': 1, 'uuid': id})
    found: list[dict[str, Any]] = on.admin.call('GET', 'compute', f'/servers/detail?{query}')['servers']
    return found[0] if found else None


def _recent(on: Stand, sites: Sequence[str]) -> list[dict[str, Any]]:
    return [change for site in sites for change in on.fleet.state(site, '&recent')['sites'][site]['recent']]


def _shown(on: Stand, change: dict[str, Any]) -> bool:
    """A server that is not listed is one that is not known yet, where it was made, or else one that is known to be gone."""
    found = server(on, change['id'])
    if found is None:
        return bool(change['status'] != 'BUILD')
    return datetime.datetime.fromisoformat(found['updated']).timestamp() >= int(change['at'])
