"""Which containers span sites: what the headers of a container choose, and which containers follow another one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.spread import Kind, Spread
from hansa.rules.dispersal import scheme

MIRROR = 'x-container-meta-hansa-mirror'
DISPERSE = 'x-container-meta-hansa-disperse'
QUORUM = 'x-container-meta-hansa-quorum'
ALL = 'all'

_ENDS = ('_segments', '+segments')


class Choice(msgspec.Struct, frozen=True):
    """What was asked for. `need` of a mirror: 0 for all that live, -1 for all there are; of dispersal how many sites give an object back."""

    kind: Kind
    sites: tuple[str, ...]
    need: int = 0

    def agrees(self, spread: Spread) -> bool:
        """Whether this is how a container spans sites already."""
        return (self.kind, self.sites, self.need) == (spread.kind, spread.sites, spread.need)


def chosen(mirror: str, disperse: str, quorum: str, sites: Sequence[str]) -> Choice | None:
    """The choice that the three headers make ('': not sent); `sites` are those of the league that can be had, in its order.

    None where they choose nothing. Raises BadRequest for what cannot be.
    """
    if mirror and disperse:
        raise BadRequest('A container is mirrored or dispersed, not both.')
    if disperse:
        if quorum:
            raise BadRequest('A quorum is for mirrored containers; of dispersed ones K-of-N says how many sites are needed.')
        return _dispersed(disperse, sites)
    if mirror:
        named = _named(mirror, sites)
        return Choice('mirror', named, needed(quorum, len(named)))
    return None


def needed(quorum: str, count: int) -> int:
    """How many of `count` sites a write takes: a number, `all` for every one; '' for all that live. Raises BadRequest."""
    if not quorum:
        return 0
    if quorum.strip().lower() == ALL:
        return -1
    if not quorum.strip().isdecimal() or not 1 <= int(quorum) <= count:
        raise BadRequest(f'X-Container-Meta-Hansa-Quorum is a number from 1 to {count}, or {ALL}; not {quorum}.')
    return int(quorum)


def _dispersed(disperse: str, sites: Sequence[str]) -> Choice:
    wanted, words = scheme.parsed(disperse)
    named = _named(','.join(words), sites) if words else tuple(sites[: wanted.n])
    if len(named) != wanted.n:
        raise BadRequest(f'{wanted.n} sites are needed; there are {", ".join(named) or "none"}.')
    return Choice('disperse', named, wanted.k)


def _named(words: str, sites: Sequence[str]) -> tuple[str, ...]:
    named = tuple(word.strip() for word in words.split(',') if word.strip())
    wrong = [name for name in named if name not in sites]
    if wrong or not named:
        raise BadRequest(f'No site {", ".join(wrong) or "is named"}; there are {", ".join(sites)}.')
    if len(set(named)) != len(named):
        raise BadRequest(f'A site is named twice: {words}.')
    return named


def leader(container: str) -> str:
    """The container whose large objects may have their segments in this one; '' for none."""
    return next((container.removesuffix(end) for end in _ENDS if container.endswith(end) and container != end), '')
