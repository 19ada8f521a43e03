"""Server groups over sites: what their policies allow, and which site they would rather have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hansa.rules.references import HINTS

POLICIES = ('affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity')
SCOPE = {'scope': 'site'}


class Company(msgspec.Struct, frozen=True):
    """A server group over sites as placement sees it: `at` counts by site its members and those that are being made."""

    id: str
    name: str
    policy: str
    at: Mapping[str, int] = {}

    def objection(self, site: str) -> str:
        """What the policy has against one more member at a site; '' for nothing. Soft policies never object."""
        taken = {each for each, count in self.at.items() if count}
        if self.policy == 'anti-affinity' and site in taken:
            return f'has a member of server group {self.name} already'
        if self.policy == 'affinity' and taken - {site}:
            return f'is not where the members of server group {self.name} are ({", ".join(sorted(taken))})'
        return ''

    def liking(self, site: str) -> int:
        """The greater, the rather a soft policy would have the next member there."""
        sign = {'soft-affinity': 1, 'soft-anti-affinity': -1}.get(self.policy, 0)
        return sign * self.at.get(site, 0)


class Seat(msgspec.Struct, frozen=True):
    """A server's membership: the site where it is and when that was noted (seconds since the epoch)."""

    site: str
    since: float


def hint(body: Mapping[str, Any]) -> str:
    """The server group that the body of a create names in its scheduler hints; '' for none."""
    for key in HINTS:
        hints = body.get(key)
        if isinstance(hints, dict) and isinstance(hints.get('group'), str):
            return str(hints['group'])
    return ''


def without_hint(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as a site is to get it, which knows nothing of the group."""
    told = dict(body)
    for key in HINTS:
        if isinstance(told.get(key), dict):
            told[key] = {word: value for word, value in told[key].items() if word != 'group'}
            if not told[key]:
                del told[key]
    return told


def member(server: str) -> str:
    """The key under which a member's company is kept."""
    return f'companion/{server}'


def seat(company: str, server: str = '') -> str:
    """The key under which a membership is kept; without a server what all of a company's begin with."""
    return f'company/{company}/{server}'
