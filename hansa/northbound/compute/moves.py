"""Actions that say where a server is to go: it stays at its site, so zones and hosts of other sites are refused."""

from __future__ import annotations

from typing import Any

from hansa.model.errors import BadRequest
from hansa.ports.roster import Member
from hansa.rules import zones

_ACTIONS = ('unshelve', 'evacuate', 'os-migrateLive', 'migrate')
_ZONE, _HOST = 'availability_zone', 'host'


def aimed(body: dict[str, Any] | None) -> bool:
    """Whether an action names a zone or a host."""
    return any(isinstance(body.get(name), dict) and not {_ZONE, _HOST}.isdisjoint(body[name]) for name in _ACTIONS) if body else False


def local(body: dict[str, Any], member: Member, sites: frozenset[str]) -> dict[str, Any]:
    """The action as the server's site is to have it: `HOST@SITE` becomes the host, a zone that is the whole site goes.

    Raises BadRequest for zones and hosts of other sites.
    """
    return {name: _place(value, member, sites) if name in _ACTIONS and isinstance(value, dict) else value for name, value in body.items()}


def _place(action: dict[str, Any], member: Member, sites: frozenset[str]) -> dict[str, Any] | None:
    action = dict(action)
    zone, host = action.get(_ZONE), action.get(_HOST)
    if isinstance(zone, str) and zone:
        site, rest = zones.parse(zone)
        if site != member.name:
            raise BadRequest(f'The server is at site {member.name} and stays there; {zone} is not a zone of that site.')
        if not rest and len(member.zones('compute')) != 1:
            del action[_ZONE]
    if isinstance(host, str) and host:
        name, site, _ = zones.at(host, sites)
        if site not in {'', member.name}:
            raise BadRequest(f'The server is at site {member.name} and stays there; {host} is a host of another site.')
        action[_HOST] = name
    return action or None


def address(body: dict[str, Any] | None) -> str:
    """The floating IP that an action gives to a server or takes from it, as Nova let one do below 2.44; '' for any other action."""
    inner = next(((body or {}).get(name) for name in ('addFloatingIp', 'removeFloatingIp') if name in (body or {})), None)
    return str(inner.get('address') or '') if isinstance(inner, dict) else ''
