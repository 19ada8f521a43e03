"""Writing down what is about to be done, and finishing what was left half done."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from hansa.model.call import Call
from hansa.model.errors import Busy, Conflict, HansaError, SiteDown
from hansa.model.intent import OPENER, Intent
from hansa.model.quota import Amounts
from hansa.ports.clock import Clock
from hansa.ports.store import Store
from hansa.rules import companies, owners
from hansa.rules.aliases import AliasBook
from hansa.services.relay import Reply

LEFT = 'left/'
"""Small state under this and an intent's id: it was left to whoever reads the journal."""
_AGAIN_S = 2.0


class Journal:
    """The journal of creates. `opener` names this process: the ids of its intents begin with it."""

    def __init__(self, store: Store, book: AliasBook, clock: Clock, opener: str = '') -> None:
        self._store = store
        self._book = book
        self._clock = clock
        self.opener = opener or secrets.token_hex(OPENER // 2)
        self._owed: dict[str, Intent] = {}
        self._paying: asyncio.Task[None] | None = None

    async def plan(
        self, call: Call, kind: str, site: str, detail: object, charge: Amounts | None = None, *, found: str = '', project: str = ''
    ) -> Intent:
        """Write the intent before anything is sent. `detail` is kept as JSON; `charge` is reserved of the project's quota: the
        caller's, unless another is named. `found` is what the act is done to. Raises OverQuota.
        """
        id = self.opener + secrets.token_hex((32 - OPENER) // 2)
        intent = Intent(
            id, kind, project or call.token.project, call.token.user, site, id, msgspec.json.encode(detail), found=found,
            created=self._clock.now(), charge=charge or {},
        )  # fmt: skip
        try:
            await self._store.open_intent(intent)
        except Busy:
            # It may stand there all the same.
            self._owe(msgspec.structs.replace(intent, state='undone'))
            raise
        return intent

    async def sent(self, intent: Intent) -> Intent:
        """From now on the site may have it."""
        return await self._move(msgspec.structs.replace(intent, state='sent'), msgspec.structs.replace(intent, state='undone'))

    async def own(self, intent: Intent, ids: Sequence[str]) -> None:
        """What came of it belongs to the intent's project, also where the site cannot tell projects apart, and to its server group."""
        await self.give(intent.site, intent.project, ids)
        company = intent.aim.company
        if company and intent.state != 'revoked':
            seat = companies.Seat(intent.site, self._clock.now())
            for id in ids:
                await self._store.set(companies.seat(company, id), msgspec.json.encode(seat))
                await self._store.set(companies.member(id), msgspec.json.encode(company))

    async def give(self, site: str, project: str, ids: Sequence[str]) -> None:
        """These objects of a site belong to a project from now on, also where the site cannot tell projects apart."""
        if ids and owners.several(self._book, site):
            claims = [owners.claim(site, id, project) for id in ids]
            await self._store.add_aliases(claims)
            self._book.add(claims)

    async def leave(self, intent: Intent) -> None:
        """The site has it, but would not say what it is: whoever reads the journal finds that out when it answers again."""
        try:
            await self._store.set(LEFT + intent.id, b'true')
        except Busy:
            self._owe(intent)

    async def left(self) -> set[str]:
        """Ids of those that were left; some of them may be closed by now."""
        return {key.removeprefix(LEFT) for key in await self._store.values(LEFT)}

    async def settled(self, ids: Iterable[str]) -> None:
        """These are closed, so that they are left no more."""
        for id in ids:
            await self._store.unset(LEFT + id)

    async def made(self, intent: Intent, ids: Sequence[str] = ()) -> Intent:
        """The site has done it; what it takes of the quota stays reserved until the inventory shows it."""
        found = ','.join(ids) or intent.found
        return await self._move(msgspec.structs.replace(intent, state='made', found=found))

    async def shown(self, intent: Intent) -> None:
        """The inventory shows all of what was made; whoever else saw that too may have been faster."""
        with contextlib.suppress(Conflict):
            await self._move(msgspec.structs.replace(intent, state='done'))

    async def growing(
        self, call: Call, kind: str, site: str, charge: Amounts, act: Callable[[], Awaitable[Reply]], *, found: str = '', project: str = ''
    ) -> tuple[Intent, Reply]:
        """Do what makes an object take more of the quota. Raises OverQuota before it is done, and what the act raises.

        The intent is made where the site did it; whoever called closes it when the inventory shows it.
        """
        intent = await self.sent(await self.plan(call, kind, site, {}, charge, found=found, project=project))
        try:
            reply = await act()
        except BaseException as error:
            await asyncio.shield(self.give_up(intent, error))
            raise
        return (await self.undone(intent) if reply.status >= 400 else await self.made(intent)), reply

    async def done(self, intent: Intent, found: str) -> Intent:
        """The site has it under this id."""
        return await self._move(msgspec.structs.replace(intent, state='done', found=found))

    async def undone(self, intent: Intent) -> Intent:
        """Nothing came of it, or what came was taken back."""
        return await self._move(msgspec.structs.replace(intent, state='undone'))

    async def revoke(self, intent: Intent) -> Intent:
        """The caller was told that it failed: should it turn up at the site, it is to be deleted."""
        return await self._move(msgspec.structs.replace(intent, state='revoked'))

    async def give_up(self, intent: Intent, error: BaseException) -> Intent:
        """It failed: where the site may have it all the same, what turns up there is to be deleted."""
        surely_not = isinstance(error, HansaError) and not (isinstance(error, SiteDown) and error.sent)
        return await (self.undone(intent) if surely_not else self.revoke(intent))

    async def _move(self, intent: Intent, otherwise: Intent | None = None) -> Intent:
        """The next state; where the store is away it is written later, or what is to be `otherwise`, as nobody else takes up what a living process opened."""
        try:
            return await self._store.move_intent(intent)
        except Busy:
            self._owe(otherwise or intent)
            raise

    def _owe(self, intent: Intent) -> None:
        self._owed[intent.id] = intent
        if self._paying is None or self._paying.done():
            self._paying = asyncio.create_task(self._pay(), name='write in the journal what could not be written before')

    async def _pay(self) -> None:
        while self._owed:
            await self._clock.sleep(_AGAIN_S)
            for id, intent in list(self._owed.items()):
                try:
                    await self._again(intent)
                except Busy:
                    break
                self._owed.pop(id, None)

    async def _again(self, intent: Intent) -> None:
        """Raises Busy."""
        if intent.state != 'sent':
            with contextlib.suppress(Conflict):
                await self._store.move_intent(intent)
                return
        # What came of the first attempt is not known: whoever reads the journal sees.
        await self._store.set(LEFT + intent.id, b'true')
