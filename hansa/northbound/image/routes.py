"""Every endpoint of the image API, with its kind."""

from __future__ import annotations

from hansa.model.resource import KINDS
from hansa.northbound.hall import collecting, kinds, own
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.image import images, versions
from hansa.services.sharing.images import Images


def routes(services: kinds.Services, sharing: Images) -> Table:
    """The table."""
    room = images.ImageRoom(services, sharing)
    return Table(
        (
            Route('own', 'GET', '/', versions.every(services, 300), open=True),
            Route('own', 'GET', '/versions', versions.every(services, 200), open=True),
            Route('listed', 'GET', '/v2/images', images.listed(services, sharing.members)),
            Route('placed', 'POST', '/v2/images', kinds.placed(services, KINDS['image'])),
            Route('shared', 'PATCH', '/v2/images/{id}', room.patch),
            Route('shared', 'DELETE', '/v2/images/{id}', room.delete),
            Route('shared', 'POST', '/v2/images/{id}/members', room.add_member),
            Route('shared', 'PUT DELETE', '/v2/images/{id}/members/{project}', room.member),
            Route('routed', '*', '/v2/images/{id}', room.routed),
            Route('routed', '*', '/v2/images/{id}/**', room.routed),
            Route('own', 'GET', '/v2/schemas/{what}', own.first(services, '/schemas/{what}')),
            Route('own', 'GET', '/v2/schemas/{what}/{which}', own.first(services, '/schemas/{what}/{which}')),
            Route('own', 'GET', '/v2/info/{what}', own.first(services, '/info/{what}')),
            Route('own', 'GET', '/v2/metadefs/{what}', own.first(services, '/metadefs/{what}')),
            Route('own', 'GET', '/v2/metadefs/{what}/**', own.first(services, '/metadefs/{what}/{rest}')),
            Route('listed', 'GET', '/v2/{any}', collecting.collected(services, '/{any}')),
            Route('routed', '*', '/v2/{any}/{id}', kinds.found(services)),
        )
    )
