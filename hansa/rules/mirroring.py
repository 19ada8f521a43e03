"""Mirrored containers: who is written to and read from, how many have to have a write, and which of several versions of an object is the one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import msgspec

from hansa.model.spread import Debt, Spread

MARK = 'x-object-meta-hansa-generation'
"""What the league writes on each object: the generation of the change that made it so."""

MARGIN = 1.0
"""Seconds by which clocks of sites and league may differ."""

_STAMP = re.compile(r'[0-9]{1,12}(\.[0-9]{1,9})?')
_DESCRIBES = frozenset(('content-type', 'content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires', 'x-delete-at', 'x-robots-tag'))
_META = 'x-object-meta-'

Headers = Iterable[tuple[str, str]]


class Version(msgspec.Struct, frozen=True):
    """An object as a site has it; `etag` '' is one that is not there. `generation` 0 was not written by the league."""

    site: str
    etag: str = ''
    length: str = ''
    timestamp: float = 0.0
    generation: int = 0
    manifest: str = ''
    link: str = ''
    static: bool = False

    @property
    def there(self) -> bool:
        """Whether there is one."""
        return bool(self.etag)

    def alike(self, other: Version) -> bool:
        """Whether both are the same content; of what stands for other objects, the same words."""
        if self.manifest or other.manifest or self.link or other.link:
            return (self.manifest, self.link) == (other.manifest, other.link)
        return (self.etag, self.length) == (other.etag, other.length)

    def same(self, other: Version) -> bool:
        """Whether nothing is to be done to make one of the other."""
        return self.there == other.there and (not self.there or (self.alike(other) and self.generation == other.generation))


class Verdict(msgspec.Struct, frozen=True):
    """The version that all are to have, and those that it displaces although they were no older state of it."""

    truth: Version
    losers: tuple[Version, ...] = ()


def version(site: str, headers: Headers) -> Version:
    """Out of the headers of an answer to HEAD."""
    told = {name.lower(): value for name, value in headers}
    mark, stamp = told.get(MARK, ''), told.get('x-timestamp', '')
    return Version(
        site,
        told.get('etag', '').strip('"') or '-',
        told.get('content-length', ''),
        float(stamp) if _STAMP.fullmatch(stamp) else 0.0,
        int(mark) if mark.isdecimal() and len(mark) < 19 else 0,
        told.get('x-object-manifest', ''),
        told.get('x-symlink-target', ''),
        told.get('x-static-large-object', '').lower() == 'true',
    )


def described(headers: Headers) -> list[tuple[str, str]]:
    """Of an object's headers those that describe it and go with it to another site."""
    return [(name, value) for name, value in headers if name.lower() in _DESCRIBES or name.lower().startswith(_META)]


def parts(raw: bytes) -> list[tuple[str, str]]:
    """Container and name of each segment that a manifest names; none where it is none."""
    try:
        listed = msgspec.json.decode(raw, type=list[dict[str, object]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    found = (str(each.get('path', '')).lstrip('/').partition('/') for each in listed)
    return [(container, name) for container, _, name in found if container and name]


def targets(spread: Spread) -> tuple[str, ...]:
    """Sites that are written to: all, and those that leave as long as somebody may read of them."""
    return spread.sites + tuple(site for site in spread.leaving if site not in spread.filling)


def readers(spread: Spread, debts: Collection[Debt], there: Collection[str]) -> list[str]:
    """Sites to read of, the best first: not those that lack something or are being filled, then those that answer, of which no change is under
    way, that are to stay, as they are preferred. `debts` are those of the object and of its container.
    """
    missed = {debt.site for debt in debts if debt.missed}
    moving = {debt.site for debt in debts}
    able = [site for site in spread.everywhere if site not in spread.filling and site not in missed]
    return sorted(able, key=lambda site: (site not in there, site in moving, site in spread.leaving))


def needed(spread: Spread) -> int:
    """How many sites have to have a write before it is acknowledged."""
    return len(spread.sites) if spread.need < 0 else max(1, min(spread.need, len(spread.sites)))


def judge(versions: Sequence[Version], debts: Collection[Debt]) -> Verdict:
    """Which of the versions that sites gave (in the order of sites) is the one, if `debts` is what these sites owe of it. At least one is given.

    What a site missed counts for nothing, unless somebody who went past the league has written it since. Where no site is level, a change
    broke off: if a site has it, it is made everywhere; if not and sites differ, it was a removal.
    """
    owed = {debt.site: debt for debt in debts}
    claims = [one for one in versions if not _stale(one, owed.get(one.site))]
    level = [one for one in claims if one.site not in owed]
    done = [one for one in claims if one.site in owed and one.there and one.generation == owed[one.site].generation]
    if done and not level:
        return Verdict(max(done, key=_weight))
    moving = [one for one in claims if one.site in owed]
    if not level and any(not one.there for one in moving):
        foreign = [one for one in moving if one.there and owed[one.site].missed]
        return Verdict(max(foreign, key=_weight) if foreign else next(one for one in moving if not one.there))
    newest = max((one.generation for one in claims if one.there), default=0)
    there = [one for one in claims if one.there and one.generation in {0, newest}]
    if not there:
        return Verdict(claims[0] if claims else Version(versions[0].site))
    best = max(there, key=_weight)
    return Verdict(best, tuple(one for one in there if not one.alike(best)) if level else ())


def _stale(one: Version, debt: Debt | None) -> bool:
    if debt is None or not debt.missed or (one.there and one.generation == debt.generation):
        return False
    return not (one.there and not one.generation and one.timestamp > debt.since + MARGIN)


def _weight(one: Version) -> tuple[float, str]:
    """The first of equals is taken, which is that of the first site."""
    return one.timestamp, one.etag
