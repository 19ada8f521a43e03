"""How the league shows itself to its operator; README.md of this room has the forms."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping

from hansa.model.decision import Decision
from hansa.model.resource import KINDS
from hansa.model.site import Capabilities
from hansa.ports.roster import Member
from hansa.ports.tally import Tally
from hansa.rules import features, lacks

_COUNTED = ('hints', 'polls', 'sweeps', 'refreshes', 'requests', 'bytes', 'failures', 'records', 'batches')

Summary = list[tuple[str, str, int, int]]


def moment(seconds: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def site(member: Member, summary: Summary, now: float) -> dict[str, object]:
    """A site in short."""
    health = member.site.health()
    capabilities = member.capabilities
    ages = [now - when for when in member.synced.values()]
    return {
        'name': member.name,
        'kind': member.spec.kind,
        'landlord': member.spec.landlord,
        'mode': capabilities.mode if capabilities else 'unknown',
        'reachable': health.reachable,
        'reason': health.reason,
        'age_s': round(max(ages), 1) if ages else None,
        'counts': {kind: count for name, kind, count, _ in summary if name == member.name},
        'unclaimed': sum(unclaimed for name, kind, _, unclaimed in summary if name == member.name and not KINDS[kind].shared),
        'agent': agent(member, now),
    }


def agent(member: Member, now: float) -> dict[str, object]:
    """Who follows a site: 'league' its own agent, 'site' one near it, 'away' the league's as that one is not heard of."""
    distant = member.distant
    heard = distant.heard if distant is not None else None
    if distant is None or (heard is None and not distant.follows(now)):
        follows = 'league'
    else:
        follows = 'site' if distant.follows(now) else 'away'
    return {'follows': follows, 'heard_s': None if heard is None else round(max(0.0, now - heard), 1)}


def details(
    member: Member, summary: Summary, now: float, league: Mapping[str, Capabilities] | None = None
) -> dict[str, object]:
    """A site with all that is known of it; `league` holds the capabilities of all sites by name."""
    health = member.site.health()
    capabilities = member.capabilities
    services = capabilities.services if capabilities else {}
    return {
        **site(member, summary, now),
        'services': {name: {'lowest': offer.lowest, 'highest': offer.highest} for name, offer in services.items()},
        'zones': dict(capabilities.zones) if capabilities else {},
        'extensions': list(capabilities.extensions) if capabilities else [],
        'missing': [*(_missing(capabilities) if capabilities else ()), *lacks.sentences(member.name, league or {})],
        'health': {'reachable': health.reachable, 'since': moment(health.since), 'reason': health.reason},
        **kinds(member, summary, now),
    }


def kinds(member: Member, summary: Summary, now: float) -> dict[str, object]:
    """How fresh the copy of each kind is, and what it took to keep it so."""
    counts = {kind: count for name, kind, count, _ in summary if name == member.name}
    known = counts.keys() | member.synced.keys() | {kind for kind in member.tallies if kind}
    whole = member.tally('')
    told = [_kind(member, kind, counts.get(kind, 0), now) for kind in sorted(known)]
    return {'batches': whole.batches, 'batches_refused': whole.refused, 'kinds': told}


def _missing(capabilities: Capabilities) -> list[str]:
    return [*capabilities.missing, *features.sentences(capabilities)]


def _kind(member: Member, kind: str, count: int, now: float) -> dict[str, object]:
    when = member.synced.get(kind)
    tally = member.tallies.get(kind) or Tally()
    return {
        'kind': kind,
        'count': count,
        'age_s': None if when is None else round(now - when, 1),
        'synced_at': None if when is None else moment(when),
        'cursor': tally.cursor,
        'lag_s': None if tally.lag is None else round(tally.lag, 1),
        'swept_at': moment(tally.swept) if tally.swept else None,
        'drift': tally.drift,
        'backlog': tally.backlog,
        **{name: getattr(tally, name) for name in _COUNTED},
    }


def totals(summary: Summary) -> dict[str, int]:
    """Records by kind over all sites."""
    counts: Counter[str] = Counter()
    for _, kind, count, _ in summary:
        counts[kind] += count
    return dict(sorted(counts.items()))


def why(kind: str, id: str, decision: Decision) -> dict[str, object]:
    """Why something is where it is."""
    return {
        'kind': kind,
        'id': id,
        'site': decision.site,
        'by': decision.by,
        'pinned': decision.pinned,
        'zone': decision.zone,
        'candidates': [
            {'site': each.site, 'fit': each.fit, 'reason': each.reason, 'weight': each.weight if each.weight < 1e9 else None}
            for each in decision.candidates
        ],
    }
