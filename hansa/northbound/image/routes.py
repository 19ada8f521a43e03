"""Every endpoint of the image API, with its kind."""

from __future__ import annotations

from hansa.model.resource import KINDS
from hansa.northbound.hall import collecting, kinds, own
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.image import everywhere, images, versions
from hansa.services.sharing.images import Images

_NAMESPACES = '/v2/metadefs/namespaces'


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
            Route('shared', 'POST', '/v2/images/{id}/actions/{verb}', room.switch),
            Route('routed', '*', '/v2/images/{id}', room.routed),
            Route('routed', '*', '/v2/images/{id}/**', room.routed),
            Route('own', 'GET', '/v2/schemas/{what}', own.first(services, '/schemas/{what}')),
            Route('own', 'GET', '/v2/schemas/{what}/{which}', own.first(services, '/schemas/{what}/{which}')),
            Route('own', 'GET', '/v2/info/import', everywhere.imports(services)),
            Route('own', 'GET', '/v2/info/stores', everywhere.stores(services)),
            Route('listed', 'GET', '/v2/info/stores/detail', collecting.collected(services, '/info/stores/detail')),
            Route('own', 'GET', '/v2/info/usage', own.merged(services, '/info/usage')),
            Route('shared', 'GET', f'{_NAMESPACES}', collecting.collected(services, '/metadefs/namespaces', key='namespace')),
            Route('shared', 'GET', '/v2/metadefs/resource_types', collecting.collected(services, '/metadefs/resource_types', key='name')),
            Route('shared', 'GET', '/v2/metadefs/namespaces/**', own.first(services, '/metadefs/namespaces/{rest}')),
            Route('shared', 'POST', _NAMESPACES, everywhere.define(services)),
            Route('shared', 'POST PUT DELETE', f'{_NAMESPACES}/**', everywhere.define(services)),
            Route('listed', 'GET', '/v2/cache', everywhere.cache(services)),
            Route('own', 'DELETE', '/v2/cache', everywhere.to_all(services)),
            *(Route('own', 'POST', f'/v2/cache/{verb}', everywhere.to_all(services)) for verb in ('clean', 'prune')),
            Route('routed', 'GET', '/v2/cache/nodes/{id}', everywhere.of_image(services, '/cache/nodes/{id}')),
            Route('routed', 'PUT DELETE', '/v2/cache/{id}', everywhere.of_image(services, '/cache/{id}')),
            Route('routed', 'DELETE', '/v2/stores/{store}/{id}', everywhere.of_image(services, '/stores/{store}/{id}')),
            Route('placed', 'POST', '/v2/tasks', kinds.created(services, word='tasks', wrap='task')),
            Route('listed', 'GET', '/v2/{any}', collecting.collected(services, '/{any}')),
            Route('routed', '*', '/v2/{any}/{id}', kinds.found(services)),
        )
    )
