"""In which form each API says that something went wrong, and the tables of all doors."""

from __future__ import annotations

from typing import Any, cast

from hansa.northbound.hall import door, table
from tests import house

DOORS = ('compute', 'volume', 'network', 'image', 'placement')


def opened(league: house.League, service: str) -> door.Door:
    """The door of an API."""
    return cast('door.Door', cast('Any', league.house.hall).doors[service].__self__)


def routes(league: house.League) -> list[tuple[str, table.Route]]:
    """(service, route) of every table."""
    return [(service, route) for service in DOORS for route in opened(league, service).table.routes]


def is_fault(service: str, status: int, body: Any) -> bool:
    """Whether a body says in the API's own form that a request failed with this status."""
    if not isinstance(body, dict):
        return False
    if service == 'network':
        inner = body.get('NeutronError')
        return isinstance(inner, dict) and inner.keys() == {'type', 'message', 'detail'}
    if service == 'placement':
        told = body.get('errors')
        return isinstance(told, list) and told[0]['status'] == status and bool(told[0]['title'] and told[0]['detail'] and told[0]['request_id'])
    if service == 'image':
        return body.keys() == {'message', 'code', 'title'} and body['code'].startswith(f'{status} ')
    if service in {'compute', 'volume'}:
        inner = [value for key, value in body.items() if key != 'errors']
        return len(inner) == 1 and inner[0]['code'] == status and bool(inner[0]['message'])
    return isinstance(body.get('error'), dict) and body['error']['code'] == status


def text(body: Any) -> str:
    """The sentence in a fault of any form."""
    inner = body
    while isinstance(inner, dict) and 'message' not in inner:
        inner = next(value for key, value in inner.items() if key != 'errors')
    return str(inner['message'])
