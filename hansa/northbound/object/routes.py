"""Every endpoint of the object store API, with its kind."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.model.spread import Kind
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.object import info, spanning
from hansa.northbound.object.account import AccountRoom
from hansa.northbound.object.bulk import BulkRoom
from hansa.northbound.object.forming import FormRoom
from hansa.northbound.object.room import Room
from hansa.northbound.object.signed import SignedRoom

_ACCOUNT = '/v1/{account}'
_CONTAINER = f'{_ACCOUNT}/{{container}}'
_OBJECT = f'{_CONTAINER}/{{object}}'


def routes(room: Room, kinds: Mapping[Kind, spanning.SpanRoom]) -> Table:
    """The table; `kinds` are the rooms of containers that span sites. Who may do what, the site's access lists say; the league asks for a token where something is changed."""
    account = AccountRoom(room)
    front = spanning.Front(room, kinds)
    signed, form = SignedRoom(room), FormRoom(room, front.object)
    bulk = BulkRoom(room, front.make, front.container, front.object)
    return Table(
        (
            Route('own', 'GET', '/info', info.capabilities(room), open=True),
            Route('own', 'GET', '/healthcheck', info.healthy, open=True),
            Route('listed', 'GET', _ACCOUNT, account.read),
            Route('shared', 'POST', _ACCOUNT, bulk.over(account.change)),
            Route('routed', 'PUT DELETE', _ACCOUNT, bulk.over(bulk.refuse)),
            Route('placed', 'PUT', _CONTAINER, bulk.over(front.make)),
            Route('routed', 'POST', _CONTAINER, bulk.over(form.over(front.make))),
            Route('routed', 'GET OPTIONS DELETE', _CONTAINER, bulk.over(front.container)),
            Route('routed', 'GET OPTIONS PUT POST DELETE', _OBJECT, bulk.over(form.over(signed.over(front.object)))),
            Route('routed', 'COPY', _OBJECT, front.copy),
        )
    )
