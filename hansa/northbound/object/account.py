"""The account: what a project keeps at all sites together, and its metadata, which all sites have."""

from __future__ import annotations

from hansa.model.errors import BadRequest, Forbidden
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room, signed
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules.containers import forms
from hansa.services.holdings import Held
from hansa.services.relay import Forward, Reply
from hansa.services.storequotas import WORDS

PARTIAL = 'x-hansa-partial'
MISSING = 'X-Hansa-Missing-Sites'
PREFERRED = 'x-account-meta-hansa-policy'

_REMOVED = 'x-remove-account-meta-hansa-policy'
_SITES = ('x-account-meta-quota-bytes', 'x-account-meta-quota-count')
_DIGITS = 18
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
            return await self._answer(ask, held, 204, form, b'')
        held = await self._room.holdings.page(project, forms.query(args, await self._room.info.rows('account')), partial)
        status, body = forms.render(held.rows, form, 'account', ask.names['account'])
        return await self._answer(ask, held, status, form, body)

    async def _answer(self, ask: table.Ask, held: Held, status: int, form: str, body: bytes) -> wire.Answer:
        caps = await self._room.quotas.caps(room.account(ask))
        held.headers = await self._room.meta.shown(room.account(ask), held.headers)
        told = [('Content-Type', f'{form}; charset=utf-8'), ('Accept-Ranges', 'bytes'), *headers.without(signed.veiled(ask, held.headers), *_SITES)]
        told += [(f'X-Account-{meta}Quota-{word.title()}', str(cap)) for word in WORDS if (cap := getattr(caps, word)) is not None for meta in ('', 'Meta-')]
        if ask.call.token.project == room.account(ask):
            told.append(('X-Account-Project-Domain-Id', ask.call.token.project_domain))
        if status == 204:
            # Not by the book, but what Swift's clients are told, and look for.
            told.append(('Content-Length', '0'))
        if held.missing:
            told.append((MISSING, ', '.join(held.missing)))
        return wire.Answer(status, told, body)

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`POST`: metadata, the same at every site. A site that is away is told later."""
        room.known(ask)
        if not room.own(ask):
            raise room.refusal(ask)
        sent = headers.passed(ask.request)
        if any(name in {PREFERRED, _REMOVED} for name, _ in sent):
            await self._room.homes.prefer(room.account(ask), headers.value(sent, PREFERRED))
        self._room.keys.forget(room.account(ask))
        sent = await self._capped(ask, sent)

        async def post(member: Member, told: Headers) -> Reply:
            return await self._room.stores.send(ask.call, member, room.account(ask), Forward('POST', '', ask.request.query, told, b''))

        refused, away = await self._room.meta.change(room.account(ask), _changes(sent), post)
        if refused is not None:
            return room.answer(refused)
        return wire.Answer(204, [('Content-Type', 'text/html; charset=UTF-8'), *([(MISSING, ', '.join(away))] if away else [])])

    async def _capped(self, ask: table.Ask, sent: Headers) -> Headers:
        """What a project may keep at all sites together; the rest of the headers. Raises Forbidden, BadRequest."""
        changes: dict[str, int | None] = {}
        for word in WORDS:
            names = [f'x-account-{meta}quota-{word}' for meta in ('', 'meta-')]
            gone = [name.replace('x-', 'x-remove-', 1) for name in names]
            given = next((ask.request.headers[name] for name in names if name in ask.request.headers), None)
            if any(ask.request.header(name) for name in gone) or given == '':
                changes[word] = None
            elif given is not None:
                if not (given.isascii() and given.isdecimal() and len(given) < _DIGITS):
                    raise BadRequest(f'Invalid quota value {given}.')
                changes[word] = int(given)
            sent = headers.without(sent, *names, *gone)
        if changes and not ask.call.token.admin:
            raise Forbidden('Access was denied to this resource.')
        if changes:
            await self._room.quotas.set(room.account(ask), changes)
        return sent


def _changes(sent: Headers) -> dict[str, str]:
    """What is to be set of the metadata, '' for what is taken away; who asks for both takes it away, as at sites."""
    gone = {name.replace('x-remove-', 'x-', 1): '' for name, value in sent if name.startswith('x-remove-account-meta-') and value}
    return {name: value for name, value in sent if name.startswith('x-account-meta-')} | gone
