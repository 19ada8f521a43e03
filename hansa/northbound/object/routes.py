"""Every endpoint of the object store API, with its kind."""

from __future__ import annotations

from hansa.northbound.hall.table import Route, Table
from hansa.northbound.object import containers, info, objects
from hansa.northbound.object.account import AccountRoom
from hansa.northbound.object.room import Room

_ACCOUNT = '/v1/{account}'
_CONTAINER = f'{_ACCOUNT}/{{container}}'
_OBJECT = f'{_CONTAINER}/{{object}}'


def routes(room: Room) -> Table:
    """The table. Who may do what, the site's access lists say; the league asks for a token where something is changed."""
    account, container, object = AccountRoom(room), containers.ContainerRoom(room), objects.ObjectRoom(room)
    return Table(
        (
            Route('own', 'GET', '/info', info.capabilities(room), open=True),
            Route('own', 'GET', '/healthcheck', info.healthy, open=True),
            Route('listed', 'GET', _ACCOUNT, account.read),
            Route('shared', 'POST', _ACCOUNT, account.change),
            Route('routed', 'GET OPTIONS', _CONTAINER, container.read),
            Route('placed', 'PUT', _CONTAINER, container.make),
            Route('routed', 'POST', _CONTAINER, container.change),
            Route('routed', 'DELETE', _CONTAINER, container.drop),
            Route('routed', 'GET OPTIONS', _OBJECT, object.read),
            Route('routed', 'PUT POST DELETE', _OBJECT, object.change),
            Route('routed', 'COPY', _OBJECT, object.copy),
        )
    )
