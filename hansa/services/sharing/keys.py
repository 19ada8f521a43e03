"""Key pairs: made once per user, brought to a site when a server there first needs them."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import msgspec

from hansa.model.alias import Alias
from hansa.model.call import Call
from hansa.model.errors import BadRequest, Conflict, HansaError, NotFound, SiteDown
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import ingest
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts
from hansa.services.relay import Forward, Relay, Reply

LEAGUE = ''


class Keys:
    """Key pairs of the league; their records have no site."""

    def __init__(self, store: Store, book: AliasBook, roster: Roster, accounts: Accounts, relay: Relay, clock: Clock) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._accounts = accounts
        self._relay = relay
        self._clock = clock

    async def get(self, user: str, name: str) -> Record:
        """Raises NotFound."""
        record = await self._store.get('keypair', f'{user}/{name}')
        if record is None:
            raise NotFound(f'Keypair {name} not found for user {user}.')
        return record

    async def create(self, call: Call, user: str, forward: Forward, doc: dict[str, object]) -> Reply:
        """Made at the first site that takes it, so that its form is the site's own. Raises Conflict, SiteDown."""
        name = str(doc['name'])
        if await self._store.get('keypair', f'{user}/{name}') is not None:
            raise Conflict(f"Key pair '{name}' already exists.")
        lost: SiteDown | None = None
        for member in self._roster:
            if not self._accounts.serves(call.token, member) or not member.site.health().reachable:
                continue
            try:
                return await self._create_at(call, member, user, forward, doc)
            except SiteDown as error:
                lost = error
        raise lost or SiteDown('', 'of this project is not reachable; none can make a key pair now')

    async def _create_at(self, call: Call, member: Member, user: str, forward: Forward, doc: dict[str, object]) -> Reply:
        name = str(doc['name'])
        local = self._local(member, user, name)
        forward.body = msgspec.json.encode({'keypair': {**doc, 'name': local}})
        reply = await self._relay.send(call, member, forward)
        if reply.status >= 300 or not isinstance(reply.body, bytes):
            return reply
        made = {**msgspec.json.decode(reply.body)['keypair'], 'name': name, 'user_id': user}
        await self._keep(member, user, {**await self._details(call, member, local), **made}, local)
        return Reply(reply.status, reply.headers, msgspec.json.encode({'keypair': made}))

    async def _details(self, call: Call, member: Member, local: str) -> dict[str, object]:
        """What a site tells of a key pair only when it is asked for it: its times and number."""
        try:
            status, raw = await self._relay.ask(call, member, 'compute', f'/os-keypairs/{quote(local, safe="")}')
        except HansaError:
            return {}
        return dict(msgspec.json.decode(raw)['keypair']) if status == 200 else {}

    async def _keep(self, member: Member, user: str, made: dict[str, object], local: str) -> None:
        now = self._clock.now()
        shown = {key: value for key, value in made.items() if key != 'private_key'}
        shown.setdefault('type', 'ssh')
        id = f'{user}/{made["name"]}'
        record = Record(
            LEAGUE, 'keypair', id, id, user, str(made['name']), msgspec.json.encode(shown),
            created=ingest.stamp(made.get('created_at')), seen=now,
        )  # fmt: skip
        await self._alias(member, id, local)
        await self._store.put([record])

    async def ensure(self, call: Call, member: Member, name: str) -> None:
        """Have the caller's key pair at a site. Raises BadRequest as Nova does for one that does not exist."""
        user = call.token.user
        record = await self._store.get('keypair', f'{user}/{name}')
        if record is None:
            raise BadRequest(f'Invalid key_name provided: no key pair {name} of this user.')
        if self._book.local(member.name, record.id):
            return
        doc = msgspec.json.decode(record.doc)
        local = self._local(member, user, name)
        body = {'keypair': {'name': local, 'public_key': doc['public_key']}}
        forward = Forward('POST', '/os-keypairs', headers=[('Content-Type', 'application/json')], body=msgspec.json.encode(body))
        reply = await self._relay.send(call, member, forward, service='compute')
        if reply.status == 409:
            await self._replace(call, member, local, forward)
        elif reply.status >= 300:
            raise SiteDown(member.name, f'did not take the key pair {name} ({reply.status})')
        await self._alias(member, record.id, local)

    async def _replace(self, call: Call, member: Member, local: str, forward: Forward) -> None:
        """A key of that name stands at the shadow user, left by a crash: it is ours to make right."""
        if not member.managed:
            return
        await self._relay.send(call, member, Forward('DELETE', f'/os-keypairs/{quote(local, safe="")}'), service='compute')
        await self._relay.send(call, member, forward, service='compute')

    async def delete(self, call: Call, user: str, name: str) -> None:
        """Delete it everywhere; a site that cannot be reached keeps its copy, which no other key can meet. Raises NotFound."""
        record = await self.get(user, name)
        for alias in self._book.of('keypair', record.id):
            if alias.site in self._roster:
                try:
                    forward = Forward('DELETE', f'/os-keypairs/{quote(alias.local, safe="")}')
                    await self._relay.send(call, self._roster.get(alias.site), forward, service='compute')
                except HansaError:
                    continue
            await self._store.drop_aliases([alias])
            self._book.drop([alias])
        await self._store.remove(LEAGUE, 'keypair', [record.id], self._clock.now())

    async def _alias(self, member: Member, id: str, local: str) -> None:
        alias = Alias(member.name, 'keypair', id, local)
        await self._store.add_aliases([alias])
        self._book.add([alias])

    def _local(self, member: Member, user: str, name: str) -> str:
        """At a managed site the shadow user keeps keys apart; elsewhere all share one user, so the name must differ by user."""
        return name if member.managed else f'{name}-{hashlib.sha256(f"{user}/{name}".encode()).hexdigest()[:10]}'
