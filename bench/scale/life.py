"""Steady life: ten changes a server and day; what it costs, and how soon a change is seen."""

from __future__ import annotations

import time

from bench.figures import Figure
from bench.scale import seeing
from bench.scale.stand import Stand
from hansa.rules import diff

RATE = 10
WATCHED = 5
_SETTLE_S = 15.0


def measure(on: Stand, seconds: float) -> list[Figure]:
    """Cost first and without anybody who looks, then what is seen."""
    on.calm()
    on.fleet.live(RATE)
    time.sleep(_SETTLE_S)
    changes, cpu, began = _changes(on), on.hansa.cpu(), time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    share, changes = (on.hansa.cpu() - cpu) / lasted, _changes(on) - changes
    seen = seeing.follow(on, on.fleet.sites[:: max(1, len(on.fleet.sites) // WATCHED)][:WATCHED], seconds)
    on.fleet.live(0)
    who = f'{RATE} changes a server and day'
    return [
        Figure('life_changes', changes / lasted, '1/s', f'{who}: changes a second'),
        Figure('life_cpu', share * 100, '%', f'{who}: CPU of one core', 10),
        Figure('life_seen', seen.changes, '', f'{who}: changes that were followed'),
        Figure('life_seen_p50_s', seen.p50, 's', f'{who}: half are seen within'),
        Figure('life_seen_p95_s', seen.p95 if seen.changes else None, 's', f'{who}: 95 % are seen within', diff.Pace().steady_s + 1),
        Figure('life_seen_longest_s', seen.longest, 's', f'{who}: all are seen within'),
        Figure('life_lost', seen.lost, '', f'{who}: not seen within {seeing.PATIENCE_S:g} s', 0),
    ]


def _changes(on: Stand) -> int:
    total: int = on.fleet.state()['total']['changes']
    return total
