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
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules import ingest
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import OPERATORS, Accounts
from hansa.services.relay import READ_TIMEOUT, Forward, Relay, Reply, microversion

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
        holder = self._accounts.holder(call.token, member) if user == call.token.user else user
        local = self._local(member, holder, name)
        asked = {key: value for key, value in doc.items() if key != 'user_id'} | {'name': local}
        if user != call.token.user and await self._accounts.shadow(member, user):
            asked['user_id'] = user
        forward.body = msgspec.json.encode({'keypair': asked})
        reply = await self._relay.send(call, member, forward)
        if reply.status >= 300 or not isinstance(reply.body, bytes):
            return reply
        made = {**msgspec.json.decode(reply.body)['keypair'], 'name': name, 'user_id': user}
        await self._keep(user, {**await self._details(call, member, user, local), **made})
        await self._alias(member, f'{holder}/{name}', local)
        return Reply(reply.status, reply.headers, msgspec.json.encode({'keypair': made}))

    async def _details(self, call: Call, member: Member, user: str, local: str) -> dict[str, object]:
        """What a site tells of a key pair only when it is asked for it: its times and number."""
        query = f'user_id={user}' if user != call.token.user and member.managed else ''
        try:
            status, raw = await self._relay.ask(call, member, 'compute', f'/os-keypairs/{quote(local, safe="")}', query)
        except HansaError:
            return {}
        return dict(msgspec.json.decode(raw)['keypair']) if status == 200 else {}

    async def _keep(self, user: str, made: dict[str, object]) -> None:
        now = self._clock.now()
        shown = {key: value for key, value in made.items() if key != 'private_key'}
        shown.setdefault('type', 'ssh')
        id = f'{user}/{made["name"]}'
        record = Record(
            LEAGUE, 'keypair', id, id, user, str(made['name']), msgspec.json.encode(shown),
            created=ingest.stamp(made.get('created_at')), seen=now,
        )  # fmt: skip
        await self._store.put([record])

    async def ensure(self, call: Call, member: Member, name: str) -> None:
        """Have the caller's key pair at a site. Raises BadRequest as Nova does for one that does not exist."""
        record = await self._store.get('keypair', f'{call.token.user}/{name}')
        if record is None:
            raise BadRequest(f'Invalid key_name provided: no key pair {name} of this user.')
        holder = self._accounts.holder(call.token, member)
        if self._book.local(member.name, f'{holder}/{name}'):
            return
        doc = msgspec.json.decode(record.doc)
        local = self._local(member, holder, name)
        body = {'keypair': {'name': local, 'public_key': doc['public_key']}}
        forward = Forward('POST', '/os-keypairs', headers=[('Content-Type', 'application/json')], body=msgspec.json.encode(body))
        reply = await self._relay.send(call, member, forward, service='compute')
        if reply.status == 409:
            await self._replace(call, member, local, forward)
        elif reply.status >= 300:
            raise SiteDown(member.name, f'did not take the key pair {name} ({reply.status})')
        await self._alias(member, f'{holder}/{name}', local)

    async def _replace(self, call: Call, member: Member, local: str, forward: Forward) -> None:
        """A key of that name stands at the shadow user, left by a crash: it is ours to make right."""
        if not member.managed:
            return
        await self._relay.send(call, member, Forward('DELETE', f'/os-keypairs/{quote(local, safe="")}'), service='compute')
        await self._relay.send(call, member, forward, service='compute')

    async def delete(self, user: str, name: str) -> None:
        """Delete it everywhere; a site that cannot be reached keeps its copy, which no other key can meet. Raises NotFound."""
        record = await self.get(user, name)
        for holder in (user, f'{user}{OPERATORS}'):
            for alias in self._book.of('keypair', f'{holder}/{name}'):
                if alias.site in self._roster:
                    try:
                        await self._delete_at(self._roster.get(alias.site), holder, alias.local)
                    except HansaError:
                        continue
                await self._store.drop_aliases([alias])
                self._book.drop([alias])
        await self._store.remove(LEAGUE, 'keypair', [record.id], self._clock.now())

    async def _delete_at(self, member: Member, holder: str, local: str) -> None:
        """As the operator, who can delete anybody's; the caller may not be able to act as the holder."""
        owner = '' if holder.endswith(OPERATORS) else await self._accounts.shadow(member, holder)
        path = f'/os-keypairs/{quote(local, safe="")}'
        headers = microversion('compute', member.highest('compute'))
        request = SiteRequest('compute', 'DELETE', path, f'user_id={owner}' if owner else '', headers)
        await (await member.site.send(request, OPERATOR, READ_TIMEOUT)).close()

    async def _alias(self, member: Member, id: str, local: str) -> None:
        alias = Alias(member.name, 'keypair', id, local)
        await self._store.add_aliases([alias])
        self._book.add([alias])

    def _local(self, member: Member, holder: str, name: str) -> str:
        """At a managed site the shadow user keeps keys apart; the operator holds those of several, so there the name must differ by user."""
        if member.managed and not holder.endswith(OPERATORS):
            return name
        return f'{name}-{hashlib.sha256(f"{holder}/{name}".encode()).hexdigest()[:10]}'
