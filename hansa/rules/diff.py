"""When to look at a site again and what has changed there: objects in transition, the next look, the cursor by the site's own clock."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import msgspec

OVERLAP_S = 30.0
QUIET_S = 60.0
SLOWEST_S = 600.0
FAST_EACH_S, IDLE_EACH_S, SELDOM_EACH_S = 0.07, 0.3, 0.6
"""With each site more those in transition, those that are idle, and of these what seldom changes otherwise than by us, are asked that much later,
once that is more than the pace."""
SMALL_S = 10.0
AGREE_S = 2.0
SHARE = 0.05
DAY_S = 86_400.0
OWN_SHARE, DEEP_SHARE = 0.03, 0.01
"""How much of one core complete lists of all sites of a process may take, and of that kind those with whole documents."""
PAGE_S, BRIEF_S, WHOLE_S = 2e-3, 15e-6, 150e-6
"""What of a core a page takes, an id that is compared, a document that is read: measured, and only the order of them matters."""

_BUILDING = frozenset({'build', 'pending_create', 'pending_update', 'pending_delete'})
MOVING: dict[str, frozenset[str]] = {
    'server': frozenset(
        {
            'build', 'rebuild', 'reboot', 'hard_reboot', 'password', 'resize', 'revert_resize', 'migrating', 'deleting',
        }
    ),
    'volume': frozenset(
        {
            'creating', 'attaching', 'detaching', 'extending', 'deleting', 'maintenance', 'uploading', 'downloading',
            'retyping', 'restoring-backup', 'backing-up', 'reserved', 'managing', 'unmanaging', 'reverting',
            'awaiting-transfer-accept',
        }
    ),
    'snapshot': frozenset({'creating', 'deleting', 'restoring', 'updating', 'backing-up', 'unmanaging'}),
    'image': frozenset({'queued', 'saving', 'importing', 'uploading', 'pending_delete'}),
    'port': _BUILDING,
    'network': _BUILDING,
    'router': _BUILDING | {'allocating'},
    'floating_ip': _BUILDING,
}
LEAVING = frozenset({'deleting', 'pending_delete'})


class Pace(msgspec.Struct):
    """How often a kind is polled, in seconds: with objects in transition, as a rule, and after a while without changes.

    `among` is how many sites are followed in this process, set by whoever keeps their agents: what one site alone may ask for
    at leisure would take all of a core where a hundred do.
    """

    fast_s: float = 1.5
    steady_s: float = 8.0
    idle_s: float = 12.0
    among: int = 1


def moving(kind: str, doc: dict[str, Any]) -> bool:
    """Whether an object is on its way into another state by itself."""
    if str(doc.get('status') or '').lower() in MOVING.get(kind, frozenset()):
        return True
    return kind == 'server' and bool(doc.get('OS-EXT-STS:task_state'))


def leaving(doc: dict[str, Any]) -> bool:
    """Whether an object is on its way out, so that soon only its absence tells of it."""
    return str(doc.get('status') or '').lower() in LEAVING


def period(pace: Pace, in_transition: bool, quiet_s: float, *, seldom: bool = False) -> float:
    """Seconds until a kind is polled again; `quiet_s` is how long nothing of it has changed, `seldom` that it is one that seldom does."""
    if in_transition:
        return max(pace.fast_s, min(pace.among * FAST_EACH_S, pace.steady_s))
    return max(pace.idle_s, pace.among * (SELDOM_EACH_S if seldom else IDLE_EACH_S)) if quiet_s >= QUIET_S else pace.steady_s


def work(pages: int, objects: int, deep: bool) -> float:
    """Seconds of a core that it takes us to read and compare a complete list; `deep`: of whole documents."""
    return pages * PAGE_S + objects * (WHOLE_S if deep else BRIEF_S)


def own_period(pace: Pace, work_s: float) -> float:
    """Seconds between two rounds over all kinds of a site, each of which takes us `work_s` seconds of a core."""
    return work_s * pace.among / OWN_SHARE


def sweep_period(pace: Pace, round_s: float, small: bool, work_s: float = 0.0) -> float:
    """Seconds between two full lists of a kind, where one round over all kinds costs the site `round_s` seconds, and us `work_s`.

    A twentieth of the site's time may go into them, and OWN_SHARE of ours. A small site, where each kind fits on one page, is
    swept oftener as long as a round takes no longer than two seconds.
    """
    own = own_period(pace, work_s)
    wanted = min(max(round_s / SHARE, own, pace.steady_s), SLOWEST_S)
    return min(wanted, max(SMALL_S, own)) if small and round_s <= 2.0 else wanted


def deep_period(pace: Pace, cost: float, work_s: float) -> float:
    """Seconds until all documents of a long list are read again, which cost the site `cost` seconds, and us `work_s`: a day at most."""
    return min(max(SLOWEST_S, cost / SHARE, work_s * pace.among / DEEP_SHARE), DAY_S)


def again(cost: float) -> float:
    """Seconds until a list is read once more because it did not tell all that is known; a twentieth of the time may go into that."""
    return max(AGREE_S, cost / SHARE)


def cursor(before: str, stamps: Iterable[str], lasted: float, site_now: str = '') -> str:
    """From when on to ask for changes next time, on the site's clock; stamps are `2026-11-21T10:00:00.000000`.

    What changed while the pages came in has a later stamp than its page's time, so that the pass's own
    length (`lasted`, seconds) is taken off beside the overlap. `site_now` (the site's Date, where it is
    known) bounds a stamp from the future. A cursor never goes back.
    """
    latest = max((stamp for stamp in stamps if stamp), default='')
    if not latest:
        return before
    if site_now:
        latest = min(latest, site_now)
    moment = datetime.datetime.fromisoformat(latest) - datetime.timedelta(seconds=OVERLAP_S + max(lasted, 0.0))
    return max(before, moment.isoformat(timespec='microseconds'))


def beyond(latest: str, first: str, again: str) -> str:
    """A cursor that leaves behind all that was told up to the stamp `latest`, '' where that would be too early.

    `first` and `again` are the site's Date when it first told that nothing is later, and when it was asked once more. They are only compared with each
    other, as the clock that stamps may be another: what is stamped no later than that, and comes in when the overlap is over, would have come in late.
    """
    if not (latest and first and again) or latest > first:
        return ''
    passed = datetime.datetime.fromisoformat(again) - datetime.datetime.fromisoformat(first)
    if passed.total_seconds() <= OVERLAP_S:
        return ''
    return (datetime.datetime.fromisoformat(latest).replace(microsecond=0) + datetime.timedelta(seconds=1)).isoformat(timespec='microseconds')
