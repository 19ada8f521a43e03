"""Why something is where it is."""

from __future__ import annotations

import msgspec


class Candidate(msgspec.Struct, frozen=True):
    """One site as placement saw it: fit or not, and the reason in a sentence."""

    site: str
    fit: bool
    reason: str
    weight: float = 0.0


class Decision(msgspec.Struct, frozen=True):
    """The site chosen, in the order to be tried, with every site's reason.

    `pinned` says that the request itself leaves no other site; `by` what decided ('zone east',
    'network 1c2…', 'home of the project', 'most room').
    """

    site: str
    by: str
    pinned: bool
    candidates: tuple[Candidate, ...]
    zone: str = ''

    @property
    def order(self) -> tuple[str, ...]:
        """Sites to try, best first."""
        rest = sorted((c for c in self.candidates if c.fit and c.site != self.site), key=lambda c: (-c.weight, c.site))
        return (self.site, *(c.site for c in rest)) if not self.pinned else (self.site,)
