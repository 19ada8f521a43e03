"""Nova's old ways to what other services keep: networks, floating IPs, volumes, snapshots and images, below 2.36 only."""

from __future__ import annotations

import msgspec

from hansa.model.errors import NotFound
from hansa.model.listing import Query
from hansa.model.resource import Kind
from hansa.northbound.compute import gone
from hansa.northbound.hall import collecting, filters, gathering, headers, kinds, table, wire
from hansa.northbound.hall.table import Route
from hansa.rules import zones
from hansa.services.relay import Forward
from hansa.services.routing import decoded
from hansa.services.sharing.images import Images

PROXIES = (2, 36)
"""From here on Nova is no way to other services any more."""

_METADATA = (2, 39)
_V = '/v2.1'

_VOLUME = Kind('volume', 'compute', 'volumes', 'volume', path='os-volumes')
# Not the name of a kind that may carry a marker: nothing can be added to these.
_SNAPSHOT = Kind('old snapshot', 'compute', 'snapshots', 'snapshot', path='os-snapshots')
_FLOATING = Kind('floating_ip', 'compute', 'floating_ips', 'floating_ip', path='os-floating-ips')


class Legacy:
    """Handlers; what they change, the league's own lists of it show at once."""

    def __init__(self, services: kinds.Services, images: Images) -> None:
        self._services = services
        self._images = images
        self._image = kinds.routed(services, '', '/images')

    def routes(self) -> tuple[Route, ...]:
        """All rows."""
        services = self._services
        rows = [Route('listed', 'GET', f'{_V}/os-floating-ip-pools', self._old(self._pools))]
        for path, kind in (
            ('os-networks', 'network'), ('os-tenant-networks', 'network'), ('os-floating-ips', 'floating_ip'),
            ('os-volumes', 'volume'), ('os-snapshots', 'snapshot'), ('images', 'image'),
        ):  # fmt: skip
            pages = kind in {'volume', 'snapshot', 'image'}
            listed = collecting.collected if pages else gathering.gathered
            rows.append(Route('listed', 'GET', f'{_V}/{path}', self._old(listed(services, f'/{path}'))))
            if pages:
                rows.append(Route('listed', 'GET', f'{_V}/{path}/detail', self._old(listed(services, f'/{path}/detail'))))
            rows.append(Route('routed', 'GET', f'{_V}/{path}/{{id}}', self._old(kinds.routed(services, '', f'/{path}'))))
            if kind == 'network':
                rows += [Route('own', 'POST', f'{_V}/{path}', gone.gone), Route('own', 'POST DELETE', f'{_V}/{path}/{{id}}/**', gone.gone)]
                rows.append(Route('own', 'POST DELETE', f'{_V}/{path}/{{id}}', gone.gone))
            elif kind != 'image':
                rows.append(Route('routed', 'DELETE', f'{_V}/{path}/{{id}}', self._old(kinds.routed(services, kind, f'/{path}'))))
        metadata = gone.until(_METADATA, self._metadata)
        return (
            *rows,
            Route('placed', 'POST', f'{_V}/os-volumes', self._old(kinds.placed(services, _VOLUME))),
            Route('placed', 'POST', f'{_V}/os-snapshots', self._old(self._snapshot)),
            Route('placed', 'POST', f'{_V}/os-floating-ips', self._old(self._allocate)),
            Route('shared', 'DELETE', f'{_V}/images/{{id}}', self._old(self._delete_image)),
            Route('shared', '*', f'{_V}/images/{{id}}/**', metadata),
        )

    def _old(self, handler: table.Handler) -> table.Handler:
        return gone.until(PROXIES, handler)

    async def _pools(self, ask: table.Ask) -> wire.Answer:
        """`GET /os-floating-ip-pools`: a name that several sites have is shown once; `NAME@SITE` says which is meant."""
        got = await gathering.every(self._services, ask, '/os-floating-ip-pools', ask.request.query)
        if not got.found:
            return got.refusal()
        names = dict.fromkeys(pool['name'] for _, document in got.found for pool in document['floating_ip_pools'])
        return got.document({'floating_ip_pools': [{'name': name} for name in names]})

    async def _snapshot(self, ask: table.Ask) -> wire.Answer:
        """`POST /os-snapshots`: at its volume's site."""
        answer = await kinds.placed(self._services, _SNAPSHOT)(ask)
        site = next((value for name, value in answer.headers if name == 'x-hansa-site'), '')
        if answer.status < 300 and isinstance(answer.body, bytes):
            made = msgspec.json.decode(answer.body)['snapshot']['id']
            await self._services.routing.look(self._services.roster.get(site), 'snapshot', made)
        return answer

    async def _allocate(self, ask: table.Ask) -> wire.Answer:
        """`POST /os-floating-ips`: where the pool is; where several sites have one of that name, at the project's home."""
        forward = await headers.forward(ask.request, '/os-floating-ips', self._services.limit)
        body = decoded(forward) or {}
        pool = body.get('pool')
        if isinstance(pool, str) and pool:
            body = {**body, 'pool': await self._pool(pool)}
        forward.headers = [('Content-Type', 'application/json'), *(each for each in forward.headers if each[0].lower() != 'content-type')]
        return kinds.answer(await self._services.placing.create(ask.call, _FLOATING, forward, body, ''))

    async def _pool(self, word: str) -> str:
        """The id of the only external network that a pool's name means; the name where there is more than one. Raises NotFound."""
        name, site, _ = zones.at(word, self._services.roster.names())
        asked = (filters.equals(('name',), name), filters.truth(('doc', 'router:external'), value=True))
        place = (filters.equals(('site',), site),) if site else ()
        found = (await self._services.listing.page(Query('network', filters=(*asked, *place), limit=2))).records
        if site and not found:
            raise NotFound(f'Floating IP pool {name} is not at site {site}.')
        return found[0].id if len(found) == 1 else name

    async def _delete_image(self, ask: table.Ask) -> wire.Answer:
        """`DELETE /images/{id}`: the league's copies follow the primary."""
        record = await self._services.locating.record(ask.call, 'image', ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        reply = await self._services.routing.change(ask.call, 'image', '/images', ask.names['id'], '', forward)
        if reply.status < 300 and record is not None:
            await self._images.withdraw(ask.call, record)
        return kinds.answer(reply)

    async def _metadata(self, ask: table.Ask) -> wire.Answer:
        """`/images/{id}/metadata`: what is changed is changed at the league's copies too."""
        if ask.request.method in kinds.READS:
            return await self._image(ask)
        below = kinds.tail(ask)
        forward = await headers.forward(ask.request, '', self._services.limit)
        record = await self._services.locating.record(ask.call, 'image', ask.names['id'])
        sent = forward.body
        reply = await self._services.routing.change(ask.call, 'image', '/images', ask.names['id'], below, forward)
        if reply.status < 300 and record is not None:
            for member in self._images.copies(record):
                copy = Forward(forward.method, f'/images/{record.id}{below}', '', forward.headers, sent)
                await self._services.relay.send(ask.call, member, copy, project=record.project)
        return kinds.answer(reply)
