"""The way to the room of a container's kind: most live at one site, those that span sites have a room for each way to span them."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Protocol

from hansa.model.errors import BadRequest, Conflict, NotFound, PreconditionFailed, Unsupported
from hansa.model.spread import Kind, Spread
from hansa.northbound.hall import table, wire
from hansa.northbound.object import copying, headers, room
from hansa.northbound.object.containers import ContainerRoom
from hansa.northbound.object.objects import ObjectRoom
from hansa.rules.spreading import Choice
from hansa.services.relay import Forward, Reply


class SpanRoom(Protocol):
    """The room of one way to span sites. `ask` has checked names; who may do it is left to the room where it is not said here.

    Paths of objects stand in `ask.names['object']` as they came, quoted.
    """

    async def make(self, ask: table.Ask, spread: Spread | None, choice: Choice | None) -> wire.Answer:
        """`PUT` or `POST` of a container by its owner that spans sites (`spread`), or is to from now on (`choice`); either may be None."""
        ...

    async def container(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`, `DELETE` of a container, and `POST` by somebody who is not of the project."""
        ...

    async def object(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`, `PUT`, `POST`, `DELETE` of an object; no copies."""
        ...

    async def fetch(self, ask: table.Ask, spread: Spread, forward: Forward) -> Reply:
        """The object as the source of a copy: a GET with the headers of `forward`, whose path does not matter."""
        ...

    async def keep(self, ask: table.Ask, spread: Spread, forward: Forward) -> Reply:
        """The object as the destination of a copy: a PUT with headers and body of `forward`, whose path does not matter."""
        ...


class Front:
    """Handlers of containers and objects: each goes on to those of its kind."""

    def __init__(self, shared: room.Room, kinds: Mapping[Kind, SpanRoom]) -> None:
        self._room = shared
        self._kinds = kinds
        self._containers = ContainerRoom(shared)
        self._objects = ObjectRoom(shared)

    async def container(self, ask: table.Ask) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`, `DELETE` of a container."""
        spread = await self._spread(ask)
        if spread is not None:
            return await self._kind(spread.kind).container(ask, spread)
        return await (self._containers.drop(ask) if ask.request.method == 'DELETE' else self._containers.read(ask))

    async def make(self, ask: table.Ask) -> wire.Answer:
        """`PUT` and `POST` of a container: its headers choose whether it spans sites."""
        room.known(ask)
        plain = self._containers.make if ask.request.method == 'PUT' else self._containers.change
        spread = await self._room.spreads.find(room.account(ask), room.container(ask))
        if not room.own(ask):
            return await (plain(ask) if spread is None else self._kind(spread.kind).container(ask, spread))
        choice = await self._room.spreads.choice(room.account(ask), room.container(ask), ask.request.headers)
        if spread is None and choice is None:
            return await plain(ask)
        if spread is not None and spread.gone:
            raise Conflict(f'The container {spread.container} was deleted, but not at {", ".join(spread.leaving)} yet; try again later.')
        if spread is not None and choice is not None and choice.kind != spread.kind:
            raise Conflict(f'The container {spread.container} spans sites in another way already.')
        if ask.request.header(room.POLICY):
            raise BadRequest('A container that spans sites has no X-Storage-Policy; its sites are named where it is chosen to.')
        kind = choice.kind if choice is not None else spread.kind if spread is not None else 'mirror'
        return await self._kind(kind).make(ask, spread, choice)

    async def object(self, ask: table.Ask) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`, `PUT`, `POST`, `DELETE` of an object."""
        spread = await self._spread(ask)
        if ask.request.method == 'PUT' and (source := ask.request.header('x-copy-from')):
            room.known(ask)
            return await self._copied(ask, _elsewhere(ask, source, 'x-copy-from'), ask, spread)
        if spread is not None:
            return await self._kind(spread.kind).object(ask, spread)
        return await (self._objects.read(ask) if ask.request.method in {'GET', 'HEAD', 'OPTIONS'} else self._objects.change(ask))

    async def copy(self, ask: table.Ask) -> wire.Answer:
        """`COPY` of an object: a PUT of the destination."""
        room.known(ask)
        there = _elsewhere(ask, ask.request.header('destination'), 'destination')
        return await self._copied(ask, ask, there, await self._spread(there))

    async def _copied(self, ask: table.Ask, source: table.Ask, target: table.Ask, onto: Spread | None) -> wire.Answer:
        of = await self._spread(source)
        if of is None and onto is None:
            return await (self._objects.copy(ask) if ask.request.method == 'COPY' else self._objects.change(ask))

        async def fetch(forward: Forward) -> Reply:
            return await (self._kind(of.kind).fetch(source, of, forward) if of is not None else self._objects.send(source, forward))

        async def keep(forward: Forward) -> Reply:
            return await (self._kind(onto.kind).keep(target, onto, forward) if onto is not None else self._objects.send(target, forward))

        sent = headers.without(headers.passed(ask.request), room.POLICY, 'destination', 'destination-account')
        return await copying.streamed(self._room, source, fetch, target, keep, sent)

    def _kind(self, kind: Kind) -> SpanRoom:
        """Raises Unsupported for a way that is not offered."""
        if kind not in self._kinds:
            raise Unsupported(f'This league offers no containers of the kind {kind}.')
        return self._kinds[kind]

    async def _spread(self, ask: table.Ask) -> Spread | None:
        """Raises NotFound for one that was deleted."""
        spread = await self._room.spreads.find(room.account(ask), room.container(ask))
        if spread is not None and spread.gone:
            raise NotFound('The resource could not be found.') if room.own(ask) else room.refusal(ask)
        return spread


def _elsewhere(ask: table.Ask, value: str, name: str) -> table.Ask:
    """The request as it stands for the object that a header names. Raises PreconditionFailed."""
    container, slash, object = value.lstrip('/').partition('/')
    if not (container and slash and object):
        shown = 'Destination' if name == 'destination' else 'X-Copy-From'
        raise PreconditionFailed(f'{shown} header must be of the form <container name>/<object name>')
    account = ask.request.header(f'{name}-account').strip('/') or ask.names['account']
    quoted = urllib.parse.quote(urllib.parse.unquote_to_bytes(object.encode('latin-1')), safe='/')
    return table.Ask(ask.call, ask.request, {'account': account, 'container': container, 'object': quoted})
