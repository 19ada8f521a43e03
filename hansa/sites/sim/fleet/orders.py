"""What whoever measures or tests may order of a fleet, below /fleet: storms, faults, and a look at how its sites are."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from hansa.ports.http import Transport, TransportError
from hansa.sites.sim.fleet.cloud import FleetCloud
from hansa.sites.sim.fleet.trouble import Fault
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Answer, Refused

HOP = 'x-fleet-hop'
ALL = '*'
MOST_LIFE = 100_000
PATIENCE = 60.0


class StormOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /fleet/storm: all servers of these sites change `changes` times within `seconds`."""

    site: str | list[str] = ALL
    changes: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 4
    seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 10.0


class LifeOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /fleet/life: so many changes per server and day from now on."""

    rate: Annotated[float, msgspec.Meta(ge=0, le=MOST_LIFE)]
    site: str | list[str] = ALL


class Orders:
    """Carries orders out at the sites at hand, and passes them on to `peers`: processes by their base URL, with the sites that they have."""

    def __init__(self, sites: Mapping[str, FleetCloud], peers: Mapping[str, Sequence[str]], wire: Transport) -> None:
        self._sites = sites
        self._peers = peers
        self._wire = wire

    async def answer(self, method: str, path: str, query: str, body: bytes, hop: bool) -> Answer:
        """The answer to one order; `hop` says that a peer passed it on. What is wrong with it is said in {"error": …}."""
        try:
            asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
            wanted = self._wanted(asked, body)
            self._known(wanted)
            found = await self._carry_out(method, path, asked, body)
            for peer, names in self._peers.items():
                if not hop and not {ALL, *names}.isdisjoint(wanted):
                    found |= await self._pass_on(peer, method, path, query, body)
            return Answer(200, _summary(dict(sorted(found.items()))))
        except Refused as refused:
            return Answer(refused.status, {'error': refused.message})
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            return Answer(400, {'error': str(error)})

    async def _carry_out(self, method: str, path: str, asked: Mapping[str, str], body: bytes) -> Doc:
        """By site, what there is to say of it. Raises Refused and ValueError."""
        act = _act(method, path, asked, body)
        found = {}
        for name, site in self._chosen(self._wanted(asked, body)).items():
            found[name] = act(site) or {}
            # A hundred sites take a second; the requests of all others shall not wait for that.
            await asyncio.sleep(0)
        return found

    def _wanted(self, asked: Mapping[str, str], body: bytes) -> list[str]:
        """Names of sites, '*' for all."""
        given = msgspec.json.decode(body, type=dict[str, Any]) if body else {}
        site = asked.get('site') or given.get('site', ALL)
        return msgspec.convert([site] if isinstance(site, str) else site, list[str])

    def _chosen(self, wanted: Sequence[str]) -> dict[str, FleetCloud]:
        return {name: site for name, site in self._sites.items() if ALL in wanted or name in wanted}

    def _known(self, wanted: Sequence[str]) -> None:
        known = {ALL, *self._sites, *(name for names in self._peers.values() for name in names)}
        if missing := [name for name in wanted if name not in known]:
            raise Refused(404, f'There is no site {missing[0]}.')

    async def _pass_on(self, peer: str, method: str, path: str, query: str, body: bytes) -> Doc:
        url = f'{peer}{path}' + (f'?{query}' if query else '')
        try:
            answer = await self._wire.send(method, url, [(HOP, '1'), ('Content-Type', 'application/json')], body, PATIENCE)
            told = msgspec.json.decode(await answer.read(), type=dict[str, Any])
        except (TransportError, msgspec.DecodeError) as error:
            raise Refused(502, f'The process at {peer} does not answer: {error}') from error
        if answer.status != 200:
            raise Refused(answer.status, str(told.get('error')))
        sites: Doc = told['sites']
        return sites


def _act(method: str, path: str, asked: Mapping[str, str], body: bytes) -> Callable[[FleetCloud], Doc | None]:
    """What is to be done at each site, and what there is to say of it. Raises Refused and ValueError."""
    if (method, path) == ('GET', '/fleet/state'):
        return lambda site: site.told('digest' in asked, 'recent' in asked)
    if (method, path) == ('POST', '/fleet/storm'):
        storm = msgspec.json.decode(body or b'{}', type=StormOrder)
        return lambda site: site.storm(storm.changes, storm.seconds)
    if (method, path) == ('POST', '/fleet/life'):
        life = msgspec.json.decode(body, type=LifeOrder)
        return lambda site: site.quicken(life.rate)
    if (method, path) == ('POST', '/fleet/fault'):
        given = {key: value for key, value in msgspec.json.decode(body, type=dict[str, Any]).items() if key != 'site'}
        fault = msgspec.convert(given, Fault)
        return lambda site: site.strike(fault)
    if (method, path) == ('DELETE', '/fleet/fault'):
        return lambda site: site.heal()
    raise Refused(404, f'There is no {method} {path}; there are GET /fleet/state, POST /fleet/storm, /fleet/life and /fleet/fault, DELETE /fleet/fault.')


def _summary(sites: Doc) -> Doc:
    """The sites, and sums of what they count."""
    total: dict[str, Any] = {}
    for site in sites.values():
        for key in ('deleted', 'ports', 'volumes', 'documents', 'changes', 'storm', 'requests'):
            if key in site:
                total[key] = total.get(key, 0) + site[key]
        for word, number in site.get('servers', {}).items():
            by_status = total.setdefault('servers', {})
            by_status[word] = by_status.get(word, 0) + number
    return {'sites': sites} | ({'total': total} if total else {})
