"""Microversions: which are asked for, which are offered, and what a version document says."""

from __future__ import annotations

import re

import msgspec

from hansa.model.errors import BadRequest, NotAcceptable
from hansa.northbound.hall import wire
from hansa.ports.roster import Member, Roster
from hansa.services import relay

_FORM = re.compile(r'[1-9]\d{0,2}\.(0|[1-9]\d{0,3})')
HEADERS = ('openstack-api-version', 'x-openstack-nova-api-version')
_WORDS = {'compute': ('compute', 'nova'), 'volume': ('volume', 'block-storage'), 'placement': ('placement',)}


class Range(msgspec.Struct, frozen=True):
    """Lowest and highest microversion, both included."""

    lowest: tuple[int, int]
    highest: tuple[int, int]

    def __contains__(self, version: object) -> bool:
        return isinstance(version, tuple) and self.lowest <= version <= self.highest


LEAST = {'compute': Range((2, 1), (2, 1)), 'volume': Range((3, 0), (3, 0)), 'placement': Range((1, 0), (1, 0))}
"""What every release has of the APIs that have microversions: all that is used of a site that tells none."""


def asked(service: str, request: wire.Request) -> str:
    """The microversion as the client wrote it: '' where it named none. Raises BadRequest for one that is none."""
    for each in request.header('openstack-api-version').split(','):
        word, _, version = each.strip().partition(' ')
        if word.lower() in _WORDS.get(service, ()):
            return _checked(version.strip())
    if service == 'compute':
        return _checked(request.header('x-openstack-nova-api-version').strip())
    return ''


def _checked(version: str) -> str:
    if version and version != 'latest' and not _FORM.fullmatch(version):
        raise BadRequest(f'API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum.')
    return version


def offered(roster: Roster, service: str) -> Range:
    """What every site of the league offers; the least where no site has told yet."""
    ranges = [at(member, service) for member in roster if member.capabilities and service in member.capabilities.services]
    lowest = max((each.lowest for each in ranges), default=LEAST[service].lowest)
    return Range(lowest, min((each.highest for each in ranges), default=LEAST[service].highest))


def at(member: Member, service: str) -> Range:
    """What one site offers."""
    offer = member.capabilities.services.get(service) if member.capabilities else None
    if offer is None or not offer.highest:
        return LEAST[service]
    return Range(max(LEAST[service].lowest, number(offer.lowest or '0.0')), number(offer.highest))


def settle(request: wire.Request, service: str, version: str) -> None:
    """Let a request ask a site for a version in the words that every release of the service understands."""
    for name in HEADERS:
        request.headers.pop(name, None)
    request.headers.update((name.lower(), value) for name, value in relay.microversion(service, version))


def told(service: str, version: str) -> list[tuple[str, str]]:
    """The headers that tell the client which version it was answered at."""
    return [*relay.microversion(service, version), ('Vary', 'OpenStack-API-Version')]


def resolve(wanted: str, range: Range) -> str:
    """The version that holds: the lowest where none is named, the highest for 'latest'. Raises NotAcceptable."""
    if not wanted:
        return text(range.lowest)
    if wanted == 'latest':
        return text(range.highest)
    if number(wanted) not in range:
        raise NotAcceptable(
            f'Version {wanted} is not supported by the API. Minimum is {text(range.lowest)} and maximum is {text(range.highest)}.',
            text(range.lowest),
            text(range.highest),
        )
    return wanted


def number(version: str) -> tuple[int, int]:
    """'2.96' as (2, 96)."""
    major, _, minor = version.partition('.')
    return int(major), int(minor or 0)


def text(version: tuple[int, int]) -> str:
    """(2, 96) as '2.96'."""
    return f'{version[0]}.{version[1]}'
