"""Containers: each lives at one site, and a new one goes where its policy says, else where its project wants it, else where there is room."""

from __future__ import annotations

import contextlib
import urllib.parse

from hansa.model.errors import BadRequest, HansaError, NotFound, SiteDown
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room, signed
from hansa.services.homes import Where
from hansa.services.relay import Forward, Reply

_VERSIONS = ('x-versions-location', 'x-history-location')


class _Missed(Exception):
    """A new container's site was not reached, and nothing was made there."""

    def __init__(self, site: str) -> None:
        super().__init__(site)
        self.site = site


class ContainerRoom:
    """Handlers of `/v1/{account}/{container}`."""

    def __init__(self, shared: room.Room) -> None:
        self._room = shared

    async def read(self, ask: table.Ask) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`."""
        where, reply = await self._again(ask)
        await self._room.stores.linked(where.member, reply)
        reply.headers = signed.veiled(ask, reply.headers)
        for site in await self._room.homes.twins(room.account(ask), room.container(ask)):
            reply.headers.append(('Warning', f'199 hansa "Another container of this name is at site {site}: {ask.names["container"]}@{site}"'))
        return room.answer(reply)

    async def make(self, ask: table.Ask) -> wire.Answer:
        """`PUT`: a new one, or the metadata of one that is there."""
        room.known(ask)
        if not room.own(ask):
            return await self.change(ask)
        missed: list[str] = []
        for _ in self._room.stores.members():
            try:
                return await self._make(ask, missed)
            except _Missed as error:
                missed.append(error.site)
        return await self._make(ask, missed)

    async def _make(self, ask: table.Ask, missed: list[str]) -> wire.Answer:
        """One attempt, not at those sites that were `missed`. Raises _Missed where a site that was chosen freely was not reached."""
        project, policy = room.account(ask), ask.request.header(room.POLICY)
        where, its_own = await self._room.homes.make(ask.call, project, room.container(ask), policy, missed)
        try:
            sent = await self._sent(ask, where)
            if its_own:
                sent.append(('X-Storage-Policy', its_own))
            reply = await self._room.send(ask, where, room.forward(ask, where.path, sent))
        except (BadRequest, NotFound, SiteDown) as error:
            if where.fresh and not (isinstance(error, SiteDown) and error.sent):
                await self._room.homes.gone(project, where)
                if isinstance(error, SiteDown) and not policy:
                    raise _Missed(where.member.name) from error
            raise
        self._room.keys.forget(project)
        if where.fresh and reply.status < 300:
            with contextlib.suppress(HansaError):
                # Its site may have none of the account's keys yet.
                await self._room.meta.bring(project, where.member)
        if where.fresh and reply.status >= 400:
            await self._room.homes.gone(project, where)
        return room.answer(reply)

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`POST`: metadata and who may read and write."""
        room.known(ask)
        where = await self._room.find(ask)
        reply = await self._room.send(ask, where, room.forward(ask, where.path, await self._sent(ask, where)))
        self._room.keys.forget(room.account(ask))
        return room.answer(reply)

    async def drop(self, ask: table.Ask) -> wire.Answer:
        """`DELETE`: an empty one."""
        room.known(ask)
        where, reply = await self._again(ask)
        if reply.status == 204:
            await self._room.homes.gone(room.account(ask), where)
        return room.answer(reply)

    async def _again(self, ask: table.Ask) -> tuple[Where, Reply]:
        """Ask where it lives; if it is there no more, somebody who went past the league may have made it elsewhere."""
        where = await self._room.find(ask)
        reply = await self._room.send(ask, where, _bare(ask, where))
        if reply.status != 404 or not room.own(ask):
            return where, reply
        await self._room.homes.gone(room.account(ask), where)
        try:
            where = await self._room.find(ask)
        except NotFound:
            return where, reply
        return where, await self._room.send(ask, where, _bare(ask, where))

    async def _sent(self, ask: table.Ask, where: Where) -> list[tuple[str, str]]:
        """Headers for the site. Raises BadRequest for older versions that would lie elsewhere."""
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        for name in _VERSIONS:
            if target := headers.value(sent, name):
                older = target.partition('/')[0]
                if not await self._room.beside(ask, where, older, f'The container of {name}'):
                    await self._room.homes.pin(room.account(ask), urllib.parse.unquote(older), where)
        return await self._room.granted(ask, where, sent)


def _bare(ask: table.Ask, where: Where) -> Forward:
    # Where a container is a web site, its pages lie below the slash.
    path = f'{where.path}/' if ask.request.path.endswith('/') else where.path
    return Forward(ask.request.method, path, ask.request.query, headers.passed(ask.request))
