"""Images: uploaded once, copied to a site when a server there first needs them; streamed, and the hash checked."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hansa.model.alias import Alias
from hansa.model.call import Call
from hansa.model.errors import BadRequest, Conflict, HansaError, SiteDown
from hansa.model.intent import Intent
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.observer import Observer
from hansa.ports.roster import Member, Roster
from hansa.ports.site import Acting, SiteRequest
from hansa.ports.store import Store
from hansa.rules import translate
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts
from hansa.services.journal import Journal
from hansa.services.sharing.members import Members
from hansa.services.turns import Turns

_log = logging.getLogger('hansa.images')
_JSON = [('Content-Type', 'application/json')]
_COPIED = ('name', 'disk_format', 'container_format', 'min_disk', 'min_ram')
_SITE_OWN = frozenset(
    ('id', 'owner', 'status', 'size', 'virtual_size', 'checksum', 'os_hash_algo', 'os_hash_value', 'created_at', 'updated_at', 'visibility',
     'locations', 'direct_url', 'stores', 'tags', 'self', 'file', 'schema', 'protected', 'os_hidden', translate.MARKER)
)  # fmt: skip
_TIMEOUT = 60.0
_OTHERS_S = 600.0  # how long a copy that another process makes is waited for


class Images:
    """Replicas of images."""

    def __init__(
        self,
        store: Store,
        book: AliasBook,
        roster: Roster,
        accounts: Accounts,
        journal: Journal,
        observer: Observer,
        clock: Clock,
        members: Members,
        turns: Turns,
    ) -> None:
        self.members = members
        self._store = store
        self._book = book
        self._roster = roster
        self._accounts = accounts
        self._journal = journal
        self._observer = observer
        self._clock = clock
        self._turns = turns
        self._copying: dict[tuple[str, str, str], asyncio.Task[str]] = {}

    async def there(self, member: Member, replicas: list[Record], project: str) -> bool:
        """Whether a project can boot the image at a site without a copy being made."""
        for record in replicas:
            everybody = record.public or b'"visibility":"community"' in record.doc
            if record.site == member.name and (everybody or record.project == project):
                return True
            if record.site == member.name and record.id in await self.members.shared(project, 'all'):
                return True
        return bool(replicas) and bool(self._book.local(member.name, replicas[0].id, project))

    async def ensure(self, call: Call, member: Member, id: str) -> None:
        """Have an image at a site; of several who ask at once one copies, the others wait for it.

        Raises BadRequest for an image that does not exist or is not active, SiteDown, Conflict where the bytes that arrived are not those sent.
        """
        replicas = await self._store.replicas('image', id)
        if await self.there(member, replicas, call.token.project):
            return
        source = self._source(replicas, id)
        key = (member.name, id, call.token.project)
        task = self._copying.get(key)
        if task is None:
            task = asyncio.create_task(self._once(call, source, member, id))
            self._copying[key] = task
            task.add_done_callback(lambda _: self._copying.pop(key, None))
        await asyncio.shield(task)

    async def _once(self, call: Call, source: Record, member: Member, id: str) -> str:
        async with self._turns.of(f'image/{member.name}/{id}/{call.token.project}', _OTHERS_S):
            return self._book.local(member.name, id, call.token.project) or await self._copy(call, source, member, id)

    def _source(self, replicas: list[Record], id: str) -> Record:
        if not replicas:
            raise BadRequest(f'Image {id} could not be found.')
        active = [record for record in replicas if record.status == 'active']
        if not active:
            raise Conflict(f'Image {id} is {replicas[0].status}; only an active image can be brought to another site.')
        for record in active:
            if record.site in self._roster and self._roster.get(record.site).site.health().reachable:
                return record
        raise SiteDown(active[0].site, f'holds the only copy of image {id} and does not answer')

    async def _copy(self, call: Call, source: Record, member: Member, id: str) -> str:
        doc = msgspec.json.decode(source.doc)
        acting = await self._accounts.acting(call, member)
        body = {key: doc[key] for key in _COPIED if doc.get(key) is not None}
        more = {key: value for key, value in doc.items() if key not in _SITE_OWN and key not in body and isinstance(value, str)}
        more = {key: value for key, value in more.items() if not key.startswith(('os_glance', 'owner_'))}
        intent = await self._journal.plan(call, 'image.copy', member.name, {'image': id})
        intent = await self._journal.sent(intent)
        local = ''
        try:
            local = await self._make(member, acting, {**more, **body, translate.MARKER: intent.marker, 'visibility': 'private'})
            await self._journal.own(intent, [local])
            await self._fill(call, source, member, acting, local, doc)
        except BaseException as error:
            await asyncio.shield(self._take_back(member, acting, intent, local) if local else self._journal.give_up(intent, error))
            raise
        alias = Alias(member.name, 'image', id, local, call.token.project)
        await self._store.add_aliases([alias])
        self._book.add([alias])
        await self._journal.done(intent, local)
        await self._observer.refresh(member.name, 'image', local)
        return local

    async def _make(self, member: Member, acting: Acting, body: dict[str, Any]) -> str:
        return str((await self._json(member, acting, 'POST', '/images', body))['id'])

    async def _take_back(self, member: Member, acting: Acting, intent: Intent, local: str) -> Intent:
        """Delete a copy that failed; where that is not possible now, whoever reads the journal does it."""
        intent = await self._journal.revoke(intent)
        try:
            await self._discard(member, acting, local)
        except HansaError as error:
            _log.warning('the copy %s at %s is to be deleted: %s', local, member.name, error)
        else:
            return await self._journal.undone(intent)
        return intent

    async def _fill(self, call: Call, source: Record, member: Member, acting: Acting, local: str, doc: dict[str, Any]) -> None:
        origin = self._roster.get(source.site)
        giver = await self._accounts.acting(call, origin)
        response = await origin.site.send(SiteRequest('image', 'GET', f'/images/{source.site_id}/file'), giver, _TIMEOUT)
        if response.status != 200:
            await response.close()
            raise SiteDown(origin.name, f'does not give the bytes of image {source.name} ({response.status})')
        digest = hashlib.new(doc.get('os_hash_algo') or 'sha512')
        upload = SiteRequest(
            'image', 'PUT', f'/images/{local}/file', '', [('Content-Type', 'application/octet-stream')], _hashed(response.chunks(), digest)
        )
        answer = await member.site.send(upload, acting, _TIMEOUT)
        await answer.read()
        if answer.status >= 300:
            raise SiteDown(member.name, f'did not take the bytes of image {source.name} ({answer.status})')
        stored = await self._json(member, acting, 'GET', f'/images/{local}')
        expected = doc.get('os_hash_value')
        changed = expected and digest.hexdigest() != expected
        if changed or stored.get('os_hash_value') not in {None, expected, digest.hexdigest()}:
            raise Conflict(f'The bytes of image {source.name} changed on the way from {origin.name} to {member.name}; the copy was deleted.')

    async def _discard(self, member: Member, acting: Acting, local: str) -> None:
        """Raises SiteDown where it may still stand."""
        response = await member.site.send(SiteRequest('image', 'DELETE', f'/images/{local}'), acting, _TIMEOUT)
        await response.read()
        if response.status >= 400 and response.status != 404:
            raise SiteDown(member.name, f'did not delete image {local} ({response.status})')

    def copies(self, record: Record) -> list[Member]:
        """Sites where a copy stands that the league made."""
        sites = {alias.site for alias in self._book.of('image', record.id) if alias.project} - {record.site}
        return [self._roster.get(site) for site in sorted(sites) if site in self._roster]

    async def withdraw(self, call: Call, record: Record) -> None:
        """Delete the league's copies after the image itself is gone; what a dead site keeps is deleted when it is back."""
        for alias in [each for each in self._book.of('image', record.id) if each.project]:
            if alias.site == record.site or alias.site not in self._roster:
                continue
            member = self._roster.get(alias.site)
            try:
                await self._discard(member, await self._accounts.acting(call, member, record.project), alias.local)
            except SiteDown:
                await self._store.set(f'repair/{alias.site}/image/{alias.local}', b'true')
            await self._store.drop_aliases([alias])
            self._book.drop([alias])
            await self._store.remove(alias.site, 'image', [record.id], self._clock.now())

    async def _json(self, member: Member, acting: Acting, method: str, path: str, body: object = None) -> dict[str, Any]:
        raw = msgspec.json.encode(body) if body is not None else None
        response = await member.site.send(SiteRequest('image', method, path, '', _JSON if raw else [], raw), acting, _TIMEOUT)
        answer = await response.read()
        if response.status >= 400:
            raise SiteDown(member.name, f'did not take a copy of an image ({method} {response.status})')
        try:
            return msgspec.json.decode(answer, type=dict[str, Any]) if answer else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SiteDown(member.name, '(image) answered with something that is not JSON') from None


async def _hashed(chunks: AsyncIterator[bytes], digest: Any) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        digest.update(chunk)
        yield chunk
