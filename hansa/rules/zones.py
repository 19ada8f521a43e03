"""How a site's availability zones show to users: `east`, or `east:az1` where the site has several."""

from __future__ import annotations

from collections.abc import Sequence


def shown(site: str, zone: str, zones: Sequence[str]) -> str:
    """The league's word for a site's zone; `zones` are all that the site is known to have for the service."""
    only = len(zones) <= 1 and (not zones or zone == zones[0])
    return site if only or not zone else f'{site}:{zone}'


def parse(zone: str) -> tuple[str, str]:
    """A league zone as (site, zone of the site or ''); the site's part ends at the first colon."""
    site, _, rest = zone.partition(':')
    return site, rest


def at(name: str, sites: frozenset[str]) -> tuple[str, str, str]:
    """`name@site` or `name@site:zone` as (name, site, zone); site '' where no known site is named."""
    plain, sign, place = name.rpartition('@')
    if not sign:
        return name, '', ''
    site, zone = parse(place)
    return (plain, site, zone) if site in sites else (name, '', '')
