"""Choosing a site: what the request itself leaves, what fits, and of that the one with most room."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.decision import Candidate, Decision
from hansa.model.errors import BadRequest, Conflict, OverQuota, SiteDown
from hansa.rules import zones
from hansa.rules.companies import Company

ROOM = 'most room'
FULL = 'has no quota left'


class Pin(msgspec.Struct, frozen=True):
    """Something that the request refers to and that is at one site; `what` names it for people ('network private (1c2…)')."""

    site: str
    what: str


class Need(msgspec.Struct, frozen=True):
    """Something shared that the site must have; `sites` have it, `movable` says whether it can be brought to others.

    A `loose` one counts only where the request itself leaves the site open.
    """

    what: str
    sites: frozenset[str]
    movable: bool
    loose: bool = False


class Wish(msgspec.Struct, frozen=True):
    """What a create asks of placement. `zones` are league zones; `home` is the project's site, '' for none yet; `company` is
    the server group over sites that it joins.
    """

    zones: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    needs: tuple[Need, ...] = ()
    home: str = ''
    company: Company | None = None


class View(msgspec.Struct, frozen=True):
    """A site as placement sees it. `zones` are its own zones of the service; `room` is what is left of the quota."""

    site: str
    reachable: bool
    reason: str = ''
    zones: tuple[str, ...] = ()
    serves: bool = True
    room: float = 0.0


def choose(wish: Wish, views: Sequence[View]) -> Decision:
    """The site for a create, with every site's reason.

    Raises BadRequest for unknown zones and for references that contradict each other (naming both
    sites), SiteDown where what is left does not answer now, OverQuota where sites that would fit have none left (of what,
    is not known here), Conflict where no site fits.
    """
    known = {view.site: view for view in views}
    pins = [*(_zone_pin(zone, known) for zone in wish.zones), *wish.pins]
    _agree(pins)
    judged = [_judge(view, wish, pins) for view in views]
    fit = [candidate for candidate in judged if candidate.fit]
    if pins:
        return _pinned(pins, judged, known, wish)
    if not fit:
        _nowhere(judged, known)
    if wish.company is not None and (decision := _rather(wish.company, judged)):
        return decision
    if any(candidate.site == wish.home for candidate in fit):
        return Decision(wish.home, 'home of the project', pinned=False, candidates=tuple(judged))
    best = min(fit, key=lambda candidate: (-candidate.weight, candidate.site))
    return Decision(best.site, ROOM, pinned=False, candidates=tuple(judged))


def without(decision: Decision, site: str, reason: str) -> Decision:
    """A decision after a site turned out not to fit."""
    candidates = [
        msgspec.structs.replace(each, fit=False, reason=reason) if each.site == site else each for each in decision.candidates
    ]
    return msgspec.structs.replace(decision, candidates=tuple(candidates))


def _zone_pin(zone: str, known: dict[str, View]) -> Pin:
    site, rest = zones.parse(zone)
    view = known.get(site)
    shown = [zones.shown(view.site, own, view.zones) for view in known.values() if view.serves for own in (view.zones or ('',))]
    if view is None:
        raise BadRequest(f'The requested availability zone {zone} is not available. There are: {", ".join(shown)}.')
    # Nova's administrators write ZONE:HOST:NODE; whether the caller may is the site's to judge.
    if rest and view.zones and not any(f'{rest}:'.startswith(f'{own}:') for own in view.zones):
        raise BadRequest(f'Site {site} has no availability zone {rest}. There are: {", ".join(shown)}.')
    return Pin(site, f'zone {zone}')


def _agree(pins: Sequence[Pin]) -> None:
    for pin in pins[1:]:
        if pin.site != pins[0].site:
            raise BadRequest(
                f'The request contradicts itself: {pins[0].what} is at site {pins[0].site}, but {pin.what} is at site {pin.site}.'
            )


def _judge(view: View, wish: Wish, pins: Sequence[Pin]) -> Candidate:
    """One site: the first thing that speaks against it, or why it fits."""

    def no(reason: str) -> Candidate:
        return Candidate(view.site, fit=False, reason=reason)

    if pins and pins[0].site != view.site:
        return no(f'{pins[0].what} is at site {pins[0].site}')
    if not view.serves:
        return no('does not serve this project')
    for need in wish.needs:
        if view.site not in need.sites and not need.movable and not (need.loose and pins):
            return no(f'has no {need.what}')
    if wish.company is not None and (objection := wish.company.objection(view.site)):
        return no(objection)
    if not view.reachable:
        return no(_why(view))
    if view.room <= 0 and not pins:
        return no(FULL)
    return Candidate(view.site, fit=True, reason='fits', weight=view.room)


def _pinned(pins: Sequence[Pin], judged: Sequence[Candidate], known: dict[str, View], wish: Wish) -> Decision:
    site = pins[0].site
    mine = next((candidate for candidate in judged if candidate.site == site), None)
    if mine is None:
        raise BadRequest(f'{pins[0].what} is at site {site}, which is not in the league any more.')
    if not mine.fit:
        if _silent(mine, known):
            raise SiteDown(site, mine.reason)
        raise BadRequest(f'{pins[0].what} asks for site {site}, but that site {mine.reason}.')
    zone = next((zone for zone in wish.zones), '')
    return Decision(site, pins[0].what, pinned=True, candidates=tuple(judged), zone=zone)


def _rather(company: Company, judged: Sequence[Candidate]) -> Decision | None:
    """By a soft policy, where it likes some sites better than others; what is liked less stays to be tried."""
    fit = sorted((each for each in judged if each.fit), key=lambda each: (-company.liking(each.site), -each.weight, each.site))
    if company.liking(fit[0].site) == company.liking(fit[-1].site):
        return None
    weights = {each.site: float(len(fit) - rank) for rank, each in enumerate(fit)}
    ranked = tuple(msgspec.structs.replace(each, weight=weights.get(each.site, each.weight)) for each in judged)
    return Decision(fit[0].site, f'{company.policy} of server group {company.name}', pinned=False, candidates=ranked)


def _nowhere(judged: Sequence[Candidate], known: dict[str, View]) -> None:
    down = next((candidate for candidate in judged if _silent(candidate, known)), None)
    if down is not None:
        raise SiteDown(down.site, down.reason)
    if any(candidate.reason == FULL for candidate in judged):
        raise OverQuota({}, {}, {})
    said = '; '.join(f'{candidate.site} {candidate.reason}' for candidate in judged) or 'the league has no site'
    raise Conflict(f'No site can take this: {said}.')


def _why(view: View) -> str:
    return view.reason or 'does not answer'


def _silent(candidate: Candidate, known: dict[str, View]) -> bool:
    """Whether nothing speaks against a site but that it does not answer now."""
    view = known[candidate.site]
    return not candidate.fit and not view.reachable and candidate.reason == _why(view)
