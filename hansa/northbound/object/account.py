"""The account: what a project keeps at all sites together, and its metadata, which all sites have."""

from __future__ import annotations

import asyncio

from hansa.model.errors import NotFound, SiteDown, Unsupported
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room, signed
from hansa.ports.roster import Member
from hansa.rules.containers import forms
from hansa.services.holdings import Held
from hansa.services.relay import Forward, Reply

PARTIAL = 'x-hansa-partial'
MISSING = 'X-Hansa-Missing-Sites'
PREFERRED = 'x-account-meta-hansa-policy'

_REMOVED = 'x-remove-account-meta-hansa-policy'
_TRUE = frozenset(('true', '1', 'yes', 'on'))


class AccountRoom:
    """Handlers of `/v1/{account}`."""

    def __init__(self, shared: room.Room) -> None:
        self._room = shared

    async def read(self, ask: table.Ask) -> wire.Answer:
        """`GET`, `HEAD`. Where a site is away, 503; whoever asks for it by X-Hansa-Partial is told what the others have, and who is missing."""
        if not room.own(ask):
            raise room.refusal(ask)
        project, partial = room.account(ask), ask.request.header(PARTIAL).lower() in _TRUE
        args = dict(ask.request.items())
        form = forms.media(args.get('format', ''), ask.request.header('accept'))
        if ask.request.method == 'HEAD':
            held = await self._room.holdings.head(project, partial)
            return self._answer(ask, held, 204, form, b'')
        held = await self._room.holdings.page(project, forms.query(args, await self._room.info.rows('account')), partial)
        status, body = forms.render(held.rows, form, 'account', ask.names['account'])
        return self._answer(ask, held, status, form, body)

    def _answer(self, ask: table.Ask, held: Held, status: int, form: str, body: bytes) -> wire.Answer:
        told = [('Content-Type', f'{form}; charset=utf-8'), ('Accept-Ranges', 'bytes'), *signed.veiled(ask, held.headers)]
        if status == 204:
            # Not by the book, but what Swift's clients are told, and look for.
            told.append(('Content-Length', '0'))
        if held.missing:
            told.append((MISSING, ', '.join(held.missing)))
        return wire.Answer(status, told, body)

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`POST`: metadata, the same at every site. What a site that was away has missed the client sends again."""
        room.known(ask)
        if not room.own(ask):
            raise room.refusal(ask)
        sent = headers.passed(ask.request)
        if any(name in {PREFERRED, _REMOVED} for name, _ in sent):
            await self._room.homes.prefer(room.account(ask), headers.value(sent, PREFERRED))
        self._room.keys.forget(room.account(ask))
        answers = await asyncio.gather(*(self._post(ask, member, sent) for member in self._room.stores.members()))
        for answer in answers:
            if isinstance(answer, SiteDown):
                raise answer
        refused = [answer for answer in answers if isinstance(answer, Reply) and answer.status >= 400]
        return room.answer(refused[0]) if refused else wire.Answer(204, [('Content-Type', 'text/html; charset=UTF-8')])

    async def _post(self, ask: table.Ask, member: Member, sent: list[tuple[str, str]]) -> Reply | SiteDown | None:
        try:
            return await self._room.stores.send(ask.call, member, room.account(ask), Forward('POST', '', ask.request.query, sent, b''))
        except (NotFound, Unsupported):
            return None
        except SiteDown as error:
            return error
