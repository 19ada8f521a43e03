"""How much a project may have, has and is about to have, in the league and at each site."""

from __future__ import annotations

import msgspec

Amounts = dict[str, int]
"""How much of each resource, by the words of the APIs: 'instances', 'gigabytes', 'volumes_ssd', 'security_group', …"""

LEAGUE = ''
"""Stands where a site's name would: the league as a whole."""


class Quota(msgspec.Struct, frozen=True):
    """What stands of one project. Each field is by place: LEAGUE or the name of a site.

    A limit of -1 is none. Of a shared object `used` counts one in the league and one at each site that has a replica.
    `reserved` is what intents under way will take and the inventory does not show yet.
    """

    limits: dict[str, Amounts] = {}
    used: dict[str, Amounts] = {}
    reserved: dict[str, Amounts] = {}

    def limit(self, resource: str, place: str = LEAGUE) -> int | None:
        """The limit at a place; None where none was ever set."""
        return self.limits.get(place, {}).get(resource)

    def taken(self, resource: str, place: str = LEAGUE) -> int:
        """Used and reserved together."""
        return self.used.get(place, {}).get(resource, 0) + self.reserved.get(place, {}).get(resource, 0)
